"""Send a recommender's events as server-sent events, with heartbeats, and stop the work when the client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import StreamingResponse

from ...core.errors import TastemakerError
from ...core.schemas import StreamEvent
from .errors import details_of, log_failure, request_id

HEARTBEAT_S = 10.0
T = TypeVar("T")
_QUEUE = 16
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class ClientGone(Exception):
    """Report that nobody waits for the answer any more."""


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


async def event_response(
    events: AsyncIterator[StreamEvent], request: Request | None = None, heartbeat_s: float = HEARTBEAT_S
) -> StreamingResponse:
    """Return the streaming response; waits for the first event or heartbeat, so that wrong input still gets its status.

    Args:
        events: the recommender's; they are closed when the client leaves.
        request: whose id goes to the log and whose end stops the wait.
        heartbeat_s: seconds of silence after which a comment is sent.

    Raises:
        ClientGone: the client left before anything happened.
        TastemakerError: whatever the recommender raised before its first event.
    """
    frames = _frames(events, request_id(request) if request else "", heartbeat_s)
    try:
        first = await (until_disconnect(request, _first(frames)) if request else _first(frames))
    except BaseException:
        await frames.aclose()
        raise
    return StreamingResponse(_with_first(first, frames), media_type="text/event-stream", headers=_HEADERS)


async def _first(frames: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(frames, b"")


async def _with_first(first: bytes, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(frames):
        yield first
        async for frame in frames:
            yield frame


async def _frames(
    events: AsyncIterator[StreamEvent], identifier: str, heartbeat_s: float
) -> AsyncGenerator[bytes, None]:
    # One task runs the whole source: time-outs inside it belong to the task that entered them.
    queue: asyncio.Queue[StreamEvent | Exception | None] = asyncio.Queue(_QUEUE)
    pump = asyncio.create_task(_pump(events, queue))
    number, started = 0, False
    try:
        while True:
            try:
                entry = await asyncio.wait_for(queue.get(), heartbeat_s)
            except TimeoutError:
                started = True
                yield format_sse_event(comment="waiting")
                continue
            if entry is None:
                return
            if isinstance(entry, Exception):
                if not started:
                    raise entry
                yield encode(failure(entry, identifier), number)
                return
            started = True
            yield encode(entry, number)
            number += 1
    finally:
        await stop(pump)


async def _pump(events: AsyncIterator[StreamEvent], queue: asyncio.Queue[StreamEvent | Exception | None]) -> None:
    try:
        async for event in events:
            await queue.put(event)
        await queue.put(None)
    except Exception as error:  # noqa: BLE001 - handed to the consumer, which raises or reports it
        await queue.put(error)
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


def encode(event: StreamEvent, number: int) -> bytes:
    """Write one event in the wire format, with its position in the stream as ``id``."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=data, event=event.event, id=str(number))


def failure(error: Exception, identifier: str) -> StreamEvent:
    """Describe an error that came after the stream had begun; only wrong input is described in detail."""
    if not isinstance(error, TastemakerError):
        log_failure(error, identifier)
        return StreamEvent(event="error", data={"message": "something failed here", "type": "internal"})
    status, detail = details_of(error)
    if status >= 500:
        log_failure(error, identifier)
    return StreamEvent(event="error", data=detail.model_dump(exclude_none=True))
