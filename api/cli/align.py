"""Align the image-text model to your own pictures: `tastemaker align CATALOGUE`; list, choose and take back versions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.settings import Settings, load_settings
from ...stores.ingest.plan import Choices
from .options import guarded, parse_mapping, tenant_of

if TYPE_CHECKING:
    from ...models.alignment.align import Recalls
    from ..aligning import Aligned

AGAIN = "running services take it up; run `tastemaker ingest` again, which embeds the catalogue anew"


def align_command(
    source: Annotated[
        Path | None, typer.Argument(help="A catalogue, or a table with the columns image and caption.", dir_okay=False)
    ] = None,
    *,
    media: Annotated[Path | None, typer.Option(help="Folder that image paths are relative to.")] = None,
    mapping: Annotated[list[str] | None, typer.Option("--map", help="TARGET=COLUMN, as for ingest; repeat it.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the weights into this folder and put nothing in use.", file_okay=False)
    ] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    epochs: Annotated[int, typer.Option(help="Passes over the images at most; 0: as proven.", min=0)] = 0,
    holdout: Annotated[float, typer.Option(help="Share of the images kept for the figures.", min=0, max=0.5)] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the split, the batches and the starting weights.", min=0)] = 0,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Leave out what the packaged weights know.")
    ] = False,
    versions: Annotated[bool, typer.Option("--versions", help="List the versions and which one is in use.")] = False,
    use: Annotated[str, typer.Option(help="Put this version in use; `packaged` for the weights that came along.")] = "",
    roll_back: Annotated[bool, typer.Option("--roll-back", help="Put the version before in use again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Teach the embedded image-text model a catalogue's pictures and words, in minutes on a CPU."""
    settings = load_settings()
    if versions or use or roll_back:
        guarded(lambda: _choose(settings, tenant_of(tenant), use, roll_back, as_json))
        return

    def body() -> Aligned:
        from ..aligning import align_to

        if source is None:
            raise InvalidRequestError("SOURCE", "name a catalogue file, or --versions, --use or --roll-back")
        with Console(stderr=True).status("aligning …") as status:
            return align_to(
                settings,
                source,
                tenant=tenant_of(tenant),
                choices=Choices(mapping=parse_mapping(mapping or [])),
                media=media,
                holdout=holdout,
                seed=seed,
                epochs=epochs,
                from_scratch=from_scratch,
                out=out,
                progress=status.update,
            )

    aligned = guarded(body)
    if as_json:
        sys.stdout.write(aligned.model_dump_json(indent=2) + "\n")
    else:
        show(aligned, Console())


def show(aligned: Aligned, console: Console) -> None:
    """Print what an alignment reached and what to do next."""
    report = aligned.report
    skipped = f"; {aligned.skipped:,} rows without a usable picture were left out" if aligned.skipped else ""
    console.print(
        f"{report.captions:,} captions of {report.images:,} images in {report.seconds:,.0f} s: fitted on "
        f"{report.trained_on:,}, epoch {report.epoch} chosen on {report.validation:,}{skipped}"
    )
    table = Table(f"recall among {report.held_out:,} held-out images", "at 1", "at 5", "at 10")
    for name, recalls in (("before", report.before), ("after", report.after)):
        if recalls is not None:
            _rows(table, name, recalls)
    if table.row_count:
        console.print(table)
    if aligned.in_use:
        console.print(f"version {aligned.version} is in use; {AGAIN}")
    elif report.better:
        console.print(
            f"written to {aligned.version}; use it with TASTEMAKER_MODELS__IMAGE_TEXT=embedded:{aligned.version}"
        )
    else:
        console.print(f"version {aligned.version} finds no more than before and was not put in use (--use does it)")


def _rows(table: Table, name: str, recalls: Recalls) -> None:
    table.add_row(f"{name}: text to image", *(f"{share:.3f}" for share in recalls.text_to_image))
    table.add_row(f"{name}: image to text", *(f"{share:.3f}" for share in recalls.image_to_text))


def _choose(settings: Settings, tenant: str, use: str, roll_back: bool, as_json: bool) -> None:
    from ...models.alignment.versions import PACKAGED, Alignments

    alignments = Alignments(settings.home, tenant)
    if use:
        alignments.use(use)
    elif roll_back:
        alignments.roll_back()
    current = alignments.current()
    known = [PACKAGED, *alignments.versions()]
    if as_json:
        sys.stdout.write(json.dumps({"current": current, "versions": known}) + "\n")
        return
    for version in known:
        sys.stdout.write(f"{'*' if version == current else ' '} {version}\n")
    if use or roll_back:
        sys.stdout.write(f"{AGAIN}\n")
