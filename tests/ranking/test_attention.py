"""Test what is learnt of words, photos and sound: found where it is there, nothing where it is not, and never a failed request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.learning.exposures import Exposure, Shown
from tastemaker.core.ranking.fusion import kinds_of, source_weights
from tastemaker.core.ranking.learnt_attention import LEAST, MOST, Attention, SituationFit, attended, situation_of
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.weights import weights_of
from tastemaker.core.schemas import Event, HistoryProfile, Understanding
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantChat, constant_services
from tastemaker.graphs.fitting.attention import USUAL, fit_attention, lists_of
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.recommender.attention_fit import MIN_LISTS, ShownList, fit_situation
from tastemaker.stores.database import Database
from tastemaker.stores.events.exposure_log import ExposureLog
from tastemaker.stores.fitted_files import AttentionFile

SOURCES = ("text_vector", "image_vector")
NOW = datetime.now(UTC)


def simulated(n: int, photo: float, words: float, seed: int = 0) -> list[ShownList]:
    """Return lists ordered by the usual weights, in which people choose by what ``photo`` and ``words`` are worth to them."""
    rng = np.random.default_rng(seed)
    lists = []
    for number in range(n):
        drawn = {s: rng.permutation(40)[:8] + 1 for s in SOURCES}
        ranks = [{s: int(drawn[s][i]) for s in SOURCES} for i in range(8)]
        ranks.sort(key=lambda r: -sum(USUAL[s] * 61 / (60 + r[s]) for s in SOURCES))
        worth = np.array([photo * -r["image_vector"] + words * -r["text_vector"] for r in ranks]) / 5
        worth -= 0.3 * np.log2(np.arange(8) + 2)
        share = np.exp(worth - worth.max())
        lists.append(ShownList(tuple(ranks), (int(rng.choice(8, p=share / share.sum())),), f"u{number % 50}"))
    return lists


def test_people_who_choose_by_the_photo_are_found_out() -> None:
    found = fit_situation(simulated(240, photo=1.0, words=0.0), USUAL)
    assert found.low > 0
    assert found.factors["image_vector"] > 1.3 * found.factors["text_vector"]
    assert all(LEAST <= f <= MOST for f in found.factors.values())
    mirrored = fit_situation(simulated(240, photo=0.0, words=1.0), USUAL)
    assert mirrored.factors["text_vector"] > 1.3 * mirrored.factors["image_vector"]


def test_chance_and_few_lists_teach_nothing() -> None:
    assert fit_situation(simulated(240, photo=0.0, words=0.0, seed=3), USUAL).factors == {}
    few = fit_situation(simulated(MIN_LISTS - 1, photo=1.0, words=0.0), USUAL)
    assert few.factors == {}
    assert str(MIN_LISTS) in few.why


def test_factors_count_in_their_situation_alone_and_within_bounds() -> None:
    assert situation_of(["full_text", "image_vector", "popularity"]) == "photo+words"
    learnt = {"words": {"text_vector": 2.0, "full_text": 99.0}}
    query = CandidateQuery(Understanding(query="boats"), HistoryProfile(user_id="", known=False), attention=learnt)
    usual, weights = weights_of(kinds_of(query)), source_weights(query)
    assert weights["text_vector"] == 2 * usual["text_vector"]
    assert weights["full_text"] == MOST * usual["full_text"]
    assert weights["popularity"] == usual["popularity"]
    unsaid = replace(query, said=False)
    assert source_weights(unsaid) == weights_of(kinds_of(unsaid)), "words of a caption weigh less already"
    assert attended({"text_vector": 1.0, "image_vector": 1.0}, learnt) == {"text_vector": 1.0, "image_vector": 1.0}


def shown(number: int, chosen: ShownList) -> Exposure:
    items = tuple(Shown(item_id=f"i{n}", place=n + 1, ranks=dict(r)) for n, r in enumerate(chosen.ranks))
    at = NOW - timedelta(hours=1000 - number)
    return Exposure(tenant="default", request_id=f"r{number}", at=at, policy="v1", user_id=chosen.user, items=items)


def click(number: int, chosen: ShownList) -> Event:
    context = {"request_id": f"r{number}"}
    return Event(user_id=chosen.user, item_id=f"i{chosen.chosen[0]}", kind="click", at=NOW, context=context)


async def test_the_log_teaches_and_a_broken_file_is_a_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = simulated(300, photo=1.0, words=0.0)
    log = ExposureLog(Database(f"sqlite+aiosqlite:///{tmp_path}/events.db"), 90)
    for number, made in enumerate(lists):
        assert log.record(shown(number, made))
    await log.flush()
    read = await log.read("default")
    found = lists_of(read, [click(n, made) for n, made in enumerate(lists)])
    assert [(f.ranks, f.chosen, f.user) for f in found["photo+words"]] == [(m.ranks, m.chosen, m.user) for m in lists]
    services = constant_services(Settings(home=tmp_path), ConstantChat())
    services.exposures = log
    async with Recommender(services=services) as recommender:
        shop = await services.shop("default")

        async def events() -> list[Event]:
            return [click(n, made) for n, made in enumerate(lists)]

        monkeypatch.setattr(shop.history, "all_events", events, raising=False)
        learnt = await fit_attention(services, "default", days=365)
        assert learnt.situations["photo+words"].factors["image_vector"] > 1
        file = AttentionFile(services.settings.models_path("default"))
        assert file.read() == learnt
        assert not (await recommender.recommend(text="boats", words=False)).degraded
        file.path.write_text("{not json")
        answer = await recommender.recommend(text="boats", words=False)
    assert answer.items
    assert "attention" in {d.what for d in answer.degraded}


async def test_without_a_log_there_is_nothing_to_fit(tmp_path: Path) -> None:
    services = constant_services(Settings(home=tmp_path), ConstantChat())
    with pytest.raises(InvalidRequestError, match="days"):
        await fit_attention(services, "default", days=1)
    kept = Attention(situations={"words": SituationFit(n=3, why="few")})
    assert kept.factors == {}
    await services.close()
