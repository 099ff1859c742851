"""Measure films for users of MovieLens-100k: ``tastemaker bench ml100k``, ``ml100k-cold-user`` and ``ml100k-cold-item``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_games import progress
from .bench_options import DataOption, JsonOption, SeedOption, print_figures

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
