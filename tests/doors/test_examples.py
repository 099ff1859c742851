"""The examples run as they are, against a real service or the real graph."""

from __future__ import annotations

import asyncio
import email
import importlib.util
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from langchain_core.messages import HumanMessage

from tastemaker import AsyncClient, Client
from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.settings import Settings

from ..live_server import serving
from ..shop_fixture import UnwarmedRecommender, shop_services

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[str]:
    async def opened() -> Service:
        return await UnwarmedRecommender(services=shop_services(Settings(home=tmp_path))).start()

    async with serving(create_app(opened, Settings(home=tmp_path))) as base:
        yield base


def test_there_are_five() -> None:
    kept = {p.name for p in EXAMPLES.iterdir() if p.is_file()}
    assert kept == {
        "chat_bot.py", "email_of_picks.py", "front_end.html", "langgraph_supervisor.py", "shop_back_end.py"
    }  # fmt: skip


async def test_a_shops_back_end_shows_a_list_and_reports_a_click(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def visit() -> list[str]:
        with Client(server) as client:
            titles: list[str] = example("shop_back_end").visit(client, "ada", "something under 40")
            return titles

    assert len(await asyncio.to_thread(visit)) == 4
    assert "unknown" not in capsys.readouterr().out


async def test_a_bot_keeps_one_conversation_for_each_channel(server: str) -> None:
    async with AsyncClient(server) as client:
        bot: Any = example("chat_bot").Bot(client)
        first = await bot.hear("C1", "U2", "<@U1> something under 40")
        assert first.startswith("*Kept to: “under 40”*")
        again = await bot.hear("C1", "U2", "not that one")
        assert "under 40" in again
        assert "<@U1>" not in first
        other = await bot.hear("C2", "U2", "boats")
        assert "under 40" not in other
        assert len(bot.threads) == 2


async def test_a_batch_of_mails_is_written_for_each_user(server: str, tmp_path: Path) -> None:
    written = await example("email_of_picks").write_all(server, ["ada", "ben"], tmp_path)
    assert [path.name for path in written] == ["ada.eml", "ben.eml"]
    mail = email.message_from_bytes(written[0].read_bytes())
    assert mail["X-Request-ID"]
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]


async def test_a_supervisor_sends_shop_questions_to_the_shop(tmp_path: Path) -> None:
    async with UnwarmedRecommender(services=shop_services(Settings(home=tmp_path))) as recommender:
        graph = example("langgraph_supervisor").build(recommender)
        config = {"configurable": {"thread_id": "visit-1"}}
        said = []
        for text in ("something under 40", "where is my order?", "not that one"):
            state = await graph.ainvoke({"messages": [HumanMessage(text)]}, config)
            said.append(state["messages"][-1].content)
    assert said[1] == "Your order is on its way."
    assert "under 40" in said[0]
    assert "under 40" in said[2]


async def test_a_page_has_the_widget_that_the_service_serves(server: str) -> None:
    page = (EXAMPLES / "front_end.html").read_text(encoding="utf-8")
    (script,) = re.findall(r'src="http://127\.0\.0\.1:8010(/[\w.]+)"', page)
    (element,) = re.findall(r"<([a-z]+-[a-z]+) ", page)
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        answer = await client.get(script)
        assert answer.status_code == 200
        assert "javascript" in answer.headers["content-type"]
    found = "".join(p.read_text(encoding="utf-8") for p in (EXAMPLES.parent / "api" / "web").rglob("*.js"))
    assert f'"{element}"' in found
