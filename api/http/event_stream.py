"""Name a recommender's events as server-sent events, which FastAPI writes, and stop the work when the client leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

from fastapi.sse import ServerSentEvent
from starlette.requests import Request

from ...core.schemas import StreamEvent
from .admission import leave_early
from .errors import ClientGone, failure_details, request_id

T = TypeVar("T")


async def until_disconnect(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Run ``work``, and cancel it if the client closes the connection first; the body must have been read.

    Raises:
        ClientGone: the client left.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        await stop(task, gone)


async def stop(*tasks: asyncio.Future[Any]) -> None:
    """Cancel the tasks, each once: a second cancellation would interrupt the cleaning up that the first one began."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def begun(events: AsyncGenerator[StreamEvent], request: Request) -> AsyncIterator[AsyncIterator[StreamEvent]]:
    """Hand on the events once the first one is there, so that wrong input still gets its status, and close them at the end.

    Raises:
        ClientGone: the client left before anything happened.
        TastemakerError: whatever the recommender raised before its first event.
    """
    async with aclosing(events):
        first = await until_disconnect(request, _first(events))

        async def all_of_them() -> AsyncIterator[StreamEvent]:
            if first is not None:
                yield first
            async for event in events:
                yield event

        yield all_of_them()


async def _first(events: AsyncIterator[StreamEvent]) -> StreamEvent | None:
    return await anext(events, None)


async def server_sent(events: AsyncIterator[StreamEvent], request: Request) -> AsyncIterator[ServerSentEvent]:
    """Yield each event with its position in the stream as ``id``; a failure is the last one."""
    number = 0
    try:
        async for event in events:
            yield encode(event, number)
            number += 1
            if event.event == "items":
                leave_early(request.scope)
    except Exception as error:  # noqa: BLE001 - reported as an event, since the status is sent
        yield encode(failure(error, request_id(request)), number)


def encode(event: StreamEvent, number: int) -> ServerSentEvent:
    """Return one event for the wire; JSON keeps line breaks out of it."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return ServerSentEvent(raw_data=data, event=event.event, id=str(number))


def failure(error: Exception, identifier: str) -> StreamEvent:
    """Describe an error that came after the stream had begun."""
    return StreamEvent(event="error", data=failure_details(error, identifier)[1].model_dump(exclude_none=True))
