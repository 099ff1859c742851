"""Test rules through the whole graph, over HTTP and from the command line, on a real catalogue."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.cli import main as cli
from tastemaker.api.cli.recommend import parse_context, parse_diversity
from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import Constraint, RecommendResponse
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services

from ..services_fixture import shop_services


@pytest.fixture
async def services(tmp_path: Path) -> Services:
    return await shop_services(tmp_path)


def write(services: Services, text: str, tenant: str = "default") -> None:
    folder = services.settings.rules_dir
    folder.mkdir(exist_ok=True)
    (folder / f"{tenant}.yaml").write_text("rules:\n" + text)


async def ask(services: Services, **fields: Any) -> RecommendResponse:
    wanted: dict[str, Any] = {"words": False, "n": 5, **fields}
    async with Recommender(services=services) as recommender:
        return await recommender.recommend(**wanted)


def ids(response: RecommendResponse) -> list[str]:
    return [item.item_id for item in response.items]


RULES = """
  - {id: hero, kind: pin, items: [i7], position: 1}
  - {id: no-red, kind: exclude, where: [{field: colour, op: "=", value: red}]}
  - {id: cheap-boats, kind: exclude, where: [{field: objects, op: contains, value: boat}, {field: price, op: "<", value: 25}]}
  - {id: web-only, kind: block, items: [i5], when: {channel: [web]}}
"""


async def test_rules_act_in_the_whole_graph(services: Services) -> None:
    write(services, RULES)
    response = await ask(services)
    assert ids(response)[0] == "i7"
    assert response.items[0].rules == ("hero",)
    assert not response.degraded
    assert {i.attributes["colour"] for i in response.items} == {"Blue", "Green"}
    assert not {"i2", "i4", "i8", "i10", "i14"} & set(ids(response))
    assert len(response.items) == 5
    assert "i5" in ids(response)
    assert "i5" not in ids(await ask(services, context={"channel": "web"}))


async def test_a_pin_never_breaks_what_the_user_asked(services: Services) -> None:
    write(services, "  - {id: hero, kind: pin, items: [i7, i40], position: 1}\n")
    response = await ask(services, constraints=[Constraint(field="price", op=">=", value=40)])
    assert ids(response)[0] == "i40"
    assert "i7" not in ids(response)
    assert len(response.items) == 5


async def test_a_wrong_file_is_a_label_and_never_a_failure(services: Services) -> None:
    write(services, "  - {id: x, kind: stock, field: nothing}\n")
    response = await ask(services)
    assert len(response.items) == 5
    assert [d.what for d in response.degraded] == ["rules"]
    assert "nothing" not in response.degraded[0].why


async def test_what_rules_alone_leave_empty_is_said_without_blaming_the_user(services: Services) -> None:
    write(services, "  - {id: none, kind: allow, items: [unknown]}\n")
    response = await ask(services, constraints=[Constraint(field="price", op=">=", value=40)])
    assert not response.items
    assert "Without price" not in response.message


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async def opened() -> Service:
        return await Recommender(services=services).start()

    app = create_app(opened, services.settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened_client,
    ):
        yield opened_client


async def test_rules_over_http(services: Services, client: httpx.AsyncClient) -> None:
    write(services, RULES)
    body = (await client.get("/rules")).json()
    assert [r["id"] for r in body["rules"]["rules"]] == ["hero", "no-red", "cheap-boats", "web-only"]
    good = await client.post("/rules/check", json={"rules": [{"id": "a", "kind": "stock", "field": "price"}]})
    assert good.json() == {"ok": True, "problems": []}
    wrong = [{"id": "a", "kind": "stock", "field": "prize"}]
    checked = (await client.post("/rules/check", json={"rules": wrong})).json()
    assert not checked["ok"]
    assert "prize" in checked["problems"][0]
    assert "price" in checked["problems"][0]
    assert (await client.get("/rules", params={"tenant": "No"})).status_code == 422


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tastemaker", "rules", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


def test_the_command_line_checks_and_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "default.yaml"
    assert run(monkeypatch, "check") == 1
    assert "no such file" in capsys.readouterr().out
    path.write_text("rules:" + RULES)
    assert run(monkeypatch, "check") == 0
    assert "4 rules in order" in capsys.readouterr().out
    assert run(monkeypatch, "show") == 0
    shown = capsys.readouterr().out
    assert "web-only" in shown
    assert "always" in shown
    assert run(monkeypatch, "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rules"][0]["id"] == "hero"
    path.write_text("rules:\n  - {id: a, kind: pin, items: [x], position: 0}\n")
    assert run(monkeypatch, "check") == 1
    assert "position" in capsys.readouterr().out
    assert run(monkeypatch, "try", str(path)) == 2


def test_the_command_line_tries_rules(
    monkeypatch: pytest.MonkeyPatch, services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Services, "from_settings", lambda settings: services)
    path = tmp_path / "draft.yaml"
    path.write_text("rules:" + RULES)
    assert run(monkeypatch, "try", str(path), "--n", "4", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["without"][0]["item_id"] == "i0"
    assert found["with"][0] == {**found["with"][0], "item_id": "i7", "rules": ["hero"], "rank": 1}
    assert run(monkeypatch, "try", str(path), "--where", "price>=60", "--context", "channel=web") == 0
    assert "Placed by" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, None),
        ("dpp", {"strategy": "dpp", "strength": None}),
        ("dpp=0.5", {"strategy": "dpp", "strength": 0.5}),
        ("0.5", {"strategy": None, "strength": 0.5}),
    ],
)
def test_diversity_on_the_command_line(text: str | None, wanted: dict[str, Any] | None) -> None:
    assert parse_diversity(text) == wanted
    with pytest.raises(InvalidRequestError):
        parse_diversity("dpp=much")


def test_context_on_the_command_line() -> None:
    assert parse_context(["channel=web", "age = 12"]) == {"channel": "web", "age": "12"}
    with pytest.raises(InvalidRequestError):
        parse_context(["channel"])
