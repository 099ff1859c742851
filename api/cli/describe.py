"""Have the language model describe a catalogue in plain words: `tastemaker describe`."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.settings import load_settings
from ...graphs.shop.descriptions import DescribeReport
from .options import run_async


def describe_command(
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    most: Annotated[int, typer.Option("--items", min=1, help="Items to describe at most.")] = 100_000,
    budget_s: Annotated[float, typer.Option("--budget-s", min=1, help="Seconds for this run.")] = 36_000.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Write words for the items that have none yet, for the strategy `profile`; run it again to go on."""

    async def work() -> DescribeReport:
        from ...graphs.shop.services import Services

        services = Services.from_settings(load_settings())
        try:
            shop = await services.shop(tenant)
            words = services.llm_rank.words(tenant)
            return await words.describe(shop.catalogue, most, budget_s, lambda line: typer.echo(line, err=True))
        finally:
            await services.close()

    report = run_async(work)
    if as_json:
        typer.echo(report.model_dump_json())
        return
    typer.echo(
        f"{report.items} items: {report.current} were described, {report.described} are new, {report.failed} failed"
        + ("" if report.complete else "; run it again to go on")
    )
