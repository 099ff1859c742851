"""Hold out the last liked item of users, to see how well a list would have placed it; plain Python, no I/O."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..schemas import Event, HistoryProfile
from .event_meaning import opinion
from .llm_signal import COLD_EVENTS, group_of

COLD_SEEN = (1, 2, 3)


@dataclass(frozen=True)
class HeldOut:
    """A user as they were before an event: what was known, the item they liked next, and what must not be offered."""

    profile: HistoryProfile
    target: str
    hidden: frozenset[str]

    @property
    def group(self) -> str:
        """Return the user group."""
        return group_of(len(self.profile.events))


def hold_out(events: Sequence[Event], most: int, seed: int) -> list[HeldOut]:
    """Return at most ``most`` held-out events of different users, half of them cold: with 1, 2 or 3 known events.

    The last liked item is the target; every other item of the user is not offered, since a list may not be blamed for it.
    """
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda e: e.at):
        by_user[event.user_id].append(event)
    users = sorted(by_user)
    random.Random(seed).shuffle(users)  # noqa: S311  repeatability, not secrecy
    found: dict[str, list[HeldOut]] = {"cold": [], "warm": []}
    for user in users:
        group = "cold" if len(found["cold"]) <= len(found["warm"]) else "warm"
        held = _held(by_user[user], group, COLD_SEEN[len(found["cold"]) % len(COLD_SEEN)])
        if held is not None and len(found[held.group]) < (most + 1) // 2:
            found[held.group].append(held)
    return [h for pair in zip(*_padded(found), strict=True) for h in pair if h is not None][:most]


def _padded(found: dict[str, list[HeldOut]]) -> tuple[list[HeldOut | None], list[HeldOut | None]]:
    """Return both groups at one length, so that they can be asked about in turn."""
    longest = max(map(len, found.values()))
    cold, warm = ([*found[g], *([None] * (longest - len(found[g])))] for g in ("cold", "warm"))
    return cold, warm


def _held(events: Sequence[Event], group: str, seen: int) -> HeldOut | None:
    good = [i for i, e in enumerate(events) if opinion(e.kind, e.value)]
    if not good:
        return None
    target = events[good[-1]].item_id
    before = [e for e in events[: good[-1]] if e.item_id != target]
    liked_before = [e for e in before if opinion(e.kind, e.value)]
    shown = before if group == "warm" and len(before) >= COLD_EVENTS else liked_before[-seen:]
    if not shown:
        return None
    newest = tuple(reversed(shown))
    liked = tuple(dict.fromkeys(e.item_id for e in newest if opinion(e.kind, e.value)))
    profile = HistoryProfile(
        user_id=events[0].user_id,
        known=True,
        events=newest,
        consumed=frozenset(e.item_id for e in shown if e.kind in ("purchase", "rating")),
        liked=liked,
        disliked=frozenset(e.item_id for e in shown if opinion(e.kind, e.value) is False),
    )
    return HeldOut(profile, target, frozenset(e.item_id for e in events) - {target})
