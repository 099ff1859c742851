"""What is kept of a person can be seen and erased whole: a search of every file of every store finds nothing of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tastemaker.api.http.app import create_app
from tastemaker.core.redaction import RedactingFormatter
from tastemaker.core.schemas import Erased, Event, Preference, Preferences
from tastemaker.core.schemas.chat import ChatDelta, ChatReply, ChatRequest
from tastemaker.core.settings import Settings, TraceSettings
from tastemaker.evals.stand_ins import ConstantChat
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import open_exposures
from tastemaker.graphs.turn.turn import owner_digest
from tastemaker.stores.database import Database
from tastemaker.stores.events.co_occurrence import CoOccurrence
from tastemaker.stores.events.remembered_preferences import TasteStore

from ..catalogue_fixture import rows
from ..shop_fixture import history_url, shop_services

MARKER = "person-4711-marker"
OTHER = "person-0815-marker"


@pytest.fixture
async def recommender(tmp_path: Path) -> Recommender:
    settings = Settings(home=tmp_path)
    services = shop_services(settings, catalogues={"default": rows(), "other": rows()})
    database = Database(history_url(tmp_path))
    services.exposures = open_exposures(settings, database)
    services.tastes = TasteStore(database)
    return await Recommender(services=services).start()


async def live(recommender: Recommender, user: str, tenant: str = "default") -> str:
    """Do everything that leaves something behind; return the thread."""
    liked = [
        Event(user_id=user, item_id=i, kind="like", at=datetime.now(UTC), context={"page": user}) for i in ("i1", "i3")
    ]
    await recommender.feedback(liked, tenant=tenant)
    wishes = Preferences(values=[Preference(field="colour", value="Red")], remember=True)
    first = await recommender.recommend(
        user_id=user, tenant=tenant, text=f"a dog for {user}", preferences=wishes, words=False
    )
    await recommender.recommend(
        user_id=user, tenant=tenant, text="under 40 euros", thread_id=first.thread_id, words=False
    )
    return first.thread_id


def found(home: Path, *marks: str) -> list[str]:
    return [p.name for p in home.rglob("*") if p.is_file() and any(m.encode() in p.read_bytes() for m in marks)]


async def test_everything_of_a_person_is_shown_and_erased_and_nothing_of_others(
    recommender: Recommender, tmp_path: Path
) -> None:
    thread = await live(recommender, MARKER)
    others = [await live(recommender, OTHER), await live(recommender, MARKER, "other")]
    seen = await recommender.export_user(MARKER)
    assert [e["item_id"] for e in seen.events] == ["i1", "i3"]
    assert [p["value"] for p in seen.preferences] == ["Red"]
    assert len(seen.shown) == 2
    assert all(len(s["item_ids"]) == 10 for s in seen.shown)
    assert [t["thread_id"] for t in seen.threads] == [thread]
    assert seen.threads[0]["turn"] == 2

    assert found(tmp_path, MARKER)
    assert await recommender.erase_user(MARKER, "other") == Erased(events=2, preferences=1, shown=2, threads=1)
    assert (
        len((await recommender.export_user(MARKER)).threads) == 1
    )  # another tenant's user of that name is another person
    assert await recommender.erase_user(MARKER) == Erased(events=2, preferences=1, shown=2, threads=1)
    assert await recommender.erase_user(MARKER) == Erased()
    gone = await recommender.export_user(MARKER)
    assert (gone.events, gone.preferences, gone.shown, gone.threads) == ((), (), (), ())
    assert found(tmp_path, MARKER, owner_digest(MARKER), thread) == []
    kept = await recommender.export_user(OTHER)
    assert (len(kept.events), len(kept.preferences), len(kept.shown), len(kept.threads)) == (2, 1, 2, 1)
    assert kept.threads[0]["thread_id"] == others[0]
    again = await recommender.recommend(user_id=MARKER, words=False)
    assert again.user != "known"
    await recommender.close()


async def test_what_was_learnt_of_an_erased_person_is_learnt_anew(recommender: Recommender) -> None:
    async with recommender.services.lend("default") as shop:
        learnt = shop.collaborative = CoOccurrence(shop.history)
        await recommender.feedback([Event(user_id=MARKER, item_id=i, kind="like") for i in ("i1", "i3")])
        assert await learnt.similar(["i1"], 5)
        assert MARKER in learnt._events._users
        await recommender.erase_user(MARKER)
        assert MARKER not in learnt._events._users
        assert await learnt.similar(["i1"], 5) == []
    await recommender.close()


async def test_the_routes_export_and_erase(recommender: Recommender) -> None:
    await live(recommender, MARKER)

    async def opened() -> Recommender:
        return recommender

    app = create_app(opened, recommender.settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        seen = (await client.get(f"/users/{MARKER}")).json()
        assert (seen["user_id"], len(seen["events"])) == (MARKER, 2)
        assert (await client.delete(f"/users/{MARKER}")).json()["events"] == 2
        assert (await client.get(f"/users/{MARKER}")).json()["events"] == []


PERSONAL = {
    "e-mail": "ada.lovelace@example.org",
    "phone": "+49 30 12345678",
    "card": "4111 1111 1111 1111",
    "bank": "DE89 3704 0044 0532 0130 00",
    "identity": "219-09-9999",
}


@dataclass
class Listening(ConstantChat):
    """Remembers every prompt."""

    told: list[str] = field(default_factory=list)

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.told += [str(message.content) for message in request.messages]
        async for piece in super().stream(request):
            yield piece

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.told += [str(message.content) for message in request.messages]
        return await super().complete(request)


async def test_numbers_and_addresses_of_people_reach_no_prompt_log_trace_or_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=tmp_path, traces=TraceSettings(enabled=True))
    chat = Listening()
    services = shop_services(settings, chat=chat)
    services.composer.guided = False
    service = Recommender(services=services)
    caplog.set_level(logging.DEBUG, "tastemaker")
    said = "a picture of a dog for " + ", ".join(PERSONAL.values())
    async with service_at_http(service, settings) as client:
        answer = await client.post("/recommend", json={"text": said, "user_id": "u-1", "llm_rank": ["listwise"]})
        assert answer.status_code == 200
        for _ in range(100):
            if (await client.get("/traces")).json():
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("no trace was kept")
    assert chat.told
    form = RedactingFormatter("%(message)s")
    places = {
        "prompts": "\n".join(chat.told),
        "logs": "\n".join(form.format(record) for record in caplog.records if record.name.startswith("tastemaker")),
    }
    found_in = {(place, kind) for place, text in places.items() for kind, value in PERSONAL.items() if value in text}
    assert found_in == set()
    assert {name for name in found(tmp_path, *PERSONAL.values()) if not name.startswith("threads.db")} == set()


@asynccontextmanager
async def service_at_http(service: Recommender, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async def opened() -> Recommender:
        return await service.start()

    app = create_app(opened, settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client
