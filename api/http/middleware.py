"""Wrap every HTTP request: an id, one access-log line without query or body, a body limit, and a last resort for errors."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.tracing import REQUEST_ID
from .errors import ErrorDetail, log_failure, respond

access_log = logging.getLogger("tastemaker.access")
LOGGED_PATH_CHARS = 200
PLAIN_BYTES = 8_000_000
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class RequestContext:
    """Name each request, log it and answer 500 without internals if something unforeseen is raised.

    A client may choose the id with ``X-Request-ID`` (letters, digits, ``_.-``, at most 64).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identifier = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = identifier
        named = REQUEST_ID.set(identifier)
        started, status = time.perf_counter(), 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identifier
            await send(message)

        try:
            await self.app(scope, receive, send_named)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing internal may reach the client
            log_failure(error, identifier)
            if not status:
                detail = ErrorDetail(type="internal", message="something failed here; see the server's log")
                await respond(500, [detail], identifier)(scope, receive, send_named)
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            path = scope["path"][:LOGGED_PATH_CHARS]
            access_log.info("%s %s %s %.0f ms %s", scope["method"], path, status or "-", took_ms, identifier)
            REQUEST_ID.reset(named)


class BodyLimit:
    """Refuse bodies of more than ``max_bytes``, from the header if it tells, else while reading.

    Paths in ``without_media`` take at most ``PLAIN_BYTES``.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, without_media: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.without_media = without_media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        plain = scope["path"] in self.without_media
        max_bytes = min(PLAIN_BYTES, self.max_bytes) if plain else self.max_bytes
        message = f"the body is larger than {max_bytes:,} bytes"
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > max_bytes:
            identifier = str(scope.get("state", {}).get("request_id", ""))
            response = respond(413, [ErrorDetail(type="too_large", message=message)], identifier)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        read = 0

        async def receive_counted() -> Message:
            nonlocal read
            part = await receive()
            read += len(part.get("body", b""))
            if read > max_bytes:
                raise HTTPException(413, message, headers={"Connection": "close"})
            return part

        await self.app(scope, receive_counted, send)
