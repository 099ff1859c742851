"""Fit how far a language model may move a shop's lists: `tastemaker fit-llm`."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.learning.llm_weight_table import WeightEntry
from ...core.ranking.learnt_attention import Attention
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
        from ...graphs.shop.services import Services

        settings = load_settings()
        wanted = _strategies(strategies or list(settings.llm_rank.strategies))
        services = Services.from_settings(settings)
        try:
            most = events or settings.llm_rank.max_events
            return await fit_llm(services, tenant, wanted, most=most, budget_s=budget_s, seed=seed, say=_say)
        finally:
            await services.close()

    entry = run_async(work)
    if as_json:
        typer.echo(entry.model_dump_json())
    else:
        _show_weights(entry)


def _strategies(names: list[str]) -> list[LLMStrategy]:
    known = get_args(LLMStrategy)
    if not names or set(names) - set(known):
        raise InvalidRequestError("--strategy", f"name one or more of {', '.join(known)}, or set llm_rank.strategies")
    return [cast(LLMStrategy, n) for n in names]


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _show_weights(entry: WeightEntry) -> None:
    table = Table("group", "weight", "gain", "95 % interval", "events", "why")
    for group, found in entry.groups.items():
        interval = f"{found.low:+.2f} to {found.high:+.2f}"
        table.add_row(group, f"{found.weight:g}", f"{found.gain:+.2f}", interval, str(found.n), found.why)
    Console().print(f"{' + '.join(entry.strategies)} by {entry.model}, NDCG@10 x 100 on held-out events")
    Console().print(table)


def fit_senses_command(
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    days: Annotated[float, typer.Option(min=0, help="How far back to look.")] = 90.0,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the factors as one JSON object.")] = False,
) -> None:
    """Fit the weights of words, photos and sound on the lists that were shown and what was chosen; 1 where nothing is gained."""

    async def work() -> Attention:
        from ...graphs.fitting.attention import fit_attention
        from ...graphs.shop.services import Services

        services = Services.from_settings(load_settings())
        try:
            return await fit_attention(services, tenant, days, seed)
        finally:
            await services.close()

    learnt = run_async(work)
    if as_json:
        typer.echo(learnt.model_dump_json())
    else:
        _show_factors(learnt)


def _show_factors(learnt: Attention) -> None:
    table = Table("media", "factors", "gain", "95 % interval", "lists", "why")
    for name, fit in learnt.situations.items():
        factors = ", ".join(f"{source} {factor:g}" for source, factor in fit.factors.items()) or "all 1"
        table.add_row(name, factors, f"{fit.gain:+.2f}", f"{fit.low:+.2f} to {fit.high:+.2f}", str(fit.n), fit.why)
    Console().print("Factors of the sources' weights; gains are NDCG x 100 on later lists")
    Console().print(table)
