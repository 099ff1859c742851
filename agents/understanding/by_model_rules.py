"""Settle where the language model and the grammar differ: a measured rule for each construct, kept as data beside this module.

A refusal of the grammar's is never turned into a wish, and no condition of its is dropped because the model is silent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from ...core.schemas import Condition, Constraint, Frozen, Predicate, ThreadMemory, Understanding
from .by_model_checks import Checked, Checks, Construct
from .conditions_in_force import condition_id, with_words
from .constraint_merge import REFUSED, merge
from .numbers_and_money import normalise

Reader = Literal["grammar", "model"]
Case = Literal["agrees", "unread", "differs"]
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])")
_WORTH_NAMING = re.compile(r"[^\W\d_]{4,}|[\u4e00-\u9fff]{2,}|\d")


class Rules(Frozen):
    """Who wins, by construct and by what the grammar made of the same words.

    ``smallest_b`` is the size, in billions of parameters, from which reading helped; None where it did at no size measured.
    """

    smallest_b: float | None = None
    wins: dict[Construct, dict[Literal["unread", "differs"], Reader]]

    def winner(self, construct: Construct, case: Case) -> Reader:
        """Return who is believed."""
        return "grammar" if case == "agrees" else self.wins[construct][case]


@cache
def measured_rules() -> Rules:
    """Return the rules as measured on the project's dev requests."""
    text = (files(__package__) / "data" / "by_model_rules.toml").read_text(encoding="utf-8")
    return Rules.model_validate(tomllib.loads(text))


@cache
def is_used(setting: Literal["auto", "grammar", "model"], model: str) -> tuple[bool, str]:
    """Tell whether a model reads requests beside the grammar, and why not."""
    if setting != "auto":
        return setting == "model", "" if setting == "model" else "The setting says that the grammar reads alone."
    return is_large_enough(model, measured_rules().smallest_b)


def is_large_enough(model: str, least: float | None) -> tuple[bool, str]:
    """Tell whether a model has the billions of parameters from which reading helped, and else why not."""
    if least is None:
        return False, "The grammar read alone: no language model was measured yet to read requests better."
    size = size_b(model)
    if size is None:
        return False, f"The grammar read alone: the name {model} does not say how large the language model is."
    if size < least:
        return (
            False,
            f"The grammar read alone: a language model of {size:g} B is below the {least:g} B from which reading helped.",
        )
    return True, ""


def size_b(model: str) -> float | None:
    """Return the billions of parameters that a model's name tells: 0.135 of ``smollm2-135m``; None where it tells none."""
    found = _SIZE.findall(model.casefold())
    return max(float(n) / (1000 if unit == "m" else 1) for n, unit in found) if found else None


@dataclass(frozen=True)
class Difference:
    """A condition of the model's with what the grammar made of the same words or field, and who is believed."""

    checked: Checked
    case: Case
    against: tuple[Condition, ...]
    winner: Reader


def differences(read: Sequence[Condition], checks: Checks, rules: Rules) -> list[Difference]:
    """Return each checked condition of the model's beside what the grammar read."""
    found = []
    for checked in checks.conditions:
        case, against = _compared(checked, read)
        kept = any(c.refused != checked.condition.refused or c.either for c in against)
        winner: Reader = "grammar" if kept else rules.winner(checked.construct, case)
        found.append(Difference(checked, case, against, winner))
    return found


def _compared(checked: Checked, read: Sequence[Condition]) -> tuple[Case, tuple[Condition, ...]]:
    mine = checked.condition
    if any(_agrees(mine, c) or any(_agrees(mine, other) for other in c.either) for c in read):
        return "agrees", ()
    against = [
        c for c in read if mine.field in (c.field, *(o.field for o in c.either)) or _overlap(c.words, mine.words)
    ]
    return ("differs", tuple(against)) if against else ("unread", ())


