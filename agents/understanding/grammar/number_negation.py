"""Turn a number phrase round after a "not" that reaches it, and cancel one that a later word corrects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.word_data import key_of
from ....core.schemas import Operator
from ....core.text.field_names import says_what
from .amount import Amount
from .segments import Segment

MAX_UNKNOWN = 2
"""Unknown words that a "not" may stand before on its way to a comparison: "not a penny over"."""
_AFTER_NO = frozenset("a an the ein eine einen lieber doch rather actually make wait sorry i we id make it".split())  # noqa: SIM905
_REFUSING = frozenset(("not", "except"))
_TOO = frozenset(("too", "zu", "overly", "太", "way too", "viel zu", "far too", "much too"))
_MUCH = frozenset("much many far viel viele lang teuer steep rich 多 大 高 贵 长".split())  # noqa: SIM905
_LITTLE = frozenset("little few wenig wenige kurz 少 小 低 短".split())  # noqa: SIM905


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
    unsure: bool = False
    resumed: bool = False


def negate(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Turn the comparison round after a "not" that reaches it: "nothing below 7", "can't be longer than two hours", 低于4分的不要."""
    if _too_much(segments, phrase, language):
        return
    j, unknown = _over_noun(segments, phrase, language), 0
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
    while (
        k < len(segments)
        and not segments[k].used
        and (segments[k].is_glue or segments[k].mark in ("-", "?") or _short_han(segments[k]))
    ):
        k += 1
    if _exceeds(segments, phrase, k):
        return
    refusing = (
        k < len(segments)
        and segments[k].roles & {"not", "not_after"}
        and not segments[k].used
        and not is_correcting_no(segments, k)
        and not segments[k].entries
    )
    if not refusing:
        return
    end = k + 1
    while end < len(segments) and segments[end].is_glue:
        end += 1
    if end >= len(segments) or segments[end].mark:
        phrase.unsure = phrase.bare and "not_after" in segments[k].roles
        if not phrase.bare or phrase.unsure:
            phrase.last, phrase.negated = k + 1, not phrase.bare


def _short_han(s: Segment) -> bool:
    """Tell whether a Chinese word of one or two characters stands here: the 建 of 2000年以前建的不要."""
    return s.is_word and not s.text.isascii() and len(s.text) <= 2


def _exceeds(segments: Sequence[Segment], phrase: NumberPhrase, k: int) -> bool:
    """Read a verb at the end: "darf 500 Euro nicht überschreiten"."""
    if not phrase.bare or len(phrase.parts) != 1 or k + 1 >= len(segments) or segments[k].used:
        return False
    verb = segments[k + 1]
    if "not" not in segments[k].roles or not verb.roles & {"over", "under"} or verb.entries or verb.mark:
        return False
    phrase.parts = [(">" if "over" in verb.roles else "<", phrase.parts[0][1])]
    phrase.last, phrase.bare, phrase.negated = k + 2, False, True
    return True


def _too_much(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    """Read "over 12 m is too long" as no more than that, and "12 m is too long" as less than that."""
    k = phrase.last
    while k < len(segments) and segments[k].is_glue and key_of(segments[k].text) not in _TOO and not segments[k].used:
        k += 1
    if k + 1 >= len(segments) or key_of(segments[k].text) not in _TOO or segments[k].used:
        return False
    said, roles = key_of(segments[k + 1].text), {c.role for c in segments[k + 1].comparisons}
    more, less = said in _MUCH or "high" in roles, said in _LITTLE or "low" in roles
    known = {c.role for rows in (language.comparisons.get(said, ()),) for c in rows}
    more, less = more or "high" in known, less or "low" in known
    phrase.last = k + 2
    if not phrase.bare:
        phrase.negated = True
    elif more != less and len(phrase.parts) == 1 and not phrase.around:
        phrase.parts, phrase.bare = [("<" if more else ">", phrase.parts[0][1])], False
    else:
        phrase.unsure = True
    return True


def _over_noun(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> int:
    """Return where to look for the "not": before the nouns of "no sofas over 500" and "don't show me boats under 8 m", which stay wanted."""
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
    if k >= 0 and k < j and not plain and segments[k].is_glue:
        while k >= 0 and segments[k].is_glue and not segments[k].roles & _REFUSING and not segments[k].used:
            k -= 1
    refused = k >= 0 and segments[k].roles & {"not"} and not segments[k].used and not segments[k].entries
    kinds = [s for s in segments[k + 1 : j + 1] if s.entries]
    return k if k < j and (plain or (refused and kinds and all(_is_kind(s, language) for s in kinds))) else j


def _is_kind(s: Segment, language: CatalogueLanguage) -> bool:
    """Tell whether a value says what an item is: a boat, a sofa."""
    fields = (language.fields[e.field] for e in s.entries)
    return any(f.concept in ("category", "style") or says_what(f.field) for f in fields)


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
