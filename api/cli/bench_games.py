"""Measure ranking for users of a games shop: ``tastemaker bench games``, ``games-retrieved`` and ``games-cold``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from ...core.settings import load_settings
from .bench_options import DataOption, JsonOption, SeedOption, print_figures

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
