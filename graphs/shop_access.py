"""Read and change what a shop keeps: items, events, rules, reviews; nobody is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence

from ..core.errors import StoreError
from ..core.language.catalogue_language import CatalogueLanguage
from ..core.rules.file_format import rule_problems
from ..core.schemas import Deleted, Event, Item, Review, ReviewState
from ..stores.rules import LoadedRules
from .shop.services import Services


class ShopAccess:
    """What a recommender can do with a shop's stores alone."""

    services: Services

    async def feedback(self, events: Sequence[Event], tenant: str = "default") -> int:
        """Store events; returns how many were new.

        Raises:
            StoreError: the history cannot be written.
        """
        async with self.services.lend(tenant) as shop:
            return await shop.history.add(events)

    async def delete_items(self, item_ids: Sequence[str], tenant: str = "default") -> Deleted:
        """Delete items: their records, vectors, sounds and descriptions; the events of users with them stay.

        Raises:
            StoreError: a store cannot be written; deleting again goes on.
        """
        async with self.services.lend(tenant) as shop:
            deleted = await shop.delete_items(item_ids)
            await self.services.llm_rank.words(tenant).delete(item_ids)
            if self.services.reviews is not None:
                await self.services.reviews.forget(tenant, item_ids)
            return deleted

    async def reviews(self, tenant: str = "default", state: ReviewState | None = "waiting") -> tuple[Review, ...]:
        """Return the items in this state of review with their titles, newest first; with None those in any.

        Raises:
            StoreError: a store cannot be read.
        """
        if self.services.reviews is None:
            return ()
        found = await self.services.reviews.find(tenant, state)
        titles = {item.item_id: item.title for item in await self.items([r.item_id for r in found], tenant)}
        return tuple(r.model_copy(update={"title": titles.get(r.item_id, "")}) for r in found)

    async def decide_reviews(self, item_ids: Sequence[str], *, accept: bool, tenant: str = "default") -> list[str]:
        """Accept items, which are offered again, or reject them, which stay away; return those that had a review.

        Raises:
            StoreError: the database cannot be written.
        """
        reviews = self.services.reviews
        return [] if reviews is None else await reviews.decide(tenant, item_ids, accept=accept)

    async def rules(self, tenant: str = "default") -> LoadedRules:
        """Return the business rules in use, and what is wrong with the newest file, if anything.

        Raises:
            StoreError: the catalogue, whose fields rules name, cannot be read.
        """
        async with self.services.lend(tenant) as shop:
            return await self.services.rules_of(tenant).load(tenant, await shop.catalogue.schema())

    async def check_rules(self, data: object, tenant: str = "default") -> list[str]:
        """Return what is wrong with rules, read from YAML or JSON; nothing is stored. Raises as ``rules``."""
        async with self.services.lend(tenant) as shop:
            return rule_problems(data, await shop.catalogue.schema())

    async def items(self, item_ids: Sequence[str], tenant: str = "default") -> list[Item]:
        """Return the records of the items that exist, in this order.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        async with self.services.lend(tenant) as shop:
            return await shop.catalogue.get(item_ids)

    async def known_items(self, tenant: str = "default") -> tuple[Item, ...]:
        """Return the items of the last snapshot, at most 500, the most popular first; taken now if there is none."""
        async with self.services.lend(tenant) as shop:
            with contextlib.suppress(StoreError):
                if items := (await shop.last_known()).items:
                    return items
            await shop.take_snapshot()
            return shop.snapshot.items

    async def language(self, tenant: str = "default") -> CatalogueLanguage:
        """Return the fields of a catalogue and what phrases mean in it.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        async with self.services.lend(tenant) as shop:
            return await shop.catalogue.language()

    async def shown(self, pairs: Collection[tuple[str, str]], tenant: str = "default") -> set[tuple[str, str]]:
        """Return which of these (request id, item id) the log of what was shown holds; none where nothing is logged.

        Raises:
            StoreError: the log cannot be read.
        """
        exposures = self.services.exposures
        return set() if exposures is None else await exposures.shown(tenant, pairs)
