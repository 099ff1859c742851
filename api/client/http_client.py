"""Talk to a running service from Python: ``Client`` for synchronous code, ``AsyncClient`` for asynchronous, with the same methods.

They are those of the embedded ``Recommender``. No call is repeated by itself: to send events again is safe, and whoever asks again asks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from httpx_sse import SSEError, aconnect_sse, connect_sse

from ...core.errors import BadBackEndResponse
from ...core.media.trust_report import CheckRequest, TrustReport
from ...core.ranking.cross_modal import SearchRequest, SearchResponse
from ...core.ranking.why_not import WhyNot
from ...core.schemas import CatalogueSchema, Deleted, Event, RecommendRequest, RecommendResponse, StreamEvent
from ...stores.rules import LoadedRules
from ..events import EventsStored
from . import calls
from .calls import CONNECT_S, SILENCE_S, Call

T = TypeVar("T")
TIMEOUT_S = 130.0
_FAILURES = (httpx.HTTPError, httpx.InvalidURL)


class AsyncClient:
    """A service at an address, asked asynchronously; ``key`` is an API key or a token, where the service asks for one.

    Raises of every method:
        InvalidRequestError: a field is wrong, or a file cannot be read; it names the field.
        UnknownCallerError, ForbiddenError: there is no key, or it does not allow this.
        BackEndError: the service cannot be reached, is busy (``retryable``), or its answer has another form.
    """

    def __init__(
        self, server: str = "http://127.0.0.1:8010", key: str | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.server = server.rstrip("/")
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        self._http = httpx.AsyncClient(timeout=timeout, trust_env=False, headers=calls.headers(key))

    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request, given whole or as fields; local files named by ``path`` are sent."""
        body = await asyncio.to_thread(calls.asked, RecommendRequest, request, fields)
        return await self._send(calls.recommend(body))

    async def search(self, request: SearchRequest | None = None, **fields: Any) -> SearchResponse:
        """Find items by words, photos, voice or clips."""
        body = await asyncio.to_thread(calls.asked, SearchRequest, request, fields)
        return await self._send(calls.search(body))

    async def check(self, request: CheckRequest | None = None, **fields: Any) -> TrustReport:
        """Examine media for forgery, and compare them with each other and with a text."""
        body = await asyncio.to_thread(calls.asked, CheckRequest, request, fields)
        return await self._send(calls.check_media(body))

    async def why_not(self, item_id: str, request: RecommendRequest | None = None, **fields: Any) -> WhyNot:
        """Return which step of answering a request drops an item."""
        body = await asyncio.to_thread(calls.asked, RecommendRequest, request, fields)
        return await self._send(calls.why_not(item_id, body))

    async def events(self, events: Sequence[Event], tenant: str | None = None) -> EventsStored:
        """Store what users did; say what names no item, and what follows an answer that showed it."""
        return await self._send(calls.events(events, tenant))

    async def delete_item(self, item_id: str, tenant: str | None = None) -> Deleted:
        """Delete an item from the catalogue; events stay."""
        return await self._send(calls.delete_item(item_id, tenant))

    async def forget_preferences(self, user_id: str, tenant: str | None = None, field: str | None = None) -> int:
        """Forget what a user agreed to have remembered; return how many preferences."""
        return await self._send(calls.forget_preferences(user_id, tenant, field))

    async def rules(self, tenant: str | None = None) -> LoadedRules:
        """Return the business rules in use."""
        return await self._send(calls.rules(tenant))

    async def check_rules(self, data: object, tenant: str | None = None) -> list[str]:
        """Return what is wrong with rules; nothing is stored."""
        return await self._send(calls.check_rules(data, tenant))

    async def catalogue(self, tenant: str | None = None) -> CatalogueSchema:
        """Return the fields that conditions can be about."""
        return await self._send(calls.catalogue(tenant))

    async def health(self) -> dict[str, dict[str, str]]:
        """Return slot -> state and detail."""
        return await self._send(calls.health())

    async def feedback(self, events: Sequence[Event], tenant: str | None = None) -> int:
        """Store what users did; return how many events were new."""
        return (await self.events(events, tenant)).stored

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncGenerator[StreamEvent, None]:
        """Yield events as they happen, items before any word; the last one is ``done``. Leaving the loop early ends the work."""
        body = await asyncio.to_thread(calls.asked, RecommendRequest, request, fields)
        address, timeout = f"{self.server}/recommend/stream", httpx.Timeout(SILENCE_S, connect=CONNECT_S)
        try:
            async with aconnect_sse(self._http, "POST", address, json=body, timeout=timeout) as source:
                if source.response.status_code != httpx.codes.OK:
                    refused = await source.response.aread()
                    raise calls.refusal(source.response.status_code, refused, self.server)
                async for sent in source.aiter_sse():
                    yield calls.stream_event(sent.event, sent.data)
        except SSEError as error:
            raise BadBackEndResponse(
                f"{self.server} answered in a form that is not ours", back_end=self.server
            ) from error
        except _FAILURES as error:
            raise calls.unreachable(error, self.server) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call[T]) -> T:
        try:
            answer = await self._http.request(call.method, self.server + call.path, json=call.body, params=call.query)
        except _FAILURES as error:
            raise calls.unreachable(error, self.server) from error
        return calls.answer_of(call, answer.status_code, answer.content, self.server)


