"""Webhooks: signed, delivered after a restart, tried again, bounded, and never to a private network that is not named."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr, ValidationError

from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.api.webhooks.delivery import Deliverer, messages_to
from tastemaker.core.settings import Settings, WebhookSettings, WebhookTarget
from tastemaker.stores.webhook_queue import Message, WebhookQueue

from ..fake_service import FakeService
from ..live_server import serving

SECRET = "a-secret-of-the-shop"


def target(url: str, **more: Any) -> WebhookTarget:
    return WebhookTarget(name=more.pop("name", "shop"), url=url, secret=SecretStr(SECRET), **more)


class Receiver:
    """A shop's own server, which verifies signatures and answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.got = list(answers), list[tuple[dict[str, str], bytes]]()
        self.app = FastAPI()
        self.app.post("/hook")(self.hook)

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        self.got.append((dict(request.headers), body))
        return Response(status_code=self.answers.pop(0) if self.answers else 204)

    def verified(self) -> list[dict[str, Any]]:
        """Return the bodies whose signature is right, by the specification and not by our code."""
        found = []
        for headers, body in self.got:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            right = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{right}"
            found.append(json.loads(body))
        return found


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[WebhookQueue]:
    opened = await WebhookQueue.open(tmp_path / "q.db", 5)
    yield opened
    await opened.close()


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def deliverer(queue: WebhookQueue, clock: Callable[[], float], url: str, **more: Any) -> Deliverer:
    settings = WebhookSettings(targets=(target(url),), **more)
    return Deliverer(settings, queue, clock=clock)


async def test_answers_and_events_are_told_signed(tmp_path: Path) -> None:
    receiver = Receiver()
    async with serving(receiver.app) as base:
        host = base.removeprefix("http://")
        webhooks = WebhookSettings(targets=(target(f"{base}/hook"),), hosts=(host,))
        settings = Settings(home=tmp_path, webhooks=webhooks)

        async def opened() -> Service:
            return FakeService()

        app = create_app(opened, settings)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client,
        ):
            answer = (await client.post("/recommend", json={"user_id": "ada"})).json()
            async with client.stream("POST", "/recommend/stream", json={}) as stream:
                await stream.aread()
            event = {"user_id": "ada", "item_id": "print-17", "kind": "click", "request_id": answer["request_id"]}
            await client.post("/events", json={"events": [event]})
            await client.post("/check", json={"images": [{"data": "aGk="}]})
            async with asyncio.timeout(10):
                while len(receiver.got) < 3:  # noqa: ASYNC110  what it got is the point
                    await asyncio.sleep(0.02)
    told = receiver.verified()
    assert sorted(t["type"] for t in told) == ["events", "recommendation", "recommendation"]
    events = next(t["data"] for t in told if t["type"] == "events")
    assert events["events"][0]["request_id"] == answer["request_id"]
    lists = [t["data"] for t in told if t["type"] == "recommendation"]
    assert {d["user_id"] for d in lists} == {"ada", None}
    assert all(d["item_ids"] for d in lists)


async def test_what_is_not_taken_is_sent_again_later_and_given_up_at_last(queue: WebhookQueue) -> None:
    receiver, clock = Receiver(500, 302, 204, 500, 500, 500), Clock()
    async with serving(receiver.app) as base:
        at = deliverer(queue, clock, f"{base}/hook", hosts=(base.removeprefix("http://"),), max_attempts=3)
        await queue.add([Message("m1", "shop", "{}")], clock())
        tries = []
        for _ in range(4):
            tries.append((await at.deliver_due(), await queue.waiting()))
            assert await at.deliver_due() == 0, "nothing is tried before its time"
            clock.now += 3_600
        assert tries == [(0, 1), (0, 1), (1, 0), (0, 0)]
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        await queue.add([Message("m2", "shop", "{}")], clock())
        for _ in range(4):
            await at.deliver_due()
            clock.now += 3_600
        assert await queue.waiting() == 0
        assert len(receiver.got) == 6
        await at.close()


async def test_what_waits_is_delivered_after_a_restart_and_by_one_process(tmp_path: Path) -> None:
    first = await WebhookQueue.open(tmp_path / "q.db", 5)
    await first.add([Message("m1", "shop", "{}")], 10.0)
    await first.close()
    one, other = [await WebhookQueue.open(tmp_path / "q.db", 5) for _ in range(2)]
    assert [m.message_id for m in await one.claim(11.0, 5.0, 8)] == ["m1"]
    assert await other.claim(12.0, 5.0, 8) == []
    assert [m.attempts for m in await other.claim(17.0, 5.0, 8)] == [2], "who claimed it died: another takes it"
    await one.close()
    await other.close()


async def test_the_queue_is_bounded(queue: WebhookQueue) -> None:
    assert await queue.add([Message(f"m{i}", "shop", "{}") for i in range(4)], 0.0) == 0
    assert await queue.add([Message(f"n{i}", "shop", "{}") for i in range(4)], 0.0) == 3
    assert await queue.waiting() == 5


