"""Stand in for every model and store with constants, so that a benchmark sees the graph's own cost and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ..agents.prompt_files.library import PromptLibrary
from ..core.errors import StoreError
from ..core.language.catalogue_language import CatalogueLanguage, language_of
from ..core.protocols import (
    Catalogue,
    Collaborative,
    Described,
    History,
    Records,
    Search,
    Searches,
    VectorColumn,
    Vectors,
)
from ..core.schemas import (
    Candidate,
    Caption,
    CatalogueField,
    CatalogueSchema,
    Constraint,
    Event,
    HistoryProfile,
    Item,
    Transcript,
)
from ..core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage
from ..core.settings import Settings
from ..graphs.shop.services import Services

DIM = 384
ITEMS = tuple(
    Item(item_id=f"item-{i}", title=f"Print {i}", text="A print.", attributes={"price": 10.0 + i}) for i in range(200)
)
BY_ID = {item.item_id: item for item in ITEMS}
VECTOR: Vectors = np.full((1, DIM), 1 / np.sqrt(DIM), dtype=np.float32)


class ConstantImageText:
    """Return the same unit vector for everything."""

    name = "constant"
    dim = DIM

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return (n, 384)."""
        return np.repeat(VECTOR, len(texts), axis=0)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Return (n, 384)."""
        return np.repeat(VECTOR, len(paths), axis=0)


class ConstantCaptioner:
    """See the same thing in every picture."""

    name = "constant"

    async def caption(self, path: str) -> Caption:
        """Return a fixed caption."""
        return Caption(text="a print", confidence=1.0)


class ConstantTranscriber:
    """Hear the same thing in every clip."""

    name = "constant"

    async def transcribe(self, path: str) -> Transcript:
        """Return a fixed transcript."""
        return Transcript(text="a print", language="en", confidence=1.0)


@dataclass
class ConstantChat:
    """Answer every call with ``answer``, in one piece."""

    answer: str = field(default_factory=lambda: json.dumps({"message": "", "picks": []}))
    name: str = "constant"
    calls: int = 0

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Return the fixed answer."""
        self.calls += 1
        return ChatReply(text=self.answer, usage=ChatUsage(prompt_tokens=1, completion_tokens=1))

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Yield the fixed answer, then its usage."""
        self.calls += 1
        yield ChatDelta(text=self.answer)
        yield ChatDelta(usage=ChatUsage(prompt_tokens=1, completion_tokens=1))

    async def health(self) -> bool:
        """Return True."""
        return True


class ConstantCatalogue(Searches):
    """Propose the same 200 items to every search."""

    async def schema(self) -> CatalogueSchema:
        """Return one price field."""
        price = CatalogueField(name="price", type="number", role="price", unit="EUR", minimum=10, maximum=209)
        return CatalogueSchema(fields=(price,), count=len(ITEMS))

    async def language(self) -> CatalogueLanguage:
        """Return the language of its one field."""
        return language_of(await self.schema())

    async def described(self, wait_s: float) -> Described:
        """Return both."""
        return Described(await self.schema(), await self.language())

    async def search(self, searches: Sequence[Search]) -> list[list[Candidate] | StoreError]:
        """Return the first items to each search."""
        return [list(_candidates(search.among, search.limit)) for search in searches]

    async def in_order(
        self,
        field: str,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        descending: bool = False,
    ) -> list[str]:
        """Return the first ``limit`` ids."""
        return [item.item_id for item in ITEMS[:limit]]

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]:
        """Return the items that exist."""
        return [BY_ID[i] for i in item_ids if i in BY_ID]

    async def vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the same vector for each id."""
        return dict.fromkeys(item_ids, VECTOR[0])

    async def records(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> Records:
        """Return the items that exist with the same vector for each."""
        items = await self.get(item_ids, where)
        vectors = dict.fromkeys((i.item_id for i in items), VECTOR[0])
        return Records(items, vectors, vectors)

    async def scan(
        self,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        first: Sequence[str] = (),
    ) -> list[str]:
        """Return ``limit`` ids, those of ``first`` before the others."""
        return list(dict.fromkeys([*(i for i in first if i in BY_ID), *BY_ID]))[:limit]


class ConstantHistory:
    """Know nothing of anybody."""

    async def add(self, events: Sequence[Event]) -> int:
        """Store nothing."""
        return 0

    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        """Return an unknown user."""
        return HistoryProfile(user_id=user_id, known=False)

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]:
        """Return nothing."""
        return []

    async def pages(self, since_id: int = 0, *, newest: int | None = None) -> AsyncIterator[list[Any]]:
        """Yield nothing."""
        return
        yield

    async def version(self) -> int:
        """Return 0."""
        return 0


class ConstantCollaborative:
    """Offer the same popular items to everybody."""

    async def similar(self, item_ids: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """Return nothing."""
        return []

    async def popular(self, limit: int, segment: str | None = None) -> list[tuple[str, float]]:
        """Return the first ``limit`` items."""
        return [(item.item_id, 1.0) for item in ITEMS[:limit]]


def constant_services(settings: Settings, chat: ConstantChat | None = None) -> Services:
    """Return parts made of constants only; the model is one that is asked for whole sentences about every item."""

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        return ConstantCatalogue(), ConstantHistory(), ConstantCollaborative()

    services = Services(
        settings=settings,
        image_text=ConstantImageText(),
        captioner=ConstantCaptioner(),
        transcriber=ConstantTranscriber(),
        chat=chat or ConstantChat(),
        prompts=PromptLibrary(None, {}),
        open_stores=stores,
    )
    services.composer.guided = False
    return services


@cache
def _candidates(source: str, limit: int) -> list[Candidate]:
    return [
        Candidate(item_id=item.item_id, source=source, rank=rank, score=1.0 / rank)
        for rank, item in enumerate(ITEMS[:limit], start=1)
    ]
