"""Run the benchmarks: ``tastemaker bench NAME --data DIR --json`` prints one JSON object."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Measure the bars: overhead, first-item, turn, valid.")

DataOption = Annotated[Path | None, typer.Option("--data", help="Benchmark data folder; default: the `data` setting.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
CountOption = Annotated[int, typer.Option("--n", min=1, help="Requests to measure.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]


@app.command()
def overhead(n: CountOption = 300, as_json: JsonOption = False) -> None:
    """Measure the graph alone, with every model and store replaced by a constant."""
    from ..evals.overhead import run

    _print(run(n), as_json)


@app.command("first-item")
def first_item(data: DataOption = None, n: CountOption = 40, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Measure the time to the first ranked items at an HTTP client: text; + photo; + 6 s of voice."""
    from ..evals.runs import first_item_run

    _print(first_item_run(load_settings(), data, n, seed), as_json)


@app.command()
def turn(data: DataOption = None, n: CountOption = 4, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Compare the graph with a plain tool-calling loop: same tools, same media, same model server."""
    from ..evals.runs import turn_run

    _print(turn_run(load_settings(), data, n, seed), as_json)


@app.command()
def valid(
    data: DataOption = None,
    n: CountOption = 1000,
    llm_requests: Annotated[int, typer.Option(min=0, help="Requests to repeat with the real language model.")] = 20,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Count broken promises over many requests, with hostile item text and a hostile language model."""
    from ..evals.runs import valid_run

    _print(valid_run(load_settings(), data, n, llm_requests, seed), as_json)


def _print(work: Coroutine[Any, Any, dict[str, Any]], as_json: bool) -> None:
    figures = asyncio.run(work)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    from rich.console import Console

    Console().print_json(data=figures)
