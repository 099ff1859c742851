"""Hold the options that every benchmark command takes, and print its figures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

DataOption = Annotated[Path | None, typer.Option("--data", help="Benchmark data folder; default: the `data` setting.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
CountOption = Annotated[int, typer.Option("--n", min=1, help="Requests to measure.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]


def print_figures(work: Coroutine[Any, Any, dict[str, Any]], as_json: bool) -> None:
    """Run a benchmark and print its figures."""
    figures = asyncio.run(work)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    from rich.console import Console

    Console().print_json(data=figures)
