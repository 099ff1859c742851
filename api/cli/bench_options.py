"""Hold the options that every benchmark command takes, and print its figures."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

DataOption = Annotated[Path | None, typer.Option("--data", help="Benchmark data folder; default: the `data` setting.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
CountOption = Annotated[int, typer.Option("--n", min=1, help="Requests to measure.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
SaveOption = Annotated[
    Path | None, typer.Option("--save", help="Also keep the JSON object in this folder, for `bench report`.")
]
_kept_in: ContextVar[Path | None] = ContextVar("kept_in", default=None)


def keep_figures(save: SaveOption = None) -> None:
    """Run a benchmark, or make the page of those that were kept; options before the name hold for every benchmark."""
    _kept_in.set(save)


def print_figures(work: Coroutine[Any, Any, dict[str, Any]], as_json: bool) -> None:
    """Run a benchmark and print its figures."""
    figures = asyncio.run(work)
    folder = _kept_in.get()
    if folder is not None:
        write_kept(folder, figures)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    from rich.console import Console

    Console().print_json(data=figures)


def write_kept(folder: Path, figures: Mapping[str, Any]) -> Path:
    """Write the figures with the command and the day into ``folder``, as ``NAME.json``, and return the file."""
    kept = {"command": command_line(sys.argv[1:]), "date": datetime.now(UTC).date().isoformat(), **figures}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{figures['bench']}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return path


def command_line(arguments: Sequence[str]) -> str:
    """Return the command that was given, without where its figures were kept."""
    kept = list(arguments)
    for place, argument in enumerate(arguments):
        if argument == "--save":
            kept = [*arguments[:place], *arguments[place + 2 :]]
        elif argument.startswith("--save="):
            kept = [*arguments[:place], *arguments[place + 1 :]]
    return shlex.join(["tastemaker", *kept])