PRIVATE = [
    ("http://example.org/hook", ["93.184.216.34"]),
    ("https://example.org/hook", ["10.0.0.1"]),
    ("https://example.org/hook", ["93.184.216.34", "127.0.0.1"]),
    ("https://example.org/hook", ["::ffff:169.254.169.254"]),
    ("https://127.0.0.1/hook", ["127.0.0.1"]),
    ("https://[::1]/hook", ["::1"]),
    ("ftp://example.org/hook", ["93.184.216.34"]),
    ("https://example.org/hook", []),
]


@pytest.mark.parametrize(("url", "addresses"), PRIVATE)
async def test_private_networks_and_plain_http_are_never_called(
    queue: WebhookQueue, url: str, addresses: list[str]
) -> None:
    called: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(204)

    async def look_up(host: str, port: int) -> list[str]:
        return addresses

    settings = WebhookSettings(targets=(target(url),), hosts=("other.test",))
    at = Deliverer(settings, queue, resolver=look_up, transport=httpx.MockTransport(take), clock=Clock())
    await queue.add([Message("m1", "shop", "{}")], 0.0)
    assert await at.deliver_due() == 0
    assert called == []
    await at.close()


async def test_a_public_host_is_called_at_the_address_that_was_checked(queue: WebhookQueue) -> None:
    called: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(204)

    async def look_up(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    settings = WebhookSettings(targets=(target("https://example.org:8443/hook"),))
    at = Deliverer(settings, queue, resolver=look_up, transport=httpx.MockTransport(take), clock=Clock())
    await queue.add([Message("m1", "shop", "{}")], 0.0)
    assert await at.deliver_due() == 1
    assert (called[0].url.host, called[0].headers["host"]) == ("93.184.216.34", "example.org:8443")
    assert called[0].extensions["sni_hostname"] == "example.org"
    await at.close()


def test_a_target_is_told_what_it_wants_of_its_shop() -> None:
    targets = [
        target("https://a", name="all"),
        target("https://b", name="events", kinds=("events",)),
        target("https://c", name="other", tenant="other"),
    ]
    assert [m.target for m in messages_to(targets, "recommendation", "default", "m", "{}")] == ["all"]
    assert [m.target for m in messages_to(targets, "events", "other", "m", "{}")] == ["all", "events", "other"]


def test_a_weak_secret_is_refused_and_none_is_printed() -> None:
    with pytest.raises(ValidationError):
        WebhookTarget(name="a", url="https://a", secret=SecretStr("short"))
    assert SECRET not in repr(WebhookSettings(targets=(target("https://a"),)))


def files_with(folder: Path, *marks: str) -> list[str]:
    return [f.name for f in folder.rglob("*") if f.is_file() and any(m.encode() in f.read_bytes() for m in marks)]


async def test_an_erased_user_is_in_no_message_that_waits(tmp_path: Path) -> None:
    queue = await WebhookQueue.open(tmp_path / "q.db", 9)

    def told(tenant: str, data: dict[str, Any]) -> str:
        return json.dumps({"tenant": tenant, "data": data}, ensure_ascii=False)

    of = {"ä-4711": {"user_id": "ä-4711", "item_id": "i1"}, "bo": {"user_id": "bo", "item_id": "ä-4711"}}
    bodies = [
        told("default", {"user_id": "ä-4711", "item_ids": ["i1"]}),
        told("default", {"stored": 2, "events": [of["ä-4711"], of["bo"]]}),
        told("default", {"stored": 1, "events": [of["ä-4711"]]}),
        told("other", {"user_id": "ä-4711", "item_ids": ["i1"]}),
        told("default", {"user_id": "bo", "item_ids": ["i1"]}),
    ]
    await queue.add([Message(str(n), "shop", body) for n, body in enumerate(bodies)], 1.0)
    assert await queue.erase("default", "ä-4711") == 3
    assert await queue.erase("default", "ä-4711") == 0
    left = {m.message_id: json.loads(m.body) for m in await queue.claim(2.0, 60.0, 9)}
    assert left == {
        "1": {"tenant": "default", "data": {"stored": 1, "events": [of["bo"]]}},
        "3": json.loads(bodies[3]),
        "4": json.loads(bodies[4]),
    }
    assert await queue.erase("other", "ä-4711") == 1
    assert files_with(tmp_path, '"user_id":"ä-4711"', '"user_id": "ä-4711"') == []
    await queue.close()


async def test_erasing_a_user_reaches_the_messages_that_wait(tmp_path: Path) -> None:
    nowhere = WebhookSettings(targets=(target("https://192.0.2.1/hook"),))
    service = FakeService()

    async def opened() -> FakeService:
        return service

    app = create_app(opened, Settings(home=tmp_path, webhooks=nowhere))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        for user in ("ada-4711", "bo"):
            liked = {"user_id": user, "item_id": "i1", "kind": "like"}
            assert (await client.post("/feedback", json={"events": [liked]})).status_code == 200
        assert (await client.delete("/users/ada-4711")).json()["messages"] == 1
        assert (await client.delete("/users/ada-4711")).json()["messages"] == 0
    assert files_with(tmp_path, "ada-4711") == []
    left = await WebhookQueue.open(tmp_path / "webhooks.db", 5)
    assert await left.waiting() == 1
    await left.close()
