"""Leave a part alone for a while that keeps failing, and keep one that hangs from taking every place: breaker and bulkhead.

The breaker is the library circuitbreaker's. What is ours is what it lacks for many tasks at once: one trial at a time after a pause; a
task that is cancelled or out of its own budget says nothing about the part; wrong input or an unusable answer are no failure of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from circuitbreaker import STATE_CLOSED, CircuitBreaker

from ...core.errors import (
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    LeftAloneError,
    StoreError,
    ToolError,
)

FAILURES = 3
"""Failures in a row after which a part is left alone."""
PAUSE_S = 5.0
"""Seconds for which it is left alone; then one call tries it."""
SEATS = 4
"""Calls of one slow part at once; more wait ``SEAT_S`` seconds and then go on without it."""
SEAT_S = 1.0
COUNTED = (BackEndTimeout, BackEndOverloaded, BackEndUnavailable, StoreError, TimeoutError)
OF_ALL = frozenset({"captioner", "transcriber", "video_reader", "consistency", "embedding"})
"""Parts that every tenant shares; the others are a tenant's own."""
SLOW = frozenset({"captioner", "transcriber", "video_reader"})
"""Parts with seats: they take longest when they are ill."""
WATCHED_ELSEWHERE = frozenset(
    {"llm", "route", "question", "llm_rank", "deliberation", "understanding", "media", "ranker"}
)
"""Parts whose client has a breaker of its own, or that are our own code."""
T = TypeVar("T")


class Breaker(CircuitBreaker):  # type: ignore[misc]
    """The breaker of one part; ``name`` is the part, with its tenant before it where it is a tenant's own."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic, pause_s: float = PAUSE_S) -> None:
        super().__init__(failure_threshold=FAILURES, recovery_timeout=pause_s, name=name)
        self._clock, self._pause_s = clock, pause_s
        self._opened_at = 0.0
        self._trial = False
        self._seats = asyncio.Semaphore(SEATS) if name in SLOW else None

    async def call(self, work: Awaitable[T], limit_s: float, *, whole_time: bool) -> T:
        """Await ``work`` for at most ``limit_s`` seconds; without ``whole_time`` running out of them says nothing about the part.

        Raises:
            LeftAloneError: the part failed lately, and it is not time to try it again, or somebody else tries it.
            BackEndOverloaded: as many calls of it as may be are under way.
            TimeoutError: ``limit_s`` were not enough.
        """
        try:
            trial = self._admit()
            await self._sit_down(limit_s)
        except BaseException:
            _drop(work)
            raise
        try:
            async with asyncio.timeout(limit_s):
                result = await work
        except Exception as error:
            if _counts(error, whole_time=whole_time):
                self._failed(error)
            raise
        finally:
            if self._seats is not None:
                self._seats.release()
            if trial:
                self._trial = False
        if self._failure_count:
            self.reset()
        return result

    @property
    def left_alone(self) -> bool:
        """Tell whether the part is not asked now."""
        return self._state != STATE_CLOSED and self._clock() - self._opened_at < self._pause_s

    def _admit(self) -> bool:
        """Return whether this call is the trial after a pause."""
        if self._state == STATE_CLOSED:
            return False
        if self.left_alone or self._trial:
            raise LeftAloneError(f"{self.name} failed again and again and is left alone for a moment")
        self._trial = True
        return True

    async def _sit_down(self, limit_s: float) -> None:
        if self._seats is None:
            return
        try:
            async with asyncio.timeout(min(SEAT_S, limit_s)):
                await self._seats.acquire()
        except TimeoutError as error:
            self._trial = False
            raise BackEndOverloaded(f"{self.name} has as many calls under way as may be") from error

    def _failed(self, error: Exception) -> None:
        self.__exit__(type(error), error, None)
        self._opened_at = self._clock()


def _counts(error: Exception, *, whole_time: bool) -> bool:
    """Tell whether an error says that the part is ill."""
    cause = error.__cause__ if isinstance(error, ToolError) else error
    return whole_time if isinstance(cause, TimeoutError) else isinstance(cause, COUNTED)


def _drop(work: Awaitable[Any]) -> None:
    if isinstance(work, Coroutine):
        work.close()


class Breakers:
    """The breakers of all parts, made as they are met."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self.pause_s = pause_s
        self._known: dict[tuple[str, str], Breaker] = {}

    def of(self, what: str, tenant: str) -> Breaker | None:
        """Return the breaker of a part; None for one that is watched elsewhere."""
        if what in WATCHED_ELSEWHERE:
            return None
        key = ("" if what in OF_ALL else tenant, what)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Breaker("/".join(filter(None, key)), pause_s=self.pause_s)
        return found

    def left_alone(self) -> tuple[str, ...]:
        """Return the names of the parts that are not asked now."""
        return tuple(breaker.name for breaker in self._known.values() if breaker.left_alone)
