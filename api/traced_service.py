"""Keep traces of a service's answers, behind the answer: a bounded queue, one writer; a failure costs the trace only."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Container
from contextlib import aclosing
from functools import partial
from typing import Any, cast

from ..core.background import stop
from ..core.errors import TastemakerError
from ..core.evaluation.traces import trace_of, unnamed
from ..core.language.keys import value_key
from ..core.protocols import FindsNames
from ..core.schemas import Erased, RecommendRequest, RecommendResponse, StreamEvent
from ..core.schemas.traces import Trace
from ..core.settings import Settings
from ..models.personal_names import PersonalNames
from ..stores.evaluation.traces import TraceStore
from .service import Service

QUEUE = 200
CLOSE_S = 2.0
log = logging.getLogger("tastemaker.traces")


class Traced:
    """A service of whose answers a share is kept; everything else is the service's own. What nobody is shown is not kept."""

    def __init__(self, service: Service, store: TraceStore, share: float, names: FindsNames | None = None) -> None:
        self._service, self._store, self._share, self._names = service, store, share, names
        self._queue: asyncio.Queue[tuple[str, Trace]] = asyncio.Queue(QUEUE)
        self._writer = asyncio.create_task(self._write())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request and keep a trace of it."""
        answer = await self._service.recommend(request, **fields)
        if request is not None and fields.get("shows", True):
            self._keep(request, answer)
        return answer

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event and keep a trace of it."""
        events = cast(AsyncGenerator[StreamEvent], self._service.stream(request, **fields))
        async with aclosing(events):
            async for event in events:
                if event.event == "done" and request is not None and fields.get("shows", True):
                    self._keep(request, RecommendResponse.model_validate(event.data))
                yield event

    async def erase_user(self, user_id: str, tenant: str = "default") -> Erased:
        """Erase all that is kept of a user, also what still waits to be written."""
        await self._queue.join()
        return await self._service.erase_user(user_id, tenant=tenant)

    async def close(self) -> None:
        """Write what waits, and close the store and the service."""
        try:
            await asyncio.wait_for(self._queue.join(), CLOSE_S)
        except TimeoutError:
            log.warning("%d traces were not written", self._queue.qsize())
        await stop(self._writer)
        await self._store.aclose()
        await self._service.close()

    def _keep(self, request: RecommendRequest, answer: RecommendResponse) -> None:
        if random.random() >= self._share:  # noqa: S311  a sample, no secret
            return
        try:
            self._queue.put_nowait((request.tenant, trace_of(request, answer)))
        except asyncio.QueueFull:
            log.warning("a trace was not kept: too many wait to be written")

    async def _write(self) -> None:
        while True:
            tenant, trace = await self._queue.get()
            try:
                await self._store.keep(tenant, await self._unnamed(tenant, trace))
            except TastemakerError as error:
                log.warning("a trace was not kept: %s", error)
            finally:
                self._queue.task_done()

    async def _unnamed(self, tenant: str, trace: Trace) -> Trace:
        """Return a trace without names of people, where they are looked for; what the catalogue itself holds is no person's."""
        if self._names is None:
            return trace
        values = (await self._service.language(tenant)).values
        titles = " ".join(i.title for i in trace.items).casefold()
        keep = partial(_of_catalogue, values=values, titles=titles)
        return await asyncio.to_thread(unnamed, trace, self._names.names, keep)


def _of_catalogue(name: str, values: Container[str], titles: str) -> bool:
    return value_key(name) in values or name.casefold() in titles


async def with_traces(service: Service, settings: Settings) -> Service:
    """Return the service, keeping traces where the settings want them.

    Raises:
        ConfigurationError: names are to be looked for, and what finds them is not installed.
    """
    wanted, models = settings.traces, settings.privacy.name_models
    if not wanted.enabled:
        return service
    names = await asyncio.to_thread(PersonalNames, models) if models else None
    return cast(Service, Traced(service, TraceStore.at(settings), wanted.share, names))
