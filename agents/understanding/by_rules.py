"""Turn typed text, transcripts and captions into a query, hard constraints, preferences and intent.

Rules only: the same input always gives the same reading, in about a millisecond. Text is data throughout: no sentence can do
more than state, change or drop wishes over the catalogue's own fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...core.language.catalogue_language import CatalogueLanguage, language_of
from ...core.schemas import (
    CatalogueSchema,
    Constraint,
    Evidence,
    Intent,
    Reading,
    ThreadMemory,
    Understanding,
    Verdict,
)
from ...core.text.field_names import says_what
from .constraint_merge import WANTED, merge, unique
from .mood import read_mood, suiting
from .plans.plans import Plan, read_plan, take_amount
from .query_text import clean, request_part
from .reader import MIN_HARD_CONFIDENCE, joined_reading, read_utterance
from .turns import turn_phrases as phrases
from .turns.comparisons import comparison_words, names_two, take_compared
from .turns.follow_up import (
    TurnReading,
    bounds_before,
    changes_subject,
    corrected,
    preferences_of,
    query_of,
    without_repeats,
)
from .turns.shown_item_references import take_references
from .utterance import Utterance

MIN_CAPTION_CONFIDENCE = 0.3
MAX_CHARACTERS = 1200
"""Of a longer text the first third and the last two thirds of so much are read; that the rest is not is said."""
WHICH_TWO = "Which two should I compare?"


def understand(  # noqa: PLR0917
    text: str,
    evidence: Sequence[Evidence],
    schema: CatalogueSchema,
    memory: ThreadMemory,
    stated: Sequence[Constraint] = (),
    verdict: Verdict | None = None,
    language: CatalogueLanguage | None = None,
) -> Understanding:
    """Merge what was typed, said and shown with what the thread remembers.

    Typed text and transcripts may state constraints; captions only feed the query. A distrusted medium adds nothing to
    the query, and what was said in it counts with half its confidence; one that is kept out counts for nothing. ``stated`` are the request's own typed constraints;
    ``language`` is the catalogue's, compiled from ``schema`` where it is not given.
    """
    language = language or language_of(schema)
    distrusted = frozenset(verdict.distrusted if verdict else ())
    evidence = [e for e in evidence if verdict is None or e.source not in verdict.kept_out]
    captions = _captions(evidence, distrusted)
    has_photo = any(e.kind == "caption" for e in evidence)
    reading = TurnReading()
    for utterance, in_query in _utterances(text, evidence, distrusted):
        _read(utterance, language, memory, has_photo, reading, in_query=in_query)
    mood = read_mood([text, *(e.content for e in evidence if e.kind == "transcript")])
    question = _settle_comparison(reading, memory)
    memory = corrected(reading, memory)
    constraints, dropped = _constraints(reading, memory, schema, stated)
    memory = ThreadMemory() if reading.reset else memory
    query, refined = query_of(reading, captions, memory, dropped, constraints)
    return Understanding(
        query=query,
        intent=_intent(reading, query, constraints, refined, has_photo and not distrusted),
        constraints=constraints,
        dropped=dropped,
        preferences=without_repeats((*preferences_of(reading, memory, constraints), *suiting(mood, schema))),
        mood=mood,
        like_item_ids=without_repeats(
            reading.like or (reading.compared if reading.compare else ()) or _earlier_likes(memory, refined)
        ),
        exclude_item_ids=without_repeats(
            (*(i for i in memory.exclude_item_ids if i not in reading.like), *reading.exclude)
        ),
        include_consumed=reading.again,
        unparsed=without_repeats([*reading.unparsed, *_not_read([text, *(e.content for e in evidence)])]),
        budget=_budget(reading, memory),
        question=question,
        reading=joined_reading(reading.readings),
    )


def _constraints(
    reading: TurnReading, memory: ThreadMemory, schema: CatalogueSchema, stated: Sequence[Constraint]
) -> tuple[tuple[Constraint, ...], tuple[Constraint, ...]]:
    """Return the constraints in force and those of earlier turns that no longer are."""
    if reading.reset:
        gone = tuple(c.model_copy(update={"source": "thread"}) for c in memory.constraints)
        return unique((*reading.hard, *stated)), gone
    stated = (*bounds_before(reading.ended, memory), *stated)
    kinds = {f.name for f in schema.fields if says_what(f)} if changes_subject(reading, memory) else set()
    return merge(
        memory.constraints,
        (*reading.hard, *stated),
        freed=[f.name for f in reading.freed],
        released=reading.released,
        adds=reading.adds,
        joins=reading.joins,
        outdated=[c for c in memory.constraints if (c.field in kinds and c.op in WANTED) or c in reading.ended],
    )


def _settle_comparison(reading: TurnReading, memory: ThreadMemory) -> str | None:
    """Keep the comparison if two things are named; else note it as not understood and return what to ask."""
    if not reading.compare:
        return None
    if not reading.compared and not any(reading.content) and len(memory.shown) == 2:
        reading.compared = [s.item_id for s in memory.shown]
    resolved = without_repeats((*reading.like, *reading.compared))
    if names_two(" , ".join(reading.content), len(resolved)):
        return None
    reading.compare = False
    reading.unparsed.append(reading.comparison)
    return WHICH_TWO


def _budget(reading: TurnReading, memory: ThreadMemory) -> Constraint | None:
    """Return the total of this turn, else that of an earlier one unless its field no longer matters."""
    if reading.budget or memory.budget is None or memory.budget.field in {f.name for f in reading.freed}:
        return reading.budget
    return memory.budget.model_copy(update={"source": "thread"})


def _earlier_likes(memory: ThreadMemory, refined: bool) -> Sequence[str]:
    return memory.like_item_ids if refined else ()


def _utterances(text: str, evidence: Sequence[Evidence], distrusted: frozenset[str]) -> list[tuple[Utterance, bool]]:
    text = phrases.without_reminders(text)
    spoken = [e for e in evidence if e.kind == "transcript" and e.content.strip()]
    said = [
        (
            Utterance(
                _bounded(e.content), f"transcript:{e.evidence_id}", e.confidence / (2 if e.source in distrusted else 1)
            ),
            e.source not in distrusted,
        )
        for e in spoken
    ]
    return ([(Utterance(_bounded(text)), True)] if text.strip() else []) + said


def _bounded(text: str) -> str:
    """Return the beginning and the end of a long text, where people say what they want."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[: MAX_CHARACTERS // 3]}\n{text[-2 * MAX_CHARACTERS // 3 :]}"


