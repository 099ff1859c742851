"""Bring a catalogue and its interactions into the stores: `tastemaker ingest CATALOGUE`."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ...core.settings import Settings, load_settings
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.ingest import mapping_file
from ...stores.ingest.changes import Refresh, Removed, delete_items
from ...stores.ingest.column import ITEM_FIELDS
from ...stores.ingest.events_plan import EventChoices, EventPlan, plan_events
from ...stores.ingest.file_readers import Reading, column_names
from ...stores.ingest.file_survey import survey
from ...stores.ingest.plan import Choices, Plan
from ...stores.ingest.report import IngestReport
from ..stock import stock
from .options import guarded, parse_mapping, run_async, tenant_of

_FILES = ".csv, .tsv, .jsonl, .ndjson, .json, .parquet, .xlsx or .xml file, also .gz"


@dataclass(frozen=True)
class _Task:
    """One run: the files and what is said of them."""

    catalogue: Path
    interactions: Path | None
    choices: Choices
    events: EventChoices
    notes: tuple[str, ...] = ()

    def plans(self) -> tuple[Plan, EventPlan | None]:
        """Return what the files are taken for."""
        events = plan_events(self.interactions, self.events) if self.interactions else None
        return survey(self.catalogue, self.choices).plan, events


def ingest_command(
    catalogue: Annotated[Path, typer.Argument(help=f"Items: a {_FILES}.")],
    *,
    interactions: Annotated[Path | None, typer.Option(help="Events: user, item, kind or rating, time.")] = None,
    media: Annotated[Path | None, typer.Option(help="Folder that image paths are relative to.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what every column is taken for.")] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Write what is shown to catalogue.toml beside the file.")
    ] = False,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="TARGET=COLUMN: item_id, title, text, image, url or any attribute; repeat it."),
    ] = None,
    readings: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            help="COLUMN=TYPE: text, number, price, bool, list, date, time, ignore; price:EUR, list:|, number:comma, date:mdy.",
        ),
    ] = None,
    mapping_from: Annotated[
        Path | None, typer.Option("--mapping", help="A mapping file; by default catalogue.toml beside the catalogue.")
    ] = None,
    layout: Annotated[str, typer.Option(help="The layout of the file; `table` for none.")] = "",
    encoding: Annotated[str, typer.Option(help="The encoding of the file, such as cp1252.")] = "",
    delimiter: Annotated[str, typer.Option(help="What separates the columns.")] = "",
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    list_separator: Annotated[str, typer.Option(help="What separates the members of every list.")] = "",
    merge: Annotated[
        list[str] | None,
        typer.Option(
            help="Rows of one item: by=COLUMN, with choices=SIZE+COLOUR, or with view=COLUMN and prefer=VALUE."
        ),
    ] = None,
    map_events: Annotated[
        list[str] | None,
        typer.Option(help="ROLE=COLUMN of the events: user, item, kind, value, at; scale=10; order=mdy; pad=10."),
    ] = None,
    map_kind: Annotated[list[str] | None, typer.Option(help="WORD=KIND: what a word of the events means.")] = None,
    update: Annotated[str, typer.Option(help="Write only these attributes, such as price,stock.")] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Remove items that are no longer in the file.")] = False,
    prune_limit: Annotated[float, typer.Option(min=0, max=1, help="The largest share that is removed.")] = 0.1,
    delete: Annotated[bool, typer.Option("--delete", help="Remove the items that the file names.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, only count what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a first ingest.")] = False,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    rejects: Annotated[Path | None, typer.Option(help="Where bad rows are reported, by default beside you.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Rows embedded at once.")] = 128,
    align: Annotated[
        bool, typer.Option("--align", help="First teach the image-text model this catalogue's pictures and words.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report, or the plan, as one JSON object.")] = False,
) -> None:
    """Read a catalogue and its interactions; run it again to resume or to update, nothing is doubled."""

    def read_task() -> _Task:
        own = Choices(
            mapping=parse_mapping(mapping or []),
            readings=parse_mapping(readings or [], "--as"),
            separator=list_separator,
            how=Reading(encoding, delimiter, sheet),
            layout=layout,
            only=tuple(name.strip() for name in update.split(",") if name.strip()),
            merge=parse_mapping(merge or [], "--merge"),
        )
        events = EventChoices(
            parse_mapping(map_events or [], "--map-events"), parse_mapping(map_kind or [], "--map-kind")
        )
        return _with_file(_Task(catalogue, interactions, own, events), mapping_from)

    task = guarded(read_task)
    if plan or save:
        guarded(lambda: _show_plan(task, save=save, as_json=as_json))
    if plan:
        return
    if delete:
        typer.echo(
            _told_removed(run_async(lambda: _deleted(task, tenant_of(tenant), dry_run=dry_run)), dry_run=dry_run)
        )
        return
    refresh = Refresh(prune=prune, prune_limit=prune_limit, dry_run=dry_run)

    async def work() -> IngestReport:
        settings = load_settings()
        chosen = task if yes or as_json or not sys.stdin.isatty() else await _asked(task, settings, tenant_of(tenant))
        folder = media or _media_root(settings)
        if align:
            await _align(settings, chosen, tenant=tenant_of(tenant), media=folder)
        with _bar() as bar:
            shown = bar.add_task(catalogue.name, total=None)
            return await stock(
                settings,
                catalogue,
                tenant=tenant_of(tenant),
                choices=chosen.choices,
                event_choices=chosen.events,
                refresh=refresh,
                media=folder,
                interactions=interactions,
                rejects=rejects or Path(f"{catalogue.name}.rejects.jsonl"),
                batch=batch,
                progress=lambda done, total: bar.update(shown, completed=done, total=total),
            )

    report = run_async(work)
    report = report.model_copy(update={"notes": (*task.notes, *report.notes)})
    typer.echo(report.model_dump_json() if as_json else summary(report, dry_run=dry_run))


def _with_file(task: _Task, named: Path | None) -> _Task:
    """Add what the mapping file says, if there is one for such columns."""
    path = named or task.catalogue.parent / mapping_file.NAME
    if named is None and not path.is_file():
        return task
    said = mapping_file.read_mapping(path)
    if named is None and not said.fits(column_names(task.catalogue, task.choices.how)):
        return replace(
            task, notes=(f"{path.name} beside the file is for other columns and was not used; to use it: --mapping",)
        )
    events = EventChoices({**said.events.columns, **task.events.columns}, {**said.events.kinds, **task.events.kinds})
    choices = mapping_file.over(said.choices, task.choices)
    return replace(task, choices=choices, events=events, notes=(f"read as {path.name} says",))


def _show_plan(task: _Task, *, save: bool, as_json: bool) -> None:
    plan, events = task.plans()
    if as_json:
        shown = {
            "catalogue": plan.model_dump(mode="json"),
            "events": events.model_dump(mode="json") if events else None,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        show_plan(plan, events, Console())
    if save:
        typer.echo(f"written: {_saved(task, plan, events)}", err=True)


def show_plan(plan: Plan, events: EventPlan | None, console: Console) -> None:
    """Print what every column is taken for, three values, the share read, and what looks odd."""
    variants = f" ({plan.variants} variants)" if plan.variants else ""
    console.print(
        f"{plan.layout}, {plan.rows} items{variants}" + (f", {plan.read_as}" if plan.read_as else ""), markup=False
    )
    table = Table("column", "becomes", "read as", "values", "filled", "read")
    for c in plan.columns:
        becomes = c.target or f"not used ({c.why})"
        reading = "" if c.target in ITEM_FIELDS or not c.target else c.reading
        price = " (the price)" if c.target and c.target == plan.price else ""
        table.add_row(
            *map(_plain, (c.name, becomes + price, reading, " | ".join(c.samples))), str(c.filled), f"{c.read:.0%}"
        )
    console.print(table)
    for reason, count in plan.left_out.items():
        console.print(f"left out: {count} ({reason})", markup=False)
    if events is not None:
        roles = ", ".join(f"{role}: {name}" for role, name in events.columns.items())
        kinds = ", ".join(f"{word} = {kind}" for word, kind in events.kinds.items())
        console.print(f"events: {roles}" + (f"; {kinds}" if kinds else ""), markup=False)
    for odd in (*plan.oddities(), *(events.notes if events else ())):
        console.print(f"! {odd}", markup=False)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


async def _asked(task: _Task, settings: Settings, tenant: str) -> _Task:
    """Before a first ingest show the plan and ask: yes and edit keep it in catalogue.toml, edit and no end.

    Raises:
        typer.Exit: the answer is edit or no.
    """
    store = await LanceCatalogue.open(settings.catalogue_uri, tenant)
    if await store.count() or task.choices.only:
        return task
    plan, events = await asyncio.to_thread(task.plans)
    show_plan(plan, events, Console())
    answer = typer.prompt("Read it so? yes, edit or no", default="yes").strip().casefold()[:1]
    if answer == "n":
        raise typer.Exit(1)
    path = _saved(task, plan, events)
    if answer == "e":
        typer.echo(f"change {path} and run this again")
        raise typer.Exit(0)
    return _with_file(task, path)


async def _deleted(task: _Task, tenant: str, *, dry_run: bool) -> Removed:
    settings = load_settings()
    store = await LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
    return await delete_items(task.catalogue, store, task.choices, dry_run=dry_run)


def _told_removed(gone: Removed, *, dry_run: bool) -> str:
    """Return what became of the ids to be removed, and what to do with those of choices."""
    unknown = gone.named - gone.there - len(gone.choices)
    said = (
        f"{gone.named} ids: {gone.there} {'would be removed' if dry_run else 'removed'}, {unknown} not in the catalogue"
    )
    if not gone.choices:
        return said
    choice, product = next(iter(gone.choices.items()))
    return (
        f"{said}, {len(gone.choices)} of choices, such as {choice} of {product}, which stay: say that they are sold out with "
        "--update in_stock, or ingest the file without them; a whole product goes by its own id"
    )


def _saved(task: _Task, plan: Plan, events: EventPlan | None) -> Path:
    path = task.catalogue.parent / mapping_file.NAME
    path.write_text(mapping_file.as_toml(plan, task.choices, events), encoding="utf-8")
    return path


async def _align(settings: Settings, task: _Task, *, tenant: str, media: Path | None) -> None:
    """Align to the catalogue and show on standard error what that reached."""
    from ..aligning import align_to
    from .align import show

    console = Console(stderr=True)
    with console.status("aligning …") as status:
        aligned = await asyncio.to_thread(
            align_to, settings, task.catalogue, tenant=tenant, choices=task.choices, media=media, progress=status.update
        )
    show(aligned, console)


def summary(report: IngestReport, *, dry_run: bool = False) -> str:
    """Return the report in words."""
    lines = ["nothing was written; this would be done:"] if dry_run else []
    lines.append(
        f"{report.read} rows: {report.inserted} new, {report.updated} changed, {report.unchanged} unchanged, "
        f"{report.rejected} rejected, {report.warnings} with warnings"
    )
    lines += [f"left out: {count} ({reason})" for reason, count in report.left_out.items()]
    lines += [f"{report.removed} removed"] if report.removed else []
    lines += [f"{report.held} held for review: tastemaker review list"] if report.held else []
    lines += [f"! check {name}: {why}" for name, why in report.unexamined.items()]
    if report.events_read:
        lines.append(f"{report.events_read} interactions: {report.events_added} new")
    lines.append(f"{report.seconds} s, {report.items_per_s} items/s")
    lines.append(f"columns: {'; '.join(report.columns)}")
    lines += [f"! {note}" for note in report.notes]
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
