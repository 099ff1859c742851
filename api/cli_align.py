"""Train the projection of the image-text model on image-caption pairs of your own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..core.settings import load_settings
from .cli_common import guarded

if TYPE_CHECKING:
    from ..models.align import AlignReport, Recalls


def align_command(
    pairs: Annotated[Path, typer.Argument(help="CSV with the columns image and caption.", dir_okay=False)],
    out: Annotated[Path, typer.Argument(help="Folder for projection.safetensors and card.json.", file_okay=False)],
    *,
    epochs: Annotated[int, typer.Option(help="Passes over the images.", min=1)] = 50,
    holdout: Annotated[float, typer.Option(help="Share of the images kept for the figures.", min=0, max=0.9)] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the split, the batches and the starting weights.", min=0)] = 0,
    start: Annotated[Path | None, typer.Option(help="A projection to go on from.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Train on frozen towers; use the result as TASTEMAKER_MODELS__IMAGE_TEXT=embedded:OUT/projection.safetensors."""

    def body() -> AlignReport:
        from ..models.align import align

        settings = load_settings()
        with Console(stderr=True).status("aligning …") as status:
            return align(
                pairs,
                out,
                cache=settings.cache,
                epochs=epochs,
                holdout=holdout,
                seed=seed,
                start=start,
                threads=settings.models.threads,
                progress=status.update,
            )

    report = guarded(body)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        _show(report, out, Console())


def _show(report: AlignReport, out: Path, console: Console) -> None:
    console.print(
        f"{report.pairs:,} pairs of {report.images:,} images; fitted on {report.trained_on:,}, "
        f"epoch chosen on {report.validation:,}"
    )
    table = Table("recall among the held-out images", "at 1", "at 5", "at 10")
    for name, recalls in (("before", report.before), ("after", report.after)):
        if recalls is not None:
            _rows(table, name, recalls)
    if table.row_count:
        console.print(table)
    console.print(
        f"written to {out}; use it with TASTEMAKER_MODELS__IMAGE_TEXT=embedded:{out / 'projection.safetensors'}"
    )


def _rows(table: Table, name: str, recalls: Recalls) -> None:
    table.add_row(f"{name}: text to image", *(f"{share:.3f}" for share in recalls.text_to_image))
    table.add_row(f"{name}: image to text", *(f"{share:.3f}" for share in recalls.image_to_text))
