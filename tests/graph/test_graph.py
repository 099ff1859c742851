"""Test the whole graph with constant parts: order, ladder of degradation, threads, privacy and clean-up."""

from __future__ import annotations

import asyncio
import base64
import io
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from PIL import Image

from tastemaker.core.errors import BackEndUnavailable, InvalidRequestError, StoreError
from tastemaker.core.protocols import Vectors
from tastemaker.core.schemas import Caption, HistoryProfile, RecommendResponse, StreamEvent
from tastemaker.core.schemas.chat import ChatDelta, ChatReply, ChatRequest
from tastemaker.core.settings import Settings, TimeoutSettings
from tastemaker.evals.stand_ins import (
    ConstantCatalogue,
    ConstantChat,
    ConstantCollaborative,
    ConstantHistory,
    ConstantImageText,
    constant_services,
)
from tastemaker.graphs.drawing import page
from tastemaker.graphs.recommend import build_graph
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.graphs.turn.state import WRITES, State

SECRET = "my very private sentence"


def photo() -> dict[str, str]:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(buffer, "JPEG")
    return {"data": base64.b64encode(buffer.getvalue()).decode()}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, timeouts=TimeoutSettings(caption_s=0.5, history_s=1.0, compose_s=0.8, retrieve_s=3.0)
    )


async def collect(services: Services, **fields: Any) -> tuple[list[StreamEvent], RecommendResponse]:
    async with Recommender(services=services) as recommender:
        events = [event async for event in recommender.stream(**fields)]
    return events, RecommendResponse.model_validate(events[-1].data)


def labels(response: RecommendResponse) -> set[str]:
    return {d.what for d in response.degraded}


async def test_events_come_in_order_and_items_before_words(settings: Settings) -> None:
    events, response = await collect(constant_services(settings), text="a print", user_id="u", n=4)
    kinds = [e.event for e in events if e.event != "step"]
    assert kinds.index("route") < kinds.index("items") < kinds.index("words") < kinds.index("done")
    assert [i.item_id for i in response.items] == [i["item_id"] for i in events[_at(events, "items")].data["items"]]
    assert len(response.items) == 4
    assert all(i.reason and i.reason.text for i in response.items)


def _at(events: list[StreamEvent], kind: str) -> int:
    return next(n for n, e in enumerate(events) if e.event == kind)


async def test_only_what_a_request_carries_is_run(settings: Settings) -> None:
    _, response = await collect(constant_services(settings), text="a print")
    steps = {t.step for t in response.timings}
    media = {"admit", "caption_images", "transcribe_audio", "read_video", "check_consistency"}
    assert steps.isdisjoint({*media, "look_up_history"})
    _, response = await collect(constant_services(settings), text="a print", user_id="u")
    steps = {t.step for t in response.timings}
    assert steps.isdisjoint(media)
    assert {"look_up_history", "understand"} <= steps
    _, response = await collect(constant_services(settings), text="a print", user_id="u", images=[photo()])
    needed = {"admit", "caption_images", "look_up_history", "check_consistency"}
    assert needed <= {t.step for t in response.timings}


async def test_one_model_call_and_none_before_the_items(settings: Settings) -> None:
    chat = ConstantChat()
    async with Recommender(services=constant_services(settings, chat)) as recommender:
        async for event in recommender.stream(text="a print under 50"):
            if event.event == "items":
                assert chat.calls == 0
    assert chat.calls == 1


class DownCaptioner:
    name = "down"

    async def caption(self, path: str) -> Caption:
        raise BackEndUnavailable("no weights", back_end="captioner")


class SlowCaptioner:
    name = "slow"

    async def caption(self, path: str) -> Caption:
        await asyncio.sleep(30)
        raise AssertionError("must have been cancelled")


class DownImageText(ConstantImageText):
    async def embed_texts(self, texts: Any) -> Vectors:
        raise BackEndUnavailable("no weights")

    async def embed_images(self, paths: Any) -> Vectors:
        raise BackEndUnavailable("no weights")


class BrokenImageText(ConstantImageText):
    async def embed_texts(self, texts: Any) -> Vectors:
        raise ZeroDivisionError("a bug")


class DownChat(ConstantChat):
    async def complete(self, request: ChatRequest) -> ChatReply:
        raise BackEndUnavailable("connection refused")

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        raise BackEndUnavailable("connection refused")
        yield ChatDelta()

    async def health(self) -> bool:
        return False


class SlowChat(ConstantChat):
    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        await asyncio.sleep(30)
        yield ChatDelta()


