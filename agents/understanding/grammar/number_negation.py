"""Turn a number phrase round after a "not" that reaches it, and cancel one that a later word corrects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....core.language.word_data import key_of
from ....core.schemas import Operator
from .amounts import Amount
from .segments import Segment

MAX_UNKNOWN = 2
"""Unknown words that a "not" may stand before on its way to a comparison: "not a penny over"."""
_AFTER_NO = frozenset("a an the ein eine einen lieber doch rather actually make wait sorry i we id make it".split())  # noqa: SIM905
_REFUSING = frozenset(("not", "except"))


@dataclass
class NumberPhrase:
    """One number phrase: positions ``first:last`` of its segments, operators with amounts, what decides the field."""

    first: int
    last: int
    parts: list[tuple[Operator, Amount]]
    fields: tuple[str, ...] = ()
    temporal: bool = False
    around: bool = False
    bare: bool = False
    negated: bool = False


def negate(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    """Turn the comparison round after a "not" that reaches it: "nothing below 7", "can't be longer than two hours", 低于4分的不要."""
    j, unknown = _over_noun(segments, phrase), 0
    while j >= 0 and not segments[j].used and not segments[j].entries and not segments[j].roles & _REFUSING:
        s = segments[j]
        unknown += s.is_word
        if unknown > MAX_UNKNOWN or not (
            s.is_glue or s.fields or s.person or s.is_word or s.roles & {"at_most", "only", "any", "want"}
        ):
            break
        j -= 1
    if j >= 0 and segments[j].roles & _REFUSING and not segments[j].used and not segments[j].entries:
        start, times, k = j, 1, j - 1
        while (
            k >= 0
            and (segments[k].is_glue or "not" in segments[k].roles)
            and not segments[k].used
            and not segments[k].entries
        ):
            if "not" in segments[k].roles:
                start, times = k, times + 1
            k -= 1
        phrase.first, phrase.negated = start, times % 2 == 1
        return
    k = phrase.last
    while k < len(segments) and (segments[k].is_glue or segments[k].mark in ("-", "?")) and not segments[k].used:
        k += 1
    refusing = (
        k < len(segments)
        and segments[k].roles & {"not", "not_after"}
        and not segments[k].used
        and not segments[k].entries
    )
    if refusing and (k + 1 >= len(segments) or segments[k + 1].mark) and not phrase.bare:
        phrase.last, phrase.negated = k + 1, True


def _over_noun(segments: Sequence[Segment], phrase: NumberPhrase) -> int:
    """Return where to look for the "not": before the nouns of "no sofas over 500", which stay wanted."""
    j = phrase.first - 1
    if phrase.bare or phrase.around:
        return j
    k = j
    while (
        k >= 0
        and (
            segments[k].entries
            or key_of(segments[k].text)
            in ("for", "at", "that", "which", "is", "are", "cost", "costs", "costing", "priced", "rated", "with")
        )
        and not segments[k].used
        and not segments[k].roles & _REFUSING
    ):
        k -= 1
    plain = (
        k >= 0
        and key_of(segments[k].text) in ("no", "kein", "keine", "keinen", "without", "ohne")
        and not segments[k].used
    )
    return k if plain and k < j else j


def is_correcting_no(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether the segment at ``i`` is the "no" of "red, no, gold" or "red, no a gold one", which no noun can follow."""
    if key_of(segments[i].text) not in ("no", "nein", "nee", "不") or i + 1 >= len(segments):
        return False
    after = segments[i + 1]
    return after.mark in (",", "，") or key_of(after.text) in _AFTER_NO


def corrects(segments: Sequence[Segment], a: int, b: int) -> bool:
    """Tell whether a word of correction stands between two positions: "two doors, hmm, four doors"."""
    return any(
        ("instead" in s.roles and not s.entries) or is_correcting_no(segments, a + n)
        for n, s in enumerate(segments[a:b])
    )
