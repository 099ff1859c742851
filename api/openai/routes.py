"""Define ``/v1/chat/completions`` and ``/v1/models``, so that whatever speaks to OpenAI's API can speak to a shop."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from ...agents.explaining.markdown import item_list, reading_line, whole, words_after
from ...core.background import stop
from ...core.errors import InvalidRequestError, TastemakerError
from ...core.schemas import RecommendRequest, RecommendResponse, StreamEvent, Usage
from ...core.validation import invalid_request
from ..auth.caller import CallerOf
from ..http.admission import leave_early
from ..http.errors import failure_details
from ..http.event_stream import begun, until_disconnect
from ..http.recommend import error_responses, service_of
from ..service import Service, refuse_paths
from .front_end_tasks import task_answer
from .messages import MAX_REREAD, Conversation, conversation_name, read_messages
from .wire import MODEL, TAKEN, ChatMessage, ChatRequest, ModelCard, ModelList, openai_error

DEFAULT_N = 5
HEARTBEAT_S = 15.0
USER_HEADER = "x-openwebui-user-id"
THREAD_HEADERS = ("x-thread-id", "x-openwebui-chat-id")


@dataclass(frozen=True)
class Chat:
    """One completion that is asked for: the request, its conversation, and whether that is named by the client."""

    asked: ChatRequest
    request: RecommendRequest
    conversation: Conversation
    named: bool
    answer: str | None

    @property
    def notes(self) -> list[str]:
        """Return what was not looked at."""
        ignored = sorted((self.asked.model_extra or {}).keys())
        return [*self.conversation.notes, *(f"{name}: a recommender has no such parameter" for name in ignored)]


def add_openai_routes(app: FastAPI) -> None:
    """Register the routes."""
    app.post(
        "/v1/chat/completions",
        tags=["openai"],
        summary="Chat completion",
        response_model=None,
        responses=error_responses(401, 403, 404, 408, 413, 422, 429, 500, 503),
    )(complete)
    app.get("/v1/models", tags=["openai"], summary="Models")(models)
    app.get(
        "/v1/models/{model}", tags=["openai"], summary="A model", responses={404: {"description": "No such model."}}
    )(one_model)


async def models() -> ModelList:
    """Name the one model that there is."""
    return ModelList()


async def one_model(model: str) -> ModelCard:
    """Describe the one model that there is."""
    _check_model(model)
    return ModelCard()


async def chat_of(request: Request, asked: Annotated[ChatRequest, Body()], caller: CallerOf) -> Chat:
    """Return what is asked for.

    Raises:
        InvalidRequestError: a field is wrong.
        ForbiddenError: the caller may not name this tenant or user.
        HTTPException: 404, there is no such model.
    """
    _check_model(asked.model)
    unknown = sorted(asked.tastemaker.keys() - TAKEN)
    if unknown:
        raise InvalidRequestError(f"tastemaker.{unknown[0]}"[:80], f"must be one of {', '.join(sorted(TAKEN))}")
    conversation = read_messages(asked.messages)
    named = next((v for name in THREAD_HEADERS if (v := request.headers.get(name))), None)
    thread_id = (asked.metadata or {}).get("thread_id") or named
    given = {"n": DEFAULT_N, **asked.tastemaker, **conversation.turn.media, "text": conversation.turn.text}
    given |= {
        "user_id": caller.user_of(asked.user or request.headers.get(USER_HEADER)),
        "thread_id": thread_id or uuid.uuid4().hex,
        "tenant": caller.tenant_of(asked.tastemaker.get("tenant")),
    }
    try:
        wanted = refuse_paths(RecommendRequest.model_validate(given))
    except ValidationError as error:
        wrong = invalid_request(error)
        raise InvalidRequestError(_openai_field(wrong.field, asked), wrong.message) from error
    return Chat(asked, wanted, conversation, bool(thread_id), task_answer(wanted.text or "", conversation.earlier))


async def events_of(
    request: Request, chat: Annotated[Chat, Depends(chat_of)]
) -> AsyncIterator[AsyncIterator[StreamEvent] | None]:
    """Go on with the conversation and begin to answer where a stream is asked for; else there is nothing to begin."""
    if chat.answer is not None:
        yield None
        return
    await until_disconnect(request, _go_on(service_of(request), chat))
    if not chat.asked.stream:
        yield None
        return
    async with begun(_stream(service_of(request), chat.request), request) as events:
        yield events


async def complete(
    request: Request,
    chat: Annotated[Chat, Depends(chat_of)],
    events: Annotated[AsyncIterator[StreamEvent] | None, Depends(events_of)],
) -> JSONResponse | StreamingResponse:
    """Answer the last message of a chat with items of the catalogue: as Markdown in the message, as data in `tastemaker`.

    The conversation goes on where its messages left it; to send the whole of it each time, as chat front ends do, doubles nothing.
    """
    if chat.asked.stream:
        written = _said(chat) if events is None else _written(request, chat, events)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(written, media_type="text/event-stream", headers=headers)
    if chat.answer is not None:
        return JSONResponse(_completion(chat.answer, Usage(), {}))
    work = service_of(request).recommend(chat.request, allow_paths=False)
    response = await until_disconnect(request, work)
    content = whole(response)
    await _remember(service_of(request), chat, content)
    return JSONResponse(_completion(content, response.usage, _extension(chat, response)))


async def _go_on(service: Service, chat: Chat) -> None:
    """Put the new thread where the conversation before the last turn left off; read the earlier turns again if it is not known."""
    before, request = chat.conversation.before, chat.request
    if chat.named or not chat.conversation.earlier or request.thread_id is None:
        return
    name = conversation_name(request.tenant, request.user_id, before)
    if await service.copy_thread(name, request.thread_id, tenant=request.tenant):
        return
    for text in chat.conversation.earlier[-MAX_REREAD:]:
        turn = {"text": text, "user_id": request.user_id, "thread_id": request.thread_id, "tenant": request.tenant}
        again = RecommendRequest.model_validate(
            {**turn, "n": request.n, "words": False, "route": "direct", "llm_rank": []}
        )
        with suppress(TastemakerError):
            await service.recommend(again, allow_paths=False, shows=False)


async def _remember(service: Service, chat: Chat, content: str) -> None:
    """Keep the thread under the name that the conversation has from now on."""
    request = chat.request
    if chat.named or request.thread_id is None:
        return
    said = [*chat.asked.messages, ChatMessage(role="assistant", content=content[:200_000])]
    name = conversation_name(request.tenant, request.user_id, said)
    await service.copy_thread(request.thread_id, name, tenant=request.tenant)


def _stream(service: Service, request: RecommendRequest) -> AsyncGenerator[StreamEvent]:
    events: Any = service.stream(request, allow_paths=False)
    return events  # type: ignore[no-any-return]


async def _written(request: Request, chat: Chat, events: AsyncIterator[StreamEvent]) -> AsyncIterator[str]:
    """Yield the chunks: what was understood, the items, then the words; a comment every ``HEARTBEAT_S`` seconds of silence."""
    chunk, content = _Chunks(), ""
    try:
        yield chunk.of({"role": "assistant", "content": ""})
        async with aclosing(_contents(events, request)) as pieces:
            async for piece in pieces:
                if piece is None:
                    yield ": waiting\n\n"
                elif isinstance(piece, str):
                    content += piece
                    yield chunk.of({"content": piece})
                else:
                    await _remember(service_of(request), chat, content)
                    yield chunk.of({}, finish="stop", tastemaker=_extension(chat, piece))
                    if chat.asked.wants_usage:
                        yield chunk.usage(piece.usage)
        yield "data: [DONE]\n\n"
    except Exception as error:  # noqa: BLE001  reported in the stream, since the status is sent
        status, detail = failure_details(error, str(getattr(request.state, "request_id", "")))
        told = openai_error(status, {"error": detail.model_dump(exclude_none=True)})
        yield f"data: {json.dumps(told, ensure_ascii=False)}\n\n"


async def _contents(
    events: AsyncIterator[StreamEvent], request: Request
) -> AsyncGenerator[str | RecommendResponse | None]:
    """Yield the pieces of Markdown as the events allow, None after a silence, and last the whole answer."""
    reading = ""
    shown: list[str] = []
    async for event in _with_heartbeat(events):
        if event is None:
            yield None
        elif event.event == "reading":
            reading = reading_line(
                event.data.get("conditions") or (), event.data.get("not_applied") or (), event.data.get("language")
            )
        elif event.event == "items" and not shown:
            items = event.data["items"]
            shown = [str(item["item_id"]) for item in items]
            leave_early(request.scope)
            if piece := "\n\n".join(filter(None, (reading, item_list(items)))):
                yield f"{piece}\n\n"
        elif event.event == "done":
            response = RecommendResponse.model_validate(event.data)
            yield words_after(response, shown)
            yield response


async def _with_heartbeat(events: AsyncIterator[StreamEvent]) -> AsyncGenerator[StreamEvent | None]:
    following = asyncio.ensure_future(_next(events))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=HEARTBEAT_S)
            if not done:
                yield None
                continue
            event = following.result()
            if event is None:
                return
            yield event
            following = asyncio.ensure_future(_next(events))
    finally:
        await stop(following)


async def _next(events: AsyncIterator[StreamEvent]) -> StreamEvent | None:
    return await anext(events, None)


async def _said(chat: Chat) -> AsyncIterator[str]:
    chunk = _Chunks()
    yield chunk.of({"role": "assistant", "content": chat.answer or ""})
    yield chunk.of({}, finish="stop")
    if chat.asked.wants_usage:
        yield chunk.usage(Usage())
    yield "data: [DONE]\n\n"


class _Chunks:
    """Makes the chunks of one completion."""

    def __init__(self) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion.chunk"}
        self._head |= {"created": int(time.time()), "model": MODEL}  # type: ignore[dict-item]

    def of(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        """Return a chunk with a piece of the message."""
        return self._line({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    def usage(self, usage: Usage) -> str:
        """Return the last chunk."""
        return self._line({"choices": [], "usage": _usage(usage)})

    def _line(self, body: dict[str, Any]) -> str:
        return f"data: {json.dumps({**self._head, **body}, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _completion(content: str, usage: Usage, extension: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(usage),
        **({"tastemaker": extension} if extension else {}),
    }


def _extension(chat: Chat, response: RecommendResponse) -> dict[str, Any]:
    return {**response.model_dump(mode="json"), "notes": chat.notes}


def _usage(usage: Usage) -> dict[str, Any]:
    read, written = usage.prompt_tokens, usage.completion_tokens
    told = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**told, "prompt_tokens_details": {"cached_tokens": usage.cached_tokens}}


def _check_model(model: str) -> None:
    if model != MODEL:
        raise HTTPException(404, f"there is no such model; use {MODEL}")


def _openai_field(field: str, asked: ChatRequest) -> str:
    """Return where in the completion's request a field of ours was given."""
    name = field.partition(".")[0].partition("[")[0]
    moved = {"text": "messages", "images": "messages", "audio": "messages", "video": "messages"}
    moved |= {"user_id": "user", "thread_id": "metadata.thread_id"}
    return moved.get(name) or (f"tastemaker.{field}" if name in asked.tastemaker else field)