def _not_read(texts: Sequence[str]) -> list[str]:
    """Return the first words of what is left out of long texts."""
    return [f"{t[MAX_CHARACTERS // 3 :][:60].strip()}…" for t in texts if len(t) > MAX_CHARACTERS]


def _captions(evidence: Sequence[Evidence], distrusted: frozenset[str]) -> list[str]:
    return [
        e.content.strip()
        for e in evidence
        if e.kind == "caption" and e.source not in distrusted and e.confidence >= MIN_CAPTION_CONFIDENCE
    ]


def _read(
    u: Utterance,
    language: CatalogueLanguage,
    memory: ThreadMemory,
    has_photo: bool,
    reading: TurnReading,
    *,
    in_query: bool,
) -> None:
    """Read one sentence: acts, references to shown items, the total of a plan, then the grammar over what is left."""
    schema = language.schema
    reading.adds |= phrases.adds(u.low)
    reading.continues |= phrases.continues(u.low)
    reading.corrects |= phrases.corrects(u.low)
    reading.compare |= phrases.asks_to_compare(u.low)
    reading.comparison = reading.comparison or comparison_words(u.text, u.plain) if reading.compare else ""
    reading.plan |= phrases.asks_to_plan(u.low)
    plan = read_plan(u)
    reading.reset |= phrases.take_reset(u)
    references = take_references(u, language, memory, has_photo)
    reading.like += references.like
    reading.exclude += references.exclude
    reading.ended += references.ended
    reading.compared += [*references.compared, *take_compared(u, memory.shown)]
    reading.again |= phrases.take_again(u)
    _read_total(u, plan, schema, reading)
    reading.similar |= phrases.take_similar(u)
    parts = partial(plan.is_local, u) if plan else None
    read = read_utterance(u, language, parts, memory.constraints)
    reading.readings.append(read.reading)
    reading.readings.append(Reading(conditions=tuple(references.said)))
    bounded = {(c.field, c.op[0]) for c in read.hard}  # "too expensive, 50 at most" says itself how cheap
    reading.hard += [*(c for c in references.hard if (c.field, c.op[0]) not in bounded), *read.hard]
    reading.soft += [*references.soft, *read.soft]
    reading.unparsed += [*references.unresolved, *read.reading.not_applied]
    for name, value in read.reading.released:
        if value:
            reading.released.append((name, value))
        else:
            reading.freed.append(language.fields[name].field)
    reading.adds |= bool(read.reading.added)
    reading.joins |= read.joins
    if in_query:
        reading.content.append(clean(request_part(u.remainder())))
        named = [u.text[start:end] for start, end in read.wanted]
        reading.beyond.append(clean(_without(read.reading.query, named)))
        reading.named += named


def _without(query: str, named: Sequence[str]) -> str:
    """Return the words of a query that are none of the values named: a preferred value is no new subject."""
    for value in named:
        query = query.replace(value, " ", 1)
    return query


def _read_total(u: Utterance, plan: Plan | None, schema: CatalogueSchema, reading: TurnReading) -> None:
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


def _intent(
    reading: TurnReading, query: str, constraints: Sequence[Constraint], refined: bool, has_photo: bool
) -> Intent:
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
