"""Look up, where the settings allow it, what a user who is new here liked in the catalogues of other tenants."""

from __future__ import annotations

import asyncio

from ...core.errors import InvalidRequestError, StoreError
from ...core.protocols import Vectors
from ...core.ranking.query import MAX_LIKED
from ...core.ranking.taste_from_other_shops import shared_likes
from ...core.schemas import HistoryProfile, Item
from ...tools.sources.taste import mean_vector
from ..turn.turn import Turn

WHAT = "other_domain"


async def with_elsewhere(profile: HistoryProfile, turn: Turn) -> HistoryProfile:
    """Return the profile with what is liked elsewhere: a mean vector and shared attribute values, no titles and no ids.

    Only tenants that ``cross_domain.sources`` lists for this one are read, and only for users without likes here.
    """
    allowed = turn.services.settings.cross_domain.sources.get(turn.shop.tenant, [])
    tenants = [tenant for tenant in dict.fromkeys(allowed) if tenant != turn.shop.tenant]
    timeout = turn.services.settings.timeouts.history_s
    nothing: tuple[list[Item], list[Vectors]] = ([], [])
    reads = (turn.attempt(WHAT, _liked(tenant, profile.user_id, turn), timeout, nothing) for tenant in tenants)
    found = await asyncio.gather(*reads)
    items = [item for liked, _ in found for item in liked]
    mean = mean_vector([v for _, vectors in found for v in vectors])
    if not items:
        return profile
    schema = await turn.shop.catalogue.schema()
    vector = () if mean is None else tuple(float(x) for x in mean)
    return profile.model_copy(update={"elsewhere": shared_likes(items, schema), "elsewhere_vector": vector})


async def _liked(tenant: str, user_id: str, turn: Turn) -> tuple[list[Item], list[Vectors]]:
    """Return the items that the user liked there, with their text vectors.

    Raises:
        StoreError: the tenant's stores cannot be read, or it has none.
    """
    try:
        async with turn.services.lend(tenant) as shop:
            liked = (await shop.history.profile(user_id)).liked[:MAX_LIKED]
            if not liked:
                return [], []
            items, vectors = await asyncio.gather(shop.catalogue.get(liked), shop.catalogue.vectors("text", liked))
            return items, list(vectors.values())
    except InvalidRequestError as error:
        raise StoreError(f"cross_domain.sources names {tenant!r}, which has no catalogue") from error
