"""Read one request against a catalogue's language: the deterministic reader, about a millisecond a sentence.

The same text always gives the same reading. Every content word ends in a condition, the order, a reference, the query, or among
what is not applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.tokens import simplified
from ...core.language.value_entry import BROADER
from ...core.schemas import Condition, Constraint, Order, Reading
from ...core.text.catalogue_values import TAKEN
from ...core.text.field_names import label_of
from .beside_earlier import beside_earlier
from .conditions_of import conditions_of, disputed_wishes, unique_conditions
from .grammar.cutting import segment
from .grammar.left_over import counts_next, left_over, unsaid, whole_words
from .grammar.parse import parse
from .grammar.segments import Segment
from .grammar.sentence import Parsed, Wish
from .turns.pointed_at import pointed_at
from .turns.turn_phrases import changes, says_has
from .utterance import Utterance

MANIFOLD = frozenset(("diet", "ingredient"))
"""Concepts of lists of which people want several things at once."""
_ASKED = re.compile(r"没有([^，。！？,.!?;；\n]{1,20}[吗么])")
"""A question put in the negative asks for what it names; the words that stand in for 没有 are as long."""
MIN_HARD_CONFIDENCE = 0.3


def read(text: str, language: CatalogueLanguage) -> Reading:
    """Return what ``text`` says in the terms of a catalogue. Never raises; at most 220 tokens are read, the rest is named."""
    asked = _ASKED.search(simplified(text))
    segments, rest = segment(_ASKED.sub(r"想要\1", simplified(text)) if asked else text, language)
    return _reading(segments, parse(segments, language, text), text, rest, language)


def _reading(segments: Sequence[Segment], found: Parsed, text: str, rest: str, language: CatalogueLanguage) -> Reading:
    disputed = disputed_wishes(found.wishes)
    order = _order(found)
    spans = [*found.unmet, *left_over(segments, language), *_spans([w for w in found.wishes if id(w) in disputed])]
    spans = [*whole_words(segments, [*spans, *unsaid(segments, language, spans)])]
    unmet = [text[a:b].strip() for a, b in _apart(spans)]
    return Reading(
        query=_query(segments, found),
        conditions=tuple(
            c.model_copy(update={"condition_id": f"c{n}"})
            for n, c in enumerate(conditions_of(found, text, language), 1)
        ),
        order=order,
        for_whom=" ".join(s.text for s in found.people),
        count=found.count,
        released=tuple(
            dict.fromkeys(
                [
                    *((name, "") for name in found.freed),
                    *((w.entry.field, v) for w in found.wishes if w.released for v in w.entry.wanted),
                ]
            )
        ),
        added=tuple(dict.fromkeys(w.entry.field for w in found.wishes if w.added)),
        not_applied=tuple(dict.fromkeys([*unmet, *([rest[:200]] if rest else [])])),
    )


def _order(found: Parsed) -> Order | None:
    if found.order is None:
        return None
    field, descending, said = found.order
    then = found.then or ("", False, said)
    return Order(
        field=field,
        descending=descending,
        words=said.text,
        rank=found.rank,
        then_field=then[0],
        then_descending=then[1],
    )


@dataclass
class UtteranceReading:
    """A reading of one utterance as constraints, soft preferences, and the spans of values that stay in its query.

    ``joins`` are the lists to which it adds a value, rather than putting it in the place of those asked for before.
    """

    reading: Reading
    hard: list[Constraint]
    soft: list[str]
    wanted: tuple[tuple[int, int], ...]
    joins: frozenset[str] = frozenset()


def read_utterance(
    u: Utterance,
    language: CatalogueLanguage,
    is_local: Callable[[int, int], bool] | None = None,
    earlier: Sequence[Constraint] = (),
) -> UtteranceReading:
    """Read what earlier rules left of ``u``, and take out of it what is no matter of search.

    ``is_local`` tells whether the value at a span belongs to one part of a plan only, which binds nothing else.
    ``earlier`` are the conditions of the turns before, which a mere number or a preference may change.
    """
    text = _left(u)
    segments, rest = segment(text, language)
    found = parse(segments, language, text, earlier)
    found.wishes += pointed_at(found, segments, earlier, language)
    local = [
        w
        for w in found.wishes
        if is_local and not w.refused and any(s.person or is_local(s.start, s.end) for s in w.segments)
    ]
    found.wishes = [w for w in found.wishes if w not in local]
    reading = _reading(segments, found, text, rest, language)
    for s in segments:
        if s.used in ("bound", "not", "refused", "release", "order", "leaning", "unmet", "correction", "owned"):
            u.take(s.start, s.end)
    reading = beside_earlier(reading, segments, earlier, text)
    freed = {(name, value.lower()) for name, value in reading.released}
    wanted = tuple(
        (s.start, s.end)
        for s in segments
        if s.used in ("wanted", "soft") and not any((e.field, v.lower()) in freed for e in s.entries for v in e.wanted)
    )
    sure = u.confidence >= MIN_HARD_CONFIDENCE
    hard = [_constraint(c, u) for c in reading.conditions if c.must and sure]
    soft = [_preference(c) for c in reading.conditions if not c.must or not sure]
    soft += [f"{'high' if high else 'low'} {label_of(name)}" for name, high, _ in found.leanings]
    if reading.order is not None:
        soft.append(f"{'high' if reading.order.descending else 'low'} {label_of(reading.order.field)}")
    return UtteranceReading(reading, hard, soft, wanted, _joins(u, segments, language))


def _joins(u: Utterance, segments: Sequence[Segment], language: CatalogueLanguage) -> frozenset[str]:
    """Return the lists of which a value is said to be had ("but with breakfast"), or is one of many by nature (diets)."""
    if changes(u.plain):
        return frozenset()
    wanted = [s for s in segments if s.used == "wanted"]
    had = {e.field for s in wanted if says_has(u.before_in(s.start)) for e in s.entries}
    return frozenset(had | {e.field for s in wanted for e in s.entries if language.fields[e.field].concept in MANIFOLD})


def joined_reading(readings: Sequence[Reading]) -> Reading:
    """Return one reading of several utterances of a turn."""
    if len(readings) < 2:
        return readings[0] if readings else Reading()
    conditions = unique_conditions([c for r in readings for c in r.conditions])
    return Reading(
        query=" ".join(dict.fromkeys(r.query for r in readings if r.query)),
        conditions=tuple(c.model_copy(update={"condition_id": f"c{n}"}) for n, c in enumerate(conditions, 1)),
        order=next((r.order for r in readings if r.order), None),
        for_whom=next((r.for_whom for r in readings if r.for_whom), ""),
        count=next((r.count for r in readings if r.count), None),
        released=tuple(dict.fromkeys(x for r in readings for x in r.released)),
        added=tuple(dict.fromkeys(x for r in readings for x in r.added)),
        not_applied=tuple(dict.fromkeys(x for r in readings for x in r.not_applied)),
    )


def _left(u: Utterance) -> str:
    """Return the text with every span that was read already closed by a semicolon, so that nothing reaches across it."""
    chars = list(u.text)
    for i, char in enumerate(u.low):
        if char in (TAKEN, "\x04"):
            chars[i] = " " if i and u.low[i - 1] in (TAKEN, "\x04") else ";"
    return "".join(chars)


def _constraint(c: Condition, u: Utterance) -> Constraint:
    return Constraint(field=c.field, op=c.op, value=c.value, source=u.source, confidence=u.confidence, either=c.either)


def _preference(c: Condition) -> str:
    if isinstance(c.value, float) and not isinstance(c.value, bool):
        return f"{label_of(c.field)} around {c.value:g}"
    return c.words


def _spans(wishes: Sequence[Wish]) -> list[tuple[int, int]]:
    return [(min(s.start for s in w.segments), max(s.end for s in w.segments)) for w in wishes]


def _query(segments: Sequence[Segment], found: Parsed) -> str:
    """Return the words that no condition holds, and those of values that only come near."""
    near = {
        id(s) for w in found.wishes if not w.refused and (w.entry.rank == BROADER or not w.must) for s in w.segments
    }
    kept: list[str] = []
    end = -1
    for n, s in enumerate(segments):
        counting = not s.used and counts_next(segments, n) and segments[n + 1].is_word
        loose = not s.used and (s.is_word or counting or not (s.is_glue or s.roles))
        if s.mark or not (id(s) in near or loose):
            continue
        if kept and s.start == end:
            kept[-1] += s.text
        else:
            kept.append(s.text)
        end = s.end
    return " ".join(dict.fromkeys(kept))


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in order, those that overlap as one."""
    kept: list[tuple[int, int]] = []
    for a, b in sorted(set(spans)):
        if kept and a <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(b, kept[-1][1]))
        else:
            kept.append((a, b))
    return kept
