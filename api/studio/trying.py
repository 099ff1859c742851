"""Let two versions answer the same request, streamed from the real model; nobody is shown it, so nothing is counted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Path, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ...core.schemas import RecommendRequest, StreamEvent
from ..http.event_stream import begun, server_sent
from ..http.recommend import service_of
from ..service import refuse_paths
from .routing import Acting, StudioRouter

router = StudioRouter()
Ref = Annotated[str, Path(pattern=r"^[rd]\d{1,9}$")]


async def trial_events(
    at: Acting, name: str, ref: Ref, asked: RecommendRequest
) -> AsyncIterator[AsyncIterator[StreamEvent]]:
    """Begin to answer with one version of one name in force; the others are those in production."""
    at.desk.kind_of(name)
    mine = refuse_paths(asked.model_copy(update={"tenant": at.tenant, "thread_id": None}))
    stream = service_of(at.request).stream(mine, allow_paths=False, prompt_versions={name: ref}, shows=False)
    async with begun(cast(AsyncGenerator[StreamEvent], stream), at.request) as events:
        yield events


@router.post("/{name}/stream/{ref}", response_class=EventSourceResponse)
async def answer_with(
    request: Request, events: Annotated[AsyncIterator[StreamEvent], Depends(trial_events)]
) -> AsyncIterable[ServerSentEvent]:
    """Send the events of an answer as ``POST /recommend/stream`` does."""
    async for event in server_sent(events, request):
        yield event
