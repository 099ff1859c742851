"""Decide by hash who is served the version on trial, so that every process says the same and nobody is asked twice.

A unit (a user, else a conversation) falls on a fixed point of [0, 1) and is served the version while that lies below the share: a
larger share keeps everybody who was in. The salt differs between rollouts, so that not always the same people try things first.
Deterministic bucketing as in Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments (2020), chapter 4.
"""

from __future__ import annotations

import hashlib

from ..schemas.releases import Cohort, Rollout, ServedVersion

_SCALE = float(1 << 64)


def point_of(salt: str, unit: str) -> float:
    """Return where a unit falls in [0, 1)."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{unit}".encode()).digest()[:8]) / _SCALE


def unit_digest(unit: str) -> str:
    """Return a name for a unit that can be counted by and tells nobody who it is."""
    return hashlib.sha256(f"unit\0{unit}".encode()).hexdigest()[:16]


def in_cohort(cohort: Cohort, segment: str | None, *, known: bool) -> bool:
    """Tell whether somebody of this segment takes part; ``known`` says that they have a history."""
    return not (cohort.segments and segment not in cohort.segments) and not (cohort.new_users and known)


def assigned(rollout: Rollout, unit: str, segment: str | None, *, known: bool) -> ServedVersion | None:
    """Return which version a rollout serves a unit; None where it does not take part."""
    if not in_cohort(rollout.cohort, segment, known=known):
        return None
    drawn = point_of(rollout.salt, unit) * 100 < rollout.percent
    return ServedVersion(
        name=rollout.name,
        number=rollout.number if drawn else rollout.base,
        rollout=rollout.id,
        arm="candidate" if drawn else "control",
    )
