"""Admit requests that cost work: so many at once, so many in a queue of bounded length and wait, the rest at once a 429.

A request asks for its place when its body is complete, so that a slow upload holds nobody up, and a body that comes too slowly is
cut off with a 408. A stream gives its place back when its items are sent: what it still waits for is the language model's.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.settings import ServeSettings
from .errors import respond_http
from .metrics import Metrics

OPEN_PATHS = ("/feedback", "/events", "/rules", "/releases", "/health", "/ready", "/docs", "/openapi.json")
BODY_S = 10.0
BODY_BYTES_PER_S = 50_000
SMOOTHING = 0.1


class Admission:
    """The places of one process: ``max_active`` at once, ``max_waiting`` in the queue for at most ``max_wait_s`` seconds.

    Fair between tenants: a free place goes to the next tenant in turn, and when the queue is full a tenant that waits for less than
    another gets the place of who came last of the one that waits for most.
    """

    def __init__(self, limits: ServeSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._mean_s = 0.0
        self.active = 0

    @property
    def waiting(self) -> int:
        """Return how many wait for a place."""
        return sum(map(len, self._queues.values()))

    def full(self, tenant: str = "") -> bool:
        """Tell whether a request of this tenant would be refused at once."""
        if self.active < self._limits.max_active or self.waiting < self._limits.max_waiting:
            return False
        return self._greediest(tenant) is None

    def _greediest(self, tenant: str) -> deque[asyncio.Future[None]] | None:
        """Return the longest queue of another tenant, if its last may be sent away for this tenant."""
        longest = max(self._queues.values(), key=len, default=None)
        return longest if longest is not None and len(longest) > len(self._queues.get(tenant, ())) + 1 else None

    def refusal(self) -> HTTPException:
        """Return the 429, with the seconds after which a place is likely to be free."""
        ahead = (self.waiting + 1) * self._mean_s / self._limits.max_active
        seconds = min(60, max(1, math.ceil(ahead)))
        text = "too many requests are waiting; try again shortly"
        return HTTPException(429, text, headers={"Retry-After": str(seconds)})

    async def enter(self, tenant: str = "") -> Place:
        """Wait for a place.

        Raises:
            HTTPException: 429, the queue is full or the wait too long.
        """
        if self.full(tenant):
            raise self.refusal()
        if self.active < self._limits.max_active:
            self.active += 1
        else:
            await self._wait(tenant)
        return Place(self._leave, self._clock)

    async def _wait(self, tenant: str) -> None:
        greedy = self._greediest(tenant)
        if self.waiting >= self._limits.max_waiting and greedy is not None:
            greedy.pop().set_exception(self.refusal())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(tenant, deque())
        queue.append(turn)
        try:
            async with asyncio.timeout(self._limits.max_wait_s):
                await turn
        except (TimeoutError, asyncio.CancelledError, HTTPException) as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._free()  # it was handed a place as it left
            if isinstance(error, TimeoutError):
                raise self.refusal() from error
            raise
        finally:
            if turn in queue:
                queue.remove(turn)
            if not queue and self._queues.get(tenant) is queue:
                del self._queues[tenant]

    def _leave(self, seconds: float) -> None:
        self._mean_s += SMOOTHING * (seconds - self._mean_s)
        self._free()

    def _free(self) -> None:
        """Hand a place to the next in turn, or keep it free."""
        for tenant, queue in list(self._queues.items()):
            self._queues.move_to_end(tenant)
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self.active -= 1


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

    def __init__(self, app: ASGIApp, limits: ServeSettings, metrics: Metrics | None = None) -> None:
        self.app = app
        self.limits = limits
        self.metrics = metrics
        self._admission: Admission | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if self._admission is None:
            self._admission = Admission(self.limits)
            if self.metrics is not None:
                self.metrics.watch(self._admission)
        priced = not scope["path"].startswith(OPEN_PATHS)
        if priced and self._admission.full(_tenant(scope)):
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
                self.place = self._scope.setdefault("state", {})["place"] = await self._admission.enter(
                    _tenant(self._scope)
                )
        return message


def _tenant(scope: Scope) -> str:
    caller = scope.get("state", {}).get("caller")
    return str(getattr(caller, "tenant", None) or "")


def leave_early(scope: Scope) -> None:
    """Give back the place of a request whose work is done but for what others do."""
    place = scope.get("state", {}).get("place")
    if place is not None:
        place.leave()
