"""The whole graph over the small real catalogue, with scripted popularity and history, shared by tests of what it may show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tastemaker.core.protocols import Catalogue, Collaborative, History, Vectors
from tastemaker.core.schemas import HistoryProfile
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantHistory, ConstantImageText, constant_services
from tastemaker.graphs.shop.services import Services

from .catalogue_fixture import DIM, ScriptedCollaborative, axis, open_catalogue


class SmallImageText(ConstantImageText):
    """Embeds every text as a boat, in the catalogue's dimension."""

    dim = DIM

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return axis(1, 0)[None].repeat(len(texts), axis=0)


class OneUser(ConstantHistory):
    """Knows one user."""

    def __init__(self, profile: HistoryProfile | None) -> None:
        self._profile = profile

    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        known = self._profile is not None and self._profile.user_id == user_id
        return self._profile if known and self._profile else HistoryProfile(user_id=user_id, known=False)


async def shop_services(
    folder: Path, settings: Settings | None = None, profile: HistoryProfile | None = None, popular: int = 60
) -> Services:
    """Return parts over items ``i0`` to ``i59``, of which the first ``popular`` are popular, ``i0`` most."""
    catalogue = await open_catalogue(folder / "catalogue")
    made = constant_services(settings or Settings(home=folder))
    made.image_text = SmallImageText()
    made.rebuild()

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        return catalogue, OneUser(profile), ScriptedCollaborative(popular=[f"i{i}" for i in range(popular)])

    made.open_stores = stores
    return made
