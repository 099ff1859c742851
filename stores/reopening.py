"""Open a store on first use and again after a failure, so that a database that is down degrades requests, not the start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from ..core.errors import StoreError
from ..core.protocols import Catalogue, DeletesItems, HoldsFiles, Search, Searches, TellsOtherModels
from ..core.schemas import Candidate

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


def reopening(open_it: Callable[[], Awaitable[Catalogue]]) -> Catalogue:
    """Return a Catalogue that is opened on first use."""
    return cast("Catalogue", ReopeningCatalogue(open_it))


class ReopeningCatalogue(Reopening[Catalogue], Searches):
    """Asks the catalogue, opened on first use, all that the protocol names."""

    def __getattr__(self, name: str) -> Any:
        """Return what opens the catalogue and asks it ``name``."""
        if name.startswith("_") or not hasattr(Catalogue, name):
            raise AttributeError(name)

        async def asked(*given: Any, **named: Any) -> Any:
            return await getattr(await self.opened(), name)(*given, **named)

        return asked

    async def search(self, searches: Sequence[Search]) -> Sequence[list[Candidate] | StoreError]:
        """See Searches."""
        return await (await self.opened()).search(searches)

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
