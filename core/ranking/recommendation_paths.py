"""Check the paths by which a recommender came to an item against the records of the items they name; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..schemas import AttributeValue, Item, PathStep

PEOPLE = "liked by the same people"


def proven(steps: Sequence[PathStep], records: Mapping[str, Item], wanted: Collection[str]) -> tuple[PathStep, ...]:
    """Return the path with its items' titles if every edge of it holds, else nothing.

    It must start at an item of ``wanted``; all items must be in ``records``, and an edge over an attribute needs both records to
    hold that value. That the same people liked both is the scorer's own knowledge.
    """
    if not steps or steps[0].source not in wanted:
        return ()
    found: list[PathStep] = []
    for step in steps:
        source, target = records.get(step.source), records.get(step.target)
        if source is None or target is None or not _holds(step.relation, source, target):
            return ()
        found.append(step.model_copy(update={"source_title": source.title}))
    return tuple(found)


def _holds(relation: str, source: Item, target: Item) -> bool:
    return relation == PEOPLE or all(relation in _labels(item.attributes) for item in (source, target))


def _labels(attributes: Mapping[str, AttributeValue]) -> set[str]:
    """Return ``name: value`` of words and lists, the name of what is true, and the decade of a year."""
    found: set[str] = set()
    for name, value in attributes.items():
        if isinstance(value, bool):
            found |= {name} if value else set()
        elif isinstance(value, int | float):
            found |= {f"decade: {int(value) // 10 * 10}"} if name == "year" else set()
        else:
            found |= {f"{name}: {word}" for word in ([value] if isinstance(value, str) else value)}
    return found
