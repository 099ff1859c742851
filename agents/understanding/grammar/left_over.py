"""Tell which of the words that no rule used ask for something that the catalogue cannot keep to, so that they are named.

Words that nothing here knows are searched for, or named by ``left_over``; what the grammar knows by itself and made nothing of, by ``unsaid``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.field_concepts import comparison_words
from ....core.language.keys import key_of
from ....core.language.small_words import german_lean
from ....core.language.thing_words import generic_things, thing_words
from ....core.language.tokens import stem
from ....core.language.value_concepts import forms_in
from ....core.language.word_groups import bound_characters, word_group
from .segments import Segment
from .sentence import COMMAS, Sentence

ARTICLES = frozenset(("a", "an", "the", "some", "any", "ein", "eine", "einem", "einer", "der", "die", "das", "dem"))
KINDS = ("colours", "materials", "streaming", "countries")
MAX_FRAGMENT = 3
_SAYING = frozenset(("reaction", "averse", "against", "gratis", "ordinal", "half", "hardly"))
"""Roles of phrases that say something although no value stands beside them: "I have a rash"."""
_LENDING = frozenset(
    (
        "in",
        "from",
        "to",
        "over",
        "under",
        "at_most",
        "at_least",
        "around",
        "between",
        "than",
        "before",
        "after",
        "or_more",
        "or_less",
        "until",
        "since",
    )
)
"""Roles of words that are part of what a number says: the "over" of "over 40"."""
STORY_SEGMENTS = 30
"""In longer texts only what stands beside a value, a place or alone is a wish."""


def left_over(segments: Sequence[Segment], language: CatalogueLanguage) -> list[tuple[int, int]]:
    """Return the spans of unused words that ask for a feature no field expresses and no text of the catalogue mentions."""
    found = []
    story = len(segments) > STORY_SEGMENTS
    german = german_lean(w for s in segments for w in s.words) > 0  # where every noun has a capital
    for a, b in _runs(segments):
        words = [s for s in segments[a:b] if s.is_word]
        if all(_is_thing(s, language) for s in words):
            continue
        if (
            _is_kind(words)
            or _is_feature(segments, a)
            or (_unheard(words, language, german=german) and (not story or _is_attached(segments, a, b)))
        ):
            found.append((segments[a].start, segments[b - 1].end))
    for n, s in enumerate(segments):
        if (
            s.amount is not None
            and not s.used
            and (s.amount.scaled or s.amount.units)
            and _lead(segments, n) in word_group("place_words") | word_group("feature_words")
        ):
            found.append((s.start, s.end))
    return found


def things(sentence: Sentence) -> None:
    """Let words for what the catalogue holds ask for nothing; they are searched for where nothing else was said and some text has them."""
    found, language = sentence.found, sentence.language
    said = bool(found.wishes or found.bounds or found.order)
    for s in sentence.segments:
        if s.is_word and not s.used and language.names_things(s.words):
            heard = any(stem(w) in language.words for w in s.words)
            s.used = "thing" if said or not heard else ""


def _is_thing(s: Segment, language: CatalogueLanguage) -> bool:
    """Tell whether a word is a noun for what the shop sells: a laptop, but in no tea shop."""
    said = {key_of(s.text), stem(key_of(s.text))}
    sold = not language.words or language.names_things(s.words) or bool(said & language.words)
    return bool(said & (thing_words() if sold else generic_things()))


def _runs(segments: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Yield the runs of neighbouring unused words, over hyphens."""
    i = 0
    while i < len(segments):
        if not _is_unused(segments[i]):
            i += 1
            continue
        j = i + 1
        while j < len(segments) and (
            _is_unused(segments[j])
            or (segments[j].mark == "-" and j + 1 < len(segments) and _is_unused(segments[j + 1]))
        ):
            j += 1
        yield i, j
        i = j


def _is_unused(s: Segment) -> bool:
    return s.is_word and not s.used


def _is_kind(words: Sequence[Segment]) -> bool:
    """Tell whether a colour, a material, a country or a comparison is among the words."""
    known = forms_in(*KINDS)
    for s in words:
        key = key_of(s.text)
        if (
            (key in known or key in comparison_words())
            and not (s.capital and len(words) > 1)
            and not (len(key) == 1 and len(words) > 1)
        ):
            return True
    return False


def _is_feature(segments: Sequence[Segment], a: int) -> bool:
    return _lead(segments, a) in word_group("feature_words")


def _lead(segments: Sequence[Segment], a: int) -> str:
    """Return what stands before position ``a``, over articles."""
    j = a - 1
    while j >= 0 and key_of(segments[j].text) in ARTICLES:
        j -= 1
    return key_of(segments[j].text) if j >= 0 else ""


def _unheard(words: Sequence[Segment], language: CatalogueLanguage, *, german: bool) -> bool:
    """Tell whether no title or text of the catalogue has the words; where its words are not known, or they are a name, it may."""
    if not language.words or (any(s.capital and s.first > 0 for s in words) and not german):
        return False
    return all(stem(w) not in language.words for s in words for w in s.words)


def _is_attached(segments: Sequence[Segment], a: int, b: int) -> bool:
    """Tell whether the words stand beside a value, after "in" or "on", or alone between commas."""
    before = segments[a - 1] if a else None
    after = segments[b] if b < len(segments) else None
    if after is not None and after.text == "的":
        after = segments[b + 1] if b + 1 < len(segments) else None
    beside = [p for p in (before, after) if p is not None and p.entries and p.used]
    demanded = after is not None and bool(after.roles & {"only", "demand"})
    before, after = _past_glue(segments, a - 1, -1), _past_glue(segments, b, 1)
    demanded = demanded or (after is not None and bool(after.roles & {"only", "demand"}))
    alone = (before is None or bool(before.mark)) and (after is None or bool(after.mark)) and b - a <= MAX_FRAGMENT
    if demanded:
        return True
    return (
        bool(beside)
        or _lead(segments, a) in word_group("place_words")
        or (alone and not (before is None and after is None))
    )


