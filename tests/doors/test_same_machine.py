"""Where no keys are asked for, no page of another site reaches the service through its reader's browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tastemaker.api.auth.same_machine import name_of
from tastemaker.api.http.app import create_app
from tastemaker.core.settings import AuthSettings, ServeSettings, Settings, WebSettings

from ..fake_service import FakeService
from ..live_server import serving as on_a_socket

Made = Callable[..., Settings]
PATHS = (
    "/catalogue",
    "/users/ada",
    "/v1/models",
    "/rules",
    "/releases",
    "/metrics",
    "/langserve/recommend/input_schema",
    "/studio",
)
CHANGES = ("/recommend", "/recommend/stream", "/feedback", "/events", "/v1/chat/completions", "/releases/compose/rollback", "/mcp", "/agui")  # fmt: skip
FOREIGN = ("evil.example", "evil.example:8010", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "evil.example.", "[::1", "x y", "2130706433.nip.example")  # fmt: skip
OURS = ("127.0.0.1", "127.0.0.1:8010", "localhost:8010", "LOCALHOST", "localhost.", "[::1]:8010", "192.168.1.7", "")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def settings(
        host: str = "127.0.0.1", hosts: tuple[str, ...] = (), origins: tuple[str, ...] = (), mode: str = "auto"
    ) -> Settings:
        return Settings(
            home=tmp_path,
            serve=ServeSettings(host=host, allowed_hosts=hosts),
            web=WebSettings(origins=origins),
            auth=AuthSettings(mode=mode),
        )

    return settings


@asynccontextmanager
async def asked(settings: Settings, host: str = "127.0.0.1:8010") -> AsyncIterator[httpx.AsyncClient]:
    async def opened() -> FakeService:
        return FakeService()

    app = create_app(opened, settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010", headers={"host": host}) as client,
    ):
        yield client


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_foreign_name_for_this_address_is_refused(made: Made, host: str) -> None:
    async with asked(made(), host) as client:
        for path in PATHS:
            answer = await client.get(path)
            assert answer.status_code == 403, path
            assert "serve.allowed_hosts" in answer.text
        assert (await client.post("/recommend", json={"text": "boats"})).status_code == 403
        assert (await client.get("/health")).status_code == 200


@pytest.mark.parametrize("host", OURS)
async def test_our_names_are_answered(made: Made, host: str) -> None:
    async with asked(made(), host) as client:
        assert (await client.post("/recommend", json={"text": "boats"})).status_code == 200


async def test_more_names_may_be_allowed(made: Made) -> None:
    async with asked(made(hosts=("Shop.example",)), "shop.example:443") as client:
        assert (await client.get("/rules")).status_code == 200
        assert (await client.get("/rules", headers={"host": "other.example"})).status_code == 403
    async with asked(made(hosts=("*",)), "other.example") as client:
        assert (await client.get("/rules")).status_code == 200
    async with asked(made(host="0.0.0.0", mode="open"), "shop.example") as client:
        assert (await client.get("/rules")).status_code == 200
    async with asked(made(host="0.0.0.0", mode="open", hosts=("shop.example",)), "other.example") as client:
        assert (await client.get("/rules")).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "null", "http://127.0.0.1:8010.evil.example"]
)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_page_of_another_site_changes_nothing(made: Made, origin: str, kind: str) -> None:
    async with asked(made()) as client:
        for path in CHANGES:
            answer = await client.post(
                path, content=b'{"text": "boats"}', headers={"origin": origin, "content-type": kind}
            )
            assert answer.status_code == 403, path
        assert (await client.delete("/users/ada", headers={"origin": origin})).status_code == 403


async def test_our_own_pages_and_allowed_ones_may_ask(made: Made) -> None:
    body = {"text": "boats"}
    async with asked(made(origins=("https://shop.example",))) as client:
        for origin in ("http://127.0.0.1:8010", "https://shop.example"):
            assert (await client.post("/recommend", json=body, headers={"origin": origin})).status_code == 200
        assert (
            await client.post("/recommend", json=body, headers={"origin": "https://other.example"})
        ).status_code == 403
    async with asked(made(origins=("*",))) as client:
        assert (
            await client.post("/recommend", json=body, headers={"origin": "https://other.example"})
        ).status_code == 200


async def test_plain_text_is_not_read_as_json(made: Made) -> None:
    async with asked(made()) as client:
        for path in ("/recommend", "/feedback", "/events", "/langserve/recommend/invoke", "/v1/chat/completions"):
            answer = await client.post(
                path, content=b'{"input": {"text": "boats"}}', headers={"content-type": "text/plain"}
            )
            assert answer.status_code in {400, 415, 422}, path


async def test_over_a_socket_the_address_decides(made: Made) -> None:
    async def opened() -> FakeService:
        return FakeService()

    async with (
        on_a_socket(create_app(opened, made())) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        assert (await client.get("/rules")).status_code == 200
        assert (await client.get("/rules", headers={"host": "evil.example"})).status_code == 403


@pytest.mark.parametrize(
    ("host", "name"), [("A.b:80", "a.b"), ("[::1]:8", "::1"), ("a:b", None), ("a@b", None), ("[::1", None), ("", "")]
)
def test_names_in_hosts(host: str, name: str | None) -> None:
    assert name_of(host) == name
