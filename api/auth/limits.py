"""Hold each key to its limits: requests a minute, at once, bytes a minute; and those who guess keys to a few tries.

Counted in this process: with several workers a key may use its rate in each.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException

from .caller import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

GUESSES: Final = RateLimitItemPerMinute(30)
"""Wrong keys that one address may show."""


class KeyLimiter:
    """What each key has used lately, and how many of its requests are under way."""

    def __init__(self) -> None:
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._active: Counter[str] = Counter()

    async def spend(self, caller: Caller, content_length: int) -> None:
        """Count a request and the bytes of its body.

        Raises:
            HTTPException: 429, the key has used up what it may in a minute.
        """
        limits, name = caller.limits, caller.key_id
        if name is None:
            return
        if limits.rate_per_minute is not None:
            item = RateLimitItemPerMinute(limits.rate_per_minute)
            if not await self._windows.hit(item, "rate", name):
                await self._refuse(
                    item, "rate", name, f"this key may make {limits.rate_per_minute:,} requests a minute"
                )
        if limits.bytes_per_minute is not None and content_length:
            item = RateLimitItemPerMinute(limits.bytes_per_minute)
            if not await self._windows.hit(item, "bytes", name, cost=content_length):
                await self._refuse(item, "bytes", name, f"this key may send {limits.bytes_per_minute:,} bytes a minute")

    @contextmanager
    def at_work(self, caller: Caller) -> Iterator[None]:
        """Count a request as under way.

        Raises:
            HTTPException: 429, as many of the key's requests are under way as may be.
        """
        name, most = caller.key_id, caller.limits.concurrency
        if name is None or most is None:
            yield
            return
        if self._active[name] >= most:
            raise HTTPException(429, f"this key may make {most:,} requests at once", headers={"Retry-After": "1"})
        self._active[name] += 1
        try:
            yield
        finally:
            self._active[name] -= 1
            if not self._active[name]:
                del self._active[name]

    async def check_guesses(self, address: str) -> None:
        """Refuse an address that has shown too many wrong keys.

        Raises:
            HTTPException: 429.
        """
        if not await self._windows.test(GUESSES, "guess", address):
            await self._refuse(GUESSES, "guess", address, "too many wrong keys from this address")

    async def note_guess(self, address: str) -> None:
        """Count a wrong key."""
        await self._windows.hit(GUESSES, "guess", address)

    async def _refuse(self, item: RateLimitItemPerMinute, kind: str, name: str, why: str) -> None:
        stats = await self._windows.get_window_stats(item, kind, name)
        seconds = min(60, max(1, math.ceil(stats.reset_time - time.time())))
        raise HTTPException(429, why, headers={"Retry-After": str(seconds)})
