"""Hand out and erase everything that is kept of one user: events, preferences, lists shown, conversations, traces, what is in memory."""

from __future__ import annotations

from contextlib import aclosing

from ..core.protocols import ErasesUsers, StartsOver
from ..core.schemas import Erased, UserData
from ..stores.evaluation.traces import TraceStore
from .shop.services import Services
from .threads.store import Threads
from .turn.turn import owner_digest

EVERY = 100_000


async def export_user(services: Services, threads: Threads | None, tenant: str, user_id: str) -> UserData:
    """Return all that is kept of a user of one tenant.

    Raises:
        StoreError: a store cannot be read; what is left out would look like nothing.
    """
    tastes, exposures = services.tastes, services.exposures
    kept = await tastes.recall(tenant, user_id, None) if tastes else ()
    if exposures is not None:
        await exposures.flush()
    shown = await exposures.of_user(tenant, user_id) if exposures else []
    async with services.lend(tenant) as shop:
        events = await shop.history.of_user(user_id) if isinstance(shop.history, ErasesUsers) else []
    owned = await threads.owned(tenant, owner_digest(user_id)) if threads else {}
    async with aclosing(TraceStore.at(services.settings)) as traces:
        kept_answers = await traces.traces(tenant, EVERY, user_id)
    return UserData(
        user_id=user_id,
        events=tuple(events),
        preferences=tuple(p.model_dump(mode="json") for p in kept),
        shown=tuple(shown),
        threads=tuple(
            {"thread_id": key.partition("/")[2], **memory.model_dump(mode="json", exclude_defaults=True)}
            for key, memory in owned.items()
        ),
        traces=tuple(t.model_dump(mode="json", exclude_defaults=True) for t in kept_answers),
    )


async def erase_user(services: Services, threads: Threads | None, tenant: str, user_id: str) -> Erased:
    """Erase all that is kept of a user of one tenant, in the stores, their files and this process.

    Trained versions hold nobody: rows of users have no names there, and the next training leaves the user out.

    Raises:
        StoreError: a store cannot be written; to erase again goes on.
    """
    owner = owner_digest(user_id)
    owned = await threads.owned(tenant, owner) if threads else {}
    if threads is not None and owned:
        await threads.erase(list(owned))
    services.senses.forget(tenant, owner)
    preferences = await services.tastes.forget(tenant, user_id) if services.tastes else 0
    shown = await services.exposures.erase(tenant, user_id) if services.exposures else 0
    async with aclosing(TraceStore.at(services.settings)) as kept:
        traces = await kept.erase(tenant, user_id)
    async with services.lend(tenant) as shop:
        events = await shop.history.erase(user_id) if isinstance(shop.history, ErasesUsers) else 0
        if isinstance(shop.collaborative, StartsOver):
            shop.collaborative.start_over()
    return Erased(events=events, preferences=preferences, shown=shown, threads=len(owned), traces=traces)
