"""Hand what was learnt of words, photos and sound to a request, and learn it from the lists that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ...core.errors import InvalidRequestError
from ...core.learning.exposures import Exposure, rewards_of
from ...core.ranking.learnt_attention import Attention, situation_of
from ...core.ranking.weights import weights_of
from ...core.schemas import Event
from ...models.recommender.attention_fit import ShownList, fit_situation
from ...stores.fitted_files import AttentionFile
from ..shop.services import Services

USUAL = weights_of({"said": 1.0, "shown": 1.0, "heard": 1.0})


async def fit_attention(services: Services, tenant: str, days: float, seed: int = 0) -> Attention:
    """Fit the factors on the lists of the last ``days`` and the events that name them, and keep them for the shop.

    Raises:
        InvalidRequestError: no list was logged in that time.
        StoreError: log, history or file failed.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    exposures = await services.exposures.read(tenant, since) if services.exposures else []
    if not exposures:
        raise InvalidRequestError("--days", "no list was logged in that time; see the setting exposures.enabled")
    async with services.lend(tenant) as shop:
        lists = lists_of(exposures, await shop.history.all_events())
    fits = {name: fit_situation(found, USUAL, seed) for name, found in sorted(lists.items())}
    learnt = Attention(situations=fits, fitted_at=datetime.now(UTC))
    AttentionFile(services.settings.models_path(tenant)).write(learnt)
    return learnt


def lists_of(exposures: Sequence[Exposure], events: Sequence[Event]) -> dict[str, list[ShownList]]:
    """Return situation -> the lists in which something was chosen, oldest first."""
    rewards = rewards_of(events)
    found: dict[str, list[ShownList]] = {}
    for shown in exposures:
        chosen = tuple(n for n, s in enumerate(shown.items) if rewards.get((shown.request_id, s.item_id)))
        situation = situation_of(source for s in shown.items for source in s.ranks)
        if chosen and situation:
            ranks = tuple(s.ranks for s in shown.items)
            found.setdefault(situation, []).append(ShownList(ranks, chosen, shown.user_id or ""))
    return found