def _past_glue(segments: Sequence[Segment], i: int, step: int) -> Segment | None:
    """Return the nearest segment from ``i`` on that says something, or None at the text's edge."""
    while 0 <= i < len(segments) and segments[i].is_glue and not segments[i].roles & {"demand", "only"}:
        i += step
    return segments[i] if 0 <= i < len(segments) else None


def demands(sentence: Sentence) -> None:
    """Note what must be and no field expresses: "must be waterproof", "free shipping", "by Friday"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries or not s.roles & {"demand", "terms"} or not _demands(sentence, i):
            continue
        j, last = i + 1, s if "terms" in s.roles else None
        while j < len(sentence.segments) and not sentence.stops(j) and sentence.segments[j].mark not in COMMAS:
            piece = sentence.segments[j]
            if piece.used == "unmet" and last is not None:
                last = piece
            elif (
                piece.used or piece.entries or piece.amount is not None or piece.roles & {"and", "but", "want", "soft"}
            ):
                break
            elif piece.is_word or piece.fields or piece.roles & {"terms", "not"}:
                last = piece
            elif last is not None and "terms" in s.roles:
                break
            j += 1
        if last is None:
            continue
        sentence.found.unmet.append((s.start, last.end))
        for piece in sentence.segments[i:j]:
            if piece.start < last.end:
                piece.used = piece.used or "unmet"


def _demands(sentence: Sentence, i: int) -> bool:
    """Tell whether "must be" at ``i`` speaks of the item: an unknown word follows, and no person is its subject."""
    s, k = sentence.segments[i], i + 1
    if "terms" in s.roles:
        return True
    while k < len(sentence.segments) and key_of(sentence.segments[k].text) in (
        "a",
        "an",
        "the",
        "not",
        "be",
        "very",
        "really",
        "absolutely",
    ):
        k += 1
    if k >= len(sentence.segments) or s.end == sentence.segments[k].start:
        return False
    follows = sentence.segments[k].is_word or "terms" in sentence.segments[k].roles
    people = i > 0 and key_of(sentence.segments[i - 1].text) in ("who", "they", "he", "she", "we", "i", "you")
    return follows and not people


def unsaid(
    segments: Sequence[Segment], language: CatalogueLanguage, named: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the spans of unused words that say something, each with the unknown words and the words of grammar around it.

    A mere count of what is searched for ("three friends at a table") is named only where that is ``named``.
    """
    i = 0
    while i < len(segments):
        if not _belongs(segments[i]):
            i += 1
            continue
        j = i
        while j < len(segments) and (_belongs(segments[j]) or _joins(segments, j)):
            j += 1
        run = [s for s in segments[i:j] if _belongs(s)]
        saying = [n for n in range(i, j) if _belongs(segments[n]) and _says(segments[n], language)]
        counts = all(counts_next(segments, n) for n in saying)
        if saying and (not counts or any(run[0].start <= a < run[-1].end for a, _ in named)):
            yield run[0].start, run[-1].end
        i = j


def whole_words(segments: Sequence[Segment], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the spans, each with the Chinese characters at its ends that may be half of a word with it."""
    for start, end in spans:
        inside = [n for n, s in enumerate(segments) if start <= s.start < end]
        if not inside:
            yield start, end
            continue
        first, last = inside[0], inside[-1]
        while first and _is_bound(segments[first - 1], segments[first]):
            first -= 1
        while last + 1 < len(segments) and _is_bound(segments[last + 1], segments[last]):
            last += 1
        yield min(start, segments[first].start), max(end, segments[last].end)


def _is_bound(s: Segment, beside: Segment) -> bool:
    apart = beside.text.isascii() or (s.end != beside.start and beside.end != s.start)
    return not (apart or s.used or s.entries) and s.text in bound_characters()


def _belongs(s: Segment) -> bool:
    """Tell whether an unused segment holds something of what was meant."""
    if s.used or s.mark or (s.roles & {"want", "and", "or", "but"} and s.amount is None):
        return False
    return bool(
        s.is_word
        or s.amount is not None
        or (not s.is_glue and (s.comparisons or s.fields or s.entries or s.roles & _SAYING))
    )


def _joins(segments: Sequence[Segment], j: int) -> bool:
    """Tell whether words of grammar at ``j`` lead to more of the same clause."""
    s = segments[j]
    if s.used or not (s.is_glue or s.roles & _LENDING):
        return False
    while j < len(segments) and not segments[j].used and (segments[j].is_glue or segments[j].roles & _LENDING):
        j += 1
    return j < len(segments) and _belongs(segments[j])


def counts_next(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether a number counts what the next word names, which is wanted or searched for."""
    s = segments[i]
    plain = s.amount is not None and not (s.amount.units or s.amount.currency or s.amount.scaled)
    after = segments[i + 1] if i + 1 < len(segments) else None
    return (
        plain
        and after is not None
        and ((after.is_word and not after.used) or (bool(after.entries or after.person) and after.used != "unmet"))
    )


def _says(s: Segment, language: CatalogueLanguage) -> bool:
    if s.amount is not None:
        alone = s.amount.spelled and s.amount.value == 1 and not s.amount.units
        return not alone and not any(m == "rating" for m, _ in s.amount.units)  # "two stars and a moon"
    if s.roles & _SAYING:
        return True
    if s.roles & {"filler"} or s.person:
        return False
    return bool(s.comparisons) or any(language.fields[n].field.type == "number" for n in s.fields)
