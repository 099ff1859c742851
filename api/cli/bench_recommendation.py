"""Measure what lists are besides right: ``tastemaker bench beyond``; report on fairness: ``tastemaker fairness``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
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


def elicit(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank for strangers who answer at most two questions, against popularity, other questions and a short history."""
    from ...evals.games.questions_to_strangers import run

    print_figures(run(load_settings(), data, seed), as_json)


SAY_EVERY_S = 5.0


def games(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank 20 candidates, 19 of them random, from a user's history; trains first if nothing is kept."""
    from ...evals.games.run import games_run

    print_figures(games_run(load_settings(), "games", data, seed, progress()), as_json)


def games_retrieved(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank 21 retrieved candidates from a user's history; trains first if nothing is kept."""
    from ...evals.games.run import games_run

    print_figures(games_run(load_settings(), "games-retrieved", data, seed, progress()), as_json)


def games_cold(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank as `games` does, with only the last 0, 1, 2, 3, 5 and 10 items of the history visible."""
    from ...evals.games.run import games_run

    print_figures(games_run(load_settings(), "games-cold", data, seed, progress()), as_json)


def progress() -> Callable[[str, float], None]:
    """Return a call that tells on standard error, every few seconds, what is being done."""
    said = [0.0]

    def say(text: str, share: float) -> None:
        if time.monotonic() - said[0] >= SAY_EVERY_S:
            said[0] = time.monotonic()
            sys.stderr.write(f"{100 * share:5.1f} %  {text}\n")

    return say


AskedOption = Annotated[int, typer.Option("--llm-n", min=1, help="Rows to ask the language model about.")]
BudgetOption = Annotated[
    float, typer.Option("--budget-s", min=0, help="Seconds for new questions; kept answers are free.")
]


def harm(
    *,
    data: DataOption = None,
    n: Annotated[int, typer.Option(min=1, help="Rows to report.")] = 2500,
    fit_n: Annotated[int, typer.Option(min=1, help="Rows of other users to fit weights on.")] = 2000,
    llm_n: AskedOption = 100,
    llm_fit_n: Annotated[
        int, typer.Option("--llm-fit-n", min=1, help="Rows of other users to ask it about, to fit its weight on.")
    ] = 100,
    budget_s: BudgetOption = 600.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Compare lists with the language model's re-rank on and off: by group, strategy and model."""
    from ...evals.games.llm_harm import run

    sizes = {"n": n, "fit_n": fit_n, "llm_n": llm_n, "llm_fit_n": llm_fit_n}
    print_figures(run(load_settings(), data, budget_s=budget_s, seed=seed, say=_say, **sizes), as_json)


def order(
    *,
    data: DataOption = None,
    n: Annotated[int, typer.Option(min=1, help="Rows to report.")] = 200,
    llm_n: AskedOption = 20,
    budget_s: BudgetOption = 600.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Show the wanted candidate at each place: how much the final list and plain LLM ranking depend on it."""
    from ...evals.games.llm_order import run

    print_figures(run(load_settings(), data, n=n, llm_n=llm_n, budget_s=budget_s, seed=seed, say=_say), as_json)


def _say(line: str) -> None:
    typer.echo(line, err=True)


RatingsOption = Annotated[bool, typer.Option("--ratings/--no-ratings", help="Measure predicted ratings too.")]


def ml100k(
    data: DataOption = None, seed: SeedOption = 0, ratings: RatingsOption = True, as_json: JsonOption = False
) -> None:
    """Rank all unseen films for each user's last liked one, and predict ratings, against seven baselines."""
    from ...evals.movielens.run import ml100k_run

    print_figures(ml100k_run(load_settings(), data, seed, ratings=ratings, progress=progress()), as_json)


def ml100k_cold_user(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank films for users unseen in training with 0, 1, 3 and 5 ratings revealed."""
    from ...evals.movielens.cold_users import cold_user_run

    print_figures(cold_user_run(load_settings(), data, seed, progress()), as_json)


def ml100k_cold_item(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank films unseen in training for each user, by text, by poster and by both."""
    from ...evals.movielens.cold_items import cold_item_run

    print_figures(cold_item_run(load_settings(), data, seed, progress()), as_json)
