"""Show what a request is taken to mean: `tastemaker read "shoes under 40 euros, not red"`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.schemas import Order, Reading
from ...core.settings import load_settings
from .options import run_async, tenant_of


def read_command(
    text: Annotated[str, typer.Argument(help="The request, in words.")],
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the reading as one JSON object.")] = False,
) -> None:
    """Print what the words of a request say in the terms of the catalogue; nothing is searched and no model is asked."""

    async def work() -> Reading:
        from ...agents.understanding.reader import read
        from ...graphs.shop.services import Services

        services = Services.from_settings(load_settings())
        try:
            async with services.lend(tenant_of(tenant)) as shop:
                return read(text, await shop.catalogue.language())
        finally:
            await services.close()

    found = run_async(work)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    table = Table("words", "condition", "")
    for c in found.conditions:
        value = ", ".join(c.value) if isinstance(c.value, list) else c.value
        kind = "must" if c.must else "prefer"
        table.add_row(escape(c.words), escape(f"{c.field} {c.op} {value}"), "must not" if c.refused else kind)
    if found.order:
        table.add_row(escape(found.order.words), escape(found.order.field), _way(found.order))
    if found.query:
        table.add_row(escape(found.query), "", "searched for")
    for words in found.not_applied:
        table.add_row(escape(words), "", "[yellow]not applied[/]")
    Console().print(table)


def _way(order: Order) -> str:
    way = "highest first" if order.descending else "lowest first"
    place = f", from place {order.rank} on" if order.rank > 1 else ""
    return way + place + (f", then {escape(order.then_field)}" if order.then_field else "")
