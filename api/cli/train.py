"""Train the recommender on a tenant's events, on a schedule if wanted; list its versions, show their cards, go back."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.settings import Settings, load_settings
from ...stores.trained_versions import Artefacts
from .options import guarded, report, tenant_of

if TYPE_CHECKING:
    from ...stores.events.event_columns import EventLog
    from ...tools.trained.train import Options, Outcome, TrainingData

UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
LINE_S = 1.0


def train_command(
    version: Annotated[str | None, typer.Argument(help="A version, for --card and --rollback.")] = None,
    *,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    scorers: Annotated[str | None, typer.Option(help="Scorers to train, with commas between; default: all.")] = None,
    budget: Annotated[float | None, typer.Option(min=1, help="Seconds; scorers that do not fit are left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn at random.")] = 0,
    every: Annotated[str | None, typer.Option(help="Train again after so long, for ever: 90m, 6h, 1d.")] = None,
    incremental: Annotated[bool, typer.Option("--incremental", help="Only if enough events are new.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Use the new version even if it is worse.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the versions.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to VERSION, or to the one before that in use.")
    ] = False,
    card: Annotated[bool, typer.Option("--card", help="Show the card of VERSION, or of the one in use.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train, measure on later events beside the untrained ranking, and use the new version if it is not worse."""

    def body() -> None:
        settings = load_settings()
        shop = tenant_of(tenant)
        store = Artefacts(settings.models_path(shop), settings.recommender.keep)
        if show_list:
            _print(_listed(store), _list_text(store), as_json)
        elif rollback:
            used = store.roll_back(version)
            _print({"in_use": used}, f"{used} is in use; running services take it up within seconds", as_json)
        elif card:
            _show_card(store, version, as_json)
        else:
            from ...tools.trained.train import Options

            names = tuple(n.strip() for n in scorers.split(",") if n.strip()) if scorers else None
            options = Options(scorers=names, budget_s=budget, seed=seed, force=force)
            _train(settings, shop, store, options, _Schedule(_seconds(every), incremental, as_json))

    guarded(body)


class _Schedule:
    """When to train: every so many seconds or once (None), always or only with news; and how to print."""

    def __init__(self, every_s: float | None, incremental: bool, as_json: bool) -> None:
        self.every_s = every_s
        self.incremental = incremental
        self.as_json = as_json


def _train(settings: Settings, tenant: str, store: Artefacts, options: Options, schedule: _Schedule) -> None:
    from ...stores.events.event_columns import EventLog

    log = EventLog(settings.recommender.max_events)
    while True:
        began = time.monotonic()
        try:
            data = asyncio.run(_read(settings, tenant, log))
            outcome = _once(data, settings, store, options, log if schedule.incremental else None)
            _print(outcome.model_dump(mode="json"), _told(outcome), schedule.as_json)
        except TastemakerError as error:
            if schedule.every_s is None:
                raise
            report(error)
        if schedule.every_s is None:
            return
        time.sleep(max(0.0, schedule.every_s - (time.monotonic() - began)))


def _once(data: TrainingData, settings: Settings, store: Artefacts, options: Options, log: EventLog | None) -> Outcome:
    """Train; with a log only if enough of its events are new."""
    from ...tools.trained.train import Outcome, has_news, train

    if log is not None and not has_news(log, store):
        return Outcome(in_use=store.in_use(), decision="Nothing trained: too few events are new.")
    lines = _Lines()
    lines(f"{len(data.items):,} items, {data.events.n_users:,} users, {data.events_read:,} events", 0.0)
    return train(data, store, settings.recommender, options, lines)


async def _read(settings: Settings, tenant: str, log: EventLog) -> TrainingData:
    from ...stores.catalogue.lance_catalogue import LanceCatalogue
    from ...stores.events.history import SqlHistory
    from ...tools.trained.train import read_data

    catalogue = await LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
    history = await SqlHistory.open(settings.history_url, tenant)
    try:
        return await read_data(tenant, catalogue, history, log, settings.recommender)
    finally:
        await history.close()


class _Lines:
    """Prints progress on standard error: a line when something else begins, and otherwise at most one a second."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0.0

    def __call__(self, text: str, share: float) -> None:
        """Take a text and the share done."""
        now = time.monotonic()
        if text != self._text or now - self._at >= LINE_S:
            self._text, self._at = text, now
            typer.echo(f"{share:5.0%}  {text}", err=True)


def _told(outcome: Outcome) -> str:
    if outcome.card is None:
        return outcome.decision
    card = outcome.card
    lines = [f"{card.version}: {len(card.scorers)} scorers, {card.took}"]
    lines += [f"  without {name}: {why}" for name, why in card.left_out.items()]
    if card.validation:
        figures = card.validation.figures.items()
        lines += [f"  {name}: NDCG@10 {f.ndcg_10:.4f}, HR@10 {f.hr_10:.4f}" for name, f in figures]
    lines += [card.counts, *(f"  {note}" for note in card.notes)]
    return "\n".join([*lines, outcome.decision])


def _listed(store: Artefacts) -> list[dict[str, Any]]:
    current = store.in_use()
    rows: list[dict[str, Any]] = []
    for version in store.versions():
        row: dict[str, Any] = {"version": version, "in_use": version == current}
        try:
            card = store.card(version)
            validation = card.validation.model_dump(mode="json") if card.validation else None
            row |= {"events": card.events_read, "validation": validation, "decision": card.decision}
        except TastemakerError as error:
            row["broken"] = str(error)
        rows.append(row)
    return rows


def _list_text(store: Artefacts) -> str:
    rows = _listed(store)
    if not rows:
        return "no version yet; run `tastemaker train`"
    marks = [("*" if row["in_use"] else " ", row) for row in rows]
    return "\n".join(f"{mark} {row['version']}  {row.get('broken') or row['decision']}" for mark, row in marks)


def _show_card(store: Artefacts, version: str | None, as_json: bool) -> None:
    chosen = version or store.current()
    if chosen is None:
        raise InvalidRequestError("version", "no version is in use; run `tastemaker train`")
    card = store.card(chosen)
    _print(card.model_dump(mode="json"), card.markdown(), as_json)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", text.strip())
    if not found or float(found[1]) <= 0:
        raise InvalidRequestError("--every", f"{text!r} must be a number and a unit: 90s, 30m, 6h or 1d")
    return float(found[1]) * UNITS[found[2]]


def _print(data: dict[str, Any] | Sequence[Any], text: str, as_json: bool) -> None:
    sys.stdout.write((json.dumps(data, indent=None) if as_json else text.rstrip()) + "\n")
    sys.stdout.flush()
