"""Take one turn through the graph: for the response alone, or with events as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command
from pydantic import ValidationError

from ..core.errors import InvalidRequestError, TastemakerError
from ..core.redaction import redact
from ..core.releases.in_force import IN_FORCE
from ..core.schemas import Degradation, RecommendRequest, RecommendResponse, StreamEvent
from ..core.tracing import note, span
from ..core.validation import invalid_request
from .threads.saver import KNOWN
from .threads.store import OWNER
from .turn.state import State
from .turn.turn import Turn, owner_digest

log = logging.getLogger("tastemaker.recommender")


async def answer(
    graph: CompiledStateGraph[State, Turn, Any, Any], request: RecommendRequest, turn: Turn
) -> RecommendResponse:
    """Return the response once the thread, if it is kept, is saved, so that the next turn finds it.

    Raises:
        InvalidRequestError: a medium breaks a limit, or the thread belongs to another user.
    """
    with span("recommend", tenant=request.tenant), serving(turn):
        response = await _answered(graph, request, turn)
        usage = response.usage
        note(
            **{
                "llm.calls": usage.llm_calls,
                "llm.prompt_tokens": usage.prompt_tokens,
                "llm.cached_tokens": usage.cached_tokens,
                "llm.completion_tokens": usage.completion_tokens,
                "llm.cost": usage.cost,
                "route": response.route.name,
                "degraded": ",".join(dict.fromkeys(label.what for label in response.degraded)),
                "items": len(response.items),
                "versions": ",".join(f"{v.name}@r{v.number}" for v in response.versions),
            }
        )
        return response


@contextlib.contextmanager
def serving(turn: Turn) -> Iterator[None]:
    """Let what was released for a request be found while it is answered."""
    before = IN_FORCE.set(turn.serving.made)
    try:
        yield
    finally:
        IN_FORCE.reset(before)


async def _answered(
    graph: CompiledStateGraph[State, Turn, Any, Any], request: RecommendRequest, turn: Turn
) -> RecommendResponse:
    for label in turn.degraded:
        turn.emit("degraded", label)
    problem = ""
    try:
        async with asyncio.timeout(None) as turn.ends:
            await _run(graph, request, turn)
    except InvalidRequestError:
        if turn.thread is not None:
            await turn.thread.forget()
        raise
    except _failures_of(turn) as error:
        log.warning("a turn could not be saved: %s", redact(str(error)) or "it took too long")
        problem = "The conversation could not be saved."
    if turn.response is None:
        raise TastemakerError("the graph ended without a response")
    if turn.thread is not None and not await turn.thread.end():
        problem = problem or "Another turn of this conversation was answered meanwhile; one of the two is not kept."
    labels = (Degradation(what="threads", why=problem),) if problem else ()
    return (
        turn.response.model_copy(update={"degraded": (*turn.response.degraded, *labels)}) if labels else turn.response
    )


def _failures_of(turn: Turn) -> tuple[type[Exception], ...]:
    """Return what saving the thread may raise."""
    return (TimeoutError, *(turn.thread.store.failures if turn.thread is not None else (sqlite3.Error,)))


async def _run(graph: CompiledStateGraph[State, Turn, Any, Any], request: RecommendRequest, turn: Turn) -> None:
    """Run the graph to its end or to its interrupt; what it tells goes through ``turn``, so LangGraph streams nothing."""
    known = {KNOWN: turn.thread.checkpoint} if turn.thread is not None else {}
    owner = f"{request.tenant}/{owner_digest(request.user_id)}"
    steps = graph.astream(
        graph_input(request, resumes=turn.thread is not None),
        config={"configurable": {"thread_id": turn.key(request), **known}, "metadata": {OWNER: owner}},
        context=turn,
        stream_mode=[],
        durability="exit" if turn.thread is not None else None,
    )
    async for _ in steps:
        pass


async def streamed(turn: Turn, work: Coroutine[Any, Any, RecommendResponse]) -> AsyncGenerator[StreamEvent]:
    """Yield the events of ``turn`` while ``work`` makes its response, and that as ``done``; leaving early cancels the work.

    Raises what ``work`` raises.
    """
    events: asyncio.Queue[StreamEvent | None] = asyncio.Queue()
    turn.send = events.put_nowait
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        response = task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
            task.cancelled() or task.exception()
    yield StreamEvent(event="done", data=response.model_dump(mode="json"))


def graph_input(request: RecommendRequest, *, resumes: bool) -> Any:
    """Return what starts the graph, or what goes on where it waits for the answer to a question."""
    if request.answer is None or not resumes:
        return {"request": request}
    return Command(resume=request.answer.model_dump(), update={"request": request})


def as_request(request: RecommendRequest | None, fields: Mapping[str, Any]) -> RecommendRequest:
    """Return the request, built or changed from fields if need be.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    if request is not None and not fields:
        return request
    try:
        return RecommendRequest.model_validate({**(request.model_dump() if request else {}), **fields})
    except ValidationError as error:
        raise invalid_request(error) from error
