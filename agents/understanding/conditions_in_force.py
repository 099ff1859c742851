"""Say which conditions are in force and which words made each, so that a person can strike one or put it right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...core.schemas import Condition, Constraint, Correction, Predicate, ThreadMemory, Understanding

MAX_ID = 200


def condition_id(condition: Constraint | Condition) -> str:
    """Return the id of a condition, the same in every turn: ``price <= 40``, at most 200 characters."""
    return " or ".join(map(_id_of, (condition, *condition.either)))[:MAX_ID]


def _id_of(condition: Predicate | Condition) -> str:
    value = condition.value
    if isinstance(value, list):
        shown = ", ".join(value)
    elif isinstance(value, bool):
        shown = "yes" if value else "no"
    else:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{condition.field} {condition.op} {shown}"


def split_corrections(
    corrections: Sequence[Correction], memory: ThreadMemory
) -> tuple[tuple[Correction, ...], tuple[Correction, ...]]:
    """Return the corrections of evidence, and those of conditions that the thread holds."""
    known = {c.condition_id for c in memory.conditions}
    evidence = tuple(c for c in corrections if c.evidence_id not in known)
    return evidence, tuple(c for c in corrections if c.evidence_id in known)


def without(understanding: Understanding, struck: Collection[str]) -> Understanding:
    """Return the understanding without the conditions of these ids, whether this turn read them or an earlier one."""
    if not struck:
        return understanding
    kept = tuple(c for c in understanding.constraints if condition_id(c) not in struck)
    read = tuple(c for c in understanding.reading.conditions if condition_id(c) not in struck)
    reading = understanding.reading.model_copy(update={"conditions": read})
    return understanding.model_copy(update={"constraints": kept, "reading": reading})


def with_words(understanding: Understanding, memory: ThreadMemory) -> Understanding:
    """Return the understanding with ``conditions``: its constraints, each with the words that made it, in this turn or before."""
    said = {condition_id(c): c for c in (*memory.conditions, *understanding.reading.conditions) if c.words}
    conditions = tuple(
        Condition(
            condition_id=condition_id(c),
            field=c.field,
            op=c.op,
            value=c.value,
            words=said[condition_id(c)].words if condition_id(c) in said else "",
            refused=c.op in ("!=", "not in", "not contains"),
            confidence=c.confidence,
            either=c.either,
            read_by=said[condition_id(c)].read_by if condition_id(c) in said else "grammar",
        )
        for c in understanding.constraints
    )
    return understanding.model_copy(update={"conditions": conditions})
