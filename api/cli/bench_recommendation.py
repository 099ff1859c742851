"""Measure what lists are besides right: ``tastemaker bench beyond``; report on fairness: ``tastemaker fairness``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_games import progress
from .bench_options import DataOption, JsonOption, SeedOption, print_figures
from .options import guarded


def beyond(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Measure coverage, novelty, variety and popularity lift of every profile, and what variety costs in NDCG."""
    from ...evals.movielens.beyond_accuracy import beyond_run

    print_figures(beyond_run(load_settings(), data, seed, progress()), as_json)


def fairness_command(
    lists: Annotated[Path, typer.Argument(help="JSON Lines of answers, as `recommend --json` prints them.")],
    field: Annotated[str, typer.Option(help="Catalogue field whose values are the groups of items.")],
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Report how much exposure groups of items get, and how good lists are for groups of users, with intervals.

    A line may hold `groups` (kind -> group of its user) and `wanted` (ids the user took) beside the answer.
    """
    from ...evals.movielens.fairness import report_of

    found = guarded(lambda: report_of(lists, field, seed))
    if as_json:
        typer.echo(json.dumps(found))
        return
    from rich.console import Console

    Console().print_json(data=found)
