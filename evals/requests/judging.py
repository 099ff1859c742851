"""Judge a list against what was asked: obeyed, precision, conditions the wrong way round, conditions dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.predicates import NEGATED, ORDERING
from ...core.schemas import Constraint
from .cases import Case, Predicate, Truth, fits, satisfies
from .catalogues import Record

_UPPER = frozenset({"<", "<="})
_REFUSING = frozenset({"!=", "not-in", "not-contains"})
_WORD = re.compile(r"[\w%]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_EMPTY_WORDS = frozenset(["a", "an", "and", "the", "of", "in", "on", "for", "with", "to", "or", "is", "it", "be"])


@dataclass(frozen=True)
class Answer:
    """What an answer says, apart from words: ids of the items, conditions in force, what it says is not applied, its opening."""

    item_ids: Sequence[str]
    constraints: Sequence[Constraint] = ()
    not_applied: Sequence[str] = ()
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """How one answer did: ``precision`` from 0 to 1, ``inverted`` and ``silent`` count conditions.

    ``empty`` tells that nothing was shown though something fits; ``unsaid`` that the opening leaves out what was not applied.
    """

    obeyed: bool
    precision: float
    inverted: int
    silent: int
    empty: bool
    unsaid: bool


def judge(case: Case, answer: Answer, records: Mapping[str, Record]) -> Verdict:
    """Return the verdict on the last answer to ``case``: the best one among the ways to read it that are right."""
    found = [_judged(truth, case.texts, answer, records) for truth in case.truths]
    return max(found, key=lambda v: (v.obeyed, -v.inverted, -v.silent, v.precision))


def _judged(truth: Truth, texts: Sequence[str], answer: Answer, records: Mapping[str, Record]) -> Verdict:
    fitting = [record for record in records.values() if fits(record, truth)]
    k = truth.k if truth.empty else min(truth.k, len(fitting))
    shown = [records[i] for i in answer.item_ids[:k]]
    unsaid = any(phrase.casefold() not in answer.message.casefold() for phrase in answer.not_applied)
    if truth.empty:
        said = not shown and _shares_word(answer.message, texts)
        return Verdict(said, float(not shown), 0, int(not said), empty=False, unsaid=unsaid)
    good = [fits(record, truth) for record in shown]
    in_order = truth.first is None or _extreme(shown, fitting, truth.first)
    return Verdict(
        obeyed=len(shown) == k and all(good) and in_order,
        precision=sum(good) / k,
        inverted=_inverted(truth, answer.constraints, shown),
        silent=_silent(truth, answer.not_applied, shown, in_order=in_order),
        empty=not answer.item_ids,
        unsaid=unsaid,
    )


def names(phrases: Iterable[str], wish: str) -> bool:
    """Say whether one of ``phrases`` names at least half of the words of ``wish``."""
    said = " ".join(phrases).casefold()
    words = [word for word in _words(wish.casefold()) if word not in _EMPTY_WORDS]
    return 2 * sum(word in said for word in words) >= len(words) > 0


def _words(text: str) -> list[str]:
    """Return the words of a text, of a run of Chinese every two characters that stand beside each other: it has no word boundaries."""
    words = _WORD.findall(_HAN.sub(" ", text))
    pairs = [run[n : n + 2] for run in _HAN.findall(text) for n in range(max(1, len(run) - 1))]
    return [*words, *pairs]


def _extreme(shown: Sequence[Record], fitting: Sequence[Record], first: tuple[str, str]) -> bool:
    """Say whether the items shown are the extreme ones among those that fit, in order; equal values may change places."""
    field, direction = first
    best = sorted((record[field] for record in fitting), reverse=direction == "desc")
    return [record.get(field) for record in shown] == best[: len(shown)]


def _silent(truth: Truth, not_applied: Sequence[str], shown: Sequence[Record], *, in_order: bool) -> int:
    """Count conditions that the list breaks or that no field can express, and that the answer does not name as not applied."""
    unnamed = sum(not names(not_applied, wish) for wish in truth.unmet)
    spare = sum(not any(names([phrase], wish) for wish in truth.unmet) for phrase in not_applied)
    broken = sum(any(satisfies(record, p) != wanted for record in shown) for p, wanted in truth.conditions)
    broken += bool(truth.any) and any(not any(satisfies(r, p) for p in truth.any) for r in shown)
    broken += bool(shown) and not in_order
    return unnamed + max(0, broken - spare)


def _inverted(truth: Truth, constraints: Sequence[Constraint], shown: Sequence[Record]) -> int:
    """Count conditions applied the wrong way round, in the reading or in effect: all items shown are what was refused."""
    wanted = [*truth.conditions, *((p, True) for p in truth.any)]
    by_reading = {
        p for p, w in wanted if any(_opposes(c, p, w) for c in _settled(truth, constraints) if c.field == p[0])
    }
    refused = {
        p: p[1] not in _REFUSING for p, w in truth.conditions if (p[1] in _REFUSING) == w and p[1] not in ORDERING
    }
    in_effect = {p for p, held in refused.items() if len(shown) > 1 and all(satisfies(r, p) == held for r in shown)}
    return len(by_reading | in_effect)


def _settled(truth: Truth, constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return the conditions read, without bounds of fields that were asked for, or read, with a bound on either side."""
    sides: dict[str, set[bool]] = {}
    for (field, op, _), wanted in truth.conditions:
        if op in ORDERING:
            sides.setdefault(field, set()).add((op in _UPPER) == wanted)
    ranges = {field for field, found in sides.items() if len(found) > 1}
    for c in constraints:
        if c.op in ORDERING and (c.op in _UPPER) in sides.get(c.field, set()):
            ranges.add(c.field)
    return [c for c in constraints if c.op not in ORDERING or c.field not in ranges]


def _opposes(c: Constraint, predicate: Predicate, wanted: bool) -> bool:
    """Say whether the reading ``c`` is the opposite of what was asked of the same field, not only another value."""
    _, op, value = predicate
    if op in ORDERING or c.op in ORDERING:
        return op in ORDERING and c.op in ORDERING and (c.op in _UPPER) != ((op in _UPPER) == wanted)
    refuses = (op in _REFUSING) == wanted
    if refuses == (c.op in NEGATED):
        return False
    loosely = ("contains" in op) != ("contains" in c.op)  # "SUV" is in "4dr SUV"
    pairs = [(a, b) for a in _folded(value) for b in _folded(c.value)]
    return any(a == b or (loosely and (a in b or b in a)) for a, b in pairs)


def _folded(value: object) -> list[str]:
    return [str(v).casefold() for v in (value if isinstance(value, list | tuple) else [value])]


def _shares_word(message: str, texts: Iterable[str]) -> bool:
    """Say whether the message names at least one number or longer word of what was said."""
    said = message.casefold().replace(",", "")
    words = _words(" ".join(texts).casefold().replace(",", ""))
    return any(word in said for word in words if len(word) > 2 or word.isdigit() or not word.isascii())