async def test_a_route_the_rules_cannot_tell_is_asked_for_and_counted(settings: Settings) -> None:
    chat = ConstantChat(answer='{"route": "direct"}')
    _, response = await collect(constant_services(settings, chat), text="help me decide")
    assert response.route.decided_by == "model"
    assert response.usage.llm_calls == 2
    assert {p.partition("@")[0] for p in response.prompts} == {"route", "compose"}
    _, response = await collect(constant_services(settings, DownChat()), text="help me decide")
    assert response.route.decided_by == "rule"


async def test_every_prompt_of_a_request_can_be_pinned(settings: Settings) -> None:
    chat = ConstantChat(answer='{"route": "direct"}')
    async with Recommender(services=constant_services(settings, chat)) as recommender:
        versions = {"route": "77", "compose": "78"}
        response = await recommender.recommend(text="help me decide", prompt_versions=versions)
    assert response.prompts == ()
    assert {"route", "llm"} <= labels(response)


class DownHistory(ConstantHistory):
    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        raise StoreError("database is down")


class DownCatalogue(ConstantCatalogue):
    down = False

    def __getattribute__(self, name: str) -> Any:
        if name in {"schema", "described", "search", "get", "vectors", "records", "scan"} and DownCatalogue.down:
            return self.fail
        return super().__getattribute__(name)

    async def fail(self, *_: Any, **__: Any) -> Any:
        raise StoreError("catalogue is down")


@pytest.mark.parametrize(
    ("part", "replacement", "label"),
    [
        ("captioner", DownCaptioner(), "captioner"),
        ("captioner", SlowCaptioner(), "captioner"),
        ("image_text", DownImageText(), "embedding"),
        ("image_text", BrokenImageText(), "embedding"),
        ("chat", DownChat(), "llm"),
        ("chat", SlowChat(), "llm"),
    ],
)
async def test_a_broken_part_is_labelled_and_the_request_answered(
    settings: Settings, part: str, replacement: Any, label: str
) -> None:
    services = constant_services(settings)
    setattr(services, part, replacement)
    services.rebuild()
    services.composer.guided = False
    _, response = await collect(services, text="a print", user_id="u", images=[photo()])
    assert label in labels(response)
    assert len(response.items) == 10
    assert all(i.reason and i.reason.text for i in response.items)


async def test_history_down_is_a_labelled_cold_start(settings: Settings) -> None:
    services = constant_services(settings)
    opened = services.open_stores

    async def stores(tenant: str) -> Any:
        catalogue, _, collaborative = await opened(tenant)
        return catalogue, DownHistory(), collaborative

    services.open_stores = stores
    _, response = await collect(services, text="a print", user_id="u")
    assert "history" in labels(response)
    assert response.items


def with_stores(settings: Settings, **replaced: Any) -> Services:
    services = constant_services(settings)
    opened = services.open_stores

    async def stores(tenant: str) -> Any:
        catalogue, history, collaborative = await opened(tenant)
        found = {"catalogue": catalogue, "history": history, "collaborative": collaborative} | replaced
        return tuple(found.values())

    services.open_stores = stores
    return services


class KnowingHistory(ConstantHistory):
    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        return HistoryProfile(
            user_id=user_id,
            known=True,
            liked=("item-9",),
            consumed=frozenset({"item-1"}),
            disliked=frozenset({"item-2"}),
        )


@pytest.mark.parametrize(
    "said", [{"text": "a print under 15 euros"}, {"constraints": [{"field": "price", "op": "<", "value": 15}]}]
)
async def test_catalogue_down_serves_the_last_popular_items_within_every_limit(
    settings: Settings, said: dict[str, Any]
) -> None:
    services = with_stores(settings, catalogue=DownCatalogue(), history=KnowingHistory())
    async with Recommender(services=services) as recommender:
        await (await services.shop("default")).take_snapshot()
        DownCatalogue.down = True
        try:
            response = await recommender.recommend(user_id="u", **said)
        finally:
            DownCatalogue.down = False
    assert "catalogue" in labels(response)
    assert "history" not in labels(response)
    assert [i.item_id for i in response.items] == ["item-0", "item-3", "item-4"]


class LateCatalogue(ConstantCatalogue):
    """Cannot tell its fields at first, and is well again when items are looked for."""

    down = True

    async def schema(self) -> Any:
        if self.down:
            raise StoreError("still starting")
        return await super().schema()


async def test_no_item_is_listed_while_a_limit_could_not_be_read(settings: Settings) -> None:
    catalogue = LateCatalogue()
    services = with_stores(settings, catalogue=catalogue)
    async with Recommender(services=services) as recommender:
        late = await recommender.recommend(text="a print under 15 euros")
        catalogue.down = False
        well = await recommender.recommend(text="a print under 15 euros")
    assert "catalogue" in labels(late)
    assert late.items == ()
    assert late.message
    assert well.items


