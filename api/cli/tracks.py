"""Learn how a catalogue's tracks sound: `tastemaker tracks CATALOGUE`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...core.errors import InvalidRequestError
from ...core.settings import load_settings
from .options import run_async, tenant_of

AUDIO_NAMES = ("audio", "audio_path", "sound", "preview", "track_file", "file")
ID_NAMES = ("item_id", "id", "track_id")


def tracks_command(
    catalogue: Annotated[Path, typer.Argument(help="Items: a .csv, .tsv, .jsonl, .ndjson or .parquet file.")],
    *,
    media: Annotated[Path | None, typer.Option(help="Folder that sound files are relative to.")] = None,
    audio: Annotated[str | None, typer.Option(help="Column of sound files; default: audio, preview, ...")] = None,
    item_id: Annotated[str | None, typer.Option("--item-id", help="Column of ids; default: item_id, id, ...")] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
) -> None:
    """Describe each item's sound file, so that a clip of music finds tracks that sound like it. Resumes; needs librosa."""

    async def work() -> None:
        from ...tools.sources.sounds_like import describe_tracks, open_tracks

        rows = await asyncio.to_thread(read_rows, catalogue, item_id, audio)
        store = open_tracks(load_settings().home, tenant_of(tenant))
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("listening", total=None)

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            added, problems = await asyncio.to_thread(describe_tracks, rows, media or catalogue.parent, store, progress)
        for name, why in problems:
            console.print(f"{name}: {why}", markup=False)
        console.print(f"{added} tracks added, {len(problems)} files not usable, in {store.path}")

    run_async(work)


def read_rows(path: Path, item_id: str | None = None, audio: str | None = None) -> list[tuple[str, str]]:
    """Return (item id, sound file) of every row that has both.

    Raises:
        InvalidRequestError: there is no such column.
    """
    from ...stores.ingest.file_readers import column_names, read_records

    names = column_names(path)
    ids, files = _column("--item-id", item_id, ID_NAMES, names), _column("--audio", audio, AUDIO_NAMES, names)
    rows = [record.values for record in read_records(path) if not record.problem]
    return [(str(row[ids]), str(row[files])) for row in rows if row.get(ids) and row.get(files)]


def _column(option: str, wanted: str | None, usual: Sequence[str], names: Sequence[str]) -> str:
    known = {name.lower(): name for name in names}
    found = next((known[name.lower()] for name in ([wanted] if wanted else usual) if name.lower() in known), None)
    if found is None:
        raise InvalidRequestError(option, f"no such column; there are {', '.join(names)}")
    return found
