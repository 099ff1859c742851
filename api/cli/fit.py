"""Fit how far a language model may move a shop's lists: `tastemaker fit-llm`."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.learning.llm_weight_table import WeightEntry
from ...core.schemas import LLMStrategy
from ...core.settings import load_settings
from .options import run_async


def fit_llm_command(
    *,
    strategies: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy", help="embeddings, profile, score, listwise or generative; repeat it to combine them."
        ),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    events: Annotated[int | None, typer.Option(min=30, help="Held-out events; default: llm_rank.max_events.")] = None,
    budget_s: Annotated[float, typer.Option("--budget-s", min=1, help="Seconds for the whole run.")] = 3600.0,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the weights as one JSON object.")] = False,
) -> None:
    """Fit the weight of a language model's signal by user group, on the shop's own events; run it again to resume."""

    async def work() -> WeightEntry:
        from ...graphs.fitting.llm_weight import fit_llm
        from ...graphs.shop.services import Parts

        settings = load_settings()
        wanted = _strategies(strategies or list(settings.llm_rank.strategies))
        parts = Parts.from_settings(settings)
        try:
            most = events or settings.llm_rank.max_events
            return await fit_llm(parts, tenant, wanted, most=most, budget_s=budget_s, seed=seed, say=_say)
        finally:
            await parts.close()

    entry = run_async(work)
    if as_json:
        typer.echo(entry.model_dump_json())
    else:
        _show(entry)


def _strategies(names: list[str]) -> list[LLMStrategy]:
    known = get_args(LLMStrategy)
    if not names or set(names) - set(known):
        raise InvalidRequestError("--strategy", f"name one or more of {', '.join(known)}, or set llm_rank.strategies")
    return [cast(LLMStrategy, n) for n in names]


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _show(entry: WeightEntry) -> None:
    table = Table("group", "weight", "gain", "95 % interval", "events", "why")
    for group, found in entry.groups.items():
        interval = f"{found.low:+.2f} to {found.high:+.2f}"
        table.add_row(group, f"{found.weight:g}", f"{found.gain:+.2f}", interval, str(found.n), found.why)
    Console().print(f"{' + '.join(entry.strategies)} by {entry.model}, NDCG@10 x 100 on held-out events")
    Console().print(table)
