"""One Protocol per replaceable part. Implementations live in ``models`` and ``stores``; tools take them as arguments.

Vectors are float32 NumPy arrays of shape (n, dim), rows of unit length, in one shared space for texts and images.
Every method may raise BackEndError (models) or StoreError (stores).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .errors import StoreError
from .language.catalogue_language import CatalogueLanguage
from .schemas import (
    Candidate,
    Caption,
    CatalogueSchema,
    Constraint,
    Event,
    Frozen,
    HistoryProfile,
    Item,
    SpokenSegment,
    Transcript,
)
from .schemas.chat import ChatDelta, ChatReply, ChatRequest, ScoreReply, ScoreRequest

Vectors = NDArray[np.float32]
VectorColumn = Literal["text", "image"]


@runtime_checkable
class ImageTextModel(Protocol):
    """Embeds texts and pictures into one space."""

    name: str
    dim: int

    async def embed_texts(self, texts: Sequence[str]) -> Vectors: ...

    async def embed_images(self, paths: Sequence[str]) -> Vectors: ...


@runtime_checkable
class Alignable(Protocol):
    """An image-text model that each tenant may align to its own shop."""

    def of_tenant(self, tenant: str) -> ImageTextModel: ...


@runtime_checkable
class Follows(Protocol):
    """An image-text model that follows the alignment in use; ``current`` is the one as it is now, which stays so."""

    def current(self) -> ImageTextModel: ...


class TextReader(NamedTuple):
    """What embeds a text: the revision of what does in place of the usual network, and, fit for clients, why its meaning cannot be told."""

    revision: str = ""
    problem: str = ""


class FindsNames(Protocol):
    """Finds what looks like the name of a person in a text. Raises BackEndUnavailable for a text that it cannot read."""

    def names(self, text: str) -> Sequence[str]: ...


@runtime_checkable
class ReadsOtherLanguages(Protocol):
    """An image-text model that embeds texts of other languages by something of its own; with ``fetch`` its weights are fetched if need be."""

    def reader_of(self, text: str, *, fetch: bool = False) -> TextReader: ...


@runtime_checkable
class TellsUnread(Protocol):
    """A model that says, fit for clients, why the meaning of a text cannot be told; empty if it can."""

    async def unread(self, text: str) -> str: ...


@runtime_checkable
class TellsProblem(Protocol):
    """A model that goes on with less than it should; ``problem`` says why, fit for clients, and is empty if nothing is wrong."""

    @property
    def problem(self) -> str: ...


@runtime_checkable
class TellsState(Protocol):
    """A back-end that opens late; ``state`` is ok, idle or what is wrong."""

    @property
    def state(self) -> str: ...


@runtime_checkable
class Captioner(Protocol):
    """Describes a picture."""

    name: str

    async def caption(self, path: str) -> Caption: ...


@runtime_checkable
class Teachable(Protocol):
    """A captioner that can be taught to look for values; ``prepare`` makes it ready."""

    def with_vocabulary(self, values: Sequence[str]) -> Captioner: ...

    async def prepare(self) -> object: ...


@runtime_checkable
class Transcriber(Protocol):
    """Writes down speech."""

    name: str

    async def transcribe(self, path: str) -> Transcript: ...


@runtime_checkable
class PartialTranscriber(Transcriber, Protocol):
    """Writes down speech and tells every stretch as soon as it is read, in the caller's event loop."""

    async def transcribe_parts(self, path: str, told: Callable[[SpokenSegment], None]) -> Transcript: ...


@runtime_checkable
class ChatModel(Protocol):
    """A language model behind a server."""

    name: str

    async def complete(self, request: ChatRequest) -> ChatReply: ...

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]: ...

    async def health(self) -> bool: ...


@runtime_checkable
class ScoringModel(Protocol):
    """A language model that can score continuations. Raises BadBackEndResponse where the server cannot."""

    @property
    def name(self) -> str: ...

    async def score(self, request: ScoreRequest) -> ScoreReply: ...


@runtime_checkable
class TextEmbedder(Protocol):
    """Embeds texts alone, in a space of its own; rows of unit length."""

    @property
    def name(self) -> str: ...

    async def embed_texts(self, texts: Sequence[str]) -> Vectors: ...


class Records(NamedTuple):
    """Items as ``Catalogue.get`` returns them and id -> vector, (dim,), of those that have one, of text and image."""

    items: list[Item]
    text: dict[str, Vectors]
    image: dict[str, Vectors]


