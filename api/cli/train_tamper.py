"""Train the model of spliced regions: `tastemaker train-tamper --data DIR --out DIR`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_options import DataOption, JsonOption, SeedOption, print_figures


def train_tamper_command(
    data: DataOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model; default: in place of the packaged one.", file_okay=False)
    ] = None,
    count: Annotated[int, typer.Option(min=50, help="Synthetic splices to make.")] = 1000,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train on synthetic splices and half of CASIA's families, calibrate, and print how well each set teaches the others."""
    from ...evals.media.train_tamper import train_run

    work = asyncio.to_thread(train_run, load_settings(), data, out, count, seed=seed, say=_say)
    print_figures(work, as_json)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
