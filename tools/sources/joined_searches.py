"""Put the searches that sources ask of the catalogue at the same moment, within the same conditions, to it as one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ...core.protocols import Catalogue, Search, VectorColumn, Vectors
from ...core.schemas import Candidate, Constraint

ROUNDS = 3
"""Turns of the event loop that a search waits for others: sources begin in one, their parts in the next."""
Answer = asyncio.Future[list[Candidate]]


def joining(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with its searches joined."""
    return cast("Catalogue", JoinedSearches(catalogue))


@dataclass
class _Together:
    """Searches within the same conditions, and who waits for each."""

    where: tuple[Constraint, ...]
    exclude: frozenset[str]
    asked: list[tuple[Search, Answer]] = field(default_factory=list)


class JoinedSearches:
    """Searches a catalogue for several who ask at once; each gets its own answer, or its own failure."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._open: list[_Together] = []
        self._work: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> Any:
        """Return what is not a search: it is asked of the catalogue as it is."""
        return getattr(self._catalogue, name)

    async def search_vector(
        self,
        column: VectorColumn,
        vector: Vectors,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
    ) -> list[Candidate]:
        """See Catalogue."""
        return await self._ask(Search(column, vector, limit), tuple(where), frozenset(exclude))

    async def search_text(
        self, query: str, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = ()
    ) -> list[Candidate]:
        """See Catalogue."""
        return await self._ask(Search("words", query, limit), tuple(where), frozenset(exclude))

    async def _ask(self, search: Search, where: tuple[Constraint, ...], exclude: frozenset[str]) -> list[Candidate]:
        answer: Answer = asyncio.get_running_loop().create_future()
        together = next((t for t in self._open if t.where == where and t.exclude == exclude), None)
        if together is None:
            together = _Together(where, exclude)
            self._open.append(together)
            work = asyncio.create_task(self._answer(together))
            self._work.add(work)
            work.add_done_callback(self._work.discard)
        together.asked.append((search, answer))
        return await answer

    async def _answer(self, together: _Together) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        self._open.remove(together)
        found: Sequence[list[Candidate] | BaseException]
        try:
            found = await self._catalogue.search([s for s, _ in together.asked], together.where, together.exclude)
        except Exception as error:  # noqa: BLE001  who waits is told, and handles it as if asked alone
            found = [error] * len(together.asked)
        for result, (_, answer) in zip(found, together.asked, strict=True):
            if answer.done():  # nobody waits any more
                continue
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)
