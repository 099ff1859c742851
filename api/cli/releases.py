"""Draft, compare, release, roll out and roll back prompts, phrases, rules and weights from the command line.

It works on the database itself, as an operator of the machine does; over HTTP, roles say who may do what.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar, cast

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.schemas.releases import Cohort, Diff, Label, Rollout, Version
from ...core.settings import load_settings
from ...graphs.releases.desk import ReleaseDesk
from .options import run_async, tenant_of
from .prompts import app

__all__ = ["app"]

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Such as compose, wording_en, source_weights or rules; see `prompts list`.")]
Number = Annotated[int, typer.Argument(help="The version; 0 is what ships.", min=0)]
Tenant = Annotated[str, typer.Option(help="Which shop.")]
Who = Annotated[str, typer.Option("--as", help="Who acts, for the history; default: who is logged in.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def diff(
    name: Name,
    old: Annotated[int, typer.Option(help="A version; 0 is what ships.", min=0)] = 0,
    new: Annotated[int | None, typer.Option(help="Another; default: the newest.", min=0)] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say what is different between two versions."""

    async def work(desk: ReleaseDesk) -> Diff:
        newest = (await desk.status(tenant, name)).newest if new is None else new
        return await desk.diff(tenant, name, old, newest)

    found = at_desk(tenant, work)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(f"{name}: r{found.old} and r{found.new}")
    for said in found.words:
        typer.echo(f"  {said}")
    marks = {"same": " ", "added": "+", "removed": "-"}
    for line in found.lines:
        typer.echo(f"{marks[line.kind]} {line.text}")


