"""Fit how much words, photos and sound count beside each other in a shop: `tastemaker fit-senses`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...core.ranking.media_weights import Attention
from ...core.settings import load_settings
from .options import run_async


def fit_senses_command(
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    days: Annotated[float, typer.Option(min=0, help="How far back to look.")] = 90.0,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the factors as one JSON object.")] = False,
) -> None:
    """Fit the weights of words, photos and sound on the lists that were shown and what was chosen; 1 where nothing is gained."""

    async def work() -> Attention:
        from ...graphs.fitting.media_weights import fit_attention
        from ...graphs.shop.services import Parts

        parts = Parts.from_settings(load_settings())
        try:
            return await fit_attention(parts, tenant, days, seed)
        finally:
            await parts.close()

    learnt = run_async(work)
    if as_json:
        typer.echo(learnt.model_dump_json())
    else:
        _show(learnt)


def _show(learnt: Attention) -> None:
    table = Table("media", "factors", "gain", "95 % interval", "lists", "why")
    for name, fit in learnt.situations.items():
        factors = ", ".join(f"{source} {factor:g}" for source, factor in fit.factors.items()) or "all 1"
        table.add_row(name, factors, f"{fit.gain:+.2f}", f"{fit.low:+.2f} to {fit.high:+.2f}", str(fit.n), fit.why)
    Console().print("Factors of the sources' weights; gains are NDCG x 100 on later lists")
    Console().print(table)
