"""Evaluate versions from the terminal: frozen cases, runs over them, replays of real answers, a search for better wordings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.evaluation.figures import Difference, Figures, figures_of
from ...core.schemas.cases import CaseSet, EvaluationRun, Outcome
from ...core.settings import Settings, load_settings
from .options import parse_mapping, run_async, tenant_of

if TYPE_CHECKING:
    from ...graphs.evaluation.desk import EvaluationDesk
    from ...graphs.recommender import Recommender

PRINTS = "print-shop"
TenantOption = Annotated[str, typer.Option("--tenant", help="Which shop.")]
CasesOption = Annotated[str, typer.Option("--cases", help="A set's name, or a JSON Lines file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it, for the audit log.")]
SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands to those about prompts."""
    app.command("eval")(evaluate)
    app.command("cases")(cases)
    app.command("replay")(replay)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[EvaluationDesk]:
    """Lend the desk of evaluations with that of releases."""
    from ...graphs.evaluation.desk import EvaluationDesk
    from ...graphs.releases.desk import ReleaseDesk

    releases = ReleaseDesk.at(settings)
    desk = EvaluationDesk.at(settings, releases)
    try:
        yield desk
    finally:
        await desk.close()
        await releases.close()


def evaluate(
    *,
    name: Annotated[str, typer.Argument(help="What is evaluated, such as compose; NAME@VERSION for a version.")],
    case_set: CasesOption = PRINTS,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="How often each case is asked.")] = 1,
    against: Annotated[
        str | None,
        typer.Option("--against", help="Also run this version, and say which differences are more than noise."),
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=64, help="Cases that are asked at once.")] = 4,
    judge_model: Annotated[
        bool, typer.Option("--judge", help="Have the language model judge the answers, too; its agreement is printed.")
    ] = False,
    by: ByOption = "cli",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Run a version over a set of frozen cases; interrupted, the same command goes on where it stood. Exit status 1: a case failed.

    A version is r3 (released), d17 (a draft) or that of a file; without one it is what is in production.
    """
    settings, shop = load_settings(), tenant_of(tenant)

    async def work() -> bool:
        from ...graphs.recommender import Recommender

        async with opened(settings) as desk, Recommender(settings) as recommender:
            cases = await set_of(desk, shop, case_set)
            run = await _run(desk, recommender, shop, name, cases=cases, k=k, concurrency=concurrency, by=by)
            outcomes = await desk.runs.outcomes(run.id)
            report: dict[str, Any] = {"run": run.model_dump(mode="json")}
            found: list[Difference] = []
            if against is not None:
                other = f"{name.partition('@')[0]}@{against}"
                base = await _run(desk, recommender, shop, other, cases=cases, k=k, concurrency=concurrency, by=by)
                found = await desk.compare(shop, run.id, base.id)
                report["base"] = base.model_dump(mode="json")
            judged = None
            if judge_model:
                from ...graphs.evaluation.judge_model import judge_outcomes

                judged = await judge_outcomes(recommender.services.chat, cases.cases, outcomes)
            figures = figures_of(outcomes)
            if as_json:
                said = {"figures": figures, "judge": judged}
                report |= {n: v.model_dump(mode="json") for n, v in said.items() if v is not None}
                report["differences"] = [d.model_dump(mode="json") for d in found]
                typer.echo(json.dumps(report, ensure_ascii=False))
            else:
                _show(run, figures, outcomes, found)
                if judged is not None:
                    typer.echo(judged.in_words)
            return all(o.passed for o in outcomes)

    if not run_async(work):
        raise typer.Exit(1)


async def set_of(desk: EvaluationDesk, tenant: str, name: str) -> CaseSet:
    """Return the set of that name, or that of a file."""
    from ...stores.case_files import read_case_file

    return read_case_file(Path(name)) if name.endswith(".jsonl") else await desk.case_set(tenant, name)


async def _run(
    desk: EvaluationDesk,
    recommender: Recommender,
    tenant: str,
    named: str,
    *,
    cases: CaseSet,
    k: int,
    concurrency: int,
    by: str,
) -> EvaluationRun:
    name, _, version = named.partition("@")
    run = await desk.begin(tenant, name, version or await desk.production(tenant, name), cases=cases, k=k, by=by)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"{run.name} {run.version} over {cases.name}", total=run.total, completed=run.done)
        return await desk.work(
            recommender, tenant, run, cases,
            concurrency=concurrency, told=lambda r: bar.update(task, completed=r.done),
        )  # fmt: skip


def _show(run: EvaluationRun, figures: Figures, outcomes: Sequence[Outcome], found: Sequence[Difference]) -> None:
    console = Console()
    failed = [o for o in outcomes if not o.passed]
    for outcome in failed[:SHOWN]:
        for why in outcome.failures:
            console.print(f"[red]{escape(outcome.case_id)}[/red] ({outcome.repetition}): {escape(why)}", soft_wrap=True)
    if len(failed) > SHOWN:
        console.print(f"... and {len(failed) - SHOWN} more answers failed; --json has them all")
    table = Table(
        "Figure",
        "Value",
        "95 % interval",
        "Cases",
        title=escape(f"{run.name} {run.version}, {figures.cases} cases x {figures.k}"),
    )
    for name, v in sorted(figures.metrics.items()):
        table.add_row(name, f"{v.value:.4g}", f"{v.low:.4g} to {v.high:.4g}", str(v.cases))
    console.print(table)
    if found:
        _show_differences(console, found)


def _show_differences(console: Console, found: Sequence[Difference]) -> None:
    table = Table("Figure", "Base", "This", "Difference", "95 % interval", "Noise", "Verdict")
    for d in found:
        values = (d.base, d.candidate, d.difference)
        table.add_row(
            d.metric, *(f"{v:.4g}" for v in values), f"{d.low:.4g} to {d.high:.4g}", f"{d.noise:.3g}", d.verdict
        )
    console.print(table)


def cases(
    *,
    name: Annotated[str | None, typer.Argument(help="A set; all are listed if omitted.")] = None,
    add: Annotated[
        Path | None, typer.Option("--add", help="Store the cases of this file in the set.", exists=True, dir_okay=False)
    ] = None,
    from_trace: Annotated[
        str | None, typer.Option("--from-trace", help="Store a case made from this answer (its request_id) in the set.")
    ] = None,
    drop: Annotated[str | None, typer.Option("--drop", help="Remove this case from the set.")] = None,
    by: ByOption = "cli",
    tenant: TenantOption = "default",
) -> None:
    """List sets of frozen cases, print one as JSON Lines, or change one."""
    settings, shop = load_settings(), tenant_of(tenant)

    async def work() -> None:
        from ...stores.case_files import read_case_file, write_case_file

        async with opened(settings) as desk:
            if name is None:
                for known, count in (await desk.sets(shop)).items():
                    typer.echo(f"{known}  {count} cases")
            elif add is not None:
                count = await desk.cases.put(shop, name, list(read_case_file(add).cases), by)
                typer.echo(f"{name} holds {count} cases")
            elif from_trace is not None:
                case = await desk.case_from_trace(shop, from_trace, name, by)
                typer.echo(f"{case.case_id} is in {name}; look at what it expects")
            elif drop is not None:
                if not await desk.cases.drop(shop, name, drop):
                    raise InvalidRequestError("--drop", f"{name} has no stored case {drop!r}")
                typer.echo(f"{drop} is no longer in {name}")
            else:
                typer.echo(write_case_file(await desk.case_set(shop, name)), nl=False)

    run_async(work)


def replay(
    request_id: Annotated[
        str | None, typer.Argument(help="Of the answer; the newest traces are listed if omitted.")
    ] = None,
    versions: Annotated[
        list[str] | None,
        typer.Option("--with", help="NAME=VERSION to answer with, such as compose=r3 or rules=r2; repeatable."),
    ] = None,
    model_url: Annotated[
        str | None, typer.Option("--llm", help="Address of another model's server to answer with, ending in /v1.")
    ] = None,
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Answer a stored trace again with other versions or another model, and say what is different in items and words."""
    settings, shop = load_settings(), tenant_of(tenant)

    async def work() -> None:
        async with opened(settings) as desk:
            if request_id is None:
                for trace in await desk.traces.traces(shop):
                    typer.echo(f"{trace.request_id}  {trace.at:%Y-%m-%d %H:%M}  {trace.request.text or '(no words)'}")
                return
            found = await _replayed(
                settings, desk, shop, request_id, versions=parse_mapping(versions or [], "--with"), model_url=model_url
            )
        if as_json:
            typer.echo(found.model_dump_json())
            return
        console = Console()
        for title, lines in (
            ("Since then", found.since),
            ("With what you asked for", found.changed),
            ("Note", found.notes),
        ):
            for line in lines or ("nothing is different",) if title != "Note" else lines:
                console.print(f"[bold]{title}[/bold]: {escape(line)}", soft_wrap=True)

    run_async(work)


async def _replayed(
    settings: Settings,
    desk: EvaluationDesk,
    tenant: str,
    request_id: str,
    *,
    versions: Mapping[str, str],
    model_url: str | None,
) -> Any:
    from ...graphs.evaluation.replay import replay as again
    from ...graphs.recommender import Recommender

    trace = await desk.traces.trace(tenant, request_id)
    async with Recommender(settings) as recommender:
        if model_url is None:
            return await again(recommender, trace, versions, tenant)
        llm = settings.llm.model_copy(update={"base_url": model_url})
        async with Recommender(settings.model_copy(update={"llm": llm})) as other:
            return await again(recommender, trace, versions, tenant, other)
