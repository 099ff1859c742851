"""Test that why-not names the step that dropped an item, for every step, with its figures and for nobody else's history."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import httpx
import numpy as np
import pytest

from tastemaker.api.cli import main as cli
from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.selection import Shelf, select
from tastemaker.core.ranking.why_not import Inquiry, Trace, WhyNot, explain
from tastemaker.core.schemas import Constraint, HistoryProfile, Item, Understanding
from tastemaker.core.settings import FilterSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services

from ..services_fixture import shop_services

ADA = HistoryProfile(user_id="ada", known=True, consumed=frozenset({"i3"}), disliked=frozenset({"i4"}))
RULES = """rules:
  - {id: no-i5, kind: block, items: [i5]}
  - {id: low, kind: bury, items: [i6], below: 40}
  - {id: odd, kind: exclude, where: [{field: price, op: ">", value: 60}, {field: colour, op: "=", value: Red}]}
"""
LIMIT = Constraint(field="price", op="<=", value=62)


@pytest.fixture
async def services(tmp_path: Path) -> Services:
    settings = Settings(home=tmp_path, filters=FilterSettings(use=["words"], words=["Blue boat 10"]))
    settings.rules_dir.mkdir()
    (settings.rules_dir / "default.yaml").write_text(RULES)
    return await shop_services(tmp_path, settings, ADA)


async def ask(services: Services, item_id: str, **fields: Any) -> WhyNot:
    wanted: dict[str, Any] = {"user_id": "ada", "n": 5, "constraints": [LIMIT], **fields}
    async with Recommender(services=services) as recommender:
        return await recommender.why_not(item_id, **wanted)


async def test_every_step_is_named_with_its_figures(services: Services) -> None:
    listed = await ask(services, "i0")
    assert (listed.step, listed.rank, listed.of) == ("listed", 1, 5)
    assert (await ask(services, "nothing")).step == "unknown"
    limit = await ask(services, "i55")
    assert limit.step == "constraint"
    assert limit.constraint is not None
    assert (limit.constraint.field, limit.constraint.value) == ("price", 62)
    assert "65" in limit.why
    assert (await ask(services, "i3")).step == "consumed"
    assert (await ask(services, "i3", include_consumed=True)).step == "listed"
    assert (await ask(services, "i4")).step == "disliked"
    rule = await ask(services, "i5")
    assert (rule.step, rule.rules) == ("rule", ("no-i5",))
    assert (await ask(services, "i51")).rules == ("odd",)
    held = await ask(services, "i10")
    assert held.step == "filter"
    assert "listed word" in held.why
    cut = await ask(services, "i20")
    assert cut.step == "rank"
    assert cut.rank is not None
    assert cut.of is not None
    assert 5 < cut.rank <= cut.of
    assert cut.score is not None
    assert cut.last_score is not None
    assert [s.source for s in cut.sources] == ["popularity"]
    buried = await ask(services, "i6")
    assert (buried.step, buried.rules) == ("rank", ("low",))


def test_what_no_source_proposes_or_stays_too_far_down_or_repeats() -> None:
    asked = Inquiry(
        item_id="a",
        item=item("a"),
        query=CandidateQuery(understanding=Understanding(), profile=HistoryProfile(user_id="", known=False)),
        candidates={"popularity": []},
        trace=Trace(),
        listed=("b",),
        n=1,
    )
    assert explain(asked).step == "not_proposed"
    assert explain(asked).asked == {"popularity": 0}
    asked.trace.proposed, asked.trace.pool = {"b": 1, "a": 61}, 60
    deep = explain(asked)
    assert (deep.step, deep.rank, deep.of) == ("pool", 61, 2)
    asked.trace.proposed["a"] = 2
    asked.trace.repeats["a"] = "b"
    assert (explain(asked).step, explain(asked).duplicate_of) == ("duplicate", "b")


def item(item_id: str, title: str = "Heat") -> Item:
    return Item(item_id=item_id, title=title)


def test_the_trace_names_whom_an_item_repeats() -> None:
    shelf = Shelf([item("a"), item("b"), item("c", "Fargo")], np.array([0.5, 0.9, 0.1], np.float32))
    query = CandidateQuery(understanding=Understanding(), profile=HistoryProfile(user_id="", known=False))
    trace = Trace()
    trace.fill(shelf, select(shelf, query.spread, query.effects, 3))
    assert trace.repeats == {"a": "b"}
    assert trace.order == {"b": 1, "c": 2}
    assert trace.scores["b"] == 0.9


async def test_refused_and_pointed_at_in_a_thread(tmp_path: Path) -> None:
    services = await shop_services(tmp_path)
    async with Recommender(services=services) as recommender:
        first = await recommender.recommend(user_id="ada", thread_id="t", words=False, n=5)
        shown = [i.item_id for i in first.items]
        await recommender.recommend(user_id="ada", thread_id="t", text="not the second one", words=False, n=5)
        refused = await recommender.why_not(shown[1], user_id="ada", thread_id="t", n=5)
        assert refused.step == "refused"
        pointed = await recommender.why_not(shown[0], user_id="ada", thread_id="t", text="more like the first", n=5)
        assert pointed.step == "pointed_at"
        before = await recommender.recommend(user_id="ada", thread_id="t", words=False, n=5)
        assert before.thread_id == "t"
        with pytest.raises(InvalidRequestError, match="another user"):
            await recommender.why_not(shown[0], user_id="eve", thread_id="t")


async def test_it_says_nothing_of_other_users(services: Services) -> None:
    assert (await ask(services, "i3", user_id="eve")).step == "listed"
    assert (await ask(services, "i4", user_id=None)).step == "listed"


async def test_nothing_is_logged_as_shown(services: Services) -> None:
    logged: list[object] = []
    services.exposures = SimpleNamespace(record=logged.append, close=AsyncMock())  # type: ignore[assignment]
    await ask(services, "i20")
    assert not logged


async def test_it_names_the_parts_that_were_missing(services: Services) -> None:
    (services.settings.rules_dir / "default.yaml").write_text("rules: 3")
    assert [d.what for d in (await ask(services, "i20")).degraded] == ["rules"]


async def test_over_http(services: Services) -> None:
    async def opened() -> Service:
        return await Recommender(services=services).start()

    app = create_app(opened, services.settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        answer = await client.post("/why-not", json={"item_id": "i5", "request": {"user_id": "ada"}})
        assert (answer.json()["step"], answer.json()["rules"]) == ("rule", ["no-i5"])
        path = {"item_id": "i5", "request": {"images": [{"path": "/etc/passwd"}]}}
        assert (await client.post("/why-not", json=path)).status_code == 422
        assert (await client.post("/why-not", json={"item_id": "i5", "request": {"n": 0}})).status_code == 422


def test_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Services, "from_settings", lambda settings: services)
    for arguments, wanted in ((["i5", "--json"], '"step":"rule"'), (["i55", "--where", "price<=40"], "does not meet")):
        monkeypatch.setattr(sys, "argv", ["tastemaker", "why-not", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert not stopped.value.code
        shown = capsys.readouterr().out
        assert wanted in shown
        assert "--json" not in arguments or json.loads(shown)


@pytest.mark.parametrize("arguments", [["none"], ["none", "--json"]])
def test_no_such_item_on_the_command_line_is_status_2(
    monkeypatch: pytest.MonkeyPatch, services: Services, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(Services, "from_settings", lambda settings: services)
    monkeypatch.setattr(sys, "argv", ["tastemaker", "why-not", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert "none" in capsys.readouterr().out
