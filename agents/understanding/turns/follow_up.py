"""Hold what the rules found in one turn, and tie it to the turns before: query and preferences.

A turn that names a new subject, without a word that continues the one before ("but", "with", "for", "also", "darker"),
starts a new query: limits (price, year, colour, refusals, ...) stay, but what said what the earlier items were (genre,
category, theme, subject) is dropped, and so are the preferences that the earlier query named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.schemas import CatalogueField, Constraint, EarlierWish, Reading, ThreadMemory
from ....core.text.catalogue_values import singular
from ....core.text.chinese import is_han
from ....core.text.field_names import label_of
from ..constraint_merge import REFUSED, WANTED, values_of
from ..query_text import clean, join_queries


@dataclass
class TurnReading:
    """What the rules found in the sentences of one turn."""

    readings: list[Reading] = field(default_factory=list)
    hard: list[Constraint] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    freed: list[CatalogueField] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    like: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    ended: list[Constraint] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    reset: bool = False
    again: bool = False
    similar: bool = False
    adds: bool = False
    joins: frozenset[str] = frozenset()
    corrects: bool = False
    continues: bool = False
    compare: bool = False
    plan: bool = False
    budget: Constraint | None = None
    comparison: str = ""


def changes_subject(reading: TurnReading, memory: ThreadMemory) -> bool:
    """Tell whether the turn names a new subject and nothing in it points back to the turns before."""
    points_back = reading.continues or reading.adds or reading.similar or reading.like or reading.comparison
    return memory.turn > 0 and any(reading.beyond) and not points_back


def corrected(reading: TurnReading, memory: ThreadMemory) -> ThreadMemory:
    """Return the memory that a turn is merged with: of "no, I meant lighter" the one before the turn that it corrects.

    A turn that corrects a value of the turn before changes that value alone, as any other turn would, and a refusal takes the place of one.
    """
    if not (reading.corrects and reading.hard and memory.turn):
        return memory
    before = memory.earlier[-1] if memory.earlier else EarlierWish()
    made = [c for c in memory.constraints if not _holds(c, before.constraints)]
    fields = {c.field for c in (*reading.hard, *reading.ended)}
    refused = {c.field for c in reading.hard if c.op in REFUSED}
    wrong = [c for c in made if c.op in REFUSED and c.field in refused]
    if wrong:
        return memory.model_copy(update={"constraints": tuple(c for c in memory.constraints if c not in wrong)})
    if not (made and memory.earlier) or fields & {c.field for c in made}:
        return memory
    return memory.model_copy(update={name: getattr(before, name) for name in type(before).model_fields})


def _holds(condition: Constraint, others: Sequence[Constraint]) -> bool:
    return any((condition.field, condition.op, condition.value) == (o.field, o.op, o.value) for o in others)


def bounds_before(ended: Sequence[Constraint], memory: ThreadMemory) -> tuple[Constraint, ...]:
    """Return the bounds with a figure of their own that those which end now had taken the place of."""
    found = []
    for c in ended:
        older = (o for wish in reversed(memory.earlier) for o in wish.constraints)
        same = (o for o in older if o.field == c.field and o.op[0] == c.op[0] and not o.relative)
        found += [o for o in [next(same, None)] if o is not None]
    return tuple(found)


def query_of(
    reading: TurnReading,
    captions: Sequence[str],
    memory: ThreadMemory,
    dropped: Sequence[Constraint],
    constraints: Sequence[Constraint],
) -> tuple[str, bool]:
    """Return the query and whether this turn only refines the one before.

    A turn that names nothing beyond constrained values keeps the earlier query, less the words of dropped values; one that
    continues it ("but with a beach") is added to it; any other starts a new query.
    """
    content = [c for c in reading.content if c]
    has_new = any(reading.beyond) or bool(captions)
    refused = [c for c in reading.hard if c.op in REFUSED]
    earlier = _forget(memory.query, (*dropped, *refused), [c for c in constraints if c.op in WANTED])
    if memory.turn == 0 or not (memory.query or memory.constraints or memory.shown):
        return join_queries((*content, *captions)), False
    if not has_new:
        return join_queries((earlier, *reading.named)), True
    if reading.continues:
        return join_queries((earlier, *content, *captions)), True
    return join_queries((*content, *captions)), False


def _forget(query: str, gone: Sequence[Constraint], wanted: Sequence[Constraint]) -> str:
    """Return ``query`` less the values that are gone and not wanted still."""
    words = _value_stems(gone) - _value_stems(wanted)
    if not words:
        return query
    for word in (w for w in words if is_han(w[0])):
        query = query.replace(word, "")
    kept = [w for w in query.split() if singular(w.strip(".,!?").lower()) not in words]
    return clean(" ".join(kept))


def _value_stems(constraints: Sequence[Constraint]) -> set[str]:
    return {singular(word) for c in constraints for value in values_of(c) for word in re.findall(r"\w+", value)}


def preferences_of(reading: TurnReading, memory: ThreadMemory, constraints: Sequence[Constraint]) -> tuple[str, ...]:
    """Keep earlier preferences unless this turn says the opposite, frees their field, makes them constraints or is new."""
    hard = {v for c in constraints for v in values_of(c)}
    freed = [label_of(f.name) for f in reading.freed]
    new = without_repeats(reading.soft)
    slots = {_slot(p) for p in new}
    old = memory.query.lower() if changes_subject(reading, memory) else ""
    kept = [p for p in memory.preferences if _slot(p) not in slots and not any(f in p for f in freed)]
    kept = [p for p in kept if p.lower() not in old]
    return tuple(p for p in without_repeats((*kept, *new)) if p.lower() not in hard)


def _slot(preference: str) -> str:
    return re.sub(r"^(?:low|high) | around [\d.]+$", "", preference)


def without_repeats(values: Sequence[str]) -> tuple[str, ...]:
    """Return the values without repetitions, in first seen order."""
    return tuple(dict.fromkeys(values))
