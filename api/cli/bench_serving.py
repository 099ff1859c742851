"""Measure training and what the trained recommender costs a request: ``tastemaker bench serving``."""

from __future__ import annotations

from ...core.settings import load_settings
from .bench_games import progress
from .bench_options import CountOption, DataOption, JsonOption, SeedOption, print_figures


def serving(data: DataOption = None, n: CountOption = 100, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Train on MovieLens-100k, then time ranking and whole requests with and without the trained version."""
    from ...evals.service.trained_against_untrained import run

    print_figures(run(load_settings(), data, n, seed, progress()), as_json)
