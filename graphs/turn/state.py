"""Define what flows through the recommendation graph and who writes it; every fact of a turn is held here, once.

Only ``memory`` is checkpointed; everything else lives for one turn (``UntrackedValue``), so that no medium, transcript or
request text is written to the thread store beyond what the next turn needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, Self, TypedDict

from langgraph.channels import LastValue, UntrackedValue

from ...agents.conversation.acts import TurnAct
from ...agents.understanding.by_model_checks import Checks
from ...core.language.catalogue_language import CatalogueLanguage, language_of
from ...core.learning.exposures import Drawn
from ...core.protocols import Records
from ...core.ranking.query import CandidateQuery
from ...core.rules.effects import Effects
from ...core.schemas import (
    Candidate,
    CatalogueSchema,
    CloseItem,
    Evidence,
    HistoryProfile,
    LLMInfluence,
    MediaFile,
    Question,
    RankedItem,
    RecommendRequest,
    Route,
    ThreadMemory,
    Understanding,
    Verdict,
)
from ..shop.evidence_memory import Pictures

STRANGER = HistoryProfile(user_id="", known=False)
NOTHING_ASKED = CandidateQuery(understanding=Understanding(), profile=STRANGER)


class KeptMemory(LastValue[ThreadMemory]):
    """The channel of ``memory``: read and written as it is, kept in checkpoints as JSON that outlives a change of our code."""

    def checkpoint(self) -> Any:
        """Return what a checkpoint keeps."""
        kept = super().checkpoint()
        return kept.model_dump(mode="json") if isinstance(kept, ThreadMemory) else kept

    def from_checkpoint(self, checkpoint: Any) -> Self:
        """Return the channel with what a checkpoint kept."""
        kept = ThreadMemory.model_validate(checkpoint) if isinstance(checkpoint, dict) else checkpoint
        return super().from_checkpoint(kept)


@dataclass(frozen=True)
class State:
    """The state of one turn; ``memory`` is carried between turns, ``schema`` and ``language`` the catalogue's as they were read first.

    ``query`` is what was asked of the sources, with the shop's rules that act; ``pictures`` the vectors of photos and videos.
    """

    memory: Annotated[ThreadMemory, KeptMemory] = field(default=ThreadMemory())
    request: Annotated[RecommendRequest, UntrackedValue] = field(default=RecommendRequest())
    media: Annotated[tuple[MediaFile, ...], UntrackedValue] = ()
    captions: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    transcripts: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    video_evidence: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    video_frames: Annotated[tuple[MediaFile, ...], UntrackedValue] = ()
    profile: Annotated[HistoryProfile | None, UntrackedValue] = None
    liked: Annotated[Records | None, UntrackedValue] = None
    history_evidence: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    verdict: Annotated[Verdict, UntrackedValue] = field(default=Verdict())
    schema: Annotated[CatalogueSchema, UntrackedValue] = field(default=CatalogueSchema())
    language: Annotated[CatalogueLanguage | None, UntrackedValue] = None
    understanding: Annotated[Understanding, UntrackedValue] = field(default=Understanding())
    model_checks: Annotated[Checks | None, UntrackedValue] = None
    settled: Annotated[Literal["", "same", "changed"], UntrackedValue] = ""
    act: Annotated[TurnAct, UntrackedValue] = field(default=TurnAct())
    route: Annotated[Route | None, UntrackedValue] = None
    pictures: Annotated[Pictures | None, UntrackedValue] = None
    query: Annotated[CandidateQuery, UntrackedValue] = NOTHING_ASKED
    candidates: Annotated[dict[str, list[Candidate]], UntrackedValue] = field(default_factory=dict)
    ranked: Annotated[tuple[RankedItem, ...], UntrackedValue] = ()
    close: Annotated[tuple[CloseItem, ...], UntrackedValue] = ()
    drawn: Annotated[tuple[Drawn, ...], UntrackedValue] = ()
    asked: Annotated[Question | None, UntrackedValue] = None
    skipped: Annotated[bool, UntrackedValue] = False
    note: Annotated[str, UntrackedValue] = ""
    reply: Annotated[str, UntrackedValue] = ""
    influence: Annotated[LLMInfluence | None, UntrackedValue] = None

    def with_update(self, update: Mapping[str, Any]) -> State:
        """Return the state as a step's update leaves it."""
        changed = copy(self)
        changed.__dict__.update(update)
        return changed

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return every piece of evidence, in the order of the media."""
        return (*self.captions, *self.video_evidence, *self.transcripts, *self.history_evidence)

    @property
    def evidence_of_media(self) -> bool:
        """Tell whether anything was seen or heard in this turn."""
        return bool(self.captions or self.video_evidence or self.transcripts)

    @property
    def said(self) -> str:
        """Return what the user typed or, if nothing, spoke."""
        return (self.request.text or "").strip() or " ".join(t.content for t in self.transcripts)

    @property
    def has_words(self) -> bool:
        """Tell whether the user typed, spoke or stated words."""
        stated = self.request.preferences.words if self.request.preferences else ""
        return bool((self.request.text or stated).strip() or any(t.content for t in self.transcripts))

    @property
    def known(self) -> HistoryProfile:
        """Return what is known of the user; empty for a stranger."""
        return self.profile or STRANGER

    @property
    def catalogue_language(self) -> CatalogueLanguage:
        """Return the catalogue's language; that of its fields before it was read."""
        return self.language or language_of(self.schema)

    @property
    def effects(self) -> Effects:
        """Return the shop's rules that act in this turn, once they were read."""
        return self.query.effects

    @property
    def question(self) -> str | None:
        """Return the question to the user, if there is one."""
        return self.understanding.question or (self.asked.text if self.asked else None)


