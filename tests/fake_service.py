"""A scripted recommender with the interface of the real one, for tests of the doors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from tastemaker.api.http.openapi_examples import response_example
from tastemaker.core.language.catalogue_language import CatalogueLanguage, language_of
from tastemaker.core.media.trust_report import CheckRequest, ExaminedMedium, TrustReport
from tastemaker.core.ranking.cross_modal import Hit, SearchRequest, SearchResponse
from tastemaker.core.ranking.why_not import WhyNot
from tastemaker.core.rules.file_format import parse_rules
from tastemaker.core.rules.model import RuleSet
from tastemaker.core.schemas import (
    CatalogueSchema,
    Deleted,
    Erased,
    Event,
    Item,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    Review,
    ReviewFinding,
    ReviewState,
    StreamEvent,
    UserData,
)
from tastemaker.stores.rules import LoadedRules


class FakeService:
    """Answers with the documentation's example; ``pause_s`` delays each event, ``error`` is raised after ``error_at``."""

    def __init__(self, *, pause_s: float = 0.0, error: Exception | None = None, error_at: int = 0) -> None:
        self.pause_s = pause_s
        self.error = error
        self.error_at = error_at
        self.requests: list[RecommendRequest] = []
        self.searches: list[SearchRequest] = []
        self.stored: list[tuple[str, Event]] = []
        self.threads: set[str] = set()
        self.copied: list[tuple[str, str]] = []
        self.cancelled = asyncio.Event()
        self.closed = False
        self.stock: tuple[Item, ...] = ()
        self.schema = CatalogueSchema()
        self.states: dict[str, dict[str, str]] | Exception = {
            "catalogue": {"state": "ok", "detail": "51 items"},
            "llm": {"state": "degraded", "detail": "no server"},
        }

    async def recommend(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        **fields: Any,
    ) -> RecommendResponse:
        events = self.stream(request, prompt_versions=prompt_versions, allow_paths=allow_paths, **fields)
        last = [event async for event in events][-1]
        return RecommendResponse.model_validate(last.data)

    async def stream(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        **fields: Any,
    ) -> AsyncIterator[StreamEvent]:
        asked = request or RecommendRequest(**fields)
        self.requests.append(asked)
        try:
            for number, event in enumerate(example_events(asked)):
                if self.error is not None and number == self.error_at:
                    raise self.error
                await asyncio.sleep(self.pause_s)
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    async def search(
        self, request: SearchRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> SearchResponse:
        asked = request or SearchRequest(**fields)
        self.searches.append(asked)
        hit = Hit(item_id="print-17", title="Boats", attributes={"price": 25.0}, rank=1, score=1.5)
        return SearchResponse(hits=(hit,)[: asked.n])

    async def copy_thread(self, source: str, target: str, tenant: str = "default") -> bool:
        self.copied.append((source, target))
        return f"{tenant}/{source}" in self.threads

    async def check(
        self, request: CheckRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> TrustReport:
        asked = request or CheckRequest(**fields)
        media = tuple(
            ExaminedMedium(media_id=f"image-{i + 1}", kind="image", state="no evidence")
            for i in range(len(asked.images))
        )
        return TrustReport(state="no evidence", media=media)

    async def feedback(self, events: Sequence[Event], tenant: str = "default") -> int:
        new = [(tenant, event) for event in events if (tenant, event) not in self.stored]
        self.stored += new
        return len(new)

    async def delete_items(self, item_ids: Sequence[str], tenant: str = "default") -> Deleted:
        known = [i for i in item_ids if i == "print-17"]
        return Deleted(deleted=tuple(known), unknown=tuple(i for i in item_ids if i not in known))

    async def reviews(self, tenant: str = "default", state: ReviewState | None = "waiting") -> tuple[Review, ...]:
        finding = ReviewFinding(check="same_photo", reason="The photo is also that of print-18.", others=("print-18",))
        return (Review(item_id="print-17", title="Boats", findings=(finding,)),)

    async def decide_reviews(self, item_ids: Sequence[str], *, accept: bool, tenant: str = "default") -> list[str]:
        return [i for i in item_ids if i == "print-17"]

    async def forget_preferences(self, user_id: str, tenant: str = "default", field: str | None = None) -> int:
        return 1 if field else 2

    async def export_user(self, user_id: str, tenant: str = "default") -> UserData:
        return UserData(user_id=user_id)

    async def erase_user(self, user_id: str, tenant: str = "default") -> Erased:
        return Erased()

    async def why_not(
        self, item_id: str, request: RecommendRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> WhyNot:
        return WhyNot(item_id=item_id, step="unknown", why="There is no item of that id.", n=10)

    async def rules(self, tenant: str = "default") -> LoadedRules:
        return LoadedRules()

    async def check_rules(self, data: object, tenant: str = "default") -> list[str]:
        return parse_rules(data)[1]

    async def try_rules(
        self, rules: RuleSet, request: RecommendRequest
    ) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
        items = response_example().items
        return items, items[: 0 if rules.rules else None]

    async def items(self, item_ids: Sequence[str], tenant: str = "default") -> list[Item]:
        return [item for item in self.stock if item.item_id in item_ids]

    async def known_items(self, tenant: str = "default") -> tuple[Item, ...]:
        return self.stock

    async def language(self, tenant: str = "default") -> CatalogueLanguage:
        return language_of(self.schema)

    async def shown(self, pairs: Collection[tuple[str, str]], tenant: str = "default") -> set[tuple[str, str]]:
        return {(r, i) for r, i in pairs if r == "r-1" and i == "print-17"}

    async def warm(self) -> None:
        await asyncio.sleep(0)

    async def alive(self) -> str:
        return ""

    async def health(self) -> dict[str, dict[str, str]]:
        if isinstance(self.states, Exception):
            raise self.states
        return self.states

    async def close(self) -> None:
        self.closed = True


def example_events(asked: RecommendRequest) -> list[StreamEvent]:
    """Return one event of every kind but ``error``, ending with ``done``."""
    update: dict[str, Any] = {"thread_id": asked.thread_id} if asked.thread_id else {}
    response = response_example().model_copy(update=update)
    done = response.model_dump(mode="json")
    bare = [{**item, "reason": None} for item in done["items"]]
    return [
        StreamEvent(event="route", data=done["route"]),
        *(StreamEvent(event="evidence", data=piece) for piece in done["evidence"]),
        StreamEvent(event="consistency", data=done["consistency"]),
        StreamEvent(event="items", data={"items": bare, "question": None, "cold_start": None}),
        StreamEvent(event="words", data={"item_id": None, "text": done["message"], "by": "model", "evidence_ids": []}),
        StreamEvent(event="words", data={"item_id": "print-17", **done["items"][0]["reason"]}),
        StreamEvent(event="degraded", data={"what": "history", "why": "it did not answer within 2 s"}),
        StreamEvent(event="step", data=done["timings"][0]),
        StreamEvent(event="done", data=done),
    ]
