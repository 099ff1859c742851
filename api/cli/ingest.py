"""Bring a catalogue and its interactions into the stores: `tastemaker ingest CATALOGUE`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...core.settings import Settings, load_settings
from ...stores.ingest.report import IngestReport
from ..stock import stock
from .options import parse_mapping, run_async, tenant_of


def ingest_command(
    catalogue: Annotated[Path, typer.Argument(help="Items: a .csv, .tsv, .jsonl, .ndjson or .parquet file.")],
    *,
    interactions: Annotated[
        Path | None, typer.Option(help="Events: user_id, item_id, kind, rating, timestamp.")
    ] = None,
    media: Annotated[Path | None, typer.Option(help="Folder that image paths are relative to.")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="TARGET=COLUMN: item_id, title, text, image, url, price or any attribute; repeat it."
        ),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    rejects: Annotated[Path | None, typer.Option(help="Where bad rows are reported, by default beside you.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Rows embedded at once.")] = 64,
    list_separator: Annotated[str, typer.Option(help="What separates the members of list attributes.")] = "|",
    align: Annotated[
        bool, typer.Option("--align", help="First teach the image-text model this catalogue's pictures and words.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Read a catalogue and its interactions; run it again to resume or to update, nothing is doubled."""

    async def work() -> IngestReport:
        settings = load_settings()
        columns = parse_mapping(mapping or [])
        target = rejects or Path(f"{catalogue.name}.rejects.jsonl")
        if align:
            await _align(settings, catalogue, columns, tenant=tenant_of(tenant), media=media, separator=list_separator)
        with _bar() as bar:
            task = bar.add_task(catalogue.name, total=None)
            return await stock(
                settings,
                catalogue,
                tenant=tenant_of(tenant),
                mapping=columns,
                media=media or _media_root(settings),
                interactions=interactions,
                rejects=target,
                batch=batch,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                list_separator=list_separator,
            )

    report = run_async(work)
    typer.echo(report.model_dump_json() if as_json else summary(report))


async def _align(
    settings: Settings, catalogue: Path, columns: dict[str, str], *, tenant: str, media: Path | None, separator: str
) -> None:
    """Align to the catalogue and show on standard error what that reached."""
    from ..aligning import align_to
    from .align import show

    console = Console(stderr=True)
    with console.status("aligning …") as status:
        aligned = await asyncio.to_thread(
            align_to,
            settings,
            catalogue,
            tenant=tenant,
            mapping=columns,
            media=media or _media_root(settings),
            list_separator=separator,
            progress=status.update,
        )
    show(aligned, console)


def summary(report: IngestReport) -> str:
    """Return the report in words."""
    lines = [
        f"{report.read} rows: {report.inserted} new, {report.updated} changed, {report.unchanged} unchanged, "
        f"{report.rejected} rejected, {report.warnings} with warnings",
    ]
    if report.events_read:
        lines.append(f"{report.events_read} interactions: {report.events_added} new")
    lines.append(f"{report.seconds} s, {report.items_per_s} items/s")
    if report.rejects:
        lines.append(f"what was wrong, row by row: {report.rejects}")
    return "\n".join(lines)


def _media_root(settings: Settings) -> Path | None:
    return Path(settings.catalogue.media_root) if settings.catalogue.media_root else None


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
