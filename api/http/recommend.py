"""Define the HTTP routes: recommend, stream, feedback, health and ready."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Annotated, Any, Literal, cast

from fastapi import Body, Depends, FastAPI, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from starlette.responses import JSONResponse

from ... import __version__
from ...core.errors import TastemakerError
from ...core.redaction import public_reason
from ...core.schemas import (
    Event,
    Frozen,
    RecommendRequest,
    RecommendResponse,
    StreamEvent,
    TenantId,
)
from ..auth.caller import CallerOf
from ..events import FeedbackEvent
from ..service import Service, refuse_paths
from .errors import ErrorBody, log_failure, request_id
from .event_stream import begun, server_sent, until_disconnect
from .openapi_examples import error_examples, request_examples, response_example, stream_example


class FeedbackRequest(Frozen):
    """Up to 1,000 events."""

    events: list[FeedbackEvent] = Field(min_length=1, max_length=1000, description="The events, 1 to 1,000.")
    tenant: TenantId = Field(default="default", description="Which shop.")


class FeedbackReply(Frozen):
    """How many events were stored."""

    stored: int = Field(description="Events that were new; repeats are not stored twice.")


class Health(Frozen):
    """The process is up."""

    status: Literal["ok"] = Field(default="ok", description="Always `ok` when there is an answer.")
    version: str = Field(default=__version__, description="Version of Tastemaker.")


class SlotHealth(Frozen):
    """The state of one part."""

    state: str = Field(description="`ok`, `degraded` or `down`.")
    detail: str = Field(default="", description="What serves it, or what is wrong.")


class Ready(Frozen):
    """The state of every part."""

    status: Literal["ready", "degraded", "not ready"] = Field(description="`not ready` if the catalogue is down.")
    degraded: tuple[str, ...] = Field(default=(), description="Parts that are not `ok`; answers go on without them.")
    slots: dict[str, SlotHealth] = Field(description="State of each part by name.")


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these error statuses."""
    texts = {
        404: "There is no such thing.",
        408: "The body came too slowly.",
        429: "Too many requests are waiting; `Retry-After` says when to try again.",
        401: "No API key or token, or one that is not valid.",
        403: "The key or token does not allow this; `error.missing` names what it lacks.",
        409: "It may not be released yet; `error.reasons` says why.",
        413: "The body is too large.",
        422: "The request is wrong; `error.field` names where.",
        500: "Something unforeseen failed; `request_id` finds it in the log.",
        503: "A part without which there is no answer failed; `error.retryable` says whether to try again.",
    }
    examples = error_examples()
    return {
        status: {
            "model": ErrorBody,
            "description": texts[status],
            "content": {"application/json": {"example": examples[status]}},
        }
        for status in statuses
    }


ASK_ERRORS = error_responses(401, 403, 408, 413, 422, 429, 500, 503)
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": response_example().model_dump(mode="json")}}}
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `route`, `partial`, `evidence`, `consistency`, `items`, `words`, `degraded`, `step`, `done` and "
        "`error`, each with `event:`, JSON in `data:` and `id:`; a comment every 15 s while waiting.",
        "content": {"text/event-stream": {"example": stream_example()}},
    }
}
AskBody = Annotated[RecommendRequest, Body(openapi_examples=request_examples())]


def add_routes(app: FastAPI) -> None:
    """Register every route on the application; the recommender is ``app.state.recommender``."""
    ask = app.post
    ask("/recommend", tags=["recommend"], summary="Recommend", responses={**ANSWER, **ASK_ERRORS})(recommend)
    ask(
        "/recommend/stream",
        tags=["recommend"],
        summary="Recommend, as a stream of events",
        response_class=EventSourceResponse,
        responses={**_STREAM, **ASK_ERRORS},
    )(recommend_stream)
    ask("/feedback", tags=["feedback"], summary="Store events", responses=error_responses(413, 422, 500, 503))(feedback)
    app.get("/health", tags=["operations"], summary="Is the process up?")(health)
    not_ready: dict[int | str, dict[str, Any]] = {503: {"model": Ready, "description": "The catalogue cannot be read."}}
    app.get("/ready", tags=["operations"], summary="Is every part ready?", response_model=Ready, responses=not_ready)(
        ready
    )


def service_of(request: Request) -> Service:
    """Return the recommender behind this application."""
    service: Service = request.app.state.recommender
    return service


async def answer(request: Request, asked: RecommendRequest) -> RecommendResponse:
    """Answer, unless the client goes away meanwhile."""
    return await until_disconnect(request, service_of(request).recommend(refuse_paths(asked), allow_paths=False))


async def recommend(request: Request, asked: AskBody) -> RecommendResponse:
    """Answer with ranked items, each with a reason. Everything in the body is optional."""
    return await answer(request, asked)


async def events_of(request: Request, asked: AskBody) -> AsyncIterator[AsyncIterator[StreamEvent]]:
    """Begin to answer; the first event is there when the route is entered."""
    stream = service_of(request).stream(refuse_paths(asked), allow_paths=False)
    async with begun(cast(AsyncGenerator[StreamEvent], stream), request) as events:
        yield events


async def recommend_stream(
    request: Request, events: Annotated[AsyncIterator[StreamEvent], Depends(events_of)]
) -> AsyncIterable[ServerSentEvent]:
    """Answer as it happens: the ranked items come before any word is written."""
    async for event in server_sent(events, request):
        yield event


async def feedback(request: Request, sent: FeedbackRequest, caller: CallerOf) -> FeedbackReply:
    """Store views, clicks, likes, dislikes, purchases and ratings, from which later answers learn.

    To send them again after a failure is safe: with `event_id` or `at` an event is known for ever; without either, for a minute.
    """
    events = [Event(**{name: value for name, value in event if value is not None}) for event in sent.events]
    tenant = caller.tenant_of(sent.tenant if "tenant" in sent.model_fields_set else None)
    return FeedbackReply(stored=await service_of(request).feedback(events, tenant=tenant))


async def health() -> Health:
    """Answer as long as the process is up, whatever the state of its parts."""
    return Health()


async def ready(request: Request) -> Response:
    """Answer 200 while the catalogue can be read; parts that are degraded or down are listed."""
    body = await readiness(request)
    return JSONResponse(body.model_dump(mode="json"), status_code=503 if body.status == "not ready" else 200)


async def readiness(request: Request) -> Ready:
    """Return the state of every part."""
    try:
        states = await service_of(request).health()
    except TastemakerError as error:
        log_failure(error, request_id(request))
        states = {"catalogue": {"state": "down", "detail": public_reason(error, "catalogue")}}
    slots = {name: SlotHealth.model_validate(state) for name, state in states.items()}
    degraded = tuple(name for name, slot in slots.items() if slot.state != "ok")
    usable = "catalogue" in slots and slots["catalogue"].state != "down"
    status: Literal["ready", "degraded", "not ready"] = "not ready"
    if usable:
        status = "degraded" if degraded else "ready"
    return Ready(status=status, degraded=degraded, slots=slots)
