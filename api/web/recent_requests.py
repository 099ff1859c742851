"""Remember the last requests of this process for the operator: what was done and how long it took, and nothing personal."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from ...core.errors import InvalidRequestError
from ...core.schemas import (
    Condition,
    Degradation,
    Frozen,
    RecommendRequest,
    RecommendResponse,
    Route,
    StepTime,
    StreamEvent,
    Usage,
)
from ..service import Service

KEPT = 200


class SeenRequest(Frozen):
    """One request as the operator sees it: no words, no ids that lead to a person."""

    at: datetime = Field(description="When it was answered, in UTC.")
    tenant: str = Field(description="Which shop.")
    request_id: str = Field(default="", description="Identifier of the answer, as in the log.")
    user: str = Field(default="", description="Hash of the user's id, new at every start; empty for a stranger.")
    thread: str = Field(default="", description="Hash of the thread's id, likewise.")
    words: int = Field(default=0, description="Words typed; which ones is not kept.")
    media: dict[str, int] = Field(default_factory=dict, description="Photos, clips and videos sent.")
    conditions: tuple[Condition, ...] = Field(default=(), description="What was read, without the person's words.")
    not_applied: int = Field(default=0, description="Wishes that no field expresses.")
    act: str = Field(default="", description="What the turn did.")
    route: Route | None = Field(default=None, description="The route and why.")
    items: tuple[str, ...] = Field(default=(), description="Ids of the first items.")
    degraded: tuple[Degradation, ...] = Field(default=(), description="What was missing.")
    timings: tuple[StepTime, ...] = Field(default=(), description="Seconds of each step.")
    seconds: float = Field(description="From the request to the whole answer.")
    first_items_s: float | None = Field(default=None, description="From the request to its items, for streams.")
    llm_calls: int = Field(default=0, description="Calls of the language model.")
    error: str = Field(default="", description="Kind of the error, if it failed.")


class _Part(BaseModel):
    """Base of the parts of an answer that are looked at, in an object or in an event's JSON."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class _Words(_Part):
    act: str
    not_applied: tuple[str, ...]


class _Read(_Part):
    conditions: tuple[Condition, ...]
    unparsed: tuple[str, ...]
    reading: _Words


class _Listed(_Part):
    item_id: str


class _Answer(_Part):
    request_id: str
    thread_id: str
    understanding: _Read
    route: Route
    items: tuple[_Listed, ...]
    degraded: tuple[Degradation, ...]
    timings: tuple[StepTime, ...]
    usage: Usage


class StepLatency(Frozen):
    """How long a step took in the requests that are remembered, in milliseconds."""

    step: str
    count: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class RecentRequests:
    """The last ``KEPT`` requests; hashes are keyed with a secret that lives as long as the process."""

    def __init__(self, kept: int = KEPT, told: Callable[[_Answer], None] | None = None) -> None:
        self._told = told
        self._seen: deque[SeenRequest] = deque(maxlen=kept)
        self._key = secrets.token_bytes(16)
        self.since = datetime.now(UTC)
        self.answered = 0
        self.failed = 0

    def add(
        self,
        asked: RecommendRequest,
        response: RecommendResponse | Mapping[str, Any],
        seconds: float,
        first_items_s: float | None = None,
    ) -> None:
        """Remember a request that was answered, with the response or the JSON of it."""
        self.answered += 1
        answer = _Answer.model_validate(response)
        if self._told is not None:
            self._told(answer)
        read = answer.understanding
        self._seen.append(
            SeenRequest(
                **self._about(asked, answer.thread_id),
                request_id=answer.request_id,
                conditions=tuple(c.model_copy(update={"words": ""}) for c in read.conditions),
                not_applied=len(read.unparsed) + len(read.reading.not_applied),
                act=read.reading.act,
                route=answer.route,
                items=tuple(item.item_id for item in answer.items[:5]),
                degraded=answer.degraded,
                timings=answer.timings,
                seconds=seconds,
                first_items_s=first_items_s,
                llm_calls=answer.usage.llm_calls,
            )
        )

    def add_failure(self, asked: RecommendRequest, error: BaseException, seconds: float) -> None:
        """Remember a request that failed."""
        self.failed += 1
        about = self._about(asked, asked.thread_id or "")
        self._seen.append(SeenRequest(**about, seconds=seconds, error=type(error).__name__))

    def newest(self, tenant: str | None = None) -> list[SeenRequest]:
        """Return what is remembered, newest first."""
        return [seen for seen in reversed(self._seen) if tenant in (None, seen.tenant)]

    def _about(self, asked: RecommendRequest, thread_id: str) -> dict[str, Any]:
        media = {"images": len(asked.images), "audio": len(asked.audio), "video": len(asked.video)}
        return {
            "at": datetime.now(UTC),
            "tenant": asked.tenant,
            "user": self._hashed(asked.user_id),
            "thread": self._hashed(thread_id),
            "words": len((asked.text or "").split()),
            "media": {name: count for name, count in media.items() if count},
        }

    def _hashed(self, identifier: str | None) -> str:
        if not identifier:
            return ""
        return hashlib.blake2b(identifier.encode(), key=self._key, digest_size=4).hexdigest()


def latencies(seen: Sequence[SeenRequest]) -> list[StepLatency]:
    """Return the latency of each step, of the whole request and of the first items, by name of the step."""
    seconds: dict[str, list[float]] = {"whole request": [s.seconds for s in seen if not s.error]}
    seconds["first items"] = [s.first_items_s for s in seen if s.first_items_s is not None]
    for step in (step for s in seen for step in s.timings):
        seconds.setdefault(step.step, []).append(step.seconds)
    return [_latency(step, sorted(found)) for step, found in seconds.items() if found]


def degradations(seen: Iterable[SeenRequest]) -> Mapping[str, int]:
    """Return how many requests each part was missing in."""
    return Counter(what for s in seen for what in {label.what for label in s.degraded})


def _latency(step: str, ordered: Sequence[float]) -> StepLatency:
    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return StepLatency(step=step, count=len(ordered), p50_ms=at(0.5), p95_ms=at(0.95), max_ms=at(1.0))


class Observed:
    """A service whose answers are remembered; everything else is the service's own."""

    def __init__(self, service: Service, recent: RecentRequests) -> None:
        self._service, self._recent = service, recent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request and remember it."""
        started = time.perf_counter()
        try:
            answer = await self._service.recommend(request, **fields)
        except Exception as error:
            self._failed(request, error, started)
            raise
        if request is not None:
            self._recent.add(request, answer, time.perf_counter() - started)
        return answer

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event and remember it."""
        started, items_s = time.perf_counter(), None
        events = cast(AsyncGenerator[StreamEvent], self._service.stream(request, **fields))
        try:
            async with aclosing(events):
                async for event in events:
                    if event.event == "items":
                        items_s = time.perf_counter() - started
                    elif event.event == "done" and request is not None:
                        self._recent.add(request, event.data, time.perf_counter() - started, items_s)
                    yield event
        except Exception as error:
            self._failed(request, error, started)
            raise

    def _failed(self, request: RecommendRequest | None, error: Exception, started: float) -> None:
        if request is not None and not isinstance(error, InvalidRequestError):
            self._recent.add_failure(request, error, time.perf_counter() - started)
