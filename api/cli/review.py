"""Look at the items held for review and decide on them: `tastemaker review list`, `accept`, `reject`, `scan`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.schemas import Review, ReviewState
from ...core.settings import load_settings
from ...tools.trust.item_gate import Examined
from .options import run_async, tenant_of

app = typer.Typer(help="Items held for review: list, accept, reject, scan.", no_args_is_help=True)
Shop = Annotated[str, typer.Option(help="Which shop.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Ids = Annotated[list[str], typer.Argument(help="Catalogue ids.")]
STATES: tuple[ReviewState, ...] = ("waiting", "accepted", "rejected")


@app.command("list")
def list_command(
    state: Annotated[str, typer.Option(help="waiting, accepted or rejected.")] = "waiting",
    tenant: Shop = "default",
    as_json: AsJson = False,
) -> None:
    """Show the items in one state of review and what was found about them, newest first."""

    async def work() -> tuple[Review, ...]:
        from ...graphs.recommender import Recommender

        wanted = next((s for s in STATES if s == state), None)
        if wanted is None:
            raise InvalidRequestError("state", f"must be {', '.join(STATES)}, not {state[:40]!r}")
        async with Recommender(load_settings()) as recommender:
            return await recommender.reviews(tenant_of(tenant), wanted)

    found = run_async(work)
    if as_json:
        typer.echo("[" + ",".join(r.model_dump_json(exclude_defaults=True) for r in found) + "]")
        return
    if not found:
        typer.echo(f"no items are {state}")
        return
    table = Table("Item", "Title", "Found", "Since")
    for review in found:
        said = "\n".join(f"{f.check.replace('_', ' ')}: {f.reason}" for f in review.findings)
        since = review.at.strftime("%Y-%m-%d %H:%M") if review.at else ""
        table.add_row(escape(review.item_id), escape(review.title), escape(said), since)
    Console().print(table)


@app.command()
def accept(item_ids: Ids, tenant: Shop = "default") -> None:
    """Offer items again; they stay accepted until their words or photo change. Exit status 1 if none had a review."""
    _decide(item_ids, tenant, accept=True)


@app.command()
def reject(item_ids: Ids, tenant: Shop = "default") -> None:
    """Keep items out of answers for good, until they are accepted. Exit status 1 if none had a review."""
    _decide(item_ids, tenant, accept=False)


@app.command()
def scan(
    checks: Annotated[
        list[str] | None, typer.Option("--check", help="A check to run, repeatable; default: the setting trust.review.")
    ] = None,
    tenant: Shop = "default",
    as_json: AsJson = False,
) -> None:
    """Examine every item of the catalogue and hold back those that a check objects to."""

    async def work() -> Examined:
        from ..review_gate import examine_catalogue

        settings = load_settings()
        chosen = checks or settings.trust.review
        if not chosen:
            raise InvalidRequestError("check", "name a check, such as --check same_photo, or set trust.review")
        return await examine_catalogue(settings, tenant_of(tenant), chosen)

    done = run_async(work)
    typer.echo(done.model_dump_json() if as_json else summary(done))


def summary(done: Examined) -> str:
    """Return in words what was examined."""
    found = ", ".join(f"{name} {count}" for name, count in done.found.items())
    told = f"{done.examined} items examined ({found}); {len(done.held)} held for review: tastemaker review list"
    return "\n".join([told, *(f"! check {name}: {why}" for name, why in done.unexamined.items())])


def _decide(item_ids: list[str], tenant: str, *, accept: bool) -> None:
    async def work() -> list[str]:
        from ...graphs.recommender import Recommender

        async with Recommender(load_settings()) as recommender:
            return await recommender.decide_reviews(item_ids, accept=accept, tenant=tenant_of(tenant))

    decided = run_async(work)
    unknown = [i for i in item_ids if i not in decided]
    told = f"; no review of {', '.join(unknown)}" if unknown else ""
    typer.echo(f"{len(decided)} {'accepted' if accept else 'rejected'}{told}")
    if not decided:
        raise typer.Exit(1)
