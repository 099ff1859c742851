"""Put the searches that sources ask of the catalogue at the same moment to it as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from ...core.errors import StoreError
from ...core.protocols import Catalogue, Search, Searches
from ...core.schemas import Candidate

ROUNDS = 3
"""Turns of the event loop that a search waits for others: sources begin in one, their parts in the next."""
Answer = asyncio.Future[list[Candidate] | StoreError]


def joining(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with its searches joined."""
    return cast("Catalogue", JoinedSearches(catalogue))


class JoinedSearches(Searches):
    """Searches a catalogue for several who ask at once; each gets its own answer, or its own failure."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._asked: list[tuple[Search, Answer]] = []
        self._work: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> Any:
        """Return what is not a search: it is asked of the catalogue as it is."""
        return getattr(self._catalogue, name)

    async def search(self, searches: Sequence[Search]) -> list[list[Candidate] | StoreError]:
        """See Searches."""
        answers: list[Answer] = [asyncio.get_running_loop().create_future() for _ in searches]
        if not self._asked:
            work = asyncio.create_task(self._answer())
            self._work.add(work)
            work.add_done_callback(self._work.discard)
        self._asked += zip(searches, answers, strict=True)
        return await asyncio.gather(*answers)

    async def _answer(self) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        asked, self._asked = self._asked, []
        waiting = [(search, answer) for search, answer in asked if not answer.done()]
        try:
            found = await self._catalogue.search([search for search, _ in waiting])
        except Exception as error:  # noqa: BLE001  who waits is told, and handles it as if asked alone
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for result, (_, answer) in zip(found, waiting, strict=True):
            if not answer.done():  # somebody waits still
                answer.set_result(result)
