"""Talk to a running service: ask over HTTP and read its server-sent events."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse
from pydantic import ValidationError

from ...core.errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
    InvalidRequestError,
)
from ...core.schemas import MediaInput, RecommendRequest, StreamEvent

_CONNECT_S = 5.0
_SILENCE_S = 60.0  # the service sends a heartbeat every 15 s


async def stream_from_server(server: str, request: RecommendRequest) -> AsyncGenerator[StreamEvent, None]:
    """Yield the events of ``POST /recommend/stream``; local files named by ``path`` are read and sent as bytes.

    Raises:
        InvalidRequestError: a file cannot be read, or the service answered 422 or 413.
        BackEndError: the service cannot be reached, is silent, or its answer has another form.
    """
    body = await asyncio.to_thread(_portable, request)
    timeout = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
    address = f"{server.rstrip('/')}/recommend/stream"
    try:
        async with (
            httpx.AsyncClient(timeout=timeout, trust_env=False) as client,
            aconnect_sse(client, "POST", address, json=body) as source,
        ):
            if source.response.status_code != httpx.codes.OK:
                raise _refusal(source.response.status_code, await source.response.aread(), server)
            async for event in source.aiter_sse():
                yield _ours(event)
    except SSEError as error:
        raise BadBackEndResponse(f"{server} answered in a form that is not ours", back_end=server) from error
    except httpx.TimeoutException as error:
        raise BackEndTimeout(f"no answer from {server}", back_end=server) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"cannot reach {server} ({type(error).__name__}); is `tastemaker serve` running there?"
        raise BackEndUnavailable(message, back_end=server) from error


def _ours(event: ServerSentEvent) -> StreamEvent:
    """Return the event of a recommender.

    Raises:
        BadBackEndResponse: it is not one of ours.
    """
    try:
        return StreamEvent.model_validate({"event": event.event, "data": event.json()})
    except (ValidationError, ValueError) as error:
        raise BadBackEndResponse(f"the service sent an event that is not ours: {event.event[:40]!r}") from error


def _portable(request: RecommendRequest) -> dict[str, Any]:
    body = request.model_dump(mode="json", exclude_defaults=True)
    for kind in ("images", "audio", "video"):
        media: list[MediaInput] = getattr(request, kind)
        if media:
            body[kind] = [_read(medium, f"{kind}[{i}].path") for i, medium in enumerate(media)]
    return body


def _read(medium: MediaInput, field: str) -> dict[str, str]:
    if medium.path is None:
        return medium.model_dump(exclude_none=True)
    try:
        return {"data": base64.b64encode(Path(medium.path).read_bytes()).decode("ascii")}
    except OSError as error:
        raise InvalidRequestError(field, f"cannot read {medium.path}: {error.strerror}") from error


def _refusal(status: int, body: bytes, server: str) -> InvalidRequestError | BackEndError:
    try:
        error = json.loads(body)["error"]
        message, field = str(error["message"]), str(error.get("field") or "request")
    except (ValueError, KeyError, TypeError, AttributeError):
        return BadBackEndResponse(f"{server} answered {status} in a form that is not ours", back_end=server)
    if status in {413, 422}:
        return InvalidRequestError(field, message)
    kind = BackEndOverloaded if error.get("retryable") else BackEndUnavailable
    return kind(f"{server} answered {status}: {message}", back_end=server)
