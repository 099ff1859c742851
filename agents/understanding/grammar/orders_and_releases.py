"""Read in which order items are wanted, what they should be more or less of, and what no longer matters."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.word_data import key_of
from .segments import Segment
from .sentence import Sentence, Wish


def orders(sentence: Sentence) -> None:
    """Read "cheapest", "most powerful", "the longest": which items come first."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.comparisons:
            continue
        ends = [c for c in s.comparisons if c.role in ("most", "least")]
        if ends and not sentence.negated_before(i):
            named = sentence.segments[i + 1].fields if i + 1 < len(sentence.segments) else ()
            end = next((c for c in ends if c.field in named), ends[0])
            if end.field in named and not sentence.segments[i + 1].entries:
                sentence.segments[i + 1].used = "order"
            _set_order(sentence, end.field, end.role == "most", s)
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"most", "least", "ascending", "descending"} or s.entries:
            continue
        sorts = s.roles & {"ascending", "descending"}
        beside = [j for j in (i + 1, i - 1) if 0 <= j < len(sentence.segments) and not sentence.segments[j].used]
        of = next((n for j in beside if (n := _number_field(sentence, sentence.segments[j].fields))), None)
        price = sentence.language.schema.price
        of = of or (price.name if sorts and price is not None else None)
        if of:
            _set_order(sentence, of, bool(s.roles & {"most", "descending"}), s)
            for j in beside:
                if of in sentence.segments[j].fields and not sentence.segments[j].entries:
                    sentence.segments[j].used = "order"


def _set_order(sentence: Sentence, of: str, descending: bool, s: Segment) -> None:
    if sentence.found.order is None:
        sentence.found.order = (of, descending, s)
    s.used = "order"


def _number_field(sentence: Sentence, names: Sequence[str]) -> str | None:
    return next((n for n in names if sentence.language.fields[n].field.type == "number"), None)


def leanings(sentence: Sentence) -> None:
    """Read "cheap", "not too expensive", "something newer": what moves the order and bounds nothing."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.comparisons or (s.entries and not s.roles & {"too"}):
            continue
        role = next((c.role for c in s.comparisons if c.role in ("high", "more", "low", "less")), "")
        if not role:
            continue
        of = next(c.field for c in s.comparisons if c.role == role)
        high = role in ("high", "more")
        j = i - 1
        while (
            j >= 0
            and (sentence.segments[j].is_glue or "too" in sentence.segments[j].roles)
            and "not" not in sentence.segments[j].roles
        ):
            j -= 1
        negated = j >= 0 and "not" in sentence.segments[j].roles and not sentence.segments[j].used
        if negated:
            for k in range(j, i):
                sentence.segments[k].used = "leaning"
        if s.fields and not negated and role in ("high", "low") and key_of(s.text) in sentence.language.names:
            continue
        sentence.found.leanings.append((of, high != negated, s))
        s.used = "leaning"


def releases(sentence: Sentence) -> None:
    """Read "any colour", "the price doesn't matter", "doesn't have to be red"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if "release" in s.roles:
            _release_around(sentence, i)
        elif "any" in s.roles and "not" not in s.roles:
            j = i + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue and not sentence.segments[j].fields:
                j += 1
            if (
                j < len(sentence.segments)
                and sentence.segments[j].fields
                and not sentence.segments[j].used
                and not sentence.segments[j].entries
            ):
                _free_fields(sentence, sentence.segments[j].fields, [s, sentence.segments[j]])
                k = sentence.next(j)
                if k < len(sentence.segments) and "fine" in sentence.segments[k].roles:
                    sentence.segments[k].used = "release"


def _release_around(sentence: Sentence, i: int) -> None:
    s = sentence.segments[i]
    j = i + 1
    while j < len(sentence.segments) and sentence.segments[j].is_glue and not sentence.segments[j].fields:
        j += 1
    after = sentence.segments[j] if j < len(sentence.segments) else None
    if after and after.fields and not after.entries and not after.used:
        _free_fields(sentence, after.fields, [s, after])
        return
    bound = any(p.text == "的" for p in sentence.segments[i + 1 : j])
    if after and after.entries and not after.used and not bound and not sentence.comma_between(i, j):
        for entry in after.entries:
            sentence.found.wishes.append(Wish(entry, [after], released=True))
        s.used = after.used = "release"
        return
    k = i - 1
    while k >= 0 and (
        (sentence.segments[k].is_glue and not sentence.segments[k].fields) or sentence.segments[k].roles & {"only"}
    ):
        k -= 1
    if k >= 0 and sentence.segments[k].fields and not sentence.segments[k].entries and not sentence.segments[k].used:
        _free_fields(sentence, sentence.segments[k].fields, [s, sentence.segments[k]])


def _free_fields(sentence: Sentence, names: Sequence[str], segments: Sequence[Segment]) -> None:
    sentence.found.freed += names
    for s in segments:
        s.used = "release"
