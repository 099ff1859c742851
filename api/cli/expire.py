"""Remove what is kept longer than the settings say, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.schemas import Expired
from ...core.settings import load_settings
from .options import run_async


def expire_command(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Remove events, preferences, lists shown, conversations, traces and left media that are too old, of all shops.

    A server does so each hour; this is for a shop whose servers are not always up, and for looking. The settings are
    history.retention_days, threads.retention_days, exposures.retention_days and traces.retention_days.
    """

    async def work() -> Expired:
        from ...graphs.recommender import Recommender

        async with Recommender(load_settings()) as recommender:
            return await recommender.expire()

    found = run_async(work)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    removed = [f"{count} {name}" for name, count in found.model_dump().items() if count]
    typer.echo(f"removed: {', '.join(removed)}" if removed else "nothing is kept longer than the settings say")
