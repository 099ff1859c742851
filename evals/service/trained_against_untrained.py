"""Train on MovieLens-100k as `tastemaker train` does, then compare requests with and without the trained version, taken in turns."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate, RecommendRequest, Understanding
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ...graphs.shop.services import Services
from ...graphs.shop.shop import Shop
from ...models.recommender.scorers.base import Progress
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.events.event_columns import EventLog
from ...stores.events.history import SqlHistory
from ...stores.trained_versions import Artefacts
from ...tools.trained.train import Options, Outcome, read_data, train
from ..reporting.report import percentiles, report
from .prepared_shops import movielens

TARGETS = {"training_s": 300, "rank.trained.p95_ms": 30}
TEXTS = ("a funny film", "space war", "a romance in Paris", "a detective story", "animation for children")
WARM_UP = 5


async def run(settings: Settings, data: Path | None, n: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Return training seconds and memory, validation, and milliseconds of ranking and of whole requests, ``n`` users each.

    ``rank`` is the ranker on every source's candidates, of which the trained version places at most 200; ``bare`` and ``text``
    are whole requests without a language model. Ratios are of the medians, trained to untrained.
    """
    prepared = await movielens(settings, data or settings.data)
    with tempfile.TemporaryDirectory() as folder:
        place = prepared.model_copy(
            update={
                "home": Path(folder),
                "catalogue": prepared.catalogue.model_copy(update={"uri": prepared.catalogue_uri}),
                "history": prepared.history.model_copy(update={"url": prepared.history_url}),
            }
        )
        outcome = await _train(place, seed, progress)
        figures = await _compare(place, n, seed)
    card = outcome.card
    assert card is not None
    found = {
        "training_s": card.seconds,
        "training_cpu_s": card.cpu_seconds,
        "recipe": card.recipe,
        "share": card.share,
        "rating_error": card.rating_error.model_dump(mode="json") if card.rating_error else None,
        "peak_memory_mb": card.peak_memory_mb,
        "scorers": list(card.scorers),
        "left_out": card.left_out,
        "validation": card.validation.model_dump(mode="json") if card.validation else None,
        **figures,
    }
    return report("serving", found, n=n, targets=TARGETS, seed=seed)


async def _train(settings: Settings, seed: int, progress: Progress) -> Outcome:
    catalogue = await LanceCatalogue.open(settings.catalogue_uri)
    history = await SqlHistory.open(settings.history_url)
    log = EventLog(settings.recommender.max_events)
    try:
        data = await read_data("default", catalogue, history, log, settings.recommender)
    finally:
        await history.close()
    store = Artefacts(settings.models_path("default"))
    options = Options(seed=seed, force=True)
    return await asyncio.to_thread(train, data, store, settings.recommender, options, progress)


async def _compare(settings: Settings, n: int, seed: int) -> dict[str, Any]:
    plain = settings.model_copy(
        update={
            "home": settings.home / "plain",
            "recommender": settings.recommender.model_copy(update={"enabled": False}),
        }
    )
    users = [str(u) for u in random.Random(seed).choices(range(1, 944), k=n + WARM_UP)]  # noqa: S311
    async with (
        Recommender(settings, services=Services.from_settings(settings)) as trained,
        Recommender(plain, services=Services.from_settings(plain)) as untrained,
    ):
        shops = {
            "trained": await trained.services.shop("default"),
            "untrained": await untrained.services.shop("default"),
        }
        await shops["trained"].learned.refresh()
        figures: dict[str, Any] = {"rank": await _in_turn(users, {name: _ranker(shop) for name, shop in shops.items()})}
        for kind in ("bare", "text"):
            asked = {"trained": _request(trained, kind), "untrained": _request(untrained, kind)}
            figures[kind] = await _in_turn(users, asked)
    return figures


async def _in_turn(users: list[str], ask: dict[str, Callable[[str], Awaitable[float]]]) -> dict[str, Any]:
    """Return percentiles of the seconds that each way takes, asked one after the other for every user."""
    taken: dict[str, list[float]] = {name: [] for name in ask}
    for user in users:
        for name, one in ask.items():
            taken[name].append(await one(user))
    found: dict[str, Any] = {name: percentiles(seconds[WARM_UP:]) for name, seconds in taken.items()}
    found["ratio"] = round(found["trained"]["p50_ms"] / found["untrained"]["p50_ms"], 3)
    return found


def _ranker(shop: Shop) -> Callable[[str], Awaitable[float]]:
    async def rank(user: str) -> float:
        q = CandidateQuery(Understanding(), await shop.history.profile(user))
        asked = [s for s in shop.sources if s.applies(q)]
        lists: dict[str, list[Candidate]] = {s.name: await s(q) for s in asked}
        started = time.perf_counter()
        ranked = await shop.ranker(q, lists, 10)
        seconds = time.perf_counter() - started
        assert len(ranked) == 10
        return seconds

    return rank


def _request(recommender: Recommender, kind: str) -> Callable[[str], Awaitable[float]]:
    async def ask(user: str) -> float:
        text = TEXTS[int(user) % len(TEXTS)] if kind == "text" else None
        request = RecommendRequest(user_id=user, text=text, words=False)
        started = time.perf_counter()
        response = await recommender.recommend(request)
        seconds = time.perf_counter() - started
        assert response.items
        return seconds

    return ask
