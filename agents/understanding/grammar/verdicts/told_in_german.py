"""Name, rather than want, the value of a German statement whose verb nothing here knows: "Zimt muss draußen bleiben", "Rowan hat mich enttäuscht".

A wish is a phrase or has a verb of wishing; what else is told of a value may be praise or blame. In German the verb shows by where it stands: beside
the person, or at the end of its clause after an auxiliary; no noun stands there without an article or a preposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .....core.language.keys import key_of
from .....core.language.small_words import small_words
from .....core.language.tokens import stem
from .....core.language.word_groups import clause_words, doubtful_words, wishing_verbs
from ..bounds.bound import Bound
from ..number_fields.limit_columns import holds_most
from ..refused_values import LACKING
from ..segments import Segment, is_german
from ..sentence import Sentence, Wish
from .clause import clauses

MAX_RANGES = 2
"""Ranges of a clause that may open it."""
_TOO = frozenset(("zu", "viel zu", "allzu"))
_ENDINGS = ("e", "en", "er", "es", "em")
_ASKING = frozenset(("want", "praise", "fine", "soft"))
"""Roles of words that say in their clause what the value in it is: wanted."""


def told(sentence: Sentence) -> None:
    """Take back every wish and every range in a clause with a verb that nothing here knows, and note the clause."""
    if _is_foreign(sentence.segments):
        _told_abroad(sentence)
    if not is_german(sentence.segments):
        return
    _conditions(sentence)
    wishes = {id(w.segments[-1]): w for w in sentence.found.wishes if not w.released}
    for clause in clauses(sentence):
        values = [n for n, s in enumerate(clause) if id(s) in wishes]
        for wish, verbs in [
            (wishes[id(clause[n])], found) for n, found in zip(values, _said(clause, values, wishes), strict=True)
        ]:
            if verbs:
                _take_back(sentence, wish, verbs)
        own = [b for b in sentence.found.bounds if clause and clause[0].start <= b.start < clause[-1].end]
        for bound in own[:MAX_RANGES]:
            words = list(_judging(clause, bound))
            if words:
                sentence.found.bounds.remove(bound)
                _note(sentence, [s for s in clause if bound.start <= s.start < bound.end], words)


def _is_foreign(segments: Sequence[Segment]) -> bool:
    """Tell whether a text has small words of neither English nor German."""
    said = {w for s in segments for w in s.text.casefold().split()}
    known = small_words()
    own = (known["en"] | known["de"]) - clause_words()["foreign"] - clause_words()["shared"]
    return bool(said & clause_words()["foreign"]) and not said & own


def _told_abroad(sentence: Sentence) -> None:
    """Take back every wish beside a word that nothing here knows, in a language of which only the commonest wishes are read."""
    for clause in clauses(sentence):
        unknown = [s for s in clause if s.is_word and not s.used and not s.capital]
        if not unknown or any("want" in s.roles and not s.entries for s in clause):
            continue
        inside = {id(s) for s in clause}
        for wish in [
            w for w in sentence.found.wishes if id(w.segments[-1]) in inside and not (w.refused or w.released)
        ]:
            _take_back(sentence, wish, unknown)


def _said(clause: Sequence[Segment], values: Sequence[int], wishes: Mapping[int, Wish]) -> Iterator[list[Segment]]:
    """Yield for each value the words of its clause that may turn its sign."""
    unknown = [n for n, s in enumerate(clause) if _is_unknown(s)]
    silent = not unknown and not any(_plays(s, "doing") or s.used in ("leaning", "unmet") for s in clause)
    settled = silent or any(s.used in ("not", "settled") and not s.entries for s in clause)
    for n in values:
        if wishes[id(clause[n])].refused:
            yield _against(clause, n)
        else:
            yield [] if settled else _verbs(clause, n, unknown)


def _conditions(sentence: Sentence) -> None:
    """Take back what a clause asks, makes a condition of or tells of most days where the next one denies it or goes another way.

    "Enthält er Zimt, kommt er nicht in Frage", "Garten? Wer soll den pflegen?", "mein Chef trägt Loafer, ich will was anderes",
    "sonst immer Salami, heute mal Rucola".
    """
    before: list[Segment] = []
    asked = ""
    for clause in clauses(sentence):
        denied = list(_turning(before, clause, asked=asked in ("?", "？"))) if before and clause else []
        inside = {id(s) for s in before}
        for wish in [w for w in sentence.found.wishes if denied and id(w.segments[-1]) in inside and not w.released]:
            _take_back(sentence, wish, denied)
        before, asked = clause or before, clause.mark


def _turning(before: Sequence[Segment], clause: Sequence[Segment], *, asked: bool) -> Iterator[Segment]:
    """Yield the words of a clause that may turn what the one before it says."""
    usual = any(_plays(s, "usual") for s in before) and [s for s in clause if _plays(s, "today")]
    if usual and any(s.used in ("wanted", "soft") for s in clause):
        yield usual[0]
    if any(s.used == "wanted" for s in clause):
        return
    bare = not any("want" in s.roles or _plays(s, "conditions") for s in before)
    for s in clause:
        other = bool(s.words) and s.words[-1] in clause_words("german")["other_than"]
        if (
            other
            or (_denies(s) and (asked or _plays(before[0], "conditions")))
            or (asked and bare and _is_unknown(s) and _answers(clause))
        ):
            yield s


def _answers(clause: Sequence[Segment]) -> bool:
    """Tell whether a clause says something of what was asked before it, and does not only say more of what is wanted."""
    more = any(_asks(s) or s.amount or s.fields for s in clause)
    return not more and (not _plays(clause[0], "before_nouns") or _plays(clause[0], "pointing"))


def _denies(s: Segment) -> bool:
    said = bool(s.roles & {"not", "not_after", "against"}) or (s.is_word and key_of(s.text) in doubtful_words())
    return said and not s.entries and s.used in ("", "glue", "unmet")


def _judging(clause: Sequence[Segment], bound: Bound) -> Iterator[Segment]:
    """Yield the words by which a clause may speak against the range that opens it: "unter 500 taugt nichts", "mehr als 800 geb ich nicht aus"."""
    before = [s for s in clause if s.start < bound.start]
    after = [s for s in clause if s.start >= bound.end]
    if before and _is_unknown(before[-1]) and bound.op in ("<", "<=") and holds_most(bound.field):
        yield before[-1]  # "belastbar bis 130 kg" is no less than that
    opens = all((s.is_glue or s.fields) and not _plays(s, "auxiliaries") for s in before)
    if not opens or not after or any(_asks(s) or _joins(s) for s in after):
        return
    whole = any(_plays(s, "wholes") for s in before)
    bare = any(s.start == bound.start and s.amount is not None for s in clause)
    verbal = not bare and (whole or any(_plays(after[0], part) for part in ("doing", "judging")))
    for s in after:
        if _denies(s) or _plays(s, "nones") or (verbal and s.is_word):
            yield s


def _joins(s: Segment) -> bool:
    return bool((s.entries and not s.corrected) or s.roles & {"and", "or"} or s.amount is not None)


def _take_back(sentence: Sentence, wish: Wish, verbs: Sequence[Segment]) -> None:
    sentence.found.wishes.remove(wish)
    _note(sentence, wish.segments, verbs)


def _note(sentence: Sentence, said: Sequence[Segment], verbs: Sequence[Segment]) -> None:
    touched = [*said, *verbs]
    sentence.found.unmet.append((min(s.start for s in touched), max(s.end for s in touched)))
    for s in touched:
        s.used = "unmet"


def _against(clause: Sequence[Segment], value: int) -> list[Segment]:
    """Return what turns a refusal round: "ich kann nicht auf Zimt verzichten", "ohne Balkon nehm ich es nur im Notfall"."""
    last = clause[-1]
    said = [w for s in clause[value + 1 :] for w in s.words]
    if (
        key_of(clause[0].text) in LACKING
        and value < 3
        and len(said) > 2
        and said[1] in clause_words("german")["persons"]
    ):
        pointed = said[2] in ("es", "ihn", "sie", "das", "den", "die")
        return [last] if pointed or not any("want" in s.roles for s in clause) else []
    denied = any("not" in s.roles and s.used and not s.entries for s in clause[:value])
    turned = denied and not last.used and last is not clause[value] and key_of(last.text) in doubtful_words()
    return [last] if turned else []


def _verbs(clause: Sequence[Segment], value: int, unknown: Sequence[int]) -> list[Segment]:
    """Return those words of a clause that are its verb by where they stand, and speak of the value."""
    end = _own_end(clause, value)
    last = [end - 1] if end - 1 in unknown and end - 1 > value and _may_be_verb(clause, end - 1) else []
    if any(_asks(s) for s in clause):
        return [clause[n] for n in last if any(_plays(s, "wishes") for s in clause)]
    if _is_fronted(clause[value + 1 : end]) or _owns(clause, value):
        return [s for n, s in enumerate(clause[:end]) if n > value or not s.entries]
    judged = end > value + 1 and _tells(clause[value + 1]) and all(s.is_glue for s in clause[:value])
    helped = any(_plays(s, "auxiliaries") or (_plays(s, "likings") and n > value) for n, s in enumerate(clause))
    parted = end - 1 > value and _plays(clause[end - 1], "particles")
    found = [n for n in last if clause[n].text.endswith("n") and not _plays(clause[n], "adverbs")]
    found += _compared(clause, value)
    found += [n for n in range(value, end) if clause[n].used == "leaning" and "not" in clause[n].roles]
    found += [n for n, s in enumerate(clause[:end]) if judged and n > value and s.used == "unmet" and "not" in s.roles]
    found += [n for n in unknown if value < n < end and (judged or key_of(clause[n - 1].text) in _TOO)]
    found += [
        n
        for n in unknown
        if n < end
        and _may_be_verb(clause, n)
        and (
            parted
            or (helped and n > value)
            or any(_plays(s, "persons") for s in (*clause[n - 1 : n], *clause[n + 1 : n + 2]))
        )
    ]
    return [clause[n] for n in found]


def _tells(s: Segment) -> bool:
    """Tell whether a word behind what opens a clause is its verb: the "fliegt" of "Pappe fliegt bei uns in den Müll"."""
    third = _is_unknown(s) and s.text.islower() and s.text.endswith("t") and not s.text.startswith("ge")
    return _plays(s, "judging") or (third and not s.text.endswith(("iert", "cht")))


def _compared(clause: Sequence[Segment], value: int) -> list[int]:
    """Return the verb between two values, or the "als" behind one, that says which of them is better: "Riesling schlägt Merlot"."""
    values = [n for n, s in enumerate(clause) if s.entries]
    between = range(values[0] + 1, values[-1]) if values else range(0)
    verbs = [n for n in between if _is_unknown(clause[n]) and clause[n].text.islower() and clause[n].text.endswith("t")]
    likes = any(_plays(clause[n], "likings") or _plays(clause[n], "judging") for n in between)
    than = [n for n in between if likes and clause[n].words[-1:] == ("als",)]
    parted = [n for n, s in enumerate(clause) if _plays(s, "preferring") and _plays(clause[-1], "particles")]
    return than + parted + [n for n in verbs if clause[n - 1].entries and clause[n + 1].entries and value in values]


def _plays(s: Segment, part: str) -> bool:
    return (
        bool(s.words)
        and not s.entries
        and (s.words[0] in clause_words("german")[part] or key_of(s.text) in clause_words("german")[part])
    )


def _asks(s: Segment) -> bool:
    asks = s.roles & _ASKING or s.text.casefold() in ("gern", "gerne")
    return bool(asks) and not s.entries and s.text.casefold() != "schon"


def _is_unknown(s: Segment) -> bool:
    return s.is_word and not s.used and s.text.isalpha() and not _is_wishing(s)


def _is_wishing(s: Segment) -> bool:
    return stem(s.words[0]) in wishing_verbs() or s.words[0] in clause_words("german")["likings"]


def _is_fronted(rest: Sequence[Segment]) -> bool:
    """Tell whether somebody says after a value what they do, did or could do with it: "Zimt hatten wir schon", but not "Zimt hätte ich gern"."""
    words = [w for s in rest[:2] for w in s.words]
    return (
        len(words) > 1
        and words[0] in clause_words("german")["doing"]
        and words[1] in clause_words("german")["persons"]
        and "ä" not in rest[0].text
    )


def _owns(clause: Sequence[Segment], value: int) -> bool:
    """Tell whether somebody says what they have none of: "wir haben keinen Hund"."""
    if value != 2 or clause[0].words[:1] not in (("ich",), ("wir",)) or not _plays(clause[1], "doing"):
        return False
    return all(e.denies for e in clause[2].entries)


def _may_be_verb(clause: Sequence[Segment], n: int) -> bool:
    """Tell whether the word at ``n`` may be a verb or a part of one: no noun, and no adjective before one."""
    s, before = clause[n], clause[n - 1] if n else None
    if before is not None and (s.capital or s.start == before.end or _plays(before, "before_nouns")):
        return False
    if before is not None and before.entries and before.text.islower() and before.text.endswith(_ENDINGS):
        return False  # "rote socken"
    after = clause[n + 1] if n + 1 < len(clause) else None
    return after is None or not (after.entries or (after.is_word and after.capital))


def _own_end(clause: Sequence[Segment], value: int) -> int:
    """Return where a clause opens that says more of the value: "ein Sofa, auf dem man schlafen kann"."""
    for n in range(value + 1, min(value + 3, len(clause))):
        if _plays(clause[n], "relatives") and not (n + 1 < len(clause) and _plays(clause[n + 1], "auxiliaries")):
            return n
    return len(clause)
