"""Read what is said of a number after it: "over 12 m is too long", "128 GB isn't enough", "below 256 GB is useless to me"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.keys import key_of
from .....core.language.lexicon.verbs import is_verb
from .....core.language.tokens import stem
from .....core.language.word_groups import wishing_verbs, word_group
from .....core.schemas import Operator
from ..segments import Segment
from .phrase import NumberPhrase

_TOO = frozenset(("too", "zu", "overly", "太", "way too", "viel zu", "far too", "much too"))
_TOO_MUCH = frozenset(("too much", "too many", "zu viel", "zu viele"))
_WORTH = frozenset("good right decent worth serious real".split())  # noqa: SIM905
_PER, _RATES = (
    frozenset(("a", "an", "per", "each")),
    frozenset(["month", "night", "day", "week", "year", "hour", "person", "head"]),
)
_PLACING = frozenset("on in at for around from".split())  # noqa: SIM905
_IS = frozenset("is are was would be".split())  # noqa: SIM905
_THEY = (("they",), ("it",), ("you",))
_OPENING = 6
"""Segments before a number by which it is told whether its clause opens with it."""
_ARTICLES = frozenset(("the", "a", "an", "absolute", "upper", "lower", "das", "die", "der"))


def verdict_after(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    """Turn a number phrase by what is said of it after it; return whether anything was."""
    k, copula = _after_rate(segments, phrase.last), False
    while k < len(segments) and not segments[k].used and key_of(segments[k].text) in word_group("verdict_links") - _TOO:
        copula, k = True, k + 1
    if k >= len(segments) or segments[k].used or segments[k].mark:
        return False
    s = segments[k]
    if not phrase.bare and (_fails(segments, phrase.last, k) or _is_judged(segments, phrase, k, copula=copula)):
        phrase.last, phrase.unsure = k + 1, True
        return True
    if s.roles & {"not_enough", "enough"} and not s.entries:
        return _enough(phrase, k, missing="not_enough" in s.roles)
    if key_of(s.text) in _TOO and k + 1 < len(segments):
        return _too(
            phrase, k + 2, key_of(segments[k + 1].text), {c.role for c in segments[k + 1].comparisons}, language
        )
    if key_of(s.text) in _TOO_MUCH:
        return _too(phrase, k + 1, "much", set(), language)
    if _exceeds(segments, phrase, k):
        return True
    if copula and _limits(segments, phrase, k):
        return True
    said = key_of(s.text)
    doubtful = copula and not phrase.bare and s.is_word and said not in word_group("welcome_words") and s.text.isascii()
    if doubtful and key_of(segments[k - 1].text) in (
        "is",
        "are",
        "was",
        "be",
        "ist",
        "sind",
        "ware",
        "seems",
        "looks",
        "just",
    ):
        phrase.last, phrase.unsure = k + 1, True
    return phrase.unsure


def _fails(segments: Sequence[Segment], start: int, k: int) -> bool:
    """Tell whether what is compared is said not to do something: "under 100 hp won't get us up the hill"."""
    denied = [s for s in segments[start : k + 1] if s.words[:1] and s.words[0] in word_group("failing_verbs")]
    for s in segments[k : k + 5] if denied else ():
        if s.mark or s.entries or s.amount is not None:
            return False
        if s.is_word or key_of(s.text) in _WORTH:
            return s.text.isascii()
    return False


def _after_rate(segments: Sequence[Segment], k: int) -> int:
    """Return the position behind "a month" or "per night" at ``k``, which may be no word of this shop."""
    rate = k + 1 < len(segments) and key_of(segments[k].text) in _PER and key_of(segments[k + 1].text) in _RATES
    return k + 2 if rate and segments[k + 1].is_word else k


def _is_judged(segments: Sequence[Segment], phrase: NumberPhrase, k: int, *, copula: bool) -> bool:
    """Tell whether words that nothing here knows judge what is compared: "over 2000 is out of my league", "over 200 g hurts my wrist"."""
    if any(not s.is_glue and "any" not in s.roles for s in _opening(segments, phrase.first)):
        return False
    if not copula and k < len(segments) and key_of(segments[k].text) in _PLACING:  # "over 100 g on my head is torture"
        n = next((n for n in range(k + 1, min(k + 4, len(segments))) if key_of(segments[n].text) in _IS), None)
        k, copula = (n + 1, True) if n is not None else (k, False)
    said = [s for s in segments[k : k + 6] if not s.mark]
    if not copula and len(said) > 1 and said[0].words in _THEY:  # "below 15 euros they break"
        word = key_of(said[1].text)
        return said[1].is_word and is_verb(word, plain=True) and stem(word) not in wishing_verbs()
    if not copula:
        hurts = said[:1] and (said[0].is_word or said[0].roles & {"not_after", "reaction"}) and not said[0].entries
        verb = hurts and said[0].text.isascii() and is_verb(key_of(said[0].text), plain=True)
        makes = bool(said) and key_of(said[0].text) in word_group("making_verbs")
        return bool(
            (makes and any(s.is_word for s in said[1:3]))
            or (verb and any(set(s.words) & word_group("whom") for s in said[1:4]))
        )
    if any(
        key_of(s.text) in word_group("welcome_words") | _TOO or s.roles & {"fine", "praise", "want", "demand"}
        for s in said
    ):
        return False
    first = next((s for s in said if s.is_word or s.entries or s.fields or s.amount is not None), None)
    judged = first is not None and first.is_word and first.text.isascii()
    return judged and (segments[k] is not first or key_of(segments[k - 1].text) in _IS)


def _opening(segments: Sequence[Segment], first: int) -> Sequence[Segment]:
    """Return what stands before ``first`` in its clause."""
    j = first
    while j > first - _OPENING and j and not segments[j - 1].mark and not segments[j - 1].roles & {"but", "and"}:
        j -= 1
    return segments[j:first]


def _limits(segments: Sequence[Segment], phrase: NumberPhrase, k: int) -> bool:
    """Read "12 m is the maximum"."""
    k += key_of(segments[k].text) in _ARTICLES and k + 1 < len(segments)
    said = key_of(segments[k].text)
    if not phrase.bare or len(phrase.parts) != 1 or said not in word_group("most_words") | word_group("least_words"):
        return False
    phrase.parts, phrase.last, phrase.bare = (
        [("<=" if said in word_group("most_words") else ">=", phrase.parts[0][1])],
        k + 1,
        False,
    )
    return True


def _enough(phrase: NumberPhrase, k: int, *, missing: bool) -> bool:
    """Read "128 GB isn't enough" as more than that, "256 GB is enough" as at least that, "less than 8 is not enough" as 8 or more."""
    if len(phrase.parts) > 1 or phrase.around or any(a.currency for _, a in phrase.parts):
        phrase.unsure = missing
        return missing
    if phrase.bare:
        phrase.parts, phrase.bare = [(">" if missing else ">=", phrase.parts[0][1])], False
    else:
        phrase.negated = missing
    phrase.last = k + 1
    return True


def _too(phrase: NumberPhrase, end: int, said: str, roles: set[str], language: CatalogueLanguage) -> bool:
    """Read "over 12 m is too long" as no more than that, and "12 m is too long" as less than that."""
    roles |= {c.role for c in language.comparisons.get(said, ())}
    more, less = said in word_group("too_much") or "high" in roles, said in word_group("too_little") or "low" in roles
    phrase.last = end
    if not phrase.bare:
        phrase.negated = True
    elif more != less and len(phrase.parts) == 1 and not phrase.around:
        phrase.parts, phrase.bare = [("<" if more else ">", phrase.parts[0][1])], False
    else:
        phrase.unsure = True
    return True


def _exceeds(segments: Sequence[Segment], phrase: NumberPhrase, k: int) -> bool:
    """Read a verb at the end: "darf 500 Euro nicht überschreiten"."""
    if not phrase.bare or len(phrase.parts) != 1 or k + 1 >= len(segments):
        return False
    verb = segments[k + 1]
    if "not" not in segments[k].roles or not verb.roles & {"over", "under"} or verb.entries or verb.mark:
        return False
    op: Operator = ">" if "over" in verb.roles else "<"
    phrase.parts = [(op, phrase.parts[0][1])]
    phrase.last, phrase.bare, phrase.negated = k + 2, False, True
    return True
