"""Measure transcription: ``tastemaker bench speech``."""

from __future__ import annotations

import sys
from pathlib import Path
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


def vision(data: DataOption = None, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Measure text to image on unseen photos and products, and images a second; features are kept in the cache."""
    from ...evals.media.vision import vision_run

    print_figures(vision_run(load_settings(), data, seed, _say), as_json)


def ingest(
    data: DataOption = None,
    size: Annotated[
        list[int] | None, typer.Option("--size", min=100, help="Items to ingest; default: 1,000, 4,000 and 10,000.")
    ] = None,
    text_size: Annotated[
        list[int] | None,
        typer.Option(min=100, help="Items without pictures; default: 1,000, 10,000 and 100,000."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure items a second from files to searchable, its growth, and what is left after a kill half-way."""
    from ...evals.service.ingest import SIZES, TEXT_SIZES, ingest_run

    run = ingest_run(load_settings(), data, size or SIZES, text_size or TEXT_SIZES, _say)
    print_figures(run, as_json)


def trust_c2pa(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check the Content Credentials of every sample file, hostile ones too."""
    from ...evals.media.trust import credentials_run

    print_figures(credentials_run(load_settings(), data), as_json)


def trust_tamper(
    data: DataOption = None,
    n: Annotated[int, typer.Option("--n", min=10, help="Photos of each kind and set.")] = 500,
    clean: Annotated[int, typer.Option(min=10, help="Product photos to count false alarms on.")] = 1000,
    *,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw how well the probabilities hold, as SVG.", dir_okay=False)
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Find forged photos as they are, saved again and resized, and count false alarms on product photos; goes on where it was stopped."""
    from ...evals.media.tampering import tamper_run

    work = tamper_run(load_settings(), data, n, clean, plot=plot, seed=seed, say=_say)
    print_figures(work, as_json)


def trust_text(
    data: DataOption = None,
    n: Annotated[int, typer.Option("--n", min=0, help="Photos whose texts go through the whole check.")] = 40,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Tell photos with their own text from those with a random one, and with that of the most similar photo."""
    from ...evals.media.trust_text import text_run

    print_figures(text_run(load_settings(), data, n, seed=seed, say=_say), as_json)


def trust_av(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Find by how much sound was shifted against the picture, and sound that is another clip's."""
    from ...evals.media.trust_av import av_run

    print_figures(av_run(load_settings(), data, _say), as_json)


def exports(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Read export files of many layouts and notations: columns right, cells right, errors that nothing names."""
    from ...evals.exports.run import exports_run

    print_figures(exports_run(data or load_settings().data, _say), as_json)


def contact_sheet(
    data: DataOption = None,
    out: Annotated[Path, typer.Option(help="PNG file to write.", dir_okay=False)] = Path("contact-sheet.png"),
    as_json: JsonOption = False,
) -> None:
    """Ingest the fashion catalogue with alignment and draw queries with what they find, to be looked at."""
    from ...evals.media.contact_sheet import contact_sheet as sheet

    print_figures(sheet(load_settings(), data, out, _say), as_json)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
