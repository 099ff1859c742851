"""Say what an item that comes close breaks, and which conditions may be broken at all: none that is about safety, or that refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.predicates import NEGATED, ORDERING, holds
from ...core.schemas import AttributeValue, Breach, Brief, Condition, Constraint, Item
from ...core.text.words import stems
from .clauses import ALLERGENS
from .own_words import typed_words
from .wording import Wording

KEPT = frozenset("age certificate allergen diet gender alcohol sugar calories".split())  # noqa: SIM905
"""Concepts of fields whose conditions are never broken: they are about safety, or about whom it is for."""
KEPT_WORDS = frozenset(
    stem
    for word in (*ALLERGENS, "allergy", "allergic", "hypoallergenic", "vegan", "vegetarian", "halal", "kosher", "safe", "baby", "infant",
                 "toddler", "child", "children", "kids", "pregnant", "pregnancy", "medical", "organic")
    for stem in stems(word)
    if word != "colouring"
)  # fmt: skip
KEPT_CHINESE = ("过敏", "素食", "清真", "婴", "儿童", "孕", "无糖", "不含", "年龄", "分级", "成分", "配料")
LAST = frozenset("category model size language author director cast artist platform availability condition".split())  # noqa: SIM905
"""Concepts of fields that say what an item is, or whether it can be used at all: broken only where nothing else helps."""
FAR = 0.3
"""A number further from its limit than this share of it is not close."""
FAR_YEARS = 10
ALIKE_ENOUGH = 0.5
"""Cosine of two values' names from which one is near the other: indoor and outdoor, not a bus and a horse."""


def may_break(condition: Constraint, concept: str) -> bool:
    """Say whether an item that breaks a condition may be offered as close; refusals and what is about safety are always kept."""
    moment = condition.op in ORDERING and isinstance(condition.value, str)
    if condition.op in NEGATED or condition.either or moment or concept in KEPT or condition.value is False:
        return False
    said = f"{condition.field} {' '.join(values_of(condition))}"
    return not (stems(said.replace("_", " ")) & KEPT_WORDS or any(word in said for word in KEPT_CHINESE))


def values_of(condition: Constraint) -> list[str]:
    """Return the values that a condition names, as text."""
    return [str(v) for v in (condition.value if isinstance(condition.value, list) else [condition.value])]


def distance(condition: Constraint, item: Item, words: Wording, near: Mapping[str, float]) -> float | None:
    """Return how far an item is from a condition that it breaks, 0 to 1; None where that is not known, or too far to come close.

    ``near`` holds by value how alike it is to what was asked for, 0 to 1; empty where no values were compared:
    then one value may stand for another, but an item that has many and not this one is not close.
    """
    value = item.attributes.get(condition.field)
    if value is None or value == [] or holds(condition, item):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        unknown = 0.0 if near or isinstance(value, list) else ALIKE_ENOUGH
        alike = max((near.get(v, unknown) for v in _texts(value)), default=unknown)
        return 0.1 + 0.4 * (1 - alike) if alike >= ALIKE_ENOUGH else None
    if not isinstance(condition.value, int | float):
        return None
    gap = abs(value - condition.value)
    share = gap / FAR_YEARS * FAR if words.of(condition.field).is_year else gap / max(abs(condition.value), 1e-9)
    return share if share <= FAR else None


def breach(condition: Constraint, item: Item, brief: Brief, words: Wording) -> Breach:
    """Return a condition that an item breaks, and how, in words."""
    name, value = condition.field, item.attributes.get(condition.field)
    made = (c.condition_id for c in brief.understanding.conditions if _same(c, condition))
    if isinstance(value, bool):
        label = words.label(name)
        said = words.answer("marked", label=label) if value else words.breach("unmarked", label=label)
    elif isinstance(value, int | float) and isinstance(condition.value, int | float):
        said = words.gap(condition, float(value), brief)
    else:
        asked = [words.value(name, v) for v in values_of(condition)]
        wanted = (len(asked) > 3 and typed_words(condition, brief.understanding)) or words.joined(asked[:3], "or")
        held = [words.value(name, v) for v in _texts(value)][:2]
        lists = isinstance(value, list) or condition.op == "contains"
        way = "refused" if condition.op in NEGATED else "without" if lists else "instead"
        said = words.breach(way, wanted=wanted, value=words.joined(held))
    return Breach(condition_id=next(made, ""), field=name, words=said)


def sentence(breaks: Sequence[Breach], words: Wording) -> str:
    """Return what an item breaks as one sentence."""
    return words.breach("close", breaks=words.joined([b.words for b in breaks]))


def _same(condition: Condition, constraint: Constraint) -> bool:
    return (condition.field, condition.op, condition.value) == (constraint.field, constraint.op, constraint.value)


def _texts(value: AttributeValue | None) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [str(value)]


def is_number(condition: Constraint) -> bool:
    """Say whether a condition is about a number."""
    return (condition.op in ORDERING and not isinstance(condition.value, str)) or (
        isinstance(condition.value, float) and condition.op == "="
    )
