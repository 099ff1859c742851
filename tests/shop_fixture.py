"""A whole recommender over small real stores, shared by the tests of cold start, questions and exposures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tastemaker.agents.prompt_files.library import PromptLibrary
from tastemaker.core.protocols import Catalogue, Collaborative, History, Vectors
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantCaptioner, ConstantChat, ConstantTranscriber
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory

from .catalogue_fixture import DIM, ScriptedCollaborative, axis, rows

POPULAR = tuple(f"i{i}" for i in range(40))


class TinyImageText:
    """Puts a text with the word dog on one axis, every other on another, in the space of ``catalogue_fixture``."""

    name = "tiny"
    dim = DIM

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.stack([axis(0, 1) if "dog" in text else axis(1, 0) for text in texts])

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        return np.stack([axis(1, 0) for _ in paths])


def shop_services(
    settings: Settings,
    *,
    collaborative: Collaborative | None = None,
    catalogues: Mapping[str, Sequence[ItemRow]] | None = None,
    chat: ConstantChat | None = None,
) -> Services:
    """Return parts over a catalogue of 60 items, or over ``catalogues`` by tenant, and a history in SQLite."""
    together = collaborative or ScriptedCollaborative(popular=POPULAR, near=("i50", "i52"))

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        catalogue = await LanceCatalogue.open(str(settings.home / "catalogue"), tenant)
        if not (await catalogue.schema()).count:
            stock = catalogues[tenant] if catalogues else rows()
            await catalogue.upsert(stock)
            if stock:
                await catalogue.mark_price("price", "EUR")
        return catalogue, await SqlHistory.open(history_url(settings.home), tenant), together

    return Services(
        settings=settings,
        image_text=TinyImageText(),
        captioner=ConstantCaptioner(),
        transcriber=ConstantTranscriber(),
        chat=chat or ConstantChat(),
        prompts=PromptLibrary(None, {}),
        open_stores=stores,
    )


def history_url(home: Path) -> str:
    return f"sqlite+aiosqlite:///{home / 'history.db'}"


class UnwarmedRecommender(Recommender):
    """Loads nothing before it is asked, so that a test that ends at once interrupts no loading."""

    async def warm(self) -> None:
        """Do nothing."""
