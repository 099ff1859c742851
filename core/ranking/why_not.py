"""Say which step dropped an item, with its figures; pure, from a trace of the same steps that make a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from ..choices import fitting
from ..language.measure_words import currencies
from ..predicates import holds
from ..schemas import Candidate, Constraint, Degradation, Frozen, Item, SourceScore
from ..text.titles import is_named
from .query import CandidateQuery
from .selection import Selection, Shelf

Step = Literal[
    "listed",
    "unknown",
    "constraint",
    "refused",
    "disliked",
    "consumed",
    "pointed_at",
    "rule",
    "not_proposed",
    "pool",
    "filter",
    "duplicate",
    "rank",
]


class WhyNot(Frozen):
    """Which step dropped an item, in one sentence and in figures; those that do not belong to the step are empty."""

    item_id: str = Field(description="The item asked about.")
    title: str | None = Field(default=None, description="Its title, if there is such an item.")
    step: Step = Field(
        description="`listed`: it is on the list; `unknown`: no such item; `constraint`: breaks a stated limit; `refused`, "
        "`disliked`, `consumed`, `pointed_at`: left out for what the user did or said; `rule`: a rule of the shop; "
        "`not_proposed`: no source found it; `pool`: too far down to be ranked; `filter`: a content filter; "
        "`duplicate`: repeats a listed item; `rank`: ranked below the cut."
    )
    why: str = Field(description="One sentence for people.")
    constraint: Constraint | None = Field(default=None, description="The limit it breaks.")
    rules: tuple[str, ...] = Field(default=(), description="Ids of the rules that left it out or moved it.")
    duplicate_of: str | None = Field(default=None, description="Id of the item that it repeats.")
    rank: int | None = Field(default=None, description="Its place, from 1: listed, among the ranked or the proposed.")
    of: int | None = Field(default=None, description="How many had a place.")
    n: int = Field(description="How many items the list may hold.")
    score: float | None = Field(default=None, description="Its score; higher is better.")
    last_score: float | None = Field(default=None, description="The score of the last item on the list.")
    sources: tuple[SourceScore, ...] = Field(default=(), description="Which sources proposed it, and where.")
    asked: dict[str, int] = Field(default_factory=dict, description="Sources that answered -> items they proposed.")
    degraded: tuple[Degradation, ...] = Field(
        default=(), description="Parts that were missing when it was looked into."
    )


@dataclass
class Trace:
    """What the ranker did, filled in while it works. Places count from 1."""

    proposed: dict[str, int] = field(default_factory=dict)
    pool: int = 0
    denied: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, str] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    def fill(self, shelf: Shelf, chosen: Selection) -> None:
        """Take the whole order, the scores and the repeats."""
        ids = [item.item_id for item in shelf.items]
        self.order = {ids[i]: place for place, i in enumerate(chosen.order, 1)}
        self.scores = {ids[i]: round(float(score), 6) for i, score in enumerate(shelf.scores)}
        self.repeats = {ids[late]: ids[early] for late, early in chosen.repeats.items()}


@dataclass(frozen=True)
class Inquiry:
    """An item (None if there is none of that id), the request it is asked about, and what was found on the way."""

    item_id: str
    item: Item | None
    query: CandidateQuery
    candidates: Mapping[str, Sequence[Candidate]]
    trace: Trace
    listed: tuple[str, ...]
    n: int


def explain(about: Inquiry) -> WhyNot:
    """Return the first step, in the order in which they are taken, that dropped the item."""
    if about.item is None:
        return WhyNot(item_id=about.item_id, step="unknown", why="There is no item of that id.", n=about.n)
    if about.item_id in about.listed:
        rank = about.listed.index(about.item_id) + 1
        return _told(about, "listed", f"It is on the list, at place {rank}.", rank=rank, of=len(about.listed))
    return _stated(about, about.item) or _shop(about, about.item) or _found(about) or _ranked(about)


def _stated(about: Inquiry, item: Item) -> WhyNot | None:
    """Return what the user's own limits, refusals and history say against it."""
    wish, profile = about.query.understanding, about.query.profile
    broken = next((c for c in wish.constraints if not holds(c, item)), None)
    if broken is not None:
        value = item.attributes.get(broken.field)
        known = f"its {broken.field} is {_shown(value)}" if value is not None else _not_known(item, broken.field)
        limit = " or ".join(f"{c.field} {c.op} {_shown(c.value)}" for c in (broken, *broken.either))
        return _told(about, "constraint", f"It does not meet {limit}: {known}.", constraint=broken)
    if fitting(item, wish.constraints) is None:
        limits = " and ".join(f"{c.field} {c.op} {_shown(c.value)}" for c in wish.constraints)
        return _told(about, "constraint", f"No choice of it meets {limits} at once.")
    if item.item_id in wish.exclude_item_ids:
        return _told(about, "refused", "The user refused it in this conversation.")
    if item.item_id in profile.disliked:
        return _told(about, "disliked", "The user disliked it.")
    if item.item_id in wish.like_item_ids and wish.intent != "compare":
        return _told(about, "pointed_at", "The user asked for items like it, so it is not offered itself.")
    if about.query.may_name and is_named(item.title, wish.query):
        return _told(about, "pointed_at", "The words name it as the item to be similar to.")
    if item.item_id in profile.consumed and not wish.include_consumed:
        return _told(about, "consumed", "The user already has it; `include_consumed` offers such items again.")
    return None


