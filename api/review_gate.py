"""Open a tenant's stores, examine its items by the shop's policy, and close them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.settings import Settings
from ..stores.catalogue.lance_catalogue import LanceCatalogue
from ..stores.database import Database
from ..stores.reviews import ReviewStore
from ..tools.trust.examiner import photo_methods
from ..tools.trust.item_gate import Examined, ItemGate


async def examine_catalogue(
    settings: Settings, tenant: str, checks: Sequence[str], new: Sequence[str] | None = None, media: Path | None = None
) -> Examined:
    """Examine the items of these ids, or all of them, and hold back those that a check objects to.

    Raises:
        ConfigurationError: there is no check of that name.
        StoreError: a store failed.
    """
    catalogue = await LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
    root = media or (Path(settings.catalogue.media_root) if settings.catalogue.media_root else None)
    database = Database(settings.history_url)
    methods = photo_methods(settings.cache, safety=True)
    gate = ItemGate(catalogue, ReviewStore(database), tenant, root, checks, photo_methods=methods)
    try:
        return await gate(new)
    finally:
        await database.close()
