"""What is handed from step to step and from turn to turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import (
    Field,
)

from .answer import Degradation, Usage
from .catalogue import CatalogueField, Frozen
from .evidence import Evidence, Verdict
from .ranking import RankedItem
from .reading import Condition
from .request import Constraint, Preference
from .understanding import Answered, Language, Question, Understanding


class ShownItem(Frozen):
    """An item shown last in a thread: its price and its other numbers, if any; ``close`` where it was offered below the list."""

    item_id: str
    title: str
    price: float | None = None
    numbers: Mapping[str, float] = Field(default_factory=dict)
    close: bool = False


class EarlierWish(Frozen):
    """What was asked for before a turn changed it, so that the turn can be undone."""

    query: str = ""
    constraints: tuple[Constraint, ...] = ()
    conditions: tuple[Condition, ...] = ()
    preferences: tuple[str, ...] = ()
    budget: Constraint | None = None
    like_item_ids: tuple[str, ...] = ()
    exclude_item_ids: tuple[str, ...] = ()


class ThreadMemory(Frozen):
    """What a thread carries from one turn to the next; ``owner`` is a digest of the user who started it.

    ``conditions`` are the ``constraints`` with the words that made them; ``questions`` counts those asked so far,
    ``open_question`` is the one that waits for an answer. ``earlier`` are the wishes that can be gone back to, latest last;
    ``paged_item_ids`` were shown on earlier pages of the same list.
    """

    turn: int = 0
    language: Language | None = None
    owner: str = ""
    query: str = ""
    constraints: tuple[Constraint, ...] = ()
    conditions: tuple[Condition, ...] = ()
    preferences: tuple[str, ...] = ()
    stated: tuple[Preference, ...] = ()
    stated_item_ids: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    questions: int = 0
    open_question: Question | None = None
    like_item_ids: tuple[str, ...] = ()
    exclude_item_ids: tuple[str, ...] = ()
    budget: Constraint | None = None
    shown: tuple[ShownItem, ...] = ()
    earlier: tuple[EarlierWish, ...] = ()
    paged_item_ids: tuple[str, ...] = ()


class Words(Frozen):
    """One checked sentence for an item, or for the whole list when ``item_id`` is None."""

    item_id: str | None
    text: str
    by: Literal["model", "data"]
    evidence_ids: tuple[str, ...] = ()


class Brief(Frozen):
    """Everything the composer may speak about."""

    text: str = ""
    user: Literal["known", "new", "stranger"] = "stranger"
    evidence: tuple[Evidence, ...] = ()
    verdict: Verdict = Field(default_factory=Verdict)
    understanding: Understanding = Field(default_factory=Understanding)
    items: tuple[RankedItem, ...] = ()
    liked_titles: tuple[str, ...] = ()
    taste: tuple[str, ...] = ()
    cold_start: str | None = None
    strategy: str | None = None
    price_field: str | None = None
    price_unit: str = ""
    fields: tuple[CatalogueField, ...] = ()
    """The catalogue's fields: their units and concepts say how their values are spoken of."""
    nothing_since: Literal["conditions", "theirs", "refused", "rules", "search"] = "conditions"
    """What an empty list comes from: nothing fits; all that fits is the user's, was refused or is held back by the shop; or
    the search did not find it."""


class Composition(Frozen):
    """The words of a response: one message and one reason for every item, model-written only where checks passed.

    ``broke`` says that the model broke the form of its answer with the prompt on trial, so that another stood in.
    """

    message: Words
    reasons: tuple[Words, ...] = ()
    usage: Usage = Field(default_factory=Usage)
    prompt: str | None = None
    broke: bool = False
    degraded: tuple[Degradation, ...] = ()
