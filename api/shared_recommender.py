"""Let synchronous code, and code of several event loops, use one recommender: it lives in an event loop of its own, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from ..core.ranking.cross_modal import SearchRequest, SearchResponse
from ..core.ranking.why_not import WhyNot
from ..core.schemas import RecommendRequest, RecommendResponse, StreamEvent
from ..core.settings import Settings, load_settings
from .service import Service, ServiceFactory

T = TypeVar("T")
CLOSE_S = 15.0


class SharedRecommender:
    """A recommender that opens at its first use; its asynchronous methods can be awaited in any loop, ``wait`` is for synchronous code.

    >>> with SharedRecommender.open() as shared:  # doctest: +SKIP
    ...     answer = shared.wait(lambda recommender: recommender.recommend(text="a dog outdoors"))
    """

    def __init__(self, open_it: ServiceFactory) -> None:
        self._open_it = open_it
        self._service: Service | None = None
        self._opening: asyncio.Lock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._starting = Lock()

    @classmethod
    def open(cls, settings: Settings | None = None, **overrides: Any) -> Self:
        """Return a recommender by settings; ``overrides`` are settings such as ``home=...``.

        Raises:
            ConfigurationError: a setting is wrong.
        """
        chosen = settings or load_settings(**overrides)

        async def open_it() -> Service:
            from ..graphs.recommender import Recommender

            return await Recommender.open(chosen)

        return cls(open_it)

    def wait(self, work: Callable[[Service], Awaitable[T]]) -> T:
        """Return what ``work`` returns; raise what it raises. Holds the calling thread up."""
        return self._begin(work).result()

    async def there(self, work: Callable[[Service], Awaitable[T]]) -> T:
        """Return the same without holding the calling loop up; a caller that is cancelled cancels the work."""
        return await asyncio.wrap_future(self._begin(work))

    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request; see ``Recommender.recommend``."""
        return await self.there(lambda service: service.recommend(request, **fields))

    async def search(self, request: SearchRequest | None = None, **fields: Any) -> SearchResponse:
        """Find items; see ``Recommender.search``."""
        return await self.there(lambda service: service.search(request, **fields))

    async def why_not(self, item_id: str, request: RecommendRequest | None = None, **fields: Any) -> WhyNot:
        """Say which step drops an item; see ``Recommender.why_not``."""
        return await self.there(lambda service: service.why_not(item_id, request, **fields))

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Yield events as they happen; see ``Recommender.stream``. Leaving the loop early cancels the work."""
        here = asyncio.get_running_loop()
        events: asyncio.Queue[StreamEvent | None] = asyncio.Queue()

        def hand_over(event: StreamEvent | None) -> None:
            with contextlib.suppress(RuntimeError):  # the reader's loop is closed
                here.call_soon_threadsafe(events.put_nowait, event)

        async def pump(service: Service) -> None:
            async for event in service.stream(request, **fields):
                hand_over(event)

        running = self._begin(pump)
        running.add_done_callback(lambda _: hand_over(None))  # also where it fails before its first event
        try:
            while (event := await events.get()) is not None:
                yield event
            await asyncio.wrap_future(running)
        finally:
            running.cancel()

    def close(self) -> None:
        """Close the recommender and end its thread."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        self._loop.close()
        self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def _begin(self, work: Callable[[Service], Awaitable[T]]) -> Future[T]:
        async def run() -> T:
            return await work(await self._opened())

        coroutine: Coroutine[Any, Any, T] = run()
        return asyncio.run_coroutine_threadsafe(coroutine, self._started())

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=self._loop.run_forever, name="tastemaker", daemon=True)
                self._thread.start()
            return self._loop

    async def _opened(self) -> Service:
        self._opening = self._opening or asyncio.Lock()
        async with self._opening:
            if self._service is None:
                self._service = await self._open_it()
            return self._service

    async def _close(self) -> None:
        if self._service is not None:
            await self._service.close()
            self._service = None
