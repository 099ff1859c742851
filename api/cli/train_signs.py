"""Train the model that contradicts wrong signs: `tastemaker train-signs --out DIR`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_options import JsonOption, SeedOption, print_figures


def train_signs_command(
    *,
    phrasings: Annotated[
        Path | None,
        typer.Option(
            help="Folder with phrasings_en.txt, phrasings_de.txt and phrasings_zh.txt; default: the packaged ones.",
            file_okay=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model; default: in place of the packaged one.", file_okay=False)
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often sentences are drawn anew.")] = 24,
    count: Annotated[int, typer.Option(min=100, help="Sentences drawn each time.")] = 30_000,
    networks: Annotated[int, typer.Option(min=1, help="Networks in the model, whose opinions are averaged.")] = 2,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train on sentences drawn from phrasings, and print how well phrasings that were held out are told; ended, it goes on where it was."""
    from ...evals.requests.train_signs import train_run
    from ...models.signs.train import Recipe

    recipe = Recipe(epochs=epochs, per_epoch=count, seed=seed)
    work = asyncio.to_thread(train_run, load_settings(), phrasings, out, recipe=recipe, networks=networks, say=_say)
    print_figures(work, as_json)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
