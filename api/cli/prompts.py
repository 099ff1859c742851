"""List, show, check and try prompts, and what else is released, from the terminal; ``releases.py`` has the rest of the commands."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...agents.prompt_files.library import Prompt, PromptLibrary
from ...agents.prompt_files.trial import TrialRun, read_requests, summarise, trial
from ...core.errors import TastemakerError
from ...core.releases.in_force import RULES, WEIGHTS
from ...core.schemas import RecommendRequest, RecommendResponse
from ...core.schemas.releases import ReleaseStatus
from ...core.settings import Settings, load_settings
from ...graphs.releases.desk import ReleaseDesk
from ...graphs.releases.kinds import LANGUAGES, Shelves
from . import prompt_evaluation, prompt_exchange

app = typer.Typer(help="Prompts, phrases, rules and weights: try, release, roll back.", no_args_is_help=True)
prompt_evaluation.register(app)
prompt_exchange.register(app)
TENANT = typer.Option(help="Which shop.")


@app.command("list")
def list_prompts(tenant: Annotated[str, TENANT] = "default") -> None:
    """List every prompt with its versions, the live one marked; then what was released of these and of phrases, rules and weights."""
    settings = load_settings()
    library = _library(settings)
    table = Table("Prompt", "Version", "Live", "Description", "Reference")
    for prompt in library.list():
        live = "yes" if library.get(prompt.name).ref == prompt.ref else ""
        table.add_row(prompt.name, prompt.version, live, escape(prompt.description), prompt.ref)
    console = Console()
    console.print(table)
    console.print(_released(asyncio.run(_statuses(settings, tenant))))
    for name in library.names():
        for problem in library.check(name):
            console.print(f"[yellow]{escape(problem)}[/yellow]")


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="NAME or NAME@VERSION; NAME@r3 is version 3 of the releases, r0 what ships.")
    ],
    tenant: Annotated[str, TENANT] = "default",
) -> None:
    """Show a prompt: what it is for, its inputs and its text. With NAME@r3, the text of a release as it is."""
    plain, _, version = name.partition("@")
    settings = load_settings()
    try:
        if re.fullmatch(r"r\d{1,9}", version) or plain in (*LANGUAGES, WEIGHTS, RULES):
            typer.echo(asyncio.run(_text(settings, tenant, plain, int(version[1:] or 0))))
            return
        prompt = _library(settings).get(plain, version or None)
    except TastemakerError as error:
        raise _failed(error) from error
    Console().print(escape(_described(prompt)), soft_wrap=True, highlight=False)


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="One prompt; all if omitted.")] = None,
    file: Annotated[Path | None, typer.Option(help="Check this text for NAME instead.", exists=True)] = None,
    tenant: Annotated[str, TENANT] = "default",
) -> None:
    """Check prompts, candidates and what serves, and say in plain words what is wrong; exit status 1 if anything is."""
    settings = load_settings()
    library = _library(settings)
    console = Console()
    names = [name] if name else list(library.names())
    try:
        if file is not None:
            problems = Shelves(settings).problems(name or "", file.read_text(encoding="utf-8"))
        else:
            problems = [problem for n in names for problem in _in_file(library, n)]
            problems += asyncio.run(_wrong_releases(settings, tenant, name))
    except (TastemakerError, UnicodeDecodeError) as error:
        raise _failed(error) from error
    for problem in problems:
        console.print(f"[red]{escape(problem)}[/red]", soft_wrap=True)
    if problems or not names:
        raise typer.Exit(1)
    console.print(f"{len(names)} in order: {', '.join(names)}")


@app.command("try")
def try_versions(
    name: Annotated[str, typer.Argument(help="Prompt name.")],
    requests: Annotated[Path, typer.Option(help="JSON Lines, one request on each line.", exists=True, dir_okay=False)],
    versions: Annotated[tuple[str, str], typer.Option(help="Two versions to compare, such as 1 2.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines instead of a table.")] = False,
) -> None:
    """Run two versions over a file of requests and show items and words side by side, with tokens and seconds."""
    settings = load_settings()
    library = _library(settings)
    try:
        for version in versions:
            library.get(name, version)
        runs = asyncio.run(_trial(settings, name, versions, read_requests(requests)))
    except TastemakerError as error:
        raise _failed(error) from error
    if as_json:
        for row in (*runs, *summarise(runs)):
            typer.echo(json.dumps(row.model_dump(), ensure_ascii=False))
    else:
        _show(runs, versions)
    if any(run.error for run in runs):
        raise typer.Exit(1)


async def _trial(
    settings: Settings, name: str, versions: tuple[str, str], requests: list[RecommendRequest]
) -> list[TrialRun]:
    from ...graphs.recommender import Recommender

    async with Recommender(settings) as recommender:

        async def recommend(request: RecommendRequest, chosen: Mapping[str, str]) -> RecommendResponse:
            return await recommender.recommend(request, prompt_versions=chosen)

        return await trial(recommend, name, versions, requests)


def _in_file(library: PromptLibrary, name: str) -> list[str]:
    return [] if name in (*LANGUAGES, WEIGHTS, RULES) else library.check(name)


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[ReleaseDesk]:
    desk = ReleaseDesk.at(settings)
    try:
        yield desk
    finally:
        await desk.close()


async def _statuses(settings: Settings, tenant: str) -> list[ReleaseStatus]:
    async with _desk(settings) as desk:
        return await desk.overview(tenant)


async def _text(settings: Settings, tenant: str, name: str, number: int) -> str:
    async with _desk(settings) as desk:
        return (await desk.version(tenant, name, number)).body


async def _wrong_releases(settings: Settings, tenant: str, name: str | None) -> list[str]:
    """Return what is wrong, by this version of the code, with the candidates and with what serves."""
    async with _desk(settings) as desk:
        found: list[str] = []
        for status in await desk.overview(tenant):
            numbers = {status.production, status.labels.get("candidate", 0)} - {0}
            for number in sorted(numbers) if name in (None, status.name) else ():
                version = await desk.version(tenant, status.name, number)
                found += [f"{status.name} r{number}: {problem}" for problem in desk.check(status.name, version.body)]
        return found


def _released(statuses: list[ReleaseStatus]) -> Table:
    table = Table("Released", "Kind", "In production", "On trial", "Candidate", "Newest", "Drafts")
    for s in statuses:
        trial = f"r{s.rollout.number}, {s.rollout.percent:g} %" if s.rollout else ""
        candidate = f"r{s.labels['candidate']}" if "candidate" in s.labels else ""
        production = f"r{s.production}" if s.production else "as it ships"
        table.add_row(s.name, s.kind, production, trial, candidate, f"r{s.newest}", str(s.drafts or ""))
    return table


def _library(settings: Settings) -> PromptLibrary:
    return PromptLibrary(Path(settings.prompts.dir) if settings.prompts.dir else None, settings.prompts.live)


def _failed(error: Exception) -> typer.Exit:
    Console(stderr=True).print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
    return typer.Exit(1)


def _described(prompt: Prompt) -> str:
    inputs = "\n".join(f"  {name}: {meaning}" for name, meaning in prompt.inputs.items())
    head = f"{prompt.ref}  ({prompt.file})\n{prompt.description}\n\ninputs\n{inputs}"
    config = f"config: max_tokens {prompt.config.max_tokens}, temperature {prompt.config.temperature:g}"
    return f"{head}\n{config}\noutput: {prompt.output}\n\n# system\n{prompt.system}\n\n# user\n{prompt.user}"


def _show(runs: list[TrialRun], versions: tuple[str, str]) -> None:
    console = Console()
    for number in dict.fromkeys(run.request for run in runs):
        pair = [next(r for r in runs if r.request == number and r.version == v) for v in versions]
        table = Table(title=escape(f"{number}. {pair[0].text or '(no text)'}"), show_lines=True, expand=True)
        for run in pair:
            table.add_column(escape(run.prompt or f"version {run.version}"), ratio=1)
        table.add_row(*(escape(_opening(run)) for run in pair))
        for row in range(max(len(run.lines) for run in pair)):
            table.add_row(*(escape(_line(run, row)) for run in pair))
        table.add_row(*(escape(_cost(run)) for run in pair))
        console.print(table)
    _show_summary(console, runs)


def _show_summary(console: Console, runs: list[TrialRun]) -> None:
    table = Table(
        "Version", "Requests", "Failed", "Sentences by the model", "Prompt tokens", "Written tokens", "Seconds"
    )
    for s in summarise(runs):
        written = f"{s.written} of {s.sentences}"
        figures = (s.requests, s.failed, written, s.prompt_tokens, s.completion_tokens, f"{s.seconds:.1f}")
        table.add_row(escape(s.version), *map(str, figures))
    console.print(table)


def _opening(run: TrialRun) -> str:
    return f"failed: {run.error}" if run.error else f"{run.message} ({run.message_by})"


def _line(run: TrialRun, row: int) -> str:
    if row >= len(run.lines):
        return ""
    line = run.lines[row]
    return f"{row + 1}. {line.title}\n{line.text} ({line.by})"


def _cost(run: TrialRun) -> str:
    cost = f"{run.prompt_tokens} + {run.completion_tokens} tokens, {run.seconds:.1f} s"
    return "\n".join([cost, *run.degraded])
