"""Frozen cases: requests with what their answers must and must not be, and how an answer did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from .answer import Usage
from .catalogue import Frozen, ItemId
from .request import Predicate, RecommendRequest

CaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
Language = Literal["en", "zh", "de"]
Cited = Literal["text", "caption", "transcript", "history", "preference"]
MAX_CASES = 10_000
MAX_REPETITIONS = 50
ItemCount = Annotated[int, Field(ge=0, le=1_000)]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Expectations(Frozen):
    """What an answer is checked for; whatever is left out is not checked."""

    must: tuple[ItemId, ...] = Field(default=(), description="Items that must be in the list.")
    may: tuple[ItemId, ...] = Field(
        default=(),
        description="If given, no other items than these and `must` may be in it; they count as wanted, too.",
    )
    must_not: tuple[ItemId, ...] = Field(default=(), description="Items that must not be in it.")
    holds: tuple[Predicate, ...] = Field(default=(), description="What must hold for every item of it.")
    reads: tuple[Predicate, ...] = Field(default=(), description="Conditions that must have been read.")
    not_applied: tuple[Phrase, ...] = Field(
        default=(), description="Words of the request that the answer must name as not applied."
    )
    says: tuple[Phrase, ...] = Field(default=(), description="Words that its text must hold, in any case of letters.")
    never_says: tuple[Phrase, ...] = Field(default=(), description="Words that its text must not hold.")
    language: Language | None = Field(default=None, description="The language of its text.")
    max_words: int | None = Field(default=None, ge=1, le=100_000, description="Words of its text, at most.")
    cites: tuple[Cited, ...] = Field(default=(), description="Kinds of evidence that its reasons must rest on.")
    items: tuple[ItemCount, ItemCount] | None = Field(
        default=None, description="How many items it lists, at least and at most; [0, 0]: none."
    )


class Case(Frozen):
    """One request, perhaps after earlier turns of the same conversation, and what is expected of its answer.

    Media are named by path: in a file relative to it, in a store as they were kept.
    """

    case_id: CaseName = Field(description="Its name within its set.")
    about: str = Field(default="", max_length=500, description="What it is there for, in one sentence.")
    request: RecommendRequest = Field(description="Who asks and what.")
    before: tuple[RecommendRequest, ...] = Field(
        default=(), max_length=10, description="Earlier turns of the conversation, oldest first."
    )
    expects: Expectations = Field(default=Expectations(), description="What the answer must be.")
    tags: tuple[str, ...] = Field(default=(), description="For looking at parts of the set, such as `photo`.")
    source: str = Field(
        default="written", description="`written`, or `trace:` and the id of the answer it was made from."
    )

    @field_validator("request")
    @classmethod
    def _begins_anew(cls, request: RecommendRequest) -> RecommendRequest:
        if request.thread_id is not None:
            raise ValueError(
                "a case begins its own conversation: leave out thread_id and give earlier turns in `before`"
            )
        return request


class CaseSet(Frozen):
    """Cases that are run together. ``digest`` tells one state of the set from another."""

    name: CaseName = Field(description="Its name.")
    description: str = Field(default="", description="What it is for.")
    cases: tuple[Case, ...] = Field(max_length=MAX_CASES, description="The cases.")
    digest: str = Field(default="", description="SHA-256 of the cases, first 16 digits.")

    @field_validator("cases")
    @classmethod
    def _named_once(cls, cases: tuple[Case, ...]) -> tuple[Case, ...]:
        names = [c.case_id for c in cases]
        doubles = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
        if doubles:
            raise ValueError(f"{doubles[0]} is the case_id of two cases")
        return cases


class AnsweredItem(Frozen):
    """One item of an answer with its reason, and who wrote that: ``model`` or ``data``."""

    item_id: str = Field(description="Which item.")
    title: str = Field(description="Its title.")
    reason: str = Field(default="", description="Why it is there, as the answer said.")
    by: str = Field(default="", description="Who wrote that: `model` or `data`.")


class Outcome(Frozen):
    """What came of one case in one repetition: the answer, the checks it failed in plain words, and its figures.

    ``scores`` has those of ``core/evaluation/judging.py`` that apply; ``error`` is set where there was no answer.
    """

    case_id: str = Field(description="Which case.")
    repetition: int = Field(default=1, description="Which time, from 1.")
    passed: bool = Field(default=False, description="Every check held.")
    failures: tuple[str, ...] = Field(default=(), description="Those that did not, in plain words.")
    scores: dict[str, float] = Field(default_factory=dict, description="Its figures by name.")
    message: str = Field(default="", description="The opening words.")
    items: tuple[AnsweredItem, ...] = Field(default=(), description="The list.")
    prompts: tuple[str, ...] = Field(default=(), description="The prompts that were used.")
    usage: Usage = Field(default=Usage(), description="Use of the language model.")
    seconds: float = Field(default=0.0, description="How long it took.")
    degraded: tuple[str, ...] = Field(default=(), description="What was missing.")
    error: str = Field(default="", description="Why there was no answer, if there was none.")


RunState = Literal["running", "done", "stopped", "failed"]


class EvaluationRun(Frozen):
    """A version that is run over a set; ``done`` of ``total`` answers are there."""

    id: str = Field(default="", description="Its id.")
    name: str = Field(description="What is evaluated, such as `compose`.")
    version: str = Field(description="Which version: `r3`, a draft `d17`, or that of a file.")
    digest: str = Field(default="", description="SHA-256 of its text.")
    case_set: str = Field(description="Name of the set.")
    set_digest: str = Field(default="", description="Which state of the set.")
    k: int = Field(default=1, ge=1, le=MAX_REPETITIONS, description="How often each case is asked.")
    total: int = Field(default=0, ge=0, description="Answers in all.")
    done: int = Field(default=0, ge=0, description="Answers so far.")
    state: RunState = Field(default="running", description="How far it is.")
    by: str = Field(default="", description="Who began it.")
    at: datetime | None = Field(default=None, description="When.")
    ended: datetime | None = Field(default=None, description="When it ended.")
    problem: str = Field(default="", description="Why it failed, if it did.")
    metrics: dict[str, float] = Field(default_factory=dict, description="The figures, once it ended.")
