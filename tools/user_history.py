"""Look up what a user did before and say it without naming them."""

from __future__ import annotations

from ..core.errors import StoreError
from ..core.protocols import Catalogue, History
from ..core.schemas import Evidence, HistoryProfile

MAX_TITLES = 5


class UserHistoryLookup:
    """Reads a user's profile and makes one piece of evidence of the titles they liked."""

    name = "user_history"

    def __init__(self, history: History, catalogue: Catalogue) -> None:
        self._history = history
        self._catalogue = catalogue

    async def __call__(self, user_id: str | None) -> tuple[HistoryProfile, Evidence | None]:
        """Return the profile and, where likes are known, evidence with at most five titles and no user id.

        A catalogue that cannot be read costs the evidence only.

        Raises:
            StoreError: the history cannot be read.
        """
        if user_id is None:
            return HistoryProfile(user_id="", known=False), None
        profile = await self._history.profile(user_id)
        try:
            titles = await self._titles(profile)
        except StoreError:
            return profile, None
        if not titles:
            return profile, None
        return profile.model_copy(update={"liked_titles": tuple(titles)}), _evidence(titles)

    async def _titles(self, profile: HistoryProfile) -> list[str]:
        """Return the titles of the newest likes that are still in the catalogue."""
        if not profile.liked:
            return []
        items = {i.item_id: i for i in await self._catalogue.get(profile.liked[: 4 * MAX_TITLES])}
        known = [items[i].title for i in profile.liked if i in items]
        return list(dict.fromkeys(known))[:MAX_TITLES]


def _evidence(titles: list[str]) -> Evidence:
    return Evidence(
        evidence_id="history-1",
        kind="history",
        source="history",
        content=f"liked: {'; '.join(titles)}",
        confidence=1.0,
        back_end="history",
    )
