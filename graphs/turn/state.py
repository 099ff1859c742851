"""Define what flows through the recommendation graph and who writes it.

Only ``memory`` is checkpointed; everything else lives for one turn (``UntrackedValue``), so that no medium, transcript or
request text is written to the thread store beyond what the next turn needs.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from langgraph.channels import UntrackedValue
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ...core.schemas import (
    Candidate,
    Composition,
    Evidence,
    HistoryProfile,
    LLMInfluence,
    MediaFile,
    Question,
    RankedItem,
    RecommendRequest,
    Route,
    Understanding,
    Verdict,
)


class State(BaseModel):
    """The state of one turn; ``memory`` is a dumped ThreadMemory carried between turns."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: dict[str, Any] = Field(default_factory=dict)
    request: Annotated[RecommendRequest, UntrackedValue] = RecommendRequest()
    media: Annotated[tuple[MediaFile, ...], UntrackedValue] = ()
    captions: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    transcripts: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    video_evidence: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    video_frames: Annotated[tuple[MediaFile, ...], UntrackedValue] = ()
    profile: Annotated[HistoryProfile | None, UntrackedValue] = None
    history_evidence: Annotated[tuple[Evidence, ...], UntrackedValue] = ()
    verdict: Annotated[Verdict, UntrackedValue] = Verdict()
    understanding: Annotated[Understanding, UntrackedValue] = Understanding()
    route: Annotated[Route | None, UntrackedValue] = None
    text_vector: Annotated[NDArray[np.float32] | None, UntrackedValue] = None
    candidates: Annotated[dict[str, list[Candidate]], UntrackedValue] = Field(default_factory=dict)
    ranked: Annotated[tuple[RankedItem, ...], UntrackedValue] = ()
    cold_start: Annotated[str | None, UntrackedValue] = None
    strategy: Annotated[str | None, UntrackedValue] = None
    question: Annotated[str | None, UntrackedValue] = None
    asked: Annotated[Question | None, UntrackedValue] = None
    skipped: Annotated[bool, UntrackedValue] = False
    note: Annotated[str, UntrackedValue] = ""
    influence: Annotated[LLMInfluence | None, UntrackedValue] = None
    composition: Annotated[Composition | None, UntrackedValue] = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return every piece of evidence, in the order of the media."""
        return (*self.captions, *self.video_evidence, *self.transcripts, *self.history_evidence)


class Admitted(TypedDict):
    """Written by ``admit``; all but the media only where a turn is made again with corrections."""

    media: tuple[MediaFile, ...]
    request: NotRequired[RecommendRequest]
    captions: NotRequired[tuple[Evidence, ...]]
    transcripts: NotRequired[tuple[Evidence, ...]]
    memory: NotRequired[dict[str, Any]]


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
    history_evidence: tuple[Evidence, ...]


class Checked(TypedDict):
    """Written by ``check_consistency``."""

    verdict: Verdict


class Understood(TypedDict):
    """Written by ``understand``."""

    understanding: Understanding
    route: Route


class Retrieved(TypedDict):
    """Written by ``retrieve_candidates``."""

    candidates: dict[str, list[Candidate]]
    text_vector: NDArray[np.float32] | None


class Ranked(TypedDict):
    """Written by ``rank_candidates``."""

    ranked: tuple[RankedItem, ...]
    cold_start: str | None
    strategy: str | None
    question: str | None
    asked: Question | None
    note: str


class Reranked(TypedDict):
    """Written by ``rerank_with_llm``."""

    ranked: tuple[RankedItem, ...]
    influence: LLMInfluence


class Deliberated(TypedDict):
    """Written by ``deliberate``."""

    understanding: Understanding
    ranked: tuple[RankedItem, ...]
    note: str


class Composed(TypedDict):
    """Written by ``compose_recommendations``."""

    composition: Composition


class Finished(TypedDict):
    """Written by ``finish``."""

    memory: dict[str, Any]


class Heard(TypedDict):
    """Written by ``hear_answer``."""

    memory: dict[str, Any]
    skipped: bool


WRITES: dict[str, type] = {
    "admit": Admitted,
    "caption_images": Captioned,
    "transcribe_audio": Transcribed,
    "read_video": Watched,
    "look_up_history": Remembered,
    "check_consistency": Checked,
    "understand": Understood,
    "retrieve_candidates": Retrieved,
    "rank_candidates": Ranked,
    "rerank_with_llm": Reranked,
    "deliberate": Deliberated,
    "compose_recommendations": Composed,
    "finish": Finished,
    "hear_answer": Heard,
}
