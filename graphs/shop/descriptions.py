"""Have a language model describe tastes and items in plain words, in the background, and hand the words to rankings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...agents.describer import Describer
from ...core.errors import TastemakerError
from ...core.protocols import Catalogue
from ...core.redaction import redact
from ...core.schemas import Frozen, Item
from ...stores.descriptions import Descriptions, Words, digest_of

log = logging.getLogger("tastemaker.describe")
FILE = "descriptions.db"
PENDING = 32
GIVE_UP = 5
SAY_EVERY = 10
Say = Callable[[str], None]


class DescribeReport(Frozen):
    """What a run over a catalogue did."""

    items: int = 0
    current: int = 0
    described: int = 0
    failed: int = 0
    complete: bool = True


class ShopDescriptions:
    """The words of one shop. A taste that is not known yet is written in the background, for the next request."""

    def __init__(self, home: Path, tenant: str, describer: Describer) -> None:
        self._describer = describer
        self._path = home / FILE
        self._store = Descriptions(self._path, tenant)
        self._pending: dict[str, asyncio.Task[None]] = {}

    async def taste(self, titles: Sequence[str]) -> Words:
        """Return the words for these liked titles; empty, and soon written, where there are none yet. Raises StoreError."""
        if not titles:
            return ()
        key = digest_of(*titles)
        digest = self._digest("taste", *titles)
        found = (await self._store.get("taste", {key: digest})).get(key, ())
        if not found and key not in self._pending and len(self._pending) < PENDING:
            self._pending[key] = asyncio.create_task(self._write_taste(key, digest, tuple(titles)))
        return found

    async def keywords(self, items: Sequence[Item]) -> dict[str, Words]:
        """Return item id -> words for the items that are described as they are now. Raises StoreError."""
        return await self._store.get("item", {i.item_id: self._item_digest(i) for i in items})

    async def find(self, words: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """Return (item id, BM25) of the items whose words hold any of ``words``, best first. Raises StoreError."""
        return await self._store.find(words, limit)

    async def describe(self, catalogue: Catalogue, most: int, budget_s: float, say: Say) -> DescribeReport:
        """Describe up to ``most`` items that are not described yet; each is kept at once, so that a killed run goes on.

        Raises:
            StoreError: catalogue or words cannot be read.
            BackEndError: the model failed ``GIVE_UP`` times in a row.
        """
        until = time.monotonic() + budget_s
        items = await catalogue.get(await catalogue.scan(most))
        known = await self.keywords(items)
        described, failed, in_a_row = 0, 0, 0
        for item in items:
            if item.item_id in known:
                continue
            if time.monotonic() > until:
                return _report(items, known, described, failed, complete=False)
            try:
                words, _ = await self._describer.keywords(item)
            except TastemakerError as error:
                failed, in_a_row = failed + 1, in_a_row + 1
                if in_a_row >= GIVE_UP:
                    raise
                say(f"an item was left out: {redact(str(error))}")
                continue
            in_a_row, described = 0, described + 1
            await self._store.put("item", item.item_id, self._item_digest(item), words)
            if described % SAY_EVERY == 0:
                say(f"{len(known) + described} of {len(items)} items described")
        return _report(items, known, described, failed, complete=True)

    async def delete(self, item_ids: Sequence[str]) -> None:
        """Remove the words about items. Raises StoreError."""
        if await asyncio.to_thread(self._path.exists):
            await self._store.delete(item_ids)

    async def settled(self) -> None:
        """Wait until every taste that is being written is done."""
        await asyncio.gather(*self._pending.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop the background work and close the file."""
        for task in self._pending.values():
            task.cancel()
        await self.settled()
        await self._store.close()

    async def _write_taste(self, key: str, digest: str, titles: Words) -> None:
        try:
            words, _ = await self._describer.taste(titles)
            await self._store.put("taste", key, digest, words)
        except TastemakerError as error:
            log.warning("a taste was not described: %s", redact(str(error)))
        finally:
            self._pending.pop(key, None)

    def _item_digest(self, item: Item) -> str:
        return self._digest("keywords", item.title, item.text)

    def _digest(self, prompt: str, *content: str) -> str:
        return digest_of(self._describer.ref(prompt), self._describer.model, *content)


def _report(
    items: Sequence[Item], known: dict[str, Words], described: int, failed: int, *, complete: bool
) -> DescribeReport:
    return DescribeReport(
        items=len(items), current=len(known), described=described, failed=failed, complete=complete and not failed
    )
