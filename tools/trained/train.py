"""Train a tenant's recommender: read, validate on later events, fit on everything, publish, and put to use if it is good enough."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.learning.interactions import Interactions, ItemTable
from ...core.learning.model_card import ModelCard, Validation
from ...core.learning.recipe_choice import Way
from ...core.protocols import Catalogue
from ...core.schemas import Frozen
from ...core.settings import RecommenderSettings
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.ensemble_files import save_ensemble
from ...models.recommender.scorers.base import Progress, silent
from ...stores.catalogue.item_table import read_items
from ...stores.events.event_columns import EventLog
from ...stores.events.history import SqlHistory
from ...stores.trained_versions import Artefacts
from .recipes import (
    POPULAR,
    QUESTIONS,
    TRAINED,
    UNTRAINED,
    ChosenRecipe,
    Fitting,
    choose_recipe,
    on_common_ground,
    part_of,
)
from .validation import Split, split_by_time
from .version_parts import fit_parts

MODEL, ITEM_IDS = "ensemble", "items.json"
UNMEASURED = Way(QUESTIONS, 0.5)
NEW_SHARE = 0.01
"""An incremental run trains again once the events have grown by this share since the last version."""
VALIDATION_SHARE = 0.45
"""Share of the budget for the models that are only measured."""
LIBRARIES = ("tastemaker", "numpy", "scipy", "lightgbm", "implicit", "torch")


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a tenant's stores held at one moment."""

    tenant: str
    items: ItemTable
    events: Interactions
    events_read: int
    span: tuple[float, float]
    history_version: int


@dataclass(frozen=True)
class Options:
    """How to train: which scorers (all when None), within how many seconds, from which seed, and whether to use it anyway."""

    scorers: Sequence[str] | None = None
    budget_s: float | None = None
    seed: int = 0
    force: bool = False


class Outcome(Frozen):
    """What came of a run. ``version`` is None when there was nothing new to learn."""

    version: str | None = None
    in_use: str | None = None
    switched: bool = False
    decision: str = ""
    card: ModelCard | None = None


async def read_data(
    tenant: str, catalogue: Catalogue, history: SqlHistory, log: EventLog, settings: RecommenderSettings
) -> TrainingData:
    """Read the tenant's catalogue and, into ``log``, the events that are new.

    Raises:
        InvalidRequestError: there are no items, or too few events to learn from; says what to do.
        StoreError: a store failed.
    """
    count = (await catalogue.schema()).count
    if not count:
        raise InvalidRequestError("catalogue", f"there are no items of {tenant!r}; run `tastemaker ingest` first")
    await log.read(history)
    if not len(log):
        raise InvalidRequestError(
            "history",
            f"there are no events of {tenant!r}; add some with `tastemaker ingest --interactions` or feedback",
        )
    items = await read_items(catalogue, settings.max_items, wanted=log.counts())
    events = log.interactions(items)
    wanted = int((events.weight > 0).sum())
    if wanted < settings.min_events:
        raise InvalidRequestError(
            "history",
            f"{wanted} wishes of users for items of the catalogue, at least {settings.min_events} are needed "
            "(recommender.min_events); until then requests are ranked without training",
        )
    return TrainingData(tenant, items, events, len(log), log.span(), log.last_id)


def has_news(log: EventLog, store: Artefacts) -> bool:
    """Tell whether enough happened since the newest version for training again."""
    newest = max(store.versions(), default=None)
    if newest is None:
        return True
    try:
        card = store.card(newest)
    except TastemakerError:
        return True
    fresh = log.since(card.history_version)
    return fresh > 0 and fresh >= NEW_SHARE * max(len(log), 1)


