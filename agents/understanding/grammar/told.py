"""Name, rather than want, the value of a German statement whose verb nothing here knows: "Zimt muss draußen bleiben", "Rowan hat mich enttäuscht".

A wish is a phrase or has a verb of wishing; what else is told of a value may be praise or blame. In German the verb shows by where it stands: beside
the person, or at the end of its clause after an auxiliary; no noun stands there without an article or a preposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....core.language.tokens import stem
from ....core.language.word_data import clause_words, key_of, wishing_verbs
from .segments import Segment, is_german
from .sentence import COMMAS, Sentence, Wish

_ASKING = frozenset(("want", "praise", "fine", "soft"))
"""Roles of words that say in their clause what the value in it is: wanted."""


def told(sentence: Sentence) -> None:
    """Take back every wish that stands in a clause with a verb that nothing here knows, and note the clause."""
    if not is_german(sentence.segments):
        return
    wishes = {id(w.segments[-1]): w for w in sentence.found.wishes if not (w.refused or w.released)}
    for clause in _clauses(sentence):
        values = [n for n, s in enumerate(clause) if id(s) in wishes]
        unknown = [n for n, s in enumerate(clause) if _is_unknown(s)]
        if not values or any(s.used in ("not", "settled") and not s.entries for s in clause):
            continue
        for wish, verbs in [(wishes[id(clause[n])], list(_verbs(clause, n, unknown))) for n in values]:
            if verbs:
                _take_back(sentence, wish, verbs)


def _take_back(sentence: Sentence, wish: Wish, verbs: Sequence[Segment]) -> None:
    touched = [*wish.segments, *verbs]
    sentence.found.wishes.remove(wish)
    sentence.found.unmet.append((min(s.start for s in touched), max(s.end for s in touched)))
    for s in touched:
        s.used = "unmet"


def _clauses(sentence: Sentence) -> Iterator[list[Segment]]:
    clause: list[Segment] = []
    for i, s in enumerate(sentence.segments):
        if sentence.stops(i) or s.mark in COMMAS:
            yield clause
            clause = []
        else:
            clause.append(s)
    yield clause


def _verbs(clause: Sequence[Segment], value: int, unknown: Sequence[int]) -> Iterator[Segment]:
    """Yield those of the unknown words of a clause that are verbs by where they stand, and speak of the value."""
    end = _own_end(clause, value)
    last = [end - 1] if end - 1 in unknown and end - 1 > value and _may_be_verb(clause, end - 1) else []
    if any(_asks(s) for s in clause):
        found = last if any(_plays(s, "wishes") for s in clause) else []
    else:
        helped = any(_plays(s, "auxiliaries") for s in clause)
        parted = end - 1 > value and _plays(clause[end - 1], "particles")
        fronted = _is_fronted(clause[value + 1 : end])
        found = [value + 1] * fronted + [
            n
            for n in unknown
            if n < end
            and (
                (fronted and n > value)
                or (_may_be_verb(clause, n) and (parted or (helped and n > value) or _beside_person(clause, n)))
                or (n in last and clause[n].text.endswith("n"))
            )
        ]
    yield from (clause[n] for n in found)


def _plays(s: Segment, part: str) -> bool:
    return bool(s.words) and not s.entries and (s.words[0] in clause_words()[part] or key_of(s.text) in clause_words()[part])


def _asks(s: Segment) -> bool:
    return bool(s.roles & _ASKING) and not s.entries and s.text.casefold() != "schon"


def _is_unknown(s: Segment) -> bool:
    return s.is_word and not s.used and s.text.isalpha() and stem(s.words[0]) not in wishing_verbs()


def _is_fronted(rest: Sequence[Segment]) -> bool:
    """Tell whether somebody says after a value what they do, did or could do with it: "Zimt hatten wir schon", but not "Zimt hätte ich gern"."""
    words = [w for s in rest[:2] for w in s.words]
    return len(words) > 1 and words[0] in clause_words()["doing"] and words[1] in clause_words()["persons"] and "ä" not in rest[0].text


def _beside_person(clause: Sequence[Segment], n: int) -> bool:
    return any(_plays(p, "persons") for p in (*clause[max(0, n - 1) : n], *clause[n + 1 : n + 2]))


def _may_be_verb(clause: Sequence[Segment], n: int) -> bool:
    """Tell whether the word at ``n`` may be a verb or a part of one: no noun, and no adjective before one."""
    if (clause[n].capital and n) or (n and _plays(clause[n - 1], "before_nouns")):
        return False
    after = clause[n + 1] if n + 1 < len(clause) else None
    return after is None or not (after.entries or (after.is_word and after.capital))


def _own_end(clause: Sequence[Segment], value: int) -> int:
    """Return where a clause opens that says more of the value: "ein Sofa, auf dem man schlafen kann"."""
    for n in range(value + 1, min(value + 3, len(clause))):
        if _plays(clause[n], "relatives") and not (n + 1 < len(clause) and _plays(clause[n + 1], "auxiliaries")):
            return n
    return len(clause)
