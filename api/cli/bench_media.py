"""Measure transcription: ``tastemaker bench speech``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_options import DataOption, JsonOption, SeedOption, print_figures


def speech(
    data: DataOption = None,
    size: Annotated[list[str] | None, typer.Option("--size", help="Whisper sizes; default: tiny and base.")] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure word error rate and real-time factor, as recorded and with noise at 10 dB."""
    from ...evals.media.speech import SIZES, speech_run

    print_figures(speech_run(load_settings(), data, size or SIZES, seed), as_json)
