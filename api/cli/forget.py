"""Delete items, and forget what users agreed to have remembered, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.schemas import Deleted
from ...core.settings import load_settings
from .options import run_async, tenant_of

items_app = typer.Typer(no_args_is_help=True)
preferences_app = typer.Typer(no_args_is_help=True)
Shop = Annotated[str, typer.Option(help="Which shop.")]


@items_app.callback()
@preferences_app.callback()
def _group() -> None:
    """Take what is no longer wanted out of the stores."""


@items_app.command("delete")
def delete_command(
    item_ids: Annotated[list[str], typer.Argument(help="Catalogue ids.")],
    tenant: Shop = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Delete items: records, vectors, sounds, descriptions. Events stay. Exit code 1 if there was none of these items."""

    async def work() -> Deleted:
        from ...graphs.recommender import Recommender

        async with Recommender(load_settings()) as recommender:
            return await recommender.delete_items(item_ids, tenant=tenant_of(tenant))

    done = run_async(work)
    unknown = f"; there is no item {', '.join(done.unknown)}" if done.unknown else ""
    typer.echo(done.model_dump_json() if as_json else f"{len(done.deleted)} deleted{unknown}")
    if not done.deleted:
        raise typer.Exit(1)


@preferences_app.command("forget")
def forget_command(
    user: Annotated[str, typer.Argument(help="Who.")],
    field: Annotated[str | None, typer.Option(help="Only what is about this field.")] = None,
    tenant: Shop = "default",
) -> None:
    """Forget the likes and dislikes that a user agreed to have remembered. Events stay."""

    async def work() -> int:
        from ...graphs.recommender import Recommender

        async with Recommender(load_settings()) as recommender:
            return await recommender.forget_preferences(user, tenant=tenant_of(tenant), field=field)

    typer.echo(f"{run_async(work)} forgotten")
