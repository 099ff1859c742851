"""Open a store on first use and again after a failure, so that a database that is down degrades requests, not the start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from ..core.errors import StoreError
from ..core.language.catalogue_language import CatalogueLanguage
from ..core.protocols import (
    Catalogue,
    DeletesItems,
    Described,
    HoldsFiles,
    Records,
    Search,
    TellsOtherModels,
    VectorColumn,
    Vectors,
)
from ..core.schemas import Candidate, CatalogueSchema, Constraint, Item

RETRY_S = 5.0
T = TypeVar("T")


class Reopening(Generic[T]):
    """Hold a store that is opened on first use; a failed opening is remembered for ``RETRY_S`` seconds."""

    def __init__(self, open_it: Callable[[], Awaitable[T]]) -> None:
        self._open = open_it
        self._lock = asyncio.Lock()
        self._store: T | None = None
        self._failed: tuple[float, StoreError] | None = None

    async def opened(self) -> T:
        """Return the open store.

        Raises:
            StoreError: it cannot be opened.
        """
        if self._store is not None:
            return self._store
        async with self._lock:
            if self._store is None:
                self._store = await self._try()
            return self._store

    async def _try(self) -> T:
        if self._failed and time.monotonic() - self._failed[0] < RETRY_S:
            raise self._failed[1]
        try:
            return await self._open()
        except StoreError as error:
            self._failed = (time.monotonic(), error)
            raise
        except (OSError, RuntimeError, ValueError) as error:
            failure = StoreError(f"cannot be opened: {error}")
            self._failed = (time.monotonic(), failure)
            raise failure from error

    async def close(self) -> None:
        """Close the store if it is open and can be closed."""
        store, self._store = self._store, None
        if isinstance(store, HoldsFiles):
            await store.close()


class ReopeningCatalogue(Reopening[Catalogue]):
    """A Catalogue opened on first use."""

    async def of_other_models(self, mark: str) -> int:
        """See LanceCatalogue; 0 from a catalogue that cannot tell."""
        catalogue = await self.opened()
        return await catalogue.of_other_models(mark) if isinstance(catalogue, TellsOtherModels) else 0

    async def delete(self, item_ids: Sequence[str]) -> int:
        """See LanceCatalogue.

        Raises:
            StoreError: it cannot be opened, or items of this kind of catalogue cannot be deleted.
        """
        catalogue = await self.opened()
        if not isinstance(catalogue, DeletesItems):
            raise StoreError("items of this catalogue cannot be deleted")
        return await catalogue.delete(item_ids)

    async def schema(self) -> CatalogueSchema:
        """See Catalogue."""
        return await (await self.opened()).schema()

    async def language(self) -> CatalogueLanguage:
        """See Catalogue."""
        return await (await self.opened()).language()

    async def described(self, wait_s: float) -> Described:
        """See Catalogue."""
        return await (await self.opened()).described(wait_s)

    async def search(
        self, searches: Sequence[Search], where: Sequence[Constraint] = (), exclude: Iterable[str] = ()
    ) -> list[list[Candidate] | StoreError]:
        """See Catalogue."""
        return await (await self.opened()).search(searches, where, exclude)

    async def in_order(
        self,
        field: str,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        descending: bool = False,
    ) -> list[str]:
        """See Catalogue."""
        return await (await self.opened()).in_order(field, limit, where, exclude, descending=descending)

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]:
        """See Catalogue."""
        return await (await self.opened()).get(item_ids, where)

    async def search_vector(
        self,
        column: VectorColumn,
        vector: Vectors,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
    ) -> list[Candidate]:
        """See Catalogue."""
        return await (await self.opened()).search_vector(column, vector, limit, where, exclude)

    async def search_text(
        self, query: str, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = ()
    ) -> list[Candidate]:
        """See Catalogue."""
        return await (await self.opened()).search_text(query, limit, where, exclude)

    async def vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]:
        """See Catalogue."""
        return await (await self.opened()).vectors(column, item_ids)

    async def records(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> Records:
        """See Catalogue."""
        return await (await self.opened()).records(item_ids, where)

    async def scan(
        self,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        first: Sequence[str] = (),
    ) -> list[str]:
        """See Catalogue."""
        return await (await self.opened()).scan(limit, where, exclude, first=first)