def train(
    data: TrainingData,
    store: Artefacts,
    settings: RecommenderSettings,
    options: Options,
    progress: Progress = silent,
) -> Outcome:
    """Train, validate, publish and, if good enough, switch; a kill at any moment leaves the version in use as it was.

    Scorers that a killed run had fitted on the same data are taken up again.

    Raises:
        BackEndUnavailable: no scorer could be fitted.
        ConfigurationError: another training runs.
        InvalidRequestError: a scorer's name is unknown.
        StoreError: the disk refused.
    """
    with store.training():
        began, worked = time.monotonic(), time.process_time()
        work = Fitting(data.items, data.events, options.scorers, options.seed, store.work, options.budget_s)
        split = split_by_time(data.events, options.seed)
        if split is not None:
            work = on_common_ground(work, split)
        choice = _measure(split, work, options, part_of(progress, 0.0, 0.5, "validation: "))
        rest = None if options.budget_s is None else max(1.0, options.budget_s - (time.monotonic() - began))
        work = replace(work, scorers=choice.scorers, budget_s=rest)
        ensemble = work.by(choice.way.recipe, part_of(progress, 0.5, 0.8))
        parts = fit_parts(data.items, data.events, options.seed, part_of(progress, 0.8, 0.97))
        chosen, folder = store.begin()
        save_ensemble(ensemble, folder / MODEL)
        parts.save(folder)
        (folder / ITEM_IDS).write_text(json.dumps(data.items.ids), encoding="utf-8")
        good, decision = judge(choice.validation, store, settings, options)
        spent = {
            "seconds": round(time.monotonic() - began, 1),
            "cpu_seconds": round(time.process_time() - worked, 1),
        }
        held = {"parts": parts.names, "rating_error": parts.error, "notes": (*choice.notes, *parts.notes)}
        card = _card(data, chosen, ensemble, options, choice).model_copy(update={"decision": decision, **spent, **held})
        store.publish(folder, card)
        if good:
            store.switch(chosen)
        shutil.rmtree(store.work, ignore_errors=True)
    progress("done", 1.0)
    return Outcome(version=chosen, in_use=store.in_use(), switched=good, decision=decision, card=card)


def _measure(split: Split | None, work: Fitting, options: Options, progress: Progress) -> ChosenRecipe:
    """Return the best way to rank over held-out events; where nothing can be held out, half trained and half not."""
    if split is None or not (split.before.weight > 0).any():
        progress("no user has wishes both early and late; left out", 1.0)
        return ChosenRecipe(UNMEASURED, work.scorers)
    budget = None if work.budget_s is None else work.budget_s * VALIDATION_SHARE
    choice = choose_recipe(replace(work, budget_s=budget), split, progress, may_be_plain=not options.force)
    if (found := choice.validation) is not None:
        told = ", ".join(f"{name} {figures.ndcg_10:.4f}" for name, figures in found.figures.items())
        progress(f"NDCG@10 of {found.n_users} users: {told}", 1.0)
    return choice


def judge(
    validation: Validation | None, store: Artefacts, settings: RecommenderSettings, options: Options
) -> tuple[bool, str]:
    """Return whether the new version is put to use, and why.

    It must be at least as good as every baseline measured beside it, and at most the threshold below the version in use. That
    may have learnt from what is held out now, so it is taken at its own validation: its gain over the untrained fusion then, on top
    of the untrained fusion now.
    """
    if options.force:
        return True, "Put to use, as --force asks."
    if validation is None:
        return True, "Put to use: nothing could be held out to compare by."
    new = validation.figures[TRAINED].ndcg_10
    measured = {name: validation.figures[name].ndcg_10 for name in (UNTRAINED, POPULAR)}
    best = max(measured, key=lambda name: measured[name])
    told, good = f"NDCG@10 {new:.4f} against {measured[best]:.4f} by {best}, the best baseline", new >= measured[best]
    current = store.in_use()
    if current is not None and (gain := _gain(store, current)) > 0:
        bar = measured[UNTRAINED] + gain
        told += f", and {bar:.4f} expected of version {current} in use, of which it may lose {settings.threshold:g}"
        told += " (recommender.threshold)"
        good = good and new >= bar - settings.threshold
    if good:
        return True, f"Put to use: {told}."
    return False, f"Kept but not put to use: {told}; `tastemaker train --rollback VERSION` uses it all the same."


def _gain(store: Artefacts, version: str) -> float:
    try:
        known = store.card(version).validation
    except TastemakerError:
        return 0.0
    if known is None or not {TRAINED, UNTRAINED} <= set(known.figures):
        return 0.0
    return known.figures[TRAINED].ndcg_10 - known.figures[UNTRAINED].ndcg_10


def _card(data: TrainingData, chosen: str, ensemble: Ensemble, options: Options, choice: ChosenRecipe) -> ModelCard:
    from ...models.recommender.time_and_memory import peak_memory_mib

    first, last = (datetime.fromtimestamp(t, UTC) for t in data.span)
    return ModelCard(
        version=chosen,
        tenant=data.tenant,
        created_at=datetime.now(UTC),
        items=len(data.items),
        users=data.events.n_users,
        interactions=len(data.events),
        events_read=data.events_read,
        first_event_at=first,
        last_event_at=last,
        history_version=data.history_version,
        scorers=tuple(ensemble.scorers),
        left_out=dict(ensemble.missing),
        fusion=ensemble.fusion.kind,
        recipe=choice.way.recipe,
        share=choice.way.share,
        validation=choice.validation,
        peak_memory_mb=peak_memory_mib(),
        seed=options.seed,
        versions={"python": platform.python_version(), **_versions()},
    )


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
