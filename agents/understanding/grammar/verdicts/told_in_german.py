"""Name, rather than want, the value of a German statement whose verb nothing here knows: "Zimt muss draußen bleiben", "Rowan hat mich enttäuscht".

A wish is a phrase or has a verb of wishing; what else is told of a value may be praise or blame. In German the verb shows by where it stands: beside
the person, or at the end of its clause after an auxiliary; no noun stands there without an article or a preposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from .....core.language.keys import key_of
from .....core.language.small_words import small_words
from .....core.language.tokens import stem
from .....core.language.word_groups import clause_words, doubtful_words, wishing_verbs
from ..bounds.bound import Bound
from ..number_fields.limit_columns import holds_most
from ..refusals.words import LACKING
from ..segments import Segment, is_german
from ..sentence import Sentence, Wish
from .clause import Clause, clauses, is_one, plays, says_in_german
from .settle import name, take_back, wishes_in

MAX_RANGES = 2
"""Ranges of a clause that may open it."""
_JUDGING = ("judging", "finding", "supposing")
"""Groups of verbs that judge."""
_ENDINGS = ("e", "en", "er", "es", "em")


def told(sentence: Sentence) -> None:
    """Take back every wish and every range in a clause with a verb that nothing here knows, and note the clause."""
    if _is_foreign(sentence.segments):
        _told_abroad(sentence)
    if not is_german(sentence.segments):
        return
    _turned(sentence)
    wishes = {id(w.segments[-1]): w for w in sentence.found.wishes if not w.released}
    for clause in clauses(sentence):
        _take_back_values(sentence, clause, wishes)
        _take_back_ranges(sentence, clause)


def _is_foreign(segments: Sequence[Segment]) -> bool:
    """Tell whether a text has small words of neither English nor German."""
    said = {w for s in segments for w in s.text.casefold().split()}
    known, words = small_words(), clause_words()
    own = (known["en"] | known["de"]) - words["foreign"] - words["shared"]
    return bool(said & words["foreign"]) and not said & own


def _told_abroad(sentence: Sentence) -> None:
    """Take back every wish beside a word that nothing here knows, in a language of which only the commonest wishes are read."""
    for clause in clauses(sentence):
        unknown = [s for s in clause if s.is_word and not s.used and not s.capital]
        wishes = wishes_in(sentence, clause)
        if unknown and wishes and not clause.plays("want"):
            take_back(sentence, wishes, *unknown)


def _turned(sentence: Sentence) -> None:
    """Take back what a clause asks, makes a condition of or tells of most days where the next one denies it or goes another way.

    "Enthält er Zimt, kommt er nicht in Frage", "Garten? Wer soll den pflegen?", "mein Chef trägt Loafer, ich will was anderes",
    "sonst immer Salami, heute mal Rucola".
    """
    before = Clause()
    for clause in clauses(sentence):
        turning = list(_turning(before, clause)) if before and clause else []
        wishes = (
            [w for refused in (False, True) for w in wishes_in(sentence, before, refused=refused)] if turning else []
        )
        if wishes:
            take_back(sentence, wishes, *turning)
        before = Clause(clause or before, mark=clause.mark)


def _turning(before: Clause, clause: Clause) -> Iterator[Segment]:
    """Yield the words of a clause that may turn what the one before it says."""
    today = [s for s in clause if says_in_german(s, "today")]
    if today and before.says("usual") and any(s.used in ("wanted", "soft") for s in clause):
        yield today[0]
    if any(s.used == "wanted" for s in clause):
        return
    denied = before.is_question or says_in_german(before[0], "conditions")
    bare = before.is_question and not before.says("conditions") and not any("want" in s.roles for s in before)
    answers = bare and _answers(clause)
    for s in clause:
        other = s.words[-1:] and s.words[-1] in clause_words()["other_than"]
        if other or (denied and _denies(s)) or (answers and _is_unknown(s)):
            yield s


def _answers(clause: Clause) -> bool:
    """Tell whether a clause says something of what was asked before it, and does not only say more of what is wanted."""
    more = any(_asks(s) or s.amount or s.fields for s in clause)
    return not more and (not says_in_german(clause[0], "before_nouns") or says_in_german(clause[0], "pointing"))


def _denies(s: Segment) -> bool:
    said = plays(s, "not", "not_after", "against") or (s.is_word and key_of(s.text) in doubtful_words())
    return said and s.used in ("", "glue", "unmet")


def _take_back_values(sentence: Sentence, clause: Clause, wishes: Mapping[int, Wish]) -> None:
    """Take back every wish and refusal of a clause whose sign some word of it may turn."""
    said = _Statement(clause)
    own = [(n, wishes[id(s)]) for n, s in enumerate(clause) if id(s) in wishes]
    turned = [(wish, _against(clause, n) if wish.refused else said.verbs(n)) for n, wish in own]
    for wish, words in turned:
        if words:
            take_back(sentence, [wish], *words)


class _Statement:
    """One clause, with what is the same for each of its values."""

    def __init__(self, clause: Clause) -> None:
        self.clause = clause
        self.unknown = [n for n, s in enumerate(clause) if _is_unknown(s)]

    @cached_property
    def is_settled(self) -> bool:
        """Tell whether nothing in it needs a verb, or another rule has read it."""
        open_ones = any(says_in_german(s, "doing") or s.used in ("leaning", "unmet") for s in self.clause)
        read = any(s.used in ("not", "settled") and not s.entries for s in self.clause)
        return read or not (self.unknown or open_ones)

    @cached_property
    def asks(self) -> bool:
        """Tell whether it asks for something."""
        return any(map(_asks, self.clause))

    @cached_property
    def denied(self) -> list[int]:
        """Return where a "not" stands that no rule could apply."""
        return [n for n, s in enumerate(self.clause) if "not" in s.roles and s.used in ("leaning", "unmet")]

    @cached_property
    def compared(self) -> list[int]:
        """Return the verb between two values, or the "als" behind one, that says which of them is better: "Riesling schlägt Merlot"."""
        clause = self.clause
        values = [n for n, s in enumerate(clause) if s.entries]
        between = range(values[0] + 1, values[-1]) if values else range(0)
        than = [n for n in between if clause[n].words[-1:] == ("als",)]
        likes = than and any(says_in_german(clause[n], "likings", *_JUDGING) for n in between)
        parted = [n for n, s in enumerate(clause) if says_in_german(s, "preferring")]
        last = bool(parted) and says_in_german(clause[-1], "particles")
        beside = [n for n in between if clause[n - 1].entries and clause[n + 1].entries]
        verbs = [n for n in beside if _is_unknown(clause[n]) and _ends_in_t(clause[n])]
        return (than if likes else []) + (parted if last else []) + verbs

    @cached_property
    def helped_from(self) -> int:
        """Return the position before which a value stands whose verb an auxiliary, or a verb of liking behind it, helps."""
        if self.clause.says("auxiliaries", language="german"):
            return len(self.clause)
        return max((n for n, s in enumerate(self.clause) if says_in_german(s, "likings")), default=0)

    def verbs(self, value: int) -> list[Segment]:
        """Return those words that are its verb by where they stand, and speak of the value."""
        clause = self.clause
        if self.is_settled:
            return []
        end = _own_end(clause, value)
        last = [end - 1] if end - 1 in self.unknown and end - 1 > value and _may_be_verb(clause, end - 1) else []
        if self.asks:
            return [clause[n] for n in last if clause.says("wishes")]
        if _is_fronted(clause[value + 1 : end]) or _owns(clause, value):
            return [s for n, s in enumerate(clause[:end]) if n > value or not s.entries]
        ending = [n for n in last if clause[n].text.endswith("n") and not says_in_german(clause[n], "adverbs")]
        return [clause[n] for n in (*ending, *self.compared, *self._judging(value, end), *self._beside(value, end))]

    def _judging(self, value: int, end: int) -> list[int]:
        """Return what stands behind a value of which a verb of judging, or "zu", tells something."""
        clause = self.clause
        judged = end > value + 1 and _tells(clause[value + 1]) and all(s.is_glue for s in clause[:value])
        denied = [n for n in self.denied if value < n < end and (judged or clause[n].used == "leaning")]
        return denied + [n for n in self.unknown if value < n < end and (judged or is_one(clause[n - 1], "too"))]

    def _beside(self, value: int, end: int) -> list[int]:
        """Return the unknown words of which a particle, an auxiliary or a person makes a verb."""
        clause = self.clause
        parted = end - 1 > value and says_in_german(clause[end - 1], "particles")
        behind = 0 if parted else value + 1 if value < self.helped_from else len(clause)
        return [
            n
            for n in self.unknown
            if n < end and (n >= behind or _is_beside_person(clause, n)) and _may_be_verb(clause, n)
        ]


def _take_back_ranges(sentence: Sentence, clause: Clause) -> None:
    """Take back the ranges that open a clause and that it may speak against."""
    own = [b for b in sentence.found.bounds if clause and clause[0].start <= b.start < clause[-1].end]
    for bound in own[:MAX_RANGES]:
        words = list(_judging(clause, bound))
        if words:
            sentence.found.bounds.remove(bound)
            name(sentence, [*(s for s in clause if bound.start <= s.start < bound.end), *words])


def _judging(clause: Clause, bound: Bound) -> Iterator[Segment]:
    """Yield the words by which a clause may speak against the range that opens it: "unter 500 taugt nichts", "mehr als 800 geb ich nicht aus"."""
    before = [s for s in clause if s.start < bound.start]
    after = [s for s in clause if s.start >= bound.end]
    if before and _is_unknown(before[-1]) and bound.op in ("<", "<=") and holds_most(bound.field):
        yield before[-1]  # "belastbar bis 130 kg" is no less than that
    opens = all((s.is_glue or s.fields) and not says_in_german(s, "auxiliaries") for s in before)
    if not opens or not after or any(_asks(s) or _joins(s) for s in after):
        return
    whole = any(says_in_german(s, "wholes") for s in before)
    bare = any(s.start == bound.start and s.amount is not None for s in clause)
    verbal = not bare and (whole or says_in_german(after[0], "doing", *_JUDGING))
    for s in after:
        if _denies(s) or says_in_german(s, "nones") or (verbal and s.is_word):
            yield s


def _joins(s: Segment) -> bool:
    return bool((s.entries and not s.corrected) or s.roles & {"and", "or"} or s.amount is not None)


def _against(clause: Clause, value: int) -> list[Segment]:
    """Return what turns a refusal round: "ich kann nicht auf Zimt verzichten", "ohne Balkon nehm ich es nur im Notfall"."""
    last = clause[-1]
    said = [w for s in clause[value + 1 :] for w in s.words]
    if key_of(clause[0].text) in LACKING and value < 3 and len(said) > 2 and said[1] in clause_words()["persons"]:
        pointed = said[2] in ("es", "ihn", "sie", "das", "den", "die")
        return [last] if pointed or not any("want" in s.roles for s in clause) else []
    denied = any(plays(s, "not") and s.used for s in clause[:value])
    turned = denied and not last.used and last is not clause[value] and key_of(last.text) in doubtful_words()
    return [last] if turned else []


def _is_beside_person(clause: Clause, n: int) -> bool:
    return any(says_in_german(s, "persons") for s in (*clause[n - 1 : n], *clause[n + 1 : n + 2]))


def _tells(s: Segment) -> bool:
    """Tell whether a word behind what opens a clause is its verb: the "fliegt" of "Pappe fliegt bei uns in den Müll"."""
    third = _is_unknown(s) and _ends_in_t(s) and not s.text.startswith("ge")
    return says_in_german(s, *_JUDGING) or (third and not s.text.endswith(("iert", "cht")))


def _ends_in_t(s: Segment) -> bool:
    return s.text.islower() and s.text.endswith("t")


def _asks(s: Segment) -> bool:
    asks = plays(s, "want", "praise", "fine", "soft") or (not s.entries and s.text.casefold() in ("gern", "gerne"))
    return asks and s.text.casefold() != "schon"


def _is_unknown(s: Segment) -> bool:
    """Tell whether nothing knows a word, and it is no verb of wishing."""
    unknown = s.is_word and not s.used and s.text.isalpha()
    return unknown and stem(s.words[0]) not in wishing_verbs() and not says_in_german(s, "likings")


def _is_fronted(rest: Sequence[Segment]) -> bool:
    """Tell whether somebody says after a value what they do, did or could do with it: "Zimt hatten wir schon", but not "Zimt hätte ich gern"."""
    words = [w for s in rest[:2] for w in s.words]
    known = clause_words("german")
    does = len(words) > 1 and words[0] in known["doing"] and words[1] in known["persons"]
    return does and "ä" not in rest[0].text


def _owns(clause: Clause, value: int) -> bool:
    """Tell whether somebody says what they have none of: "wir haben keinen Hund"."""
    who = value == 2 and clause[0].words[:1] in (("ich",), ("wir",)) and says_in_german(clause[1], "doing")
    return who and all(e.denies for e in clause[2].entries)


def _may_be_verb(clause: Clause, n: int) -> bool:
    """Tell whether the word at ``n`` may be a verb or a part of one: no noun, and no adjective before one."""
    s, before = clause[n], clause[n - 1] if n else None
    if before is not None and (s.capital or s.start == before.end or says_in_german(before, "before_nouns")):
        return False
    if before is not None and before.entries and before.text.islower() and before.text.endswith(_ENDINGS):
        return False  # "rote socken"
    after = clause[n + 1] if n + 1 < len(clause) else None
    return after is None or not (after.entries or (after.is_word and after.capital))


def _own_end(clause: Clause, value: int) -> int:
    """Return where a clause opens that says more of the value: "ein Sofa, auf dem man schlafen kann"."""
    for n in range(value + 1, min(value + 3, len(clause))):
        helped = n + 1 < len(clause) and says_in_german(clause[n + 1], "auxiliaries")
        if says_in_german(clause[n], "relatives") and not helped:
            return n
    return len(clause)