class Search(NamedTuple):
    """What to search for: in a column of vectors by a vector, (dim,) or (1, dim), or in the words of items by words; filters come first.

    ``where`` and ``exclude`` are applied before neighbours are looked for, so that ``limit`` items come back whenever that many satisfy them.
    """

    among: VectorColumn | Literal["words"]
    wanted: Vectors | str
    limit: int
    where: tuple[Constraint, ...] = ()
    exclude: frozenset[str] = frozenset()


class Searches(Protocol):
    """Answers several searches at once; each gets its own answer, or its own failure."""

    async def search(self, searches: Sequence[Search]) -> Sequence[list[Candidate] | StoreError]: ...

    async def search_vector(
        self,
        column: VectorColumn,
        vector: Vectors,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
    ) -> list[Candidate]:
        """Return the items nearest to ``vector``; score is the cosine in [-1, 1].

        Raises:
            StoreError: the vector does not fit the catalogue, or the search failed.
        """
        return only(await self.search([Search(column, vector, limit, tuple(where), frozenset(exclude))]))

    async def search_text(
        self, query: str, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = ()
    ) -> list[Candidate]:
        """Return the items whose words match ``query``, any text, never parsed as syntax; score is BM25.

        Raises:
            StoreError: the search failed.
        """
        return only(await self.search([Search("words", query, limit, tuple(where), frozenset(exclude))]))


def only(answers: Sequence[list[Candidate] | StoreError]) -> list[Candidate]:
    """Return the one answer. Raises StoreError if it is a failure."""
    if isinstance(answers[0], StoreError):
        raise answers[0]
    return answers[0]


class Described(NamedTuple):
    """The fields of a catalogue as they are, and its language as far as that is compiled."""

    schema: CatalogueSchema
    language: CatalogueLanguage


@runtime_checkable
class Catalogue(Searches, Protocol):
    """Items of one tenant with vectors, a full-text index and filterable attributes."""

    async def schema(self) -> CatalogueSchema: ...

    async def language(self) -> CatalogueLanguage: ...

    async def described(self, wait_s: float) -> Described: ...

    async def in_order(
        self,
        field: str,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        descending: bool = False,
    ) -> list[str]: ...

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]: ...

    async def vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]: ...

    async def records(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> Records: ...

    async def scan(
        self,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        first: Sequence[str] = (),
    ) -> list[str]: ...


class Ruling(Frozen):
    """What a content filter says of one item; ``reason`` is for people and may be shown."""

    allow: bool
    reason: str = ""


@runtime_checkable
class ContentFilter(Protocol):
    """Says which items may be shown, one ruling for each. Item text is data: a filter must not follow what it says."""

    name: str

    async def check(self, items: Sequence[Item], context: Mapping[str, str]) -> Sequence[Ruling]: ...


@runtime_checkable
class TellsOtherModels(Protocol):
    """A catalogue that counts the items embedded by another image-text model than that of ``mark``."""

    async def of_other_models(self, mark: str) -> int: ...


@runtime_checkable
class DeletesItems(Protocol):
    """A catalogue whose items can be deleted; how many there were is returned."""

    async def delete(self, item_ids: Sequence[str]) -> int: ...


@runtime_checkable
class History(Protocol):
    """Events of users with items, for one tenant."""

    async def add(self, events: Sequence[Event]) -> int: ...

    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile: ...

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]: ...

    def pages(self, since_id: int = 0, *, newest: int | None = None) -> AsyncIterator[list[Any]]: ...

    async def version(self) -> int: ...


@runtime_checkable
class ErasesUsers(Protocol):
    """A history that can hand out and erase what it holds of a user."""

    async def of_user(self, user_id: str) -> list[dict[str, Any]]: ...

    async def erase(self, user_id: str) -> int: ...

    async def erasures(self) -> int: ...


@runtime_checkable
class StartsOver(Protocol):
    """What is learnt from events and can be learnt anew, as events were erased."""

    def start_over(self) -> None: ...


@runtime_checkable
class Collaborative(Protocol):
    """Item-item co-occurrence and popularity learnt from events; lists of (item id, score), best first."""

    async def similar(self, item_ids: Sequence[str], limit: int) -> list[tuple[str, float]]: ...

    async def popular(self, limit: int, segment: str | None = None) -> list[tuple[str, float]]: ...


@runtime_checkable
class HoldsFiles(Protocol):
    """A store to close."""

    async def close(self) -> None: ...


@runtime_checkable
class HoldsConnections(Protocol):
    """A back-end whose connections are to be closed."""

    async def aclose(self) -> None: ...
