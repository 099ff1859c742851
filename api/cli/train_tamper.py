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
    *,
    photos: Annotated[
        Path | None,
        typer.Option(help="Honest photos to make forgeries of; default: coco_cc of the data folder.", file_okay=False),
    ] = None,
    clean: Annotated[
        Path | None,
        typer.Option(
            help="Photos to set the limit of a conflict on; default: flickr8k of the data folder.", file_okay=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model; default: in place of the packaged one.", file_okay=False)
    ] = None,
    count: Annotated[int, typer.Option(min=50, help="Forgeries to make.")] = 800,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train on forgeries made of honest photos, calibrate, and print how well research sets of forged photos are told."""
    from ...evals.media.train_tamper import train_run

    work = asyncio.to_thread(
        train_run, load_settings(), data, photos=photos, clean=clean, out=out, count=count, seed=seed, say=_say
    )
    print_figures(work, as_json)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
