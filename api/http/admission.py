"""Admit requests that cost work: so many at once, so many in a queue of bounded length and wait, the rest at once a 429.

A request asks for its place when its body is complete, so that a slow upload holds nobody up, and a body that comes too slowly is
cut off with a 408. A stream gives its place back when its items are sent: what it still waits for is the language model's.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.settings import ServeSettings
from .errors import respond_http

OPEN_PATHS = ("/feedback", "/rules", "/health", "/ready", "/docs", "/openapi.json")
BODY_S = 10.0
BODY_BYTES_PER_S = 50_000
SMOOTHING = 0.1


class Admission:
    """The places of one process: ``active`` at once, ``waiting`` in the queue for at most ``max_wait_s`` seconds."""

    def __init__(self, limits: ServeSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._free = asyncio.Semaphore(limits.max_active)
        self._mean_s = 0.0
        self.waiting = 0

    @property
    def full(self) -> bool:
        """Tell whether no place is free and the queue is full."""
        return self._free.locked() and self.waiting >= self._limits.max_waiting

    def refusal(self) -> HTTPException:
        """Return the 429, with the seconds after which a place is likely to be free."""
        ahead = (self.waiting + 1) * self._mean_s / self._limits.max_active
        seconds = min(60, max(1, math.ceil(ahead)))
        text = "too many requests are waiting; try again shortly"
        return HTTPException(429, text, headers={"Retry-After": str(seconds)})

    async def enter(self) -> Place:
        """Wait for a place.

        Raises:
            HTTPException: 429, the queue is full or the wait too long.
        """
        if self.full:
            raise self.refusal()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._limits.max_wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise self.refusal() from error
        finally:
            self.waiting -= 1
        return Place(self._leave, self._clock)

    def _leave(self, seconds: float) -> None:
        self._mean_s += SMOOTHING * (seconds - self._mean_s)
        self._free.release()


class Place:
    """One request's place; it is given back once, however often ``leave`` is called."""

    def __init__(self, left: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._left: Callable[[float], None] | None = left
        self._clock, self._since = clock, clock()

    def leave(self) -> None:
        """Give the place back."""
        if self._left is not None:
            self._left(self._clock() - self._since)
            self._left = None


class AdmissionGate:
    """Let an application have no more requests than ``Admission`` admits; health and documentation are always open."""

    def __init__(self, app: ASGIApp, limits: ServeSettings) -> None:
        self.app = app
        self.limits = limits
        self._admission: Admission | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        self._admission = self._admission or Admission(self.limits)  # its semaphore belongs to the running loop
        priced = not scope["path"].startswith(OPEN_PATHS)
        if priced and self._admission.full:
            await respond_http(self._admission.refusal(), scope)(scope, receive, send)
            return
        body = _Body(receive, self._admission if priced else None, scope)
        try:
            await self.app(scope, body.receive, send)
        finally:
            if body.place is not None:
                body.place.leave()


class _Body:
    """Receive a request's body in time, and enter when it is complete."""

    def __init__(self, receive: Receive, admission: Admission | None, scope: Scope) -> None:
        self._receive, self._admission, self._scope = receive, admission, scope
        self._started, self._read, self._complete = time.monotonic(), 0, False
        self.place: Place | None = None

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            HTTPException: 408, the body comes too slowly; 429, there is no place.
        """
        if self._complete:
            return await self._receive()
        due = self._started + BODY_S + self._read / BODY_BYTES_PER_S
        try:
            async with asyncio.timeout(due - time.monotonic()):
                message = await self._receive()
        except TimeoutError as error:
            text = f"the body came too slowly; send at least {BODY_BYTES_PER_S:,} bytes a second"
            raise HTTPException(408, text, headers={"Connection": "close"}) from error
        self._read += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._complete = True
            if message["type"] == "http.request" and self._admission is not None:
                self.place = self._scope.setdefault("state", {})["place"] = await self._admission.enter()
        return message


def leave_early(scope: Scope) -> None:
    """Give back the place of a request whose work is done but for what others do."""
    place = scope.get("state", {}).get("place")
    if place is not None:
        place.leave()
