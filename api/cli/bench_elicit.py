"""Measure questions to strangers: ``tastemaker bench elicit``."""

from __future__ import annotations

from ...core.settings import load_settings
from .bench_options import DataOption, JsonOption, SeedOption, print_figures


def elicit(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Rank for strangers who answer at most two questions, against popularity, other questions and a short history."""
    from ...evals.games.questions_to_strangers import run

    print_figures(run(load_settings(), data, seed), as_json)
