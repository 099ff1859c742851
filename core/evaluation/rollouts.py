"""Sum up a rollout by the users it is drawn by, and say whether the candidate is surely worse in anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..learning.always_valid import ALPHA, Arm, Comparison, Metric, compare_all
from ..learning.exposures import VersionExposure
from ..schemas.catalogue import EventKind

METRICS = (
    Metric(name="click_through"),
    Metric(name="likes"),
    Metric(name="purchases"),
    Metric(name="failed", better="lower"),
    Metric(name="degraded", better="lower"),
    Metric(name="seconds", better="lower", tolerance=0.5),
    Metric(name="tokens", better="lower", tolerance=0.5),
)
"""What a rollout is judged by, for each list shown; the last four are guardrails."""
REACTIONS: Mapping[str, EventKind] = {"click_through": "click", "likes": "like", "purchases": "purchase"}
Reactions = Mapping[str, Collection[str]]
"""Request id -> the kinds of what was done with items of its list."""


def compare_arms(exposures: Iterable[VersionExposure], reactions: Reactions, alpha: float = ALPHA) -> list[Comparison]:
    """Return every metric of a rollout's candidate against its control; the error is shared among them."""
    arms = arms_of(exposures, reactions)
    return compare_all(METRICS, arms["control"], arms["candidate"], alpha)


def arms_of(exposures: Iterable[VersionExposure], reactions: Reactions) -> dict[str, dict[str, Arm]]:
    """Return arm -> metric -> the sums over its users."""
    users: dict[str, dict[str, list[list[float]]]] = {"control": defaultdict(list), "candidate": defaultdict(list)}
    for shown in exposures:
        users[shown.arm][shown.unit].append(_values(shown, reactions.get(shown.request_id, ())))
    return {arm: _sums(list(found.values())) for arm, found in users.items()}


def breaches(found: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons in which the candidate is surely worse than is tolerated."""
    return [c for c in found if c.breach]


def _values(shown: VersionExposure, done: Collection[str]) -> list[float]:
    """Return a list's value of every metric, in their order."""
    return [
        float(REACTIONS[m.name] in done) if m.name in REACTIONS else shown.measures.get(m.name, 0.0) for m in METRICS
    ]


def _sums(users: Sequence[Sequence[Sequence[float]]]) -> dict[str, Arm]:
    sizes = [len(lists) for lists in users]
    totals = [[sum(column) for column in zip(*lists, strict=True)] for lists in users]
    return {m.name: Arm.of([t[n] for t in totals], sizes) for n, m in enumerate(METRICS)}
