"""Turn the bounds and wishes that the grammar found into conditions: one field's values joined, disputed ones left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.tokens import stem
from ...core.schemas import Condition, Predicate
from .grammar.bounds.bound import Bound
from .grammar.sentence import Parsed, Wish
from .grammar.wishes import op_for

MAX_CONDITIONS = 32


def conditions_of(found: Parsed, text: str, language: CatalogueLanguage) -> list[Condition]:
    """Return the conditions of a text, at most ``MAX_CONDITIONS``, those that must hold first."""
    disputed, released = disputed_wishes(found.wishes), [w for w in found.wishes if w.released]
    wishes = [_narrowed(w, found) for w in found.wishes if id(w) not in disputed and not _taken_back(w, released)]
    linked = {id(said) for group in found.either for said in group}
    return unique_conditions(
        [
            *found.conditions,
            *_bounds([b for b in found.bounds if id(b) not in linked], text),
            *_wishes([w for w in wishes if id(w) not in linked], language),
            *_either(found.either, text, language),
        ]
    )


def unique_conditions(conditions: Sequence[Condition]) -> list[Condition]:
    """Drop repetitions, the surest first."""
    kept: dict[tuple[str, str, str], Condition] = {}
    for c in sorted(conditions, key=lambda c: not c.must):
        kept.setdefault((c.field, c.op, f"{c.value}{c.either or ''}"), c)
    return list(kept.values())[:MAX_CONDITIONS]


def disputed_wishes(wishes: Sequence[Wish]) -> set[int]:
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