def _agrees(mine: Condition, other: Condition | Predicate) -> bool:
    if (mine.op in REFUSED) != (other.op in REFUSED) or mine.field != other.field:
        return False
    values = other.value if isinstance(other.value, list) else [other.value]
    if isinstance(mine.value, bool | str):
        return mine.value in values
    return mine.value in values and mine.op.rstrip("=") == other.op.rstrip("=")


def _overlap(one: str, other: str) -> bool:
    a, b = normalise(one), normalise(other)
    return bool(a and b) and (a in b or b in a)


def settled(understanding: Understanding, checks: Checks, memory: ThreadMemory, rules: Rules) -> Understanding:
    """Return the understanding with what the model is believed, and who read each condition."""
    reading = understanding.reading
    found = differences(reading.conditions, checks, rules)
    taken = [d for d in found if d.winner == "model"]
    order = (
        checks.order if checks.order and reading.order is None and rules.wins["order"]["unread"] == "model" else None
    )
    agreed = {(c.field, str(c.value)) for d in found if d.case == "agrees" for c in [d.checked.condition]}
    gone = {condition_id(c) for d in taken for c in d.against if c.field == d.checked.condition.field}
    fresh = _joined([d.checked.condition for d in taken])
    kept = tuple(_marked(c, agreed) for c in reading.conditions if condition_id(c) not in gone)
    quotes = [c.words for c in fresh] + ([order.words] if order else [])
    changed = bool(fresh or order)
    updated = reading.model_copy(
        update={
            "conditions": tuple(
                c.model_copy(update={"condition_id": f"c{n}"}) for n, c in enumerate((*kept, *fresh), start=1)
            ),
            "order": order if order else reading.order,
            "not_applied": tuple(_left(reading.not_applied, quotes)),
            "read_by": "both" if changed else "grammar",
            "read_why": "" if changed else "The language model added nothing that the words bear out.",
        }
    )
    now = [c for c in understanding.constraints if c.source != "thread" and condition_id(c) not in gone]
    constraints, dropped = merge(
        [c for c in understanding.constraints if c.source == "thread"], (*now, *map(_constraint, fresh))
    )
    read = understanding.model_copy(
        update={
            "reading": updated,
            "constraints": (*constraints,),
            "dropped": (*understanding.dropped, *dropped),
            "unparsed": tuple(_left(understanding.unparsed, quotes)),
        }
    )
    return with_words(read, memory)


def _joined(conditions: Sequence[Condition]) -> list[Condition]:
    """Join wanted values of one field with one value, of which any will do: "greek or turkish"."""
    made: dict[tuple[str, str], Condition] = {}
    for c in conditions:
        key = (c.field, "=" if c.op == "=" and isinstance(c.value, str) else f"{c.op} {c.value}")
        before = made.get(key)
        if before is None or before.value == c.value:
            made[key] = c
            continue
        values = before.value if isinstance(before.value, list) else [str(before.value)]
        words = before.words if c.words in before.words else f"{before.words}, {c.words}"
        made[key] = c.model_copy(update={"op": "in", "value": [*values, str(c.value)], "words": words})
    return list(made.values())


def _marked(c: Condition, agreed: set[tuple[str, str]]) -> Condition:
    values = c.value if isinstance(c.value, list) else [c.value]
    both = any((c.field, str(v)) in agreed for v in values)
    return c.model_copy(update={"read_by": "both"}) if both else c


def _constraint(c: Condition) -> Constraint:
    return Constraint(field=c.field, op=c.op, value=c.value, source="model", confidence=c.confidence)


def _left(phrases: Sequence[str], quotes: Sequence[str]) -> list[str]:
    """Return the phrases not applied without the words that now made a condition; a rest that says something stays."""
    left = []
    for phrase in phrases:
        rest = phrase
        for quote in quotes:
            at = normalise(rest).find(normalise(quote))
            if at >= 0:
                rest = (rest[:at] + rest[at + len(quote) :]).strip(" ,.;，。")
            elif _overlap(rest, quote):
                rest = ""
        if rest and (rest == phrase or _WORTH_NAMING.search(rest)):
            left.append(rest)
    return left
