"""Count what the common requests enter and ask: files of ours, and calls of the catalogue.

The bounds are what was measured, with room for one or two in the rooms that are built in; lower one when a request gets shorter, and think
twice before raising one.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from PIL import Image

import tastemaker
from tastemaker.core.schemas import Event, RecommendRequest
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services

from .shop_fixture import shop_services

ROOMS = ("agents", "core", "graphs", "models", "stores", "tools")
CALLS = (
    "schema",
    "language",
    "described",
    "get",
    "search",
    "search_vector",
    "search_text",
    "in_order",
    "vectors",
    "records",
    "scan",
)
"""Every way to ask the catalogue; searches that are asked together are one call."""
WATCHED = ContextVar("watched", default=False)
"""Whether what runs belongs to the request that is watched, and not to work that goes on beside it."""
PACKAGE = Path(os.path.realpath(tastemaker.__file__)).parent


class CountingCatalogue:
    """Counts the calls that reach the store."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()
        self.searches = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in CALLS:
            return found

        def counted(*given: Any, **named: Any) -> Any:
            self.calls[name] += WATCHED.get()
            self.searches += len(given[0]) if name == "search" and WATCHED.get() else 0
            return found(*given, **named)

        return counted


class Way:
    """What was entered while it was watched."""

    def __init__(self, catalogue: CountingCatalogue) -> None:
        self._catalogue = catalogue
        self.entered: Counter[str] = Counter()

    def __enter__(self) -> Way:
        self.entered.clear()
        self._catalogue.calls.clear()
        self._catalogue.searches = 0
        self._before = WATCHED.set(True)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        WATCHED.reset(self._before)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and WATCHED.get():
            self.entered[frame.f_code.co_filename] += 1

    @property
    def files(self) -> dict[str, list[str]]:
        """Return room -> the files of ours that were entered."""
        real = {os.path.realpath(name) for name in self.entered if name.endswith(".py")}
        roots = {room: os.path.realpath(PACKAGE / room) + os.sep for room in ROOMS}
        return {room: sorted(n.removeprefix(r) for n in real if n.startswith(r)) for room, r in roots.items()}

    @property
    def calls(self) -> int:
        """Return how often the catalogue was asked."""
        return self._catalogue.calls.total()


def photo() -> dict[str, str]:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(buffer, "JPEG")
    return {"data": base64.b64encode(buffer.getvalue()).decode()}


def counted(settings: Settings) -> tuple[Services, list[CountingCatalogue]]:
    services, made = shop_services(settings), list[CountingCatalogue]()
    opened = services.open_stores

    async def stores(tenant: str) -> Any:
        catalogue, history, collaborative = await opened(tenant)
        made.append(CountingCatalogue(catalogue))
        return made[-1], history, collaborative

    services.open_stores = stores
    return services, made


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[tuple[Recommender, CountingCatalogue]]:
    services, made = counted(Settings(home=tmp_path))
    liked = [
        Event(user_id="ada", item_id=f"i{n}", kind="like", at=datetime.now(UTC) - timedelta(days=3, minutes=n))
        for n in (3, 7, 11)
    ]
    async with Recommender(services=services) as recommender:
        await recommender.feedback(liked)
        await recommender.recommend(user_id="ada", text="a dog print under 100", images=[photo()])
        await recommender.warm()
        yield recommender, made[0]


@pytest.mark.parametrize(
    ("fields", "most_files", "most_calls"),
    [
        ({"user_id": "ada", "text": "a dog print under 100"}, (104, 38, 20, 0, 15, 12), 6),
        ({"text": "a dog print under 100"}, (104, 34, 20, 0, 13, 11), 4),
        ({"user_id": "ada", "text": "like this, but blue", "images": True}, (94, 40, 22, 0, 15, 20), 10),
        ({"user_id": "ada", "text": "cheaper ones", "thread_id": True}, (93, 37, 21, 0, 15, 12), 6),
    ],
    ids=["text of a known user", "text of a stranger", "photo and text", "follow-up"],
)
async def test_the_common_requests_take_the_short_way(
    shop: tuple[Recommender, CountingCatalogue], fields: dict[str, Any], most_files: tuple[int, ...], most_calls: int
) -> None:
    recommender, catalogue = shop
    if "thread_id" in fields:
        first = await recommender.recommend(user_id="ada", text="a dog print under 100")
        fields = fields | {"thread_id": first.thread_id}
    if "images" in fields:
        fields = fields | {"images": [photo()]}
    with Way(catalogue) as way:
        response = await recommender.recommend(RecommendRequest.model_validate(fields))
    assert response.items
    assert not response.degraded
    pairs = zip(ROOMS, most_files, strict=True)
    too_many = {room: way.files[room] for room, most in pairs if len(way.files[room]) > most}
    assert not too_many, f"more files than before; in all rooms: {[len(found) for found in way.files.values()]}"
    assert way.calls <= most_calls, dict(catalogue.calls)


async def test_a_source_that_does_not_apply_is_not_asked(shop: tuple[Recommender, CountingCatalogue]) -> None:
    recommender, catalogue = shop
    with Way(catalogue):
        await recommender.recommend(text="a dog print")
    assert catalogue.calls["search"] == 1
    assert catalogue.searches == 3, "the words against texts, pictures and words; a stranger has no taste"
