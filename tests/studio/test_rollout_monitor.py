"""Check the watch over rollouts: a version that is surely worse is taken back, one that is not stays; the routes of evaluations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tastemaker.api.http.app import create_app
from tastemaker.core.evaluation.rollouts import breaches, compare_arms
from tastemaker.core.learning.exposures import Exposure, Shown, VersionExposure
from tastemaker.core.schemas import Event
from tastemaker.core.schemas.releases import Gate, ServedVersion
from tastemaker.core.settings import Settings, load_settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.evaluation.monitor import RolloutMonitor
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.releases.desk import ReleaseDesk
from tastemaker.stores.database import Database
from tastemaker.stores.events.exposure_log import ExposureLog
from tastemaker.stores.events.history import SqlHistory

SHOP = "default"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def shown(arm: Any, n: int, **measures: float) -> list[VersionExposure]:
    about = {"rollout": 1, "name": "compose", "number": 1, "user_id": None, "at": NOW}
    return [
        VersionExposure(request_id=f"{arm}{i}", unit=f"{arm}{i % 400}", arm=arm, measures={"seconds": 1.0, **measures}, **about)
        for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("measures", "clicked", "bad"),
    [
        ({}, 0.3, []),
        ({}, 0.0, ["click_through"]),
        ({"failed": 1.0}, 0.3, ["failed"]),
        ({"seconds": 1.3}, 0.3, []),
        ({"seconds": 2.5}, 0.3, ["seconds"]),
    ],
)
def test_what_a_rollout_is_taken_back_for(measures: dict[str, float], clicked: float, bad: list[str]) -> None:
    lists = [*shown("control", 800), *shown("candidate", 800, **measures)]
    reactions = {
        e.request_id: {"click"} for i, e in enumerate(lists) if i % 10 < 10 * (0.3 if e.arm == "control" else clicked)
    }
    assert [c.metric for c in breaches(compare_arms(lists, reactions))] == bad


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ReleaseDesk]:
    made = ReleaseDesk.at(load_settings(home=tmp_path))
    yield made
    await made.close()


async def test_a_version_that_hardly_anybody_clicks_on_is_taken_back(desk: ReleaseDesk, tmp_path: Path) -> None:
    body = desk.shipped("compose").body + "\n"
    version = await desk.commit(SHOP, "compose", body, "ada", message="another opening")
    await desk.set_gate(SHOP, "compose", Gate(approvals=0), "root")
    await desk.label(SHOP, "compose", version.number, "candidate", "ada")
    rollout = await desk.rollout(SHOP, "compose", version.number, 50, "root")
    settings: Settings = load_settings(home=tmp_path)
    history = await SqlHistory.open(settings.history_url)
    log = ExposureLog(Database(settings.history_url), 90)
    monitor = RolloutMonitor(desk, log, 0)
    events = []
    for i in range(400):
        arm: Any = "candidate" if i % 2 else "control"
        served = ServedVersion(name="compose", number=version.number, rollout=rollout.id, arm=arm)
        at, user = datetime.now(UTC), f"u{i}"
        log.record(
            Exposure(
                tenant=SHOP, request_id=f"r{i}", at=at, policy="p", user_id=user, items=(Shown(item_id="a", place=1),),
                unit=user, versions=(served,), measures={"seconds": 1.0},
            )
        )  # fmt: skip
        if arm == "control" and i % 4 == 0:
            events.append(Event(user_id=user, item_id="a", kind="click", at=at, context={"request_id": f"r{i}"}))
    await log.flush()
    assert await monitor.look() == [], "nobody clicked as yet"
    await history.add(events)
    taken = await monitor.look()
    assert [(b.name, b.from_number, b.to_number) for b in taken] == [("compose", version.number, 0)]
    assert await monitor.look() == []
    last = (await desk.audit(SHOP))[-1]
    assert "click_through" in str(last.detail)
    assert {c.metric: c.state for c in await monitor.figures(SHOP, rollout.id)}["click_through"] == "worse"
    await log.close()
    await history.close()


def test_the_routes_of_evaluations(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)

    async def opened() -> Any:
        return await Recommender(settings, services=constant_services(settings)).start()

    with TestClient(create_app(opened, settings), client=("127.0.0.1", 1)) as client:
        assert client.get("/cases").json()["print-shop"] > 90
        media = [m for c in client.get("/cases/print-shop").json()["cases"] for m in c["request"]["images"]]
        assert {"/" in m["path"] for m in media} == {False}
        case = {"case_id": "one", "request": {"text": "a boat"}, "expects": {"items": [0, 10]}}
        assert client.post("/cases/mine", json=case).json() == {"cases": 1}
        named = {"case_id": "two", "request": {"images": [{"path": "/etc/passwd"}]}}
        assert client.post("/cases/mine", json=named).status_code == 422
        begun = client.post("/evaluations", json={"name": "compose", "case_set": "mine", "k": 2})
        assert begun.status_code == 200, begun.text
        with client.stream("GET", f"/evaluations/{begun.json()['id']}/events") as events:
            told = "".join(events.iter_text())
        assert "event: done" in told
        ended = client.get(f"/evaluations/{begun.json()['id']}").json()
        assert (ended["state"], ended["done"], ended["version"]) == ("done", 2, "r0")
        assert len(client.get(f"/evaluations/{ended['id']}/outcomes").json()) == 2
        assert client.get(f"/evaluations/{ended['id']}/compare/{ended['id']}").status_code == 200
        assert client.get(f"/evaluations/{ended['id']}/figures").json()["cases"] == 1
        assert client.get("/traces").json() == []
        assert client.post("/traces/none/replay", json={}).status_code == 422
        assert client.get("/rollouts/1/figures").status_code == 422
        assert client.request("DELETE", "/cases/mine/one").json() == {"cases": 0}
        assert client.post("/evaluations", json={"name": "compose", "case_set": "gone"}).status_code == 422
