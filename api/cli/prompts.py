"""List, show, check and try prompts from the terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...agents.prompt_files.library import Prompt, PromptLibrary
from ...agents.prompt_files.trial import TrialRun, read_requests, summarise, trial
from ...core.errors import TastemakerError
from ...core.schemas import RecommendRequest, RecommendResponse
from ...core.settings import Settings, load_settings

app = typer.Typer(help="Prompts: list, show, check, try.", no_args_is_help=True)


@app.command("list")
def list_prompts() -> None:
    """List every prompt with its versions; the live one is marked."""
    library = _library(load_settings())
    table = Table("Prompt", "Version", "Live", "Description", "Reference")
    for prompt in library.list():
        live = "yes" if library.get(prompt.name).ref == prompt.ref else ""
        table.add_row(prompt.name, prompt.version, live, escape(prompt.description), prompt.ref)
    console = Console()
    console.print(table)
    for name in library.names():
        for problem in library.check(name):
            console.print(f"[yellow]{escape(problem)}[/yellow]")


@app.command()
def show(name: Annotated[str, typer.Argument(help="NAME or NAME@VERSION.")]) -> None:
    """Show a prompt: what it is for, its inputs and its text."""
    plain, _, version = name.partition("@")
    try:
        prompt = _library(load_settings()).get(plain, version or None)
    except TastemakerError as error:
        raise _failed(error) from error
    Console().print(escape(_described(prompt)), soft_wrap=True, highlight=False)


@app.command()
def check(name: Annotated[str | None, typer.Argument(help="One prompt; all if omitted.")] = None) -> None:
    """Check prompts and say in plain words what is wrong; exit status 1 if anything is."""
    library = _library(load_settings())
    console = Console()
    names = [name] if name else list(library.names())
    problems = [problem for n in names for problem in library.check(n)]
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


def _library(settings: Settings) -> PromptLibrary:
    return PromptLibrary(Path(settings.prompts.dir) if settings.prompts.dir else None, settings.prompts.live)


def _failed(error: TastemakerError) -> typer.Exit:
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