class Admitted(TypedDict):
    """Written by ``admit``; all but the media only where a turn is made again with corrections."""

    media: tuple[MediaFile, ...]
    request: NotRequired[RecommendRequest]
    captions: NotRequired[tuple[Evidence, ...]]
    transcripts: NotRequired[tuple[Evidence, ...]]
    memory: NotRequired[ThreadMemory]
    pictures: NotRequired[Pictures]


class Captioned(TypedDict):
    """Written by ``caption_images``."""

    captions: tuple[Evidence, ...]


class Transcribed(TypedDict):
    """Written by ``transcribe_audio``."""

    transcripts: tuple[Evidence, ...]


class Watched(TypedDict):
    """Written by ``read_video``."""

    video_evidence: tuple[Evidence, ...]
    video_frames: tuple[MediaFile, ...]


class Remembered(TypedDict):
    """Written by ``look_up_history``."""

    profile: HistoryProfile | None
    liked: Records | None
    history_evidence: tuple[Evidence, ...]


class Checked(TypedDict):
    """Written by ``check_consistency``."""

    verdict: Verdict


class Understood(TypedDict):
    """Written by ``understand``."""

    schema: CatalogueSchema
    language: CatalogueLanguage
    understanding: Understanding
    act: TurnAct
    route: Route
    settled: Literal["", "same", "changed"]


class ModelRead(TypedDict):
    """Written by ``read_with_model``; None where the model gave no reading."""

    model_checks: Checks | None


class Settled(TypedDict):
    """Written by ``settle_reading``."""

    understanding: Understanding
    settled: Literal["", "same", "changed"]


class Retrieved(TypedDict):
    """Written by ``rank_candidates``, before it ranks."""

    pictures: Pictures
    query: CandidateQuery
    candidates: dict[str, list[Candidate]]


class Ranked(Retrieved):
    """Written by ``rank_candidates``."""

    ranked: tuple[RankedItem, ...]
    close: tuple[CloseItem, ...]
    drawn: tuple[Drawn, ...]
    asked: Question | None
    note: str


class Replied(TypedDict):
    """Written by ``answer_about_shown``."""

    ranked: tuple[RankedItem, ...]
    close: tuple[CloseItem, ...]
    reply: str


class Reranked(TypedDict):
    """Written by ``rerank_with_llm``."""

    ranked: tuple[RankedItem, ...]
    influence: LLMInfluence


class Deliberated(TypedDict):
    """Written by ``deliberate``."""

    ranked: tuple[RankedItem, ...]
    close: tuple[CloseItem, ...]
    note: str


class Composed(TypedDict):
    """Written by ``compose_recommendations``."""

    memory: ThreadMemory


class Heard(TypedDict):
    """Written by ``hear_answer``."""

    memory: ThreadMemory
    skipped: bool


WRITES: dict[str, type] = {
    "admit": Admitted,
    "caption_images": Captioned,
    "transcribe_audio": Transcribed,
    "read_video": Watched,
    "look_up_history": Remembered,
    "check_consistency": Checked,
    "understand": Understood,
    "read_with_model": ModelRead,
    "settle_reading": Settled,
    "rank_candidates": Ranked,
    "answer_about_shown": Replied,
    "rerank_with_llm": Reranked,
    "deliberate": Deliberated,
    "compose_recommendations": Composed,
    "hear_answer": Heard,
}
