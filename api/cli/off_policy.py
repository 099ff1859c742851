"""Compare policies from the exposure log: what each choice of new items would have earned, and what each version earned."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from ...core.errors import InvalidRequestError
from ...core.learning.exposures import decisions_of, rewards_per_list
from ...core.learning.off_policy import DEFAULT_CLIP, POLICIES, evaluate, mean_interval
from ...core.settings import Settings, load_settings
from .options import run_async


def off_policy_command(
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    days: Annotated[float, typer.Option(min=0, help="How far back to look.")] = 30.0,
    policy: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(POLICIES)}; repeatable, default all of them.")
    ] = None,
    clip: Annotated[float, typer.Option(min=1, help="The largest weight a decision may have.")] = DEFAULT_CLIP,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Estimate from logged lists and clicks what other policies would earn, with intervals; nothing is changed."""
    wanted = policy or list(POLICIES)
    figures = run_async(lambda: compare(load_settings(), tenant, days, wanted, clip, seed))
    if as_json:
        typer.echo(json.dumps(figures))
        return
    from rich.console import Console

    Console().print_json(data=figures)


async def compare(  # noqa: PLR0917
    settings: Settings, tenant: str, days: float, wanted: list[str], clip: float, seed: int
) -> dict[str, Any]:
    """Return the estimates of every policy, and the mean clicks per list of every version that served.

    Raises:
        InvalidRequestError: a policy has no such name, or no list was logged in that time.
        StoreError: the log or the history cannot be read.
    """
    from ...stores.database import Database
    from ...stores.events.exposure_log import ExposureLog
    from ...stores.events.history import SqlHistory

    if unknown := [name for name in wanted if name not in POLICIES]:
        raise InvalidRequestError("--policy", f"{unknown[0]!r} is none of {', '.join(POLICIES)}")
    log = ExposureLog(Database(settings.history_url), settings.exposures.retention_days)
    history = await SqlHistory.open(settings.history_url, tenant)
    try:
        exposures = await log.read(tenant, datetime.now(UTC) - timedelta(days=days))
        events = await history.all_events()
    finally:
        await log.close()
        await history.close()
    decisions = decisions_of(exposures, events)
    lists = rewards_per_list(exposures, events)
    if not lists:
        raise InvalidRequestError("--days", "no list was logged in that time; see the setting exposures.enabled")
    chosen = wanted if decisions else []
    policies = {name: asdict(evaluate(decisions, POLICIES[name], clip=clip, seed=seed)) for name in chosen}
    versions = {name: {"n": len(r), **asdict(mean_interval(r, seed))} for name, r in lists.items()}
    note = "" if decisions else "no place was filled at random, so nothing can be said of other policies"
    shared = {"tenant": tenant, "lists": len(exposures), "decisions": len(decisions), "clip": clip, "note": note}
    return {**shared, "policies": policies, "versions": versions}
