"""Say which step drops an item, from the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from ...core.ranking.why_not import WhyNot
from ...core.settings import load_settings
from .options import run_async
from .recommend import parse_context, parse_where


def why_not_command(
    item_id: Annotated[str, typer.Argument(help="Which item.")],
    *,
    user: Annotated[str | None, typer.Option(help="Who asks; omit for a stranger.")] = None,
    text: Annotated[str | None, typer.Option(help="What they typed.")] = None,
    thread: Annotated[str | None, typer.Option(help="Conversation it is asked in.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Such as 'price<=40'; repeatable.")] = None,
    context: Annotated[list[str] | None, typer.Option(help="Such as channel=web; repeatable.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also offer what the user already has.")] = False,
    n: Annotated[int, typer.Option("--n", "-n", min=1, max=50, help="How many items the list holds.")] = 10,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Take the steps of a request once more and say which one drops the item, with the figures; status 2 for no such item."""
    fields: dict[str, Any] = {"user_id": user, "text": text, "thread_id": thread, "n": n, "tenant": tenant}

    async def work() -> WhyNot:
        from ...graphs.recommender import Recommender

        limits = [parse_where(w) for w in where or ()]
        extra: dict[str, Any] = {
            "constraints": limits,
            "context": parse_context(context or ()),
            "include_consumed": again,
        }
        async with Recommender(load_settings()) as recommender:
            return await recommender.why_not(item_id, **fields, **extra)

    found = run_async(work)
    if as_json:
        typer.echo(found.model_dump_json(exclude_defaults=True))
    else:
        _show(found)
    if found.step == "unknown":
        raise typer.Exit(2)


def _show(found: WhyNot) -> None:
    console = Console()
    console.print(f"[bold]{escape(found.title or found.item_id)}[/bold]: {escape(found.why)}", soft_wrap=True)
    for source in found.sources:
        console.print(f"  {source.source}: place {source.rank}, score {source.score:.4g}", highlight=False)
    for label in found.degraded:
        console.print(f"[yellow]without {escape(label.what)}: {escape(label.why)}[/yellow]", soft_wrap=True)
