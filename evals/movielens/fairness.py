"""Report on fairness between groups: how much exposure groups of items get, and how good lists are for groups of users.

Exposure of a place is 1 / log2(place + 1), as in Singh and Joachims, KDD 2018. Intervals are 95 %, lists being drawn again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.learning.metrics import ndcg_of_list
from ..reporting.intervals import mean_of

MAX_GROUPS = 50
MIN_USERS = 10
"""Groups of fewer users are not reported: their figures say little, and could point at somebody."""


@dataclass(frozen=True)
class Quality:
    """How good one list was, from 0 to 1, and the groups its user belongs to: kind of group -> group."""

    groups: Mapping[str, str]
    score: float


def exposure(
    lists: Sequence[Sequence[Sequence[str]]], catalogue: Sequence[Sequence[str]] = (), seed: int = 0
) -> dict[str, Any]:
    """Return per group of items the share of exposure it gets and, if the catalogue is given, its share there and their ratio.

    Args:
        lists: for each list, best first, the groups of each item; an item in several groups counts for each in part.
        catalogue: the groups of every item that could have been listed.
        seed: of the intervals.
    """
    names = sorted({g for shown in lists for groups in shown for g in groups})[:MAX_GROUPS]
    column = {name: c for c, name in enumerate(names)}
    shares = np.array([_shares(shown, column) for shown in lists])
    there = _shares(catalogue, column, even=True) if catalogue else None
    found: dict[str, Any] = {}
    for name, c in column.items():
        found[name] = {"share": mean_of(shares[:, c], seed)}
        if there is not None:
            own = float(there[c])
            ratio = round(float(shares[:, c].mean()) / own, 3) if own else None
            found[name] |= {"catalogue_share": round(own, 4), "ratio": ratio}
    return found


def quality(found: Sequence[Quality], seed: int = 0) -> dict[str, Any]:
    """Return per kind of group the mean score of each group with its interval, how many users, and the greatest gap."""
    report: dict[str, Any] = {}
    for kind in sorted({k for q in found for k in q.groups}):
        by: dict[str, list[float]] = {}
        for one in found:
            by.setdefault(one.groups.get(kind, "unknown"), []).append(one.score)
        kept = {g: np.array(scores) for g, scores in sorted(by.items()) if len(scores) >= MIN_USERS}
        means = [float(scores.mean()) for scores in kept.values()]
        report[kind] = {
            "groups": {g: {"score": mean_of(scores, seed), "n": len(scores)} for g, scores in kept.items()},
            "gap": round(max(means) - min(means), 4) if len(means) > 1 else None,
            "left_out": sorted(g for g, scores in by.items() if len(scores) < MIN_USERS),
        }
    return report


def report_of(path: Path, field: str, seed: int = 0) -> dict[str, Any]:
    """Return the report on a file of answers, one JSON object a line, as ``tastemaker recommend --json`` prints them.

    A line may also hold ``groups`` (kind -> group of its user) and ``wanted`` (ids that the user took); quality is then
    NDCG over the list.

    Raises:
        InvalidRequestError: the file cannot be read, a line is no answer, or no item has the field.
    """
    lists: list[list[list[str]]] = []
    found: list[Quality] = []
    for answer in _answers(path):
        items = answer["items"]
        lists.append([_values(item.get("attributes", {}).get(field)) for item in items])
        wanted = set(answer.get("wanted") or ())
        if wanted:
            found.append(
                Quality(
                    answer.get("groups") or {},
                    ndcg_of_list([item.get("item_id") in wanted for item in items], len(wanted)),
                )
            )
    if not any(groups for shown in lists for groups in shown):
        raise InvalidRequestError("--field", f"no listed item has a text or list field {field!r}")
    return {
        "lists": len(lists),
        "field": field,
        "exposure": exposure(lists, seed=seed),
        "quality": quality(found, seed),
    }


def _answers(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise InvalidRequestError("lists", f"{path} cannot be read ({type(error).__name__})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise InvalidRequestError("lists", f"line {number} of {path.name} is not JSON") from error
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise InvalidRequestError("lists", f"line {number} of {path.name} has no list of `items`")
        yield answer


def _shares(shown: Sequence[Sequence[str]], column: Mapping[str, int], *, even: bool = False) -> Any:
    """Return how exposure divides over the columns, shape (groups,), adding up to 1 or 0."""
    total = np.zeros(len(column))
    for place, groups in enumerate(shown):
        known = [g for g in groups if g in column]
        for group in known:
            total[column[group]] += (1.0 if even else 1 / np.log2(place + 2)) / len(known)
    return total / total.sum() if total.sum() else total


def _values(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [v for v in found if isinstance(v, str)]
