"""Change what is served: begin, widen and end rollouts, put a version in production and take it back.

What runs and what is in production is read within the change, so that of two people who act at once the second is told.
"""

from __future__ import annotations

import secrets
from typing import Any

from ...core.errors import ReleaseBlockedError
from ...core.schemas.releases import Cohort, Rollback, Rollout
from ...stores.releases.change import Change

WRITTEN_AHEAD = frozenset(("taste", "keywords"))
"""Prompts whose words are kept for all users, so that no share of them can be served others."""


async def roll_out(change: Change, name: str, number: int, percent: float, cohort: Cohort | None) -> Rollout:
    """Begin to serve a version to a share of a cohort, or give its rollout another share.

    Raises:
        ReleaseBlockedError: another version is on trial, or this one in another cohort, or nobody can be served it apart from others.
    """
    if name in WRITTEN_AHEAD:
        why = "its words are written ahead, for everybody: release it instead"
        raise ReleaseBlockedError(f"{name} r{number} cannot be rolled out", (why,))
    running = await change.running(name)
    if running is None:
        return await _begin(change, name, number, percent, cohort or Cohort())
    _only(running, number, f"{name} r{number} cannot be rolled out")
    if cohort is not None and cohort != running.cohort:
        why = "a rollout keeps its cohort: roll it back and begin another"
        raise ReleaseBlockedError(f"{name} r{number} cannot be rolled out so", (why,))
    await change.log("share", name, number, rollout=running.id, percent=percent, before=running.percent)
    return await change.set_percent(running, percent)


async def put_in_production(change: Change, name: str, number: int, message: str) -> None:
    """Serve a version to everybody, and end its rollout.

    Raises:
        ReleaseBlockedError: another version is on trial.
    """
    running, before = await change.running(name), await change.production(name)
    if running is not None:
        _only(running, number, f"{name} r{number} cannot be released")
        await change.end_rollout(running, "released", message)
    await change.put_label(name, "production", number)
    await change.log("release", name, number, before=before, message=message)


async def take_back(change: Change, name: str, why: str) -> Rollback:
    """End the rollout that runs, else put production back to where it was.

    Raises:
        ReleaseBlockedError: there is nothing to take back.
    """
    running = await change.running(name)
    if running is not None:
        return await end(change, running, why)
    before, after = await change.undo_production(name)
    if not before:
        raise ReleaseBlockedError(f"{name} is not rolled back", ("nothing but what ships is served",))
    await change.log("rollback", name, before, to=after, why=why)
    return Rollback(name=name, from_number=before, to_number=after)


async def end(change: Change, rollout: Rollout, why: str, evidence: dict[str, Any] | None = None) -> Rollback:
    """End a rollout; everybody is served what was in production before."""
    await change.end_rollout(rollout, "rolled_back", why)
    told = {"evidence": evidence} if evidence else {}
    await change.log("rollback", rollout.name, rollout.number, to=rollout.base, rollout=rollout.id, why=why, **told)
    return Rollback(name=rollout.name, from_number=rollout.number, to_number=rollout.base, rollout=rollout.id)


async def _begin(change: Change, name: str, number: int, percent: float, cohort: Cohort) -> Rollout:
    """Store a new rollout; its salt is drawn here, so that no two rollouts try things on the same people."""
    base = await change.production(name)
    salt = f"{name}-{secrets.token_hex(8)}"
    rollout = await change.add_rollout(
        Rollout(
            id=0,
            name=name,
            number=number,
            base=base,
            percent=percent,
            cohort=cohort,
            salt=salt,
            by=change.by,
            at=change.at,
        )
    )
    said = {"percent": percent, "base": base, "cohort": cohort.model_dump(mode="json")}
    await change.log("rollout", name, number, rollout=rollout.id, **said)
    return rollout


def _only(running: Rollout, number: int, what: str) -> None:
    if running.number != number:
        why = f"r{running.number} is on trial with {running.percent:g} % of users: release it or roll it back first"
        raise ReleaseBlockedError(what, (why,))