class Client:
    """A service at an address, asked synchronously; ``key`` is an API key or a token, where the service asks for one.

    Raises of every method:
        InvalidRequestError: a field is wrong, or a file cannot be read; it names the field.
        UnknownCallerError, ForbiddenError: there is no key, or it does not allow this.
        BackEndError: the service cannot be reached, is busy (``retryable``), or its answer has another form.
    """

    def __init__(
        self, server: str = "http://127.0.0.1:8010", key: str | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.server = server.rstrip("/")
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        self._http = httpx.Client(timeout=timeout, trust_env=False, headers=calls.headers(key))

    def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request, given whole or as fields; local files named by ``path`` are sent."""
        body = calls.asked(RecommendRequest, request, fields)
        return self._send(calls.recommend(body))

    def search(self, request: SearchRequest | None = None, **fields: Any) -> SearchResponse:
        """Find items by words, photos, voice or clips."""
        body = calls.asked(SearchRequest, request, fields)
        return self._send(calls.search(body))

    def check(self, request: CheckRequest | None = None, **fields: Any) -> TrustReport:
        """Examine media for forgery, and compare them with each other and with a text."""
        body = calls.asked(CheckRequest, request, fields)
        return self._send(calls.check_media(body))

    def why_not(self, item_id: str, request: RecommendRequest | None = None, **fields: Any) -> WhyNot:
        """Return which step of answering a request drops an item."""
        body = calls.asked(RecommendRequest, request, fields)
        return self._send(calls.why_not(item_id, body))

    def events(self, events: Sequence[Event], tenant: str | None = None) -> EventsStored:
        """Store what users did; say what names no item, and what follows an answer that showed it."""
        return self._send(calls.events(events, tenant))

    def delete_item(self, item_id: str, tenant: str | None = None) -> Deleted:
        """Delete an item from the catalogue; events stay."""
        return self._send(calls.delete_item(item_id, tenant))

    def forget_preferences(self, user_id: str, tenant: str | None = None, field: str | None = None) -> int:
        """Forget what a user agreed to have remembered; return how many preferences."""
        return self._send(calls.forget_preferences(user_id, tenant, field))

    def rules(self, tenant: str | None = None) -> LoadedRules:
        """Return the business rules in use."""
        return self._send(calls.rules(tenant))

    def check_rules(self, data: object, tenant: str | None = None) -> list[str]:
        """Return what is wrong with rules; nothing is stored."""
        return self._send(calls.check_rules(data, tenant))

    def catalogue(self, tenant: str | None = None) -> CatalogueSchema:
        """Return the fields that conditions can be about."""
        return self._send(calls.catalogue(tenant))

    def health(self) -> dict[str, dict[str, str]]:
        """Return slot -> state and detail."""
        return self._send(calls.health())

    def feedback(self, events: Sequence[Event], tenant: str | None = None) -> int:
        """Store what users did; return how many events were new."""
        return (self.events(events, tenant)).stored

    def stream(self, request: RecommendRequest | None = None, **fields: Any) -> Iterator[StreamEvent]:
        """Yield events as they happen, items before any word; the last one is ``done``. Leaving the loop early ends the work."""
        body = calls.asked(RecommendRequest, request, fields)
        address, timeout = f"{self.server}/recommend/stream", httpx.Timeout(SILENCE_S, connect=CONNECT_S)
        try:
            with connect_sse(self._http, "POST", address, json=body, timeout=timeout) as source:
                if source.response.status_code != httpx.codes.OK:
                    refused = source.response.read()
                    raise calls.refusal(source.response.status_code, refused, self.server)
                for sent in source.iter_sse():
                    yield calls.stream_event(sent.event, sent.data)
        except SSEError as error:
            raise BadBackEndResponse(
                f"{self.server} answered in a form that is not ours", back_end=self.server
            ) from error
        except _FAILURES as error:
            raise calls.unreachable(error, self.server) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, call: Call[T]) -> T:
        try:
            answer = self._http.request(call.method, self.server + call.path, json=call.body, params=call.query)
        except _FAILURES as error:
            raise calls.unreachable(error, self.server) from error
        return calls.answer_of(call, answer.status_code, answer.content, self.server)


async def stream_from_server(server: str, request: RecommendRequest) -> AsyncGenerator[StreamEvent, None]:
    """Yield the events of one request to a service; raises as the clients do."""
    async with AsyncClient(server) as client, aclosing(client.stream(request)) as events:
        async for event in events:
            yield event