def _not_known(item: Item, field: str) -> str:
    """Return that a field is not known, or in which other currency it is, as amounts in different ones are not compared."""
    codes = set(currencies().values())
    for name, value in item.attributes.items():
        base, _, code = name.rpartition("_")
        if base == field and code.upper() in codes and isinstance(value, int | float):
            return f"its {field} is {value:g} {code.upper()}, and currencies are not compared"
    return f"its {field} is not known"


def _shop(about: Inquiry, item: Item) -> WhyNot | None:
    """Return the shop's rule that leaves it out."""
    rule = about.query.effects.blocker(item)
    if rule is not None:
        return _told(about, "rule", f"The shop's rule {rule} leaves it out.", rules=(rule,))
    if item.item_id in about.query.excluded:
        return _told(about, "refused", "It is excluded from this request.")
    return None


def _found(about: Inquiry) -> WhyNot | None:
    """Return whether no source proposed it, or too far down."""
    place = about.trace.proposed.get(about.item_id)
    asked = {name: len(rows) for name, rows in about.candidates.items()}
    if place is None:
        names = ", ".join(f"{name} ({count})" for name, count in asked.items()) or "none answered"
        return _told(about, "not_proposed", f"No source proposed it: {names}.", asked=asked)
    if place > about.trace.pool and about.item_id not in about.trace.order:
        why = f"The sources together put it at place {place}; the first {about.trace.pool} are ranked."
        return _told(about, "pool", why, rank=place, of=len(about.trace.proposed), asked=asked)
    if about.item_id in about.trace.denied:
        return _told(about, "filter", f"A content filter held it back: {about.trace.denied[about.item_id]}.")
    if about.item_id in about.trace.repeats:
        other = about.trace.repeats[about.item_id]
        return _told(about, "duplicate", f"It repeats item {other}, which stands for both.", duplicate_of=other)
    return None


def _ranked(about: Inquiry) -> WhyNot:
    """Return where it was ranked, below the cut."""
    place, ranked = about.trace.order.get(about.item_id), len(about.trace.order)
    last = about.trace.scores.get(about.listed[-1]) if about.listed else None
    moved = tuple(w.id for w in about.query.effects.on(about.item)) if about.item else ()
    where = f"place {place} of {ranked}" if place else "a place below those ranked"
    by = f", moved by {', '.join(moved)}" if moved else ""
    ends = (
        "the list ends before it: it does not have the name"
        if place and place <= about.n
        else f"the list holds {about.n}"
    )
    why = f"It was ranked at {where}{by}; {ends}."
    return _told(about, "rank", why, rank=place, of=ranked, last_score=last, rules=moved)


def _told(about: Inquiry, step: Step, why: str, **figures: object) -> WhyNot:
    placed = [(name, c) for name, rows in about.candidates.items() for c in rows if c.item_id == about.item_id]
    sources = tuple(SourceScore(source=name, rank=c.rank, score=c.score) for name, c in placed)
    known = {"title": about.item.title if about.item else None, "sources": sources, "n": about.n}
    score = about.trace.scores.get(about.item_id)
    return WhyNot.model_validate(
        {"item_id": about.item_id, "step": step, "why": why, "score": score, **known, **figures}
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
