"""What a client gets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    Field,
)

from .catalogue import AttributeValue, Frozen, Variant
from .evidence import Evidence, Verdict
from .ranking import PathStep, SourceScore
from .releases import ServedVersion
from .request import LLMStrategy
from .understanding import Question, Route, Understanding


class Reason(Frozen):
    """Why an item is on the list. ``by`` is ``model`` only if the sentence passed every check, else ``data``."""

    text: str = Field(description="One or two sentences.")
    by: Literal["model", "data"] = Field(description="Written by the language model and checked, or rendered.")
    evidence_ids: tuple[str, ...] = Field(default=(), description="Evidence the sentence rests on.")


class Recommendation(Frozen):
    """One recommended item as a client sees it; every field but ``reason`` comes from the catalogue record."""

    item_id: str = Field(description="Catalogue id.")
    rank: int = Field(description="Position, from 1.")
    score: float = Field(description="Fused score; comparable within one response only.")
    title: str = Field(description="Title from the record.")
    attributes: dict[str, AttributeValue] = Field(description="Attributes from the record.")
    image: str | None = Field(default=None, description="Image reference from the record.")
    url: str | None = Field(default=None, description="Link from the record.")
    variants: tuple[Variant, ...] = Field(
        default=(),
        description="The choices it comes in; where what was asked tells them apart, only those that fit and can be had.",
    )
    sources: tuple[SourceScore, ...] = Field(default=(), description="Which sources proposed it, and where.")
    rules: tuple[str, ...] = Field(default=(), description="Ids of the business rules that pinned or moved it.")
    path: tuple[PathStep, ...] = Field(
        default=(), description="How it follows from something the user liked, if it does."
    )
    predicted_rating: float | None = Field(
        default=None,
        description="The rating the user is expected to give, on the shop's own scale; absent where the shop or the user has none.",
    )
    close: bool = Field(
        default=False, description="It comes close: others hold every word that was asked for, this one does not."
    )
    reason: Reason | None = Field(default=None, description="Why it is here; absent in the `items` event.")


class Breach(Frozen):
    """One condition that an item breaks which comes close."""

    condition_id: str = Field(
        default="", description="The condition in `understanding.conditions`, if it is one of them."
    )
    field: str = Field(default="", description="Catalogue field; empty where it lacks a name that was asked for.")
    words: str = Field(description="How it breaks the condition, such as `12 minutes longer than you asked`.")


class CloseItem(Recommendation):
    """An item offered below the list: it comes close, and says what it breaks. `rank` counts from 1 among these alone."""

    breaks: tuple[Breach, ...] = Field(default=(), description="Every condition that it breaks, in words.")


class Degradation(Frozen):
    """A part that was missing or late, and why; the rest of the answer was made without it."""

    what: str = Field(description="The part, such as `llm`, `captioner`, `vector_search`, `history`.")
    why: str = Field(description="What happened, without secrets.")


class StepTime(Frozen):
    """Seconds spent in one step."""

    step: str = Field(description="Name of the step.")
    seconds: float = Field(description="Seconds it took.")


class Usage(Frozen):
    """Language-model use of one request."""

    llm_calls: int = Field(default=0, description="Calls made.")
    prompt_tokens: int = Field(default=0, description="Prompt tokens of all calls.")
    cached_tokens: int = Field(default=0, description="Prompt tokens served from the prefix cache, if reported.")
    completion_tokens: int = Field(default=0, description="Generated tokens of all calls.")
    cost: float = Field(default=0.0, description="What they cost by `llm.prompt_price` and `llm.completion_price`.")


class LLMInfluence(Frozen):
    """By how much a language model moved the list, and on what ground."""

    strategies: tuple[LLMStrategy, ...] = Field(description="What was asked for.")
    used: tuple[LLMStrategy, ...] = Field(
        default=(), description="What answered; another one may stand in, see `degraded`."
    )
    group: str = Field(description="The user's group: `cold` with fewer than five events, else `warm`.")
    weight: float = Field(ge=0, le=2, description="Weight of the signal against the list's own scores; 0: not asked.")
    fitted: bool = Field(default=False, description="The weight was fitted on held-out events of this shop.")
    kendall_distance: float = Field(default=0.0, ge=0, le=1, description="Share of pairs that changed places, 0 to 1.")
    mean_rank_shift: float = Field(default=0.0, ge=0, description="Places that an item moved, on average.")
    why: str = Field(default="", description="Why the list did not move, if it did not.")


class RecommendResponse(Frozen):
    """The whole answer."""

    request_id: str = Field(description="Identifier for logs and feedback.")
    thread_id: str = Field(description="Send it back to continue the conversation.")
    user: Literal["known", "new", "stranger"] = Field(
        description="known: with history; new: named but without history; stranger: not named."
    )
    route: Route = Field(description="Which route was taken and why.")
    evidence: tuple[Evidence, ...] = Field(default=(), description="What was read, seen, heard and remembered.")
    consistency: Verdict = Field(default_factory=Verdict, description="Do the media agree, and are they authentic?")
    understanding: Understanding = Field(description="What the request was taken to mean.")
    message: str = Field(default="", description="Opening words for the whole list.")
    message_by: Literal["model", "data"] = Field(default="data", description="Who wrote `message`.")
    items: tuple[Recommendation, ...] = Field(default=(), description="Ranked items, best first.")
    close: tuple[CloseItem, ...] = Field(
        default=(),
        description="Where few items meet every condition: others, below the list, that break one by a little, each with what it breaks. "
        "Conditions about safety, refusals and the shop's rules are never broken.",
    )
    question: str | None = Field(default=None, description="A question worth answering, if any; skippable.")
    asked: Question | None = Field(
        default=None, description="The same question with its choices, to be answered by `answer` of the next request."
    )
    cold_start: str | None = Field(default=None, description="How the list was made without history, if so.")
    strategy: str | None = Field(
        default=None, description="Name of the cold-start strategy that `cold_start` describes, such as `session`."
    )
    degraded: tuple[Degradation, ...] = Field(default=(), description="What was missing and why; empty if nothing.")
    llm_influence: LLMInfluence | None = Field(
        default=None, description="By how much a language model moved the list; absent where none was asked to."
    )
    prompts: tuple[str, ...] = Field(default=(), description="Prompts used, as `name@version#digest`.")
    versions: tuple[ServedVersion, ...] = Field(
        default=(),
        description="Released versions that served, and rollouts that the user takes part in; empty: all as it ships.",
    )
    usage: Usage = Field(default_factory=Usage, description="Language-model use.")
    timings: tuple[StepTime, ...] = Field(default=(), description="Seconds per step, in the order they ended.")


class StreamEvent(Frozen):
    """One event of a stream. ``data`` is JSON-ready.

    ``route`` {name, why, decided_by}; ``reading`` {conditions, order, not_applied}: what was understood, each condition with its
    words and id; ``evidence`` one Evidence; ``consistency`` Verdict; ``items`` {items, close, question, asked, cold_start, strategy, note}: the
    ranked items, and those offered below them, before any word is written; ``partial`` {evidence_id, segment}: a stretch of speech while the
    rest of a long clip is still read; ``words`` {item_id or null for the opening message, text, by,
    evidence_ids}; ``degraded`` one Degradation; ``step`` StepTime; ``done`` the whole RecommendResponse; ``error`` {message}.
    """

    event: Literal[
        "route", "reading", "partial", "evidence", "consistency", "items", "words", "degraded", "step", "done", "error"
    ] = Field(description="What happened.")
    data: dict[str, Any] = Field(description="What it says, in the form that belongs to `event`.")