@app.command()
def draft(
    name: Name,
    *,
    file: Annotated[Path, typer.Option(help="The text.", exists=True, dir_okay=False)],
    update: Annotated[int | None, typer.Option(help="Save it as this draft instead of a new one.")] = None,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Keep a text as a draft; it may be wrong as yet and serves nobody."""
    body = _text(file)

    async def work(desk: ReleaseDesk) -> int:
        if update is not None:
            return (await desk.save_draft(tenant, update, body, _who(who), note or None)).id
        return (await desk.draft(tenant, name, body, _who(who), note=note)).id

    typer.echo(f"draft {at_desk(tenant, work)} of {name} is kept")


@app.command()
def commit(
    name: Name,
    *,
    message: Annotated[str, typer.Option("--message", "-m", help="What is different.")],
    file: Annotated[Path | None, typer.Option(help="The text.", exists=True, dir_okay=False)] = None,
    draft_id: Annotated[int | None, typer.Option("--draft", help="Or the draft whose text it is.")] = None,
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Make a version that never changes, from a file or a draft."""
    if (file is None) == (draft_id is None):
        raise InvalidRequestError("file", "give either --file or --draft")
    given = _text(file) if file else None

    async def work(desk: ReleaseDesk) -> Version:
        body = given if given is not None else (await desk.one_draft(tenant, cast("int", draft_id))).body
        return await desk.commit(tenant, name, body, _who(who), message=message, draft=draft_id)

    made = at_desk(tenant, work)
    typer.echo(f"{made.ref}; next: tastemaker prompts label {name} {made.number} candidate")


@app.command()
def label(
    name: Name,
    number: Number,
    label: Annotated[str, typer.Argument(help="draft or candidate; `prompts release` puts production.")],
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Put a label on a version; a candidate must be in order."""
    if label not in ("draft", "candidate"):
        raise InvalidRequestError("label", "draft or candidate; `prompts release` puts production")
    at_desk(tenant, lambda desk: desk.label(tenant, name, number, cast("Label", label), _who(who)))
    typer.echo(f"{name} r{number} is labelled {label}")


@app.command()
def approve(
    name: Name,
    number: Number,
    note: Annotated[str, typer.Option(help="What there is to say.")] = "",
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Approve a version that somebody else wrote."""
    approval = at_desk(tenant, lambda desk: desk.approve(tenant, name, number, _who(who), note))
    typer.echo(f"{approval.by} approves {name} r{number}")


@app.command()
def gate(name: Name, number: Number, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Say whether a version may be served, and else why not; exit status 1 if it may not."""
    report = at_desk(tenant, lambda desk: desk.gate_report(tenant, name, number))
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        for problem in report.problems:
            typer.echo(problem)
        typer.echo(f"{name} r{number} may{'' if report.passed else ' not'} be served")
    if not report.passed:
        raise typer.Exit(1)


@app.command()
def rollout(
    name: Name,
    number: Number,
    percent: Annotated[float, typer.Argument(help="Share of users, from 0 to 100.", min=0, max=100)],
    *,
    segment: Annotated[list[str] | None, typer.Option(help="Only users of this segment, again for each.")] = None,
    new_users: Annotated[bool, typer.Option(help="Only users of whom nothing is known yet.")] = False,
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Serve a version to a share of users, the same ones every time; again with a larger share keeps them."""
    cohort = Cohort(segments=tuple(segment or ()), new_users=new_users) if segment or new_users else None
    begun: Rollout = at_desk(tenant, lambda desk: desk.rollout(tenant, name, number, percent, _who(who), cohort=cohort))
    typer.echo(f"rollout {begun.id}: {percent:g} % of users are served {name} r{number}, the others r{begun.base}")


@app.command()
def release(
    name: Name,
    number: Number,
    message: Annotated[str, typer.Option("--message", "-m", help="Why.")] = "",
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """Serve a version to everybody; running servers do so within seconds. 0 goes back to what ships."""
    at_desk(tenant, lambda desk: desk.release(tenant, name, number, _who(who), message))
    typer.echo(f"{name} r{number} serves everybody")


@app.command()
def rollback(
    name: Name,
    why: Annotated[str, typer.Option("--message", "-m", help="Why.")] = "",
    tenant: Tenant = "default",
    who: Who = "",
) -> None:
    """End the rollout that runs; where none does, serve what was in production before."""
    done = at_desk(tenant, lambda desk: desk.rollback(tenant, name, _who(who), why))
    typer.echo(f"{name} r{done.from_number} serves no more; r{done.to_number} does")


@app.command()
def history(name: Name, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the versions of a name, newest first, and what was done with them."""

    async def work(desk: ReleaseDesk) -> tuple[list[Version], dict[Label, int]]:
        return await desk.versions(tenant, name), (await desk.status(tenant, name)).labels

    versions, labels = at_desk(tenant, work)
    if as_json:
        for version in versions:
            typer.echo(version.model_dump_json(exclude={"body"}))
        return
    table = Table("Version", "Labels", "Author", "When", "What is different")
    for v in versions:
        marks = ", ".join(mark for mark, number in labels.items() if number == v.number)
        when = f"{v.at:%Y-%m-%d %H:%M}" if v.at else ""
        table.add_row(f"r{v.number}", marks, escape(v.author), when, escape(v.message))
    Console().print(table)


@app.command()
def audit(
    name: Annotated[str | None, typer.Argument(help="Only what was done to this.")] = None,
    verify: Annotated[
        bool, typer.Option(help="Say whether the log is as it was written; exit status 1 if not.")
    ] = False,
    tenant: Tenant = "default",
) -> None:
    """Print the audit log as JSON Lines, or say whether somebody changed it."""
    if verify:
        problems = at_desk(tenant, lambda desk: desk.verify_audit(tenant))
        for problem in problems:
            typer.echo(problem)
        if problems:
            raise typer.Exit(1)
        typer.echo("the audit log is as it was written")
        return
    for entry in at_desk(tenant, lambda desk: desk.whole_audit(tenant)):
        if name in (None, entry.name):
            typer.echo(json.dumps(entry.model_dump(mode="json"), ensure_ascii=False))


def at_desk(tenant: str, work: Callable[[ReleaseDesk], Awaitable[T]]) -> T:
    """Return what is done at the desk of this deployment."""
    tenant_of(tenant)

    async def body() -> T:
        desk = ReleaseDesk.at(load_settings())
        try:
            return await work(desk)
        finally:
            await desk.close()

    return run_async(body)


def _who(said: str) -> str:
    return said or getpass.getuser()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError("file", f"{file} cannot be read as UTF-8 text") from error