class PickyCatalogue(ConstantCatalogue):
    async def search(self, searches: Any) -> Any:
        return [[] for _ in searches]

    async def get(self, item_ids: Any, where: Any = ()) -> Any:
        return [] if where else await super().get(item_ids)

    async def scan(self, limit: int, where: Any = (), exclude: Any = (), *, first: Any = ()) -> Any:
        return [] if where else await super().scan(limit, first=first)


async def test_an_old_snapshot_is_not_shown_while_the_catalogue_works(settings: Settings) -> None:
    services = with_stores(settings, catalogue=PickyCatalogue())
    services.captioner = DownCaptioner()
    services.rebuild()
    services.composer.guided = False
    async with Recommender(services=services) as recommender:
        await (await services.shop("default")).take_snapshot()
        response = await recommender.recommend(text="a print under 12 euros", images=[photo()])
    assert "captioner" in labels(response)
    assert response.items == ()


class DownCollaborative(ConstantCollaborative):
    async def popular(self, limit: int, segment: str | None = None) -> Any:
        raise StoreError("database is down")


async def test_a_plan_is_made_although_one_source_fails(settings: Settings) -> None:
    services = with_stores(settings, history=DownHistory(), collaborative=DownCollaborative())
    _, response = await collect(
        services, text="plan a wall: a dog print and a boat print", route="deliberate", user_id="u"
    )
    assert "popularity" in labels(response)
    assert any(s.source.startswith("deliberate") for i in response.items for s in i.sources)


async def test_leaving_early_ends_the_work_before_the_thread_is_free(settings: Settings) -> None:
    ended = []

    class WatchedChat(ConstantChat):
        async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
            try:
                await asyncio.sleep(30)
                yield ChatDelta()
            finally:
                ended.append(True)

    services = constant_services(settings.model_copy(update={"timeouts": TimeoutSettings()}), WatchedChat())
    async with Recommender(services=services) as recommender:
        stream = recommender.stream(text="a print", thread_id="t1")
        async for event in stream:
            if event.event == "words":
                break
        await stream.aclose()
        assert ended


async def test_the_time_budget_is_kept(settings: Settings) -> None:
    services = constant_services(settings.model_copy(update={"timeouts": TimeoutSettings()}))
    services.chat = SlowChat()
    services.rebuild()
    services.composer.guided = False
    started = asyncio.get_running_loop().time()
    _, response = await collect(services, text="a print", max_ms=700)
    assert asyncio.get_running_loop().time() - started < 2.5
    assert "llm" in labels(response)
    assert response.items


async def test_a_thread_keeps_constraints_and_belongs_to_its_user(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print under 50", user_id="u")
        second = await recommender.recommend(text="another one", user_id="u", thread_id=first.thread_id)
        with pytest.raises(InvalidRequestError, match="another user"):
            await recommender.recommend(text="a print", user_id="v", thread_id=first.thread_id)
    assert first.understanding.constraints
    assert second.understanding.constraints[0].field == "price"


async def test_no_media_or_user_id_reach_the_thread_store(settings: Settings) -> None:
    picture = photo()
    await collect(constant_services(settings), text="a print", user_id=SECRET, images=[picture])
    with sqlite3.connect(settings.threads_path) as connection:
        stored = b"".join(
            bytes(cell) for row in connection.execute("select checkpoint from checkpoints") for cell in row
        )
    connection.close()
    assert stored
    assert picture["data"][:40].encode() not in stored
    assert SECRET.encode() not in stored


async def test_temporary_files_are_removed_also_when_the_caller_leaves(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    async with Recommender(services=constant_services(settings)) as recommender:
        await recommender.recommend(text="a print", images=[photo()])
        stream = recommender.stream(text="a print", images=[photo()])
        await anext(stream)
        assert list(scratch.iterdir())
        await stream.aclose()
    assert list(scratch.iterdir()) == []


async def test_wrong_fields_are_named(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        with pytest.raises(InvalidRequestError, match=r"^n:"):
            await recommender.recommend(n=0)
        with pytest.raises(InvalidRequestError, match=r"^images\[0\]"):
            await recommender.recommend(images=[{"data": "not base64!"}])


def test_every_step_declares_what_it_writes() -> None:
    nodes = set(build_graph().get_graph().nodes) - {"__start__", "__end__"}
    assert nodes == set(WRITES)
    for update in WRITES.values():
        assert set(get_type_hints(update)) <= {f.name for f in fields(State)}


def test_the_graph_page_is_up_to_date() -> None:
    assert (Path(__file__).parents[2] / "docs" / "graph.md").read_text(encoding="utf-8") == page()
