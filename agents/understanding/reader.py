"""Read one request against a catalogue's language: the deterministic reader, about a millisecond a sentence.

The same text always gives the same reading. Every content word ends in a condition, the order, a reference, the query, or among
what is not applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.tokens import simplified, stem
from ...core.language.value_entry import BROADER
from ...core.schemas import Condition, Constraint, Order, Predicate, Reading
from ...core.text.catalogue_values import TAKEN
from ...core.text.field_names import label_of
from .beside_earlier import beside_earlier
from .grammar.bounds.bound import Bound
from .grammar.cutting import segment
from .grammar.left_over import counts_next, left_over, unsaid, whole_words
from .grammar.parse import parse
from .grammar.segments import Segment
from .grammar.sentence import Parsed, Wish
from .grammar.wishes import op_for
from .turns.pointed_at import pointed_at
from .turns.turn_phrases import changes, says_has
from .utterance import Utterance

MAX_CONDITIONS = 32
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
    disputed, released = _disputed(found.wishes), [w for w in found.wishes if w.released]
    wishes = [_narrowed(w, found) for w in found.wishes if id(w) not in disputed and not _taken_back(w, released)]
    linked = {id(said) for group in found.either for said in group}
    conditions = [
        *found.conditions,
        *_bounds([b for b in found.bounds if id(b) not in linked], text),
        *_wishes([w for w in wishes if id(w) not in linked], language),
        *_either(found.either, text, language),
    ]
    order = _order(found)
    spans = [*found.unmet, *left_over(segments, language), *_spans([w for w in found.wishes if id(w) in disputed])]
    spans = [*whole_words(segments, [*spans, *unsaid(segments, language, spans)])]
    unmet = [text[a:b].strip() for a, b in _apart(spans)]
    return Reading(
        query=_query(segments, found),
        conditions=tuple(c.model_copy(update={"condition_id": f"c{n}"}) for n, c in enumerate(_unique(conditions), 1)),
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
    conditions = _unique([c for r in readings for c in r.conditions])
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


def _bounds(bounds: Sequence[Bound], text: str) -> list[Condition]:
    return [
        Condition(
            condition_id="",
            field=b.field,
            op=b.op,
            value=[f"{v:g}" for v in b.value] if isinstance(b.value, tuple) else b.value,
            words=text[b.start : b.end].strip(),
            refused=b.op == "not in",
        )
        for b in bounds
    ]


def _either(groups: Sequence[Sequence[Wish | Bound]], text: str, language: CatalogueLanguage) -> list[Condition]:
    """Return one condition for each group of alternatives: its first, with the others that may hold in its place."""
    made: list[Condition] = []
    for group in groups:
        each = [_wishes([s], language)[0] if isinstance(s, Wish) else _bounds([s], text)[0] for s in group]
        others = tuple(Predicate(field=c.field, op=c.op, value=c.value) for c in each[1:])
        made.append(each[0].model_copy(update={"either": others, "words": " or ".join(c.words for c in each)}))
    return made


def _wishes(wishes: Sequence[Wish], language: CatalogueLanguage) -> list[Condition]:
    """Join wishes for one field: of a field with one value any will do, of a list all, unless "or" or plurals join them."""
    made: list[Condition] = []
    by_field: dict[str, list[Wish]] = {}
    soft: list[list[Wish]] = []
    for wish in wishes:
        if wish.released:
            continue
        if wish.denies:
            op, value = op_for(language.fields[wish.entry.field], wish.entry.refused, refused=True)
            made.append(_condition(wish.entry.field, op, value, [wish]))
        elif wish.must:
            by_field.setdefault(wish.entry.field, []).append(wish)
        elif wish.joined == "or" and soft and soft[-1][0].entry.field == wish.entry.field:
            soft[-1].append(wish)
        else:
            soft.append([wish])
    for group in soft:
        values = tuple(dict.fromkeys(v for w in group for v in w.entry.wanted))
        op, value = op_for(language.fields[group[0].entry.field], values, refused=False)
        made.append(_condition(group[0].entry.field, op, value, group))
    for name, group in by_field.items():
        made += _joined(name, group, language)
    return made


def _joined(name: str, group: Sequence[Wish], language: CatalogueLanguage) -> list[Condition]:
    terms, group = language.fields[name], _narrowest(group)
    values = tuple(dict.fromkeys(v for w in group for v in w.entry.wanted))
    plural = len(group) > 1 and all(_is_plural(w) and not w.has for w in group)
    if (
        terms.field.type == "list"
        and len(group) > 1
        and not plural
        and (terms.link != "service" or group[0].both)
        and not any(w.joined == "or" for w in group)
    ):
        return [_condition(name, *op_for(terms, w.entry.wanted, refused=False), [w]) for w in group]
    return [_condition(name, *op_for(terms, values, refused=False), group)]


def _narrowest(group: Sequence[Wish]) -> list[Wish]:
    """Leave out a wish that another one of its field says more closely, unless "or" joins them: "a table ... an Esstisch"."""
    sets = [frozenset(w.entry.wanted) for w in group]
    closer = [own for w, own in zip(group, sets, strict=True) if w.joined != "or"]
    return [w for w, own in zip(group, sets, strict=True) if w.joined == "or" or not any(c < own for c in closer)]


def _disputed(wishes: Sequence[Wish]) -> set[int]:
    """Return the ids of wishes for a value that the same text refuses: what is in doubt must never be turned round."""
    refused = {(w.entry.field, v): w.segments[-1].start for w in wishes if w.denies for v in w.entry.refused}
    asked = {
        (w.entry.field, v)
        for w in wishes
        if not (w.denies or w.released)
        and (w.must or w.segments[0].start > refused.get((w.entry.field, w.entry.wanted[0]), w.segments[0].start))
        for v in w.entry.wanted
        if len(w.entry.wanted) == 1 or all((w.entry.field, x) in refused for x in w.entry.wanted)
    }
    both = refused.keys() & asked
    return {
        id(w)
        for w in wishes
        if not w.released and any((w.entry.field, v) in both for v in (w.entry.refused if w.denies else w.entry.wanted))
    }


def _narrowed(wish: Wish, found: Parsed) -> Wish:
    """Return a wish for several values without those that the same text refuses: "with sleeves, but not long ones"."""
    entry = wish.entry
    if wish.denies or wish.released or wish.both or len(entry.wanted) < 2:
        return wish
    refused = {v for w in found.wishes if w.denies and w.entry.field == entry.field for v in w.entry.refused}
    left = tuple(v for v in entry.wanted if v not in refused)
    return replace(wish, entry=entry._replace(wanted=left)) if refused and left else wish


def _taken_back(wish: Wish, released: Sequence[Wish]) -> bool:
    """Tell whether a later release in the same text frees the value of a wish: "a compact one... no, scrap compact"."""
    if wish.released or wish.refused:
        return False
    return any(
        w.entry.field == wish.entry.field
        and set(w.entry.wanted) & set(wish.entry.wanted)
        and w.segments[0].start > wish.segments[0].start
        for w in released
    )


def _spans(wishes: Sequence[Wish]) -> list[tuple[int, int]]:
    return [(min(s.start for s in w.segments), max(s.end for s in w.segments)) for w in wishes]


def _is_plural(wish: Wish) -> bool:
    word = wish.segments[-1].words[-1] if wish.segments[-1].words else ""
    return word.isascii() and word.endswith("s") and stem(word) != word


def _condition(name: str, op: object, value: object, wishes: Sequence[Wish]) -> Condition:
    segments = {s.start: s for w in wishes for s in w.segments}
    return Condition.model_validate(
        {
            "condition_id": "",
            "field": name,
            "op": op,
            "value": value,
            "words": " ".join(segments[k].text for k in sorted(segments)),
            "refused": any(w.denies for w in wishes),
            "must": all(w.must for w in wishes),
        }
    )


def _unique(conditions: Sequence[Condition]) -> list[Condition]:
    """Drop repetitions, the surest first."""
    kept: dict[tuple[str, str, str], Condition] = {}
    for c in sorted(conditions, key=lambda c: not c.must):
        kept.setdefault((c.field, c.op, f"{c.value}{c.either or ''}"), c)
    return list(kept.values())[:MAX_CONDITIONS]


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
