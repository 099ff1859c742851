"""Turn a number phrase round after a "not" that reaches it, and cancel one that a later word corrects."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.keys import key_of
from .....core.language.word_groups import word_group
from .....core.text.field_names import says_what
from ..positions import at, past
from ..segments import Segment
from .judged_numbers import verdict_after
from .phrase import NumberPhrase

MAX_UNKNOWN = 2
"""Unknown words that a "not" may stand before on its way to a comparison: "not a penny over"."""
_NO = frozenset(("no", "kein", "keine", "keinen", "without", "ohne"))
_WITHOUT = frozenset(("without", "ohne", "sans", "ganz ohne"))
_ASKING = "?？:：=-–—"
"""Marks between a value and the "no" that is said of it."""
_REFUSING = frozenset(("not", "except"))
_LETTING = frozenset(("at_most", "only", "any", "want", "terms"))
"""Roles of words that a "not" reaches over."""


def negate(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Turn the comparison round after a "not" that reaches it: "nothing below 7", "can't be longer than two hours", 低于4分的不要."""
    if verdict_after(segments, phrase, language):
        return
    j = _before_words(segments, _over_noun(segments, phrase, language))
    before = at(segments, j)
    if key_of(before.text) in _WITHOUT and segments[j + 1].is_word:
        return  # "ohne Schnickschnack unter 300" lacks the frills
    if _is_free(before) and _refuses(before):
        _turn(segments, phrase, j)
    elif (end := _refused_after(segments, phrase)) is not None and (
        not phrase.bare or "not_after" in segments[end].roles
    ):
        phrase.unsure = phrase.bare or segments[end - 1].mark in (",", "，")
        phrase.last, phrase.negated = end + 1, not phrase.bare


def _before_words(segments: Sequence[Segment], j: int) -> int:
    """Return the position, from ``j`` back, of a "not" or of what no "not" reaches over; few unknown words let one through."""
    unknown = 0
    while j >= 0 and _is_free(segments[j]) and not _refuses(segments[j]):
        s = segments[j]
        unknown += s.is_word
        if unknown > MAX_UNKNOWN or not (s.is_glue or s.fields or s.person or s.is_word or s.roles & _LETTING):
            break
        j -= 1
    return j


def _turn(segments: Sequence[Segment], phrase: NumberPhrase, j: int) -> None:
    """Turn the comparison round by the "not" at ``j`` and those before it, of which two cancel each other."""
    k = past(
        segments,
        j - 1,
        lambda s: (s.is_glue or "not" in s.roles) and _is_free(s) and key_of(s.text) not in word_group("therefore"),
        -1,
    )
    nots = [j, *(n for n in range(j - 1, k, -1) if "not" in segments[n].roles)]
    spends = _only_spends(segments, phrase)
    phrase.first, phrase.negated = nots[-1], len(nots) % 2 == 1 and not spends
    phrase.unsure = _refused_after(segments, phrase) is not None


def _is_free(s: Segment) -> bool:
    return not s.used and not s.entries


def _only_spends(segments: Sequence[Segment], phrase: NumberPhrase) -> bool:
    """Tell whether a verb of spending is all that compares: who wouldn't pay 60 pays less, not more."""
    compared = [s for s in segments[phrase.first : phrase.last] if s.roles & {"at_most"} and not s.entries]
    return [op for op, _ in phrase.parts] == ["<="] and any(
        key_of(s.text) in word_group("spending_verbs") for s in compared
    )


def _refused_after(segments: Sequence[Segment], phrase: NumberPhrase) -> int | None:
    """Return the position of the "not" that a clause ends with after a number: "over 80k I can't afford", 超过3000的不要."""
    k = phrase.last
    while k < len(segments) and not segments[k].used and _leads_to_not(segments, k):
        k += 1
    s = at(segments, k)
    if not s.roles & {"not", "not_after"} or not _is_free(s) or is_correcting_no(segments, k):
        return None
    after = at(segments, past(segments, k + 1, lambda s: s.is_glue or key_of(s.text) in word_group("spending_verbs")))
    return k if after.mark else None


def _leads_to_not(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether what stands at ``k`` may part a number from the "not" behind it."""
    s = segments[k]
    return bool(
        s.is_glue
        or s.mark in ("-", "?", ":", "：", ",", "，")
        or _short_han(s)
        or (s.is_word and key_of(segments[k - 1].text) == "to")
        or key_of(s.text) in word_group("spending_verbs")
    )


def _refuses(s: Segment) -> bool:
    """Tell whether a segment refuses a number; "I haven't got more than 20 minutes" does, and refuses nothing else."""
    return bool(s.roles & _REFUSING) or key_of(s.text) in word_group("lacking_verbs")


def _short_han(s: Segment) -> bool:
    """Tell whether a Chinese word of one or two characters stands here: the 建 of 2000年以前建的不要."""
    return s.is_word and not s.text.isascii() and len(s.text) <= 2


def _over_noun(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> int:
    """Return where to look for the "not": before the nouns of "no sofas over 500" and "don't show me boats under 8 m", which stay wanted."""
    j = phrase.first - 1
    if phrase.bare or phrase.around:
        return j
    k = past(segments, j, lambda s: (s.entries or key_of(s.text) in word_group("noun_links")) and _is_open(s), -1)
    plain = key_of(at(segments, k).text) in _NO and not segments[k].used
    if k < j and not plain:
        k = past(segments, k, lambda s: s.is_glue and _is_open(s), -1)
    before = at(segments, k)
    refused = "not" in before.roles and _is_free(before)
    kinds = [s for s in segments[k + 1 : j + 1] if s.entries]
    things = all(_is_kind(s, language) for s in kinds)  # "ohne Gummi unter 25" refuses the rubber, no price
    return k if k < j and ((plain and things) or (refused and kinds and things)) else j


def _is_open(s: Segment) -> bool:
    return not s.used and not s.roles & _REFUSING


def _is_kind(s: Segment, language: CatalogueLanguage) -> bool:
    """Tell whether a value says what an item is: a boat, a sofa."""
    fields = (language.fields[e.field] for e in s.entries)
    return any(f.concept in ("category", "style") or says_what(f.field) for f in fields)


def is_correcting_no(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether the segment at ``i`` is the "no" of "red, no, gold" or "red, no a gold one", which no noun can follow."""
    said = key_of(segments[i].text)
    apart = said == "不是" and i > 0 and segments[i - 1].mark in (",", "，")
    if (said not in ("no", "nein", "nee", "不") and not apart) or i + 1 >= len(segments):
        return False
    if answers_no(segments, i):
        return False
    after = segments[i + 1]
    if i and segments[i - 1].mark in (".", "…") and after.mark in (".", "!", "…"):
        return True  # "schwarze. Nein. Braune."
    return after.mark in (",", "，") or (key_of(after.text) in word_group("after_correcting_no") and not apart)


def answers_no(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether the "no" at ``i`` is said of the value before a mark: "silver - no", "schon wieder rot? Nein", "paperback no, and"."""
    marked = i > 1 and bool(segments[i - 1].mark) and segments[i - 1].mark in _ASKING and bool(segments[i - 2].entries)
    ends = i + 1 < len(segments) and segments[i + 1].mark in (",", "，")
    return marked or (ends and i > 0 and bool(segments[i - 1].entries))


def corrects(segments: Sequence[Segment], a: int, b: int) -> bool:
    """Tell whether a word of correction stands between two positions: "two doors, hmm, four doors"."""
    return any(
        ("instead" in s.roles and not s.entries) or is_correcting_no(segments, a + n)
        for n, s in enumerate(segments[a:b])
    )
