"""Join concurrent requests for vectors into batches, behind a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...core.errors import BackEndOverloaded, TastemakerError
from ...core.protocols import Vectors

K = TypeVar("K")
MAX_WAITING = 4096


@dataclass(frozen=True, slots=True)
class _Request(Generic[K]):
    """What one caller asked for and where its rows go."""

    keys: list[K]
    rows: Future[Vectors]


class Joiner(Generic[K]):
    """Answer many callers with few calls of ``compute``; safe to use from several event loops.

    While one batch is computed in a thread, requests that come meanwhile wait and make up the next batch together. A lone
    request waits for nobody. A request is never split, so that a batch may be longer than ``batch`` by one request.

    Args:
        compute: keys -> one row per key; called in a thread, one call at a time.
        batch: keys computed in one call, about.
        name: the back-end's name, for errors.
        waiting: keys that may wait; a request beyond them is refused unless nothing waits.
    """

    def __init__(
        self, compute: Callable[[list[K]], Vectors], batch: int, name: str, waiting: int = MAX_WAITING
    ) -> None:
        self._compute, self._batch, self._name, self._limit = compute, batch, name, waiting
        self._queue: deque[_Request[K]] = deque()
        self._lock = threading.Lock()
        self._busy = False

    async def rows(self, keys: Sequence[K]) -> Vectors:
        """Return one row per key.

        Raises:
            BackEndOverloaded: too many keys wait already.
            BackEndError: ``compute`` failed for these keys.
        """
        request = _Request(list(keys), Future[Vectors]())
        with self._lock:
            self._admit(request)
            start, self._busy = not self._busy, True
        if start:
            asyncio.get_running_loop().run_in_executor(None, self._drain)
        return await asyncio.wrap_future(request.rows)

    def _admit(self, request: _Request[K]) -> None:
        waiting = sum(len(other.keys) for other in self._queue)
        if waiting and waiting + len(request.keys) > self._limit:
            raise BackEndOverloaded(
                f"{self._name} has {waiting} inputs waiting, at most {self._limit}; try again later",
                back_end=self._name,
            )
        self._queue.append(request)

    def _drain(self) -> None:
        while batch := self._take():
            self._answer(batch)

    def _take(self) -> list[_Request[K]]:
        """Return the next requests that were not cancelled; without any, let the next caller start the work again."""
        taken: list[_Request[K]] = []
        size = 0
        with self._lock:
            while self._queue and size < self._batch:
                request = self._queue.popleft()
                if request.rows.set_running_or_notify_cancel():
                    taken.append(request)
                    size += len(request.keys)
            self._busy = bool(taken)
        return taken

    def _answer(self, batch: Sequence[_Request[K]]) -> None:
        try:
            rows = self._compute([key for request in batch for key in request.keys])
        except TastemakerError as error:
            self._fail(batch, error)
        except BaseException as error:  # noqa: BLE001 - a waiting caller must hear of it, whatever it is
            for request in batch:
                request.rows.set_exception(error)
        else:
            start = 0
            for request in batch:
                request.rows.set_result(rows[start : start + len(request.keys)])
                start += len(request.keys)

    def _fail(self, batch: Sequence[_Request[K]], error: TastemakerError) -> None:
        """Tell a lone request of the error; compute joined ones apart, so that one bad input fails only its own caller."""
        if len(batch) == 1:
            batch[0].rows.set_exception(error)
            return
        for request in batch:
            self._answer([request])
