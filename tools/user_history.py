"""Look up what a user did before and say it without naming them."""

from __future__ import annotations

from typing import NamedTuple

from ..core.errors import StoreError
from ..core.protocols import Catalogue, History, Records
from ..core.ranking.query import MAX_LIKED
from ..core.schemas import Evidence, HistoryProfile

MAX_TITLES = 5


class LookedUp(NamedTuple):
    """What is known of a user, what may be said of it, and the records of the newest likes where they could be read."""

    profile: HistoryProfile
    evidence: Evidence | None = None
    liked: Records | None = None


class UserHistoryLookup:
    """Reads a user's profile and makes one piece of evidence of the titles they liked."""

    name = "user_history"

    def __init__(self, history: History, catalogue: Catalogue) -> None:
        self._history = history
        self._catalogue = catalogue

    async def __call__(self, user_id: str | None) -> LookedUp:
        """Return the profile and, where likes are known, their records and evidence with at most five titles and no user id.

        A catalogue that cannot be read costs the evidence only.

        Raises:
            StoreError: the history cannot be read.
        """
        if user_id is None:
            return LookedUp(HistoryProfile(user_id="", known=False))
        profile = await self._history.profile(user_id)
        if not profile.liked:
            return LookedUp(profile)
        try:
            liked = await self._catalogue.records(profile.liked[:MAX_LIKED])
        except StoreError:
            return LookedUp(profile)
        titles = list(dict.fromkeys(item.title for item in liked.items))[:MAX_TITLES]
        if not titles:
            return LookedUp(profile, None, liked)
        return LookedUp(profile.model_copy(update={"liked_titles": tuple(titles)}), _evidence(titles), liked)


def _evidence(titles: list[str]) -> Evidence:
    return Evidence(
        evidence_id="history-1",
        kind="history",
        source="history",
        content=f"liked: {'; '.join(titles)}",
        confidence=1.0,
        back_end="history",
    )
