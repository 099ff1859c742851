"""Turn typed text, transcripts and captions into a query, hard constraints, preferences and intent.

Rules only: the same input always gives the same reading, in about a millisecond. Text is data throughout: no sentence can do
more than state, change or drop wishes over the catalogue's own fields.

A turn that names a new subject, without a word that continues the one before ("but", "with", "for", "also", "darker"),
starts a new query: limits (price, year, colour, refusals, ...) stay, but what said what the earlier items were (genre,
category, theme, subject) is dropped, and so are the preferences that the earlier query named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from ..core import phrases
from ..core.amounts import MIN_HARD_CONFIDENCE, take_amounts
from ..core.comparisons import comparison_words, names_two, take_compared
from ..core.constraints import merge, unique, values_of
from ..core.fields import label_of, says_what, year_field
from ..core.plans import Plan, read_plan, take_amount
from ..core.query_text import clean, join_queries, request_part
from ..core.references import take_references
from ..core.requirements import take_unmet
from ..core.schemas import (
    CatalogueField,
    CatalogueSchema,
    Constraint,
    Evidence,
    Intent,
    ThreadMemory,
    Understanding,
    Verdict,
)
from ..core.utterance import Utterance
from ..core.vocabulary import stem
from ..core.wishes import take_wishes

MIN_CAPTION_CONFIDENCE = 0.2
WHICH_TWO = "Which two should I compare?"
_WANTED = ("=", "in", "contains")


@dataclass
class Reading:
    """What the rules found in the sentences of one turn."""

    hard: list[Constraint] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    freed: list[CatalogueField] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    like: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    reset: bool = False
    again: bool = False
    similar: bool = False
    adds: bool = False
    continues: bool = False
    compare: bool = False
    plan: bool = False
    budget: Constraint | None = None
    comparison: str = ""


def understand(  # noqa: PLR0917
    text: str,
    evidence: Sequence[Evidence],
    schema: CatalogueSchema,
    memory: ThreadMemory,
    stated: Sequence[Constraint] = (),
    verdict: Verdict | None = None,
) -> Understanding:
    """Merge what was typed, said and shown with what the thread remembers.

    Typed text and transcripts may state constraints; captions only feed the query. A distrusted medium adds nothing to
    the query, and what was said in it counts with half its confidence. ``stated`` are the request's own typed constraints.
    """
    distrusted = frozenset(verdict.distrusted if verdict else ())
    captions = _captions(evidence, distrusted)
    has_photo = any(e.kind == "caption" for e in evidence)
    reading = Reading()
    for utterance, in_query in _utterances(text, evidence, distrusted):
        _read(utterance, schema, memory, has_photo, reading, in_query=in_query)
    question = _settle_comparison(reading, memory)
    constraints, dropped = _constraints(reading, memory, schema, stated)
    memory = ThreadMemory() if reading.reset else memory
    query, refined = _query(reading, captions, memory, dropped, constraints)
    return Understanding(
        query=query,
        intent=_intent(reading, query, constraints, refined, has_photo and not distrusted),
        constraints=constraints,
        dropped=dropped,
        preferences=_preferences(reading, memory, constraints),
        like_item_ids=_unique(
            reading.like or (reading.compared if reading.compare else ()) or _earlier_likes(memory, refined)
        ),
        exclude_item_ids=_unique((*(i for i in memory.exclude_item_ids if i not in reading.like), *reading.exclude)),
        include_consumed=reading.again,
        unparsed=_unique(reading.unparsed),
        budget=_budget(reading, memory),
        question=question,
    )


def _constraints(
    reading: Reading, memory: ThreadMemory, schema: CatalogueSchema, stated: Sequence[Constraint]
) -> tuple[tuple[Constraint, ...], tuple[Constraint, ...]]:
    """Return the constraints in force and those of earlier turns that no longer are."""
    if reading.reset:
        gone = tuple(c.model_copy(update={"source": "thread"}) for c in memory.constraints)
        return unique((*reading.hard, *stated)), gone
    kinds = {f.name for f in schema.fields if says_what(f)} if _changes_subject(reading, memory) else set()
    return merge(
        memory.constraints,
        (*reading.hard, *stated),
        freed=[f.name for f in reading.freed],
        released=reading.released,
        adds=reading.adds,
        outdated=[c for c in memory.constraints if c.field in kinds and c.op in _WANTED],
    )


def _changes_subject(reading: Reading, memory: ThreadMemory) -> bool:
    points_back = reading.continues or reading.adds or reading.similar or reading.like or reading.comparison
    return memory.turn > 0 and any(reading.beyond) and not points_back


def _settle_comparison(reading: Reading, memory: ThreadMemory) -> str | None:
    """Keep the comparison if two things are named; else note it as not understood and return what to ask."""
    if not reading.compare:
        return None
    if not reading.compared and not any(reading.content) and len(memory.shown) == 2:
        reading.compared = [s.item_id for s in memory.shown]
    resolved = _unique((*reading.like, *reading.compared))
    if names_two(" , ".join(reading.content), len(resolved)):
        return None
    reading.compare = False
    reading.unparsed.append(reading.comparison)
    return WHICH_TWO


def _budget(reading: Reading, memory: ThreadMemory) -> Constraint | None:
    """Return the total of this turn, else that of an earlier one unless its field no longer matters."""
    if reading.budget or memory.budget is None or memory.budget.field in {f.name for f in reading.freed}:
        return reading.budget
    return memory.budget.model_copy(update={"source": "thread"})


def _earlier_likes(memory: ThreadMemory, refined: bool) -> Sequence[str]:
    return memory.like_item_ids if refined else ()


def _utterances(text: str, evidence: Sequence[Evidence], distrusted: frozenset[str]) -> list[tuple[Utterance, bool]]:
    spoken = [e for e in evidence if e.kind == "transcript" and e.content.strip()]
    said = [
        (
            Utterance(e.content, f"transcript:{e.evidence_id}", e.confidence / (2 if e.source in distrusted else 1)),
            e.source not in distrusted,
        )
        for e in spoken
    ]
    return ([(Utterance(text), True)] if text.strip() else []) + said


def _captions(evidence: Sequence[Evidence], distrusted: frozenset[str]) -> list[str]:
    return [
        e.content.strip()
        for e in evidence
        if e.kind == "caption" and e.source not in distrusted and e.confidence >= MIN_CAPTION_CONFIDENCE
    ]


def _read(
    u: Utterance, schema: CatalogueSchema, memory: ThreadMemory, has_photo: bool, reading: Reading, *, in_query: bool
) -> None:
    """Run the rules over one sentence in the order in which their phrases may contain one another."""
    reading.adds |= phrases.adds(u.low)
    reading.continues |= phrases.continues(u.low)
    reading.compare |= phrases.asks_to_compare(u.low)
    reading.comparison = reading.comparison or comparison_words(u.text, u.plain) if reading.compare else ""
    reading.plan |= phrases.asks_to_plan(u.low)
    plan = read_plan(u)
    reading.reset |= phrases.take_reset(u)
    reading.freed += phrases.take_drops(u, schema)
    references = take_references(u, schema, memory, has_photo)
    reading.like += references.like
    reading.exclude += references.exclude
    reading.compared += [*references.compared, *take_compared(u, memory.shown)]
    reading.again |= phrases.take_again(u)
    _read_total(u, plan, schema, reading)
    amounts = take_amounts(u, schema)
    leanings = phrases.take_leanings(u, schema, year_field(schema))
    wishes = take_wishes(u, schema, partial(plan.is_local, u) if plan else None)
    reading.similar |= phrases.take_similar(u)
    reading.hard += [*references.hard, *amounts.hard, *wishes.hard]
    reading.soft += [*references.soft, *amounts.soft, *leanings, *wishes.soft]
    reading.unparsed += [*references.unresolved, *amounts.unparsed, *take_unmet(_without(u, wishes.mentioned))]
    reading.released += wishes.released
    if in_query:
        reading.content.append(clean(request_part(u.remainder())))
        reading.beyond.append(clean(u.remainder(tuple(wishes.spans))))


def _read_total(u: Utterance, plan: Plan | None, schema: CatalogueSchema, reading: Reading) -> None:
    """Take the total of a plan, which bounds no single item, and the amounts of single parts, which nothing can enforce."""
    if plan is None:
        return
    for number in plan.of_parts:
        reading.unparsed.append(take_amount(u, number))
    if plan.budget is None:
        return
    words, price = take_amount(u, plan.budget), schema.price
    reading.plan = True
    if price is None or u.confidence < MIN_HARD_CONFIDENCE:
        reading.unparsed.append(words)
        return
    reading.budget = Constraint(
        field=price.name, op="<=", value=plan.budget.value, source=u.source, confidence=u.confidence
    )


def _without(u: Utterance, spans: Sequence[tuple[int, int]]) -> Utterance:
    for start, end in spans:
        u.mark(start, end)
    return u


def _query(
    reading: Reading,
    captions: Sequence[str],
    memory: ThreadMemory,
    dropped: Sequence[Constraint],
    constraints: Sequence[Constraint],
) -> tuple[str, bool]:
    """Return the query and whether this turn only refines the one before.

    A turn that names nothing beyond constrained values keeps the earlier query, less the words of dropped values; one that
    continues it ("but with a beach") is added to it; any other starts a new query.
    """
    content = [c for c in reading.content if c]
    has_new = any(reading.beyond) or bool(captions)
    refused = [c for c in reading.hard if c.op in ("!=", "not contains")]
    earlier = _forget(memory.query, (*dropped, *refused), [c for c in constraints if c.op in _WANTED])
    if memory.turn == 0 or not (memory.query or memory.constraints or memory.shown):
        return join_queries((*content, *captions)), False
    if not has_new:
        return join_queries((earlier, *content)), True
    if reading.continues:
        return join_queries((earlier, *content, *captions)), True
    return join_queries((*content, *captions)), False


def _forget(query: str, gone: Sequence[Constraint], wanted: Sequence[Constraint]) -> str:
    """Return ``query`` less the values that are gone and not wanted still."""
    words = _value_stems(gone) - _value_stems(wanted)
    if not words:
        return query
    kept = [w for w in query.split() if stem(w.strip(".,!?").lower()) not in words]
    return clean(" ".join(kept))


def _value_stems(constraints: Sequence[Constraint]) -> set[str]:
    return {stem(word) for c in constraints for value in values_of(c) for word in re.findall(r"\w+", value)}


def _preferences(reading: Reading, memory: ThreadMemory, constraints: Sequence[Constraint]) -> tuple[str, ...]:
    """Keep earlier preferences unless this turn says the opposite, frees their field, makes them constraints or is new."""
    hard = {v for c in constraints for v in values_of(c)}
    freed = [label_of(f.name) for f in reading.freed]
    new = _unique(reading.soft)
    slots = {_slot(p) for p in new}
    old = memory.query.lower() if _changes_subject(reading, memory) else ""
    kept = [p for p in memory.preferences if _slot(p) not in slots and not any(f in p for f in freed)]
    kept = [p for p in kept if p.lower() not in old]
    return tuple(p for p in _unique((*kept, *new)) if p.lower() not in hard)


def _slot(preference: str) -> str:
    return re.sub(r"^(?:low|high) | around [\d.]+$", "", preference)


def _intent(reading: Reading, query: str, constraints: Sequence[Constraint], refined: bool, has_photo: bool) -> Intent:
    if reading.compare:
        return "compare"
    if reading.comparison and not reading.compare:
        return "recommend"
    if reading.plan:
        return "plan"
    if reading.like or reading.similar:
        return "similar"
    if refined:
        return "refine"
    return "recommend" if query or constraints or reading.soft or has_photo else "browse"


def _unique(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
