"""What was shown, with the probability of each choice, and how it joins with what people then did; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from ..schemas import Event, Frozen
from ..schemas.releases import Arm, ServedVersion
from .off_policy import Decision
from .thompson_sampling import Draw

REQUEST_KEY = "request_id"
"""The key of an event's context that names the answer in which the item was seen."""
REWARDS = {"click": 1.0, "like": 1.0, "purchase": 1.0}


class Drawn(Frozen):
    """One place filled at random: the options, and for each its probability and its prior click rate."""

    place: int
    chosen: int
    options: tuple[str, ...]
    propensities: tuple[float, ...]
    priors: tuple[float, ...]

    @classmethod
    def of(cls, choice: Draw, place: int) -> Drawn:
        """Return the record of a choice for a place of the list, from 1."""
        return cls(
            place=place,
            chosen=choice.chosen,
            options=choice.options,
            propensities=choice.propensities,
            priors=choice.priors,
        )


class Shown(Frozen):
    """An item at a place of a list, from 1, the probability with which it was put there, and its rank in each source's list."""

    item_id: str
    place: int
    propensity: float = 1.0
    ranks: dict[str, int] = Field(default_factory=dict)


class Exposure(Frozen):
    """A list as it was answered; ``policy`` names the version that made it, ``user_id`` is as in the events.

    ``versions`` are the released versions that served, ``unit`` is what rollouts are drawn by, ``measures`` what the answer cost.
    """

    tenant: str
    request_id: str
    at: datetime
    policy: str
    user_id: str | None = None
    items: tuple[Shown, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    versions: tuple[ServedVersion, ...] = ()
    unit: str = ""
    measures: dict[str, float] = Field(default_factory=dict)


class VersionExposure(Frozen):
    """A list that was made in a rollout, in which arm and with which version; ``unit`` is what the rollout is drawn by.

    ``measures``: ``seconds``, ``tokens``, ``items``, ``sentences``, ``written`` (by the model), ``degraded`` and ``failed`` (the model
    broke the form of its answer), the last two 0 or 1.
    """

    request_id: str
    unit: str
    user_id: str | None
    rollout: int
    name: str
    number: int
    arm: Arm
    at: datetime
    measures: dict[str, float]


def rewards_of(events: Sequence[Event]) -> dict[tuple[str, str], float]:
    """Return (request id, item id) -> reward of the events that name the answer they follow."""
    found: dict[tuple[str, str], float] = {}
    for event in events:
        request_id, reward = event.context.get(REQUEST_KEY), REWARDS.get(event.kind, 0.0)
        if request_id and reward:
            found[request_id, event.item_id] = reward
    return found


def decisions_of(exposures: Sequence[Exposure], events: Sequence[Event]) -> list[Decision]:
    """Return every place that was filled at random, with what came of it."""
    rewards = rewards_of(events)
    return [
        Decision(
            options=d.options,
            logged=d.propensities,
            prior=d.priors,
            chosen=d.chosen,
            reward=rewards.get((e.request_id, d.options[d.chosen]), 0.0),
        )
        for e in exposures
        for d in e.drawn
    ]


def rewards_per_list(exposures: Sequence[Exposure], events: Sequence[Event]) -> dict[str, list[float]]:
    """Return policy -> the rewards of each of its lists, for comparing versions that served side by side."""
    rewards = rewards_of(events)
    lists: dict[str, list[float]] = {}
    for e in exposures:
        earned = sum(rewards.get((e.request_id, s.item_id), 0.0) for s in e.items)
        lists.setdefault(e.policy, []).append(earned)
    return lists
