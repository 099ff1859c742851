"""The HTTP routes of releases: who may do what, and the whole way from draft to rollback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.auth.caller import Role

from ..staff import staffed

PEOPLE: dict[str, Role] = {"vera": "viewer", "ed": "editor", "ann": "approver", "root": "admin"}


class Team:
    """The people of one shop, each with a key of their own."""

    def __init__(self, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        self.client, self.keys = client, keys

    async def __call__(self, who: str, method: str, path: str, **body: Any) -> httpx.Response:
        headers = {"X-API-Key": self.keys[who]} if who in self.keys else {}
        return await self.client.request(method, f"/releases{path}", json=body or None, headers=headers)


async def opened(home: Path, people: dict[str, Role]) -> AsyncIterator[Team]:
    async with (
        staffed(home, people) as (transport, keys),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield Team(client, keys)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async for found in opened(tmp_path, PEOPLE):
        yield found


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Team]:
    async for found in opened(tmp_path, {}):
        yield found


async def test_the_whole_way_by_four_people(team: Team) -> None:
    shipped = (await team("vera", "GET", "/compose/versions/0")).json()["body"]
    draft = (await team("ed", "POST", "/compose/drafts", body="half", note="shorter")).json()
    body = shipped.replace("\n# user", "\nBe brief.\n\n# user", 1)
    await team("ed", "PUT", f"/compose/drafts/{draft['id']}", body=body)
    checked = (await team("vera", "POST", "/compose/check", body=body.replace("{{ items }}", "{{ goods }}"))).json()
    assert not checked["ok"]
    assert "goods" in checked["problems"][0]
    made = (await team("ed", "POST", "/compose/versions", draft=draft["id"], message="brief")).json()
    assert (made["number"], made["author"]) == (1, "ed")
    assert (await team("ed", "PUT", "/compose/labels/candidate", number=1)).status_code == 200
    blocked = await team("ann", "POST", "/compose/rollout", number=1, percent=10)
    assert (blocked.status_code, blocked.json()["error"]["type"]) == (409, "blocked")
    assert "other than its author, ed" in blocked.json()["error"]["reasons"][-1]
    assert (await team("ann", "POST", "/compose/versions/1/approve", text="fine")).json()["by"] == "ann"
    unproven = (await team("vera", "GET", "/compose/versions/1/gate")).json()["problems"]
    assert unproven == ["it was not evaluated on any set of cases: run the evaluation"]
    for number in (0, 1):
        figures = {"number": number, "case_set": "ours", "cases": 40, "metrics": {"schema_valid": 1.0, "words": 30}}
        assert (await team("ed", "POST", "/compose/evaluations", **figures)).status_code == 200
    assert (await team("vera", "GET", "/compose/versions/1/gate")).json()["passed"]
    assert (await team("ann", "POST", "/compose/rollout", number=1, percent=10)).json()["base"] == 0
    assert (await team("ann", "POST", "/compose/release", number=1)).json()["labels"]["production"] == 1
    assert (await team("ed", "POST", "/compose/rollback", text="worse")).json()["to_number"] == 0
    actions = [e["action"] for e in (await team("vera", "GET", "/audit?name=compose")).json()]
    assert actions[-7:] == ["label", "approve", "evaluate", "evaluate", "rollout", "release", "rollback"]
    assert (await team("vera", "GET", "/audit/check")).json()["ok"]


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "missing"),
    [
        ("nobody", "GET", "", {}, "key"),
        ("vera", "POST", "/compose/drafts", {"body": "x"}, "scope edit_releases"),
        ("vera", "POST", "/compose/rollback", {"text": ""}, "scope edit_releases"),
        ("ed", "POST", "/compose/versions/0/approve", {"text": ""}, "scope approve_releases"),
        ("ed", "POST", "/compose/release", {"number": 0}, "scope approve_releases"),
        ("ed", "POST", "/compose/rollout", {"number": 1, "percent": 5}, "scope approve_releases"),
        ("ann", "PUT", "/compose/gate", {"approvals": 0}, "scope admin"),
    ],
)
async def test_who_lacks_a_role_is_told(
    team: Team, who: str, method: str, path: str, body: dict[str, Any], missing: str
) -> None:
    refused = await team(who, method, path, **body)
    assert refused.json()["error"]["missing"] == missing


async def test_names_are_given_only_where_no_keys_are_asked_for(team: Team) -> None:
    headers = {"X-API-Key": team.keys["ed"], "X-Acting-As": "ann"}
    answer = await team.client.post("/releases/compose/drafts", json={"body": "x"}, headers=headers)
    assert answer.status_code == 403


async def test_on_ones_own_machine_one_acts_under_any_name(alone: Team) -> None:
    headers = {"X-Acting-As": "ann"}
    answer = await alone.client.post("/releases/compose/drafts", json={"body": "x"}, headers=headers)
    assert answer.json()["author"] == "ann"
    assert (await alone("", "POST", "/compose/drafts", body="x")).json()["author"] == "anybody"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/poem", {}, "name"),
        ("GET", "/compose/versions/9", {}, "number"),
        ("GET", "/compose/diff?old=0&new=9", {}, "number"),
        ("PUT", "/compose/drafts/7", {"body": "x"}, "draft"),
        ("POST", "/compose/versions", {"message": "x"}, "body"),
        ("POST", "/compose/rollout", {"number": 1, "percent": 101}, "percent"),
        ("PUT", "/compose/labels/production", {"number": 1}, "label"),
        ("GET", "/compose/versions/99999999999999999999", {}, "number"),
    ],
)
async def test_wrong_input_is_named(alone: Team, method: str, path: str, body: dict[str, Any], field: str) -> None:
    answer = await alone("", method, path, **body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
