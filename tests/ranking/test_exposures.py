"""Hold exploration, the exposure log and off-policy estimates, the latter against a simulation whose truth is known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tastemaker.api.cli.off_policy import compare
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.learning.exposures import Drawn, Exposure, Shown, decisions_of, rewards_per_list
from tastemaker.core.learning.off_policy import Decision, by_prior, evaluate, greedy, mean_interval, uniform
from tastemaker.core.learning.thompson_sampling import Arm, explore, quota, seed_of
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import Constraint, Event, HistoryProfile, Item, Preference, Preferences, Understanding
from tastemaker.core.settings import ExplorationSettings, ExposureSettings, Settings
from tastemaker.evals.stand_ins import ConstantCatalogue
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.database import Database
from tastemaker.stores.events.exposure_log import ExposureLog
from tastemaker.tools.ranking.new_item_quota import NewItemQuota

from ..catalogue_fixture import ScriptedCollaborative
from ..shop_fixture import POPULAR, history_url, shop_services

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RATES = np.array([0.02, 0.05, 0.10, 0.30])


# --- exploration -------------------------------------------------------------------------------------


def test_a_quota_is_a_share_with_a_cap() -> None:
    assert [quota(n, 0.1, 2) for n in (5, 10, 25, 50)] == [0, 1, 2, 2]


def test_sampling_is_repeatable_without_repeats_and_its_probabilities_add_up() -> None:
    arms = [Arm(str(i)) for i in range(6)]
    first, again = explore(arms, 4, seed=3), explore(arms, 4, seed=3)
    assert first == again
    assert len({c.item_id for c in first}) == 4
    assert all(sum(c.propensities) == pytest.approx(1) and c.propensity > 0 for c in first)
    assert len(explore(arms[:2], 5, seed=1)) == 2
    assert explore([], 3, seed=1) == []


def test_sampling_finds_the_item_that_people_click() -> None:
    rng = np.random.default_rng(1)
    views, clicks = np.zeros(4, int), np.zeros(4, int)
    for step in range(1500):
        arms = [Arm(str(i), int(views[i]), int(clicks[i]), 0.05) for i in range(4)]
        chosen = int(explore(arms, 1, seed=step)[0].item_id)
        views[chosen] += 1
        clicks[chosen] += rng.random() < RATES[chosen]
    assert views[3] > 1000


def test_the_prior_speaks_until_clicks_do() -> None:
    promising = explore([Arm("good", prior=0.3), Arm("bad", prior=0.02)], 1, seed=0)[0]
    assert promising.propensities[0] > 0.8
    disappointed = explore([Arm("good", views=500, clicks=1, prior=0.3), Arm("bad", prior=0.1)], 1, seed=0)[0]
    assert disappointed.propensities[0] < 0.5


def test_seeds_differ_by_every_part() -> None:
    assert seed_of("a", "b") == seed_of("a", "b")
    assert len({seed_of("a", "b"), seed_of("ab", ""), seed_of("a", "c")}) == 3


# --- off-policy --------------------------------------------------------------------------------------


def logged(n: int, seed: int, logging: np.ndarray) -> list[Decision]:
    rng = np.random.default_rng(seed)
    chosen = rng.choice(4, n, p=logging)
    reward = rng.random(n) < RATES[chosen]
    shares, prior = tuple(float(p) for p in logging), tuple(float(r) for r in RATES[::-1])
    return [
        Decision(("a", "b", "c", "d"), shares, prior, int(c), float(r)) for c, r in zip(chosen, reward, strict=True)
    ]


def test_estimates_hold_the_truth_and_beat_the_mean_of_the_logs() -> None:
    skewed = np.array([0.55, 0.25, 0.15, 0.05])
    covered = {"ips": 0, "snips": 0, "doubly_robust": 0}
    for seed in range(20):
        decisions = logged(2500, seed, skewed)
        found = evaluate(decisions, lambda d: np.array([0, 0, 0, 1.0]), clip=100, seed=seed)
        for name in covered:
            estimate = getattr(found, name)
            covered[name] += estimate.low <= RATES[3] <= estimate.high
        assert np.mean([d.reward for d in decisions]) < 0.1
        assert abs(found.snips.value - RATES[3]) < 0.12
        assert found.ess == pytest.approx(sum(d.chosen == 3 for d in decisions))
    assert min(covered.values()) >= 17


def test_a_clip_lowers_the_estimate_and_is_reported() -> None:
    decisions = logged(4000, 0, np.array([0.55, 0.25, 0.15, 0.05]))
    free = evaluate(decisions, lambda d: np.array([0, 0, 0, 1.0]), clip=100)
    cut = evaluate(decisions, lambda d: np.array([0, 0, 0, 1.0]), clip=5)
    assert cut.ips.value < free.ips.value
    assert free.clipped == 0
    assert cut.clipped == pytest.approx(float(np.mean([d.chosen == 3 for d in decisions])))


def test_the_policies_are_distributions_and_the_uniform_one_is_estimated_right() -> None:
    decisions = logged(6000, 4, np.array([0.4, 0.3, 0.2, 0.1]))
    assert list(greedy(decisions[0])) == [1, 0, 0, 0]
    assert list(by_prior(decisions[0])) == [1, 0, 0, 0]
    found = evaluate(decisions, uniform)
    assert found.doubly_robust.low <= RATES.mean() <= found.doubly_robust.high
    assert found.unsupported == 0


def test_what_the_logs_cannot_tell_is_said() -> None:
    never = [Decision(("a", "b"), (1.0, 0.0), (0.1, 0.1), 0, 1.0)] * 10
    assert evaluate(never, uniform).unsupported == 0.5
    with pytest.raises(InvalidRequestError, match="none"):
        evaluate([], uniform)
    with pytest.raises(InvalidRequestError, match="probability 0"):
        evaluate([Decision(("a", "b"), (1.0, 0.0), (0.1, 0.1), 1, 1.0)], uniform)


# --- log ---------------------------------------------------------------------------------------------


def exposure(request_id: str, at: datetime = NOW, tenant: str = "default", policy: str = "v1") -> Exposure:
    drawn = Drawn(place=2, chosen=1, options=("x", "y"), propensities=(0.25, 0.75), priors=(0.05, 0.1))
    items = (Shown(item_id="i1", place=1), Shown(item_id="y", place=2, propensity=0.75))
    return Exposure(
        tenant=tenant, request_id=request_id, at=at, policy=policy, user_id="u", items=items, drawn=(drawn,)
    )


def click(request_id: str, item_id: str) -> Event:
    return Event(user_id="u", item_id=item_id, kind="click", at=NOW, context={"request_id": request_id})


async def test_lists_are_read_back_by_tenant_and_time(tmp_path: Path) -> None:
    log = ExposureLog(Database(history_url(tmp_path)), retention_days=1e5)
    for made in (exposure("r1"), exposure("r2", NOW + timedelta(days=1)), exposure("r3", tenant="other")):
        assert log.record(made)
    await log.flush()
    assert await log.read("default") == [exposure("r1"), exposure("r2", NOW + timedelta(days=1))]
    assert [e.request_id for e in await log.read("default", NOW + timedelta(hours=1))] == ["r2"]
    assert [e.request_id for e in await log.read("default", limit=1)] == ["r2"]
    assert (await log.seen("default")) == {"i1": (2, 0, 0), "y": (2, 0, 0)}
    await log.close()


async def test_old_rows_expire(tmp_path: Path) -> None:
    log = ExposureLog(Database(history_url(tmp_path)), retention_days=10)
    log.record(exposure("old", datetime.now(UTC) - timedelta(days=11)))
    log.record(exposure("new", datetime.now(UTC)))
    await log.flush()
    assert [e.request_id for e in await log.read("default")] == ["new"]
    assert (await log.seen("default"))["y"][0] == 1
    await log.close()


async def test_a_broken_or_full_log_only_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    log = ExposureLog(Database(f"sqlite+aiosqlite:///{tmp_path}/file/history.db"), retention_days=1)
    assert all(log.record(exposure(str(n))) for n in range(1000))
    assert not log.record(exposure("one too many"))
    await asyncio.wait_for(log.flush(), 20)
    assert "queue is full" in caplog.text
    assert "not logged" in caplog.text
    await log.close()


def test_clicks_are_joined_by_request_and_item() -> None:
    events = [click("r1", "y"), click("r2", "i1"), click("r9", "y")]
    exposures = [exposure("r1"), exposure("r2", policy="v2")]
    assert [d.reward for d in decisions_of(exposures, events)] == [1.0, 0.0]
    assert rewards_per_list(exposures, events) == {"v1": [1.0], "v2": [1.0]}
    assert mean_interval([1.0, 1.0]).low == 1.0


class ManyItems(ConstantCatalogue):
    """A catalogue of more items than are looked at one by one; the newest is the last of the table."""

    async def scan(
        self, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = (), *, first: Sequence[str] = ()
    ) -> list[str]:
        return [f"i{n}" for n in range(30_000)][:limit]

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]:
        return [Item(item_id=i, title=i) for i in item_ids]


class AllButTheNewest:
    """Knows every item but the newest well."""

    async def seen(self, tenant: str) -> dict[str, tuple[int, int, int]]:
        return {f"i{n}": (n, 5, 25) for n in range(29_999)}


async def test_the_newest_item_of_a_large_catalogue_is_new() -> None:
    quota_of = NewItemQuota(ManyItems(), AllButTheNewest(), "default")
    q = CandidateQuery(Understanding(), HistoryProfile(user_id="", known=False))
    chosen = await quota_of.choose(q, [], 3, seed=1)
    assert [item.item_id for item, _ in chosen] == ["i29999"]
    assert await quota_of.choose(q, ["i29999"], 3, seed=1) == []


# --- whole ---------------------------------------------------------------------------------------------


@pytest.fixture
def services(tmp_path: Path) -> Services:
    settings = Settings(
        home=tmp_path, exploration=ExplorationSettings(share=0.2), exposures=ExposureSettings(policy="v7")
    )
    made = shop_services(settings, collaborative=ScriptedCollaborative(popular=POPULAR))
    made.exposures = ExposureLog(Database(history_url(tmp_path)), 90)
    return made


async def test_new_items_take_their_quota_and_the_log_knows_their_chance(services: Services) -> None:
    limit = {"field": "price", "op": "<=", "value": 60}
    async with Recommender(services=services) as recommender:
        history = (await services.shop("default")).history
        old = [Event(user_id=f"u{n}", item_id=i, kind="like", at=NOW) for n in range(20) for i in POPULAR]
        await history.add(old)
        answer = await recommender.recommend(n=10, words=False, constraints=[limit])
        again = await recommender.recommend(n=10, words=False, constraints=[limit], thread_id=answer.thread_id)
        asked = await recommender.recommend(n=10, words=False, text="a boat")
        first = answer.items[-1]
        await recommender.feedback([click(answer.request_id, first.item_id)])
        assert services.exposures
        await services.exposures.flush()
        logged_lists = await services.exposures.read("default")
        figures = await compare(services.settings, "default", 1.0, ["logged", "uniform"], 20.0, 0)
    new = [i for i in answer.items if "exploration" in {s.source for s in i.sources}]
    assert [i.rank for i in new] == [9, 10]
    assert not {i.item_id for i in new} & set(POPULAR)
    assert all(float(str(i.attributes["price"])) <= 60 for i in answer.items)
    assert all(i.reason and re.search(r"\b(new|few|just arrived)", i.reason.text, re.IGNORECASE) for i in new)
    assert [i.item_id for i in again.items] == [i.item_id for i in answer.items]
    assert not any(s.source == "exploration" for i in asked.items for s in i.sources)
    mine = next(e for e in logged_lists if e.request_id == answer.request_id)
    assert [s.item_id for s in mine.items] == [i.item_id for i in answer.items]
    assert [s.propensity < 1 for s in mine.items] == [False] * 8 + [True] * 2
    assert figures["policies"]["logged"]["ips"]["value"] == pytest.approx(0.25)
    assert figures["versions"]["v7"]["n"] == 3


async def test_without_exploration_only_versions_are_compared(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(InvalidRequestError, match="no list was logged"):
        await compare(settings, "default", 1.0, ["logged"], 20.0, 0)
    log = ExposureLog(Database(settings.history_url), 90)
    log.record(exposure("r1", datetime.now(UTC)).model_copy(update={"drawn": ()}))
    await log.close()
    figures = await compare(settings, "default", 1.0, ["logged"], 20.0, 0)
    assert (figures["policies"], figures["versions"]["v1"]["n"]) == ({}, 1)
    assert "at random" in figures["note"]
    with pytest.raises(InvalidRequestError, match="none of"):
        await compare(settings, "default", 1.0, ["best"], 20.0, 0)


async def test_a_known_taste_is_a_prior_and_a_broken_log_costs_only_the_quota(
    services: Services, tmp_path: Path
) -> None:
    likes = Preferences(values=[Preference(field="objects", value="dog")])
    (tmp_path / "file").write_text("")
    services.exposures = ExposureLog(Database(f"sqlite+aiosqlite:///{tmp_path}/file/x.db"), 90)
    async with Recommender(services=services) as recommender:
        answer = await recommender.recommend(n=10, words=False, preferences=likes)
    assert len(answer.items) == 10
    assert [d.what for d in answer.degraded] == ["exploration"]
