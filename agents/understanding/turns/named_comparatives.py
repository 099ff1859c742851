"""Bound a number that is named beside its comparative: "a bigger screen", "the warranty is too short", "mehr Megapixel", 屏幕大一点.

An adjective alone is for ``relative_limits``; here the name of the field decides which number is meant, whatever the adjective.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.follow_up_words import comparing_words
from ....core.language.keys import key_of
from ....core.schemas import ShownItem
from ....core.text.catalogue_values import TAKEN
from ....core.text.chinese import is_han
from ..numbers_and_money import NUMBER_MARK
from .relative_limits import GERMAN_ENDINGS, Relative, near

MAX_NAME = 3
"""Words of a field's name, and half its Chinese characters."""
_WORD = re.compile(r"[a-zà-öø-ÿß']+(?:-[a-zà-öø-ÿß']+)*")
_NOT = re.compile(
    r"\b(?:not|no|nicht|kein\w*|without|ohne|isn't|doesn't need|don't need|don't want)\s+(?:an?\s+|any\s+|ein\w*\s+|the\s+)?$"
)
_LEAD = re.compile(
    r"(?:\b(?:with|mit|an?|the|ein\w*|some|much|even|far|a bit|a little|slightly|etwas|noch|viel|deutlich|bitte)\s+)+$"
)
_IS = re.compile(
    r"^\s+(?:(?:is|are|was|be|should|could|must|has|have|to|needs?|a|an|bit|little|much|even|far|still|just|ist|sind|soll|sollte|sollten|dürfte|"
    r"muss|müsste|darf|könnte|wäre|mir|etwas|noch|viel|ein|wenig|bisschen|the)\s+)*(?P<too>too\s+|zu\s+)?"
)
_FIGURE = re.compile(rf"^\s*(?:(?:than|as|als|wie)\s+)?(?:(?:about|around)\s+)?{NUMBER_MARK}|^\s*(?:than|als|as)\b")
_ZH_NAME = 6
_ZH_BETWEEN = re.compile(r"^(?P<too>太)?(?P<more>(?:能|可以|要|最好|希望|还|再|更|稍微|稍)*)")
_ZH_MEASURE = re.compile(r"^(?:一?[点些]|一些)")
_ZH_TAIL = re.compile(r"^(?:一?[点些]|一些)?(?:的|了)?")


def named_comparatives(low: str, language: CatalogueLanguage, shown: Sequence[ShownItem]) -> Iterator[Relative]:
    """Yield the comparatives of a text, marked as in ``Utterance.low``, that stand beside the name of a number of the items shown.

    One with a figure of its own ("a bigger screen than 6 inches") is left to the grammar.
    """
    numbers = frozenset(name for item in shown for name in item.numbers)
    end = 0
    for one in sorted(
        (*_spaced(low, language, numbers), *_unspaced(low, language, numbers)), key=lambda r: (r.start, -r.end)
    ):
        if one.start >= end and not _FIGURE.search(low[one.end :]):
            end = one.end
            yield one


def _named(words: str, language: CatalogueLanguage, numbers: frozenset[str]) -> str:
    """Return the number that words name, or nothing: a name of several is none."""
    named = [name for name in language.names.get(key_of(words), ()) if name in numbers]
    return named[0] if len(named) == 1 else ""


def _spaced(low: str, language: CatalogueLanguage, numbers: frozenset[str]) -> Iterator[Relative]:
    """Yield "a bigger screen" and "the screen should be bigger" or "is too small"."""
    words = [w for w in _WORD.finditer(low) if not is_han(w[0][0])]
    for i, word in enumerate(words):
        sign, compares = _sign(word[0])
        if not sign:
            continue
        for n in range(min(MAX_NAME, len(words) - i - 1), 0, -1):
            said = low[words[i + 1].start() : words[i + n].end()]
            if compares and NUMBER_MARK not in said and TAKEN not in said and (name := _named(said, language, numbers)):
                yield _with_lead(low, word.start(), words[i + n].end(), name, sign)
                break
        yield from _behind(low, words, i, language, numbers)


def _behind(
    low: str, words: Sequence[re.Match[str]], i: int, language: CatalogueLanguage, numbers: frozenset[str]
) -> Iterator[Relative]:
    """Yield what compares the number named before the word at ``i``."""
    sign, compares = _sign(words[i][0])
    for first in range(max(0, i - MAX_NAME - 6), i):
        for last in range(min(first + MAX_NAME, i), first, -1):
            name = _named(low[words[first].start() : words[last - 1].end()], language, numbers)
            between = _IS.match(low[words[last - 1].end() : words[i].start()]) if name else None
            if (
                between
                and between.end() == words[i].start() - words[last - 1].end()
                and bool(between["too"]) != compares
            ):
                yield _with_lead(low, words[first].start(), words[i].end(), name, sign if compares else -sign)
                return


@lru_cache(maxsize=4096)
def _sign(word: str) -> tuple[int, bool]:
    table = comparing_words()
    return table.get(key_of(word)) or table.get(key_of(GERMAN_ENDINGS.sub("", word))) or (0, False)


def _with_lead(low: str, start: int, end: int, name: str, sign: int) -> Relative:
    lead = _LEAD.search(near(low, start))
    start = lead.start() if lead else start
    refused = _NOT.search(near(low, start))
    return Relative(refused.start() if refused else start, end, name, (sign > 0) != bool(refused), bool(refused))


def _unspaced(low: str, language: CatalogueLanguage, numbers: frozenset[str]) -> Iterator[Relative]:
    """Yield 屏幕大一点, 屏幕太小了 and 更大的屏幕."""
    for start in (i for i, char in enumerate(low) if is_han(char)):
        for end in range(min(start + _ZH_NAME, len(low)), start + 1, -1):
            name = _named(low[start:end], language, numbers) if is_han(low[end - 1]) else ""
            found = _chinese(low, start, end, name) if name else None
            if found:
                yield found
                break


def _chinese(low: str, start: int, end: int, name: str) -> Relative | None:
    between = _ZH_BETWEEN.match(low[end:])
    at = end + (between.end() if between else 0)
    sign, _ = _sign(low[at : at + 1])
    marked = between is not None and (
        between["too"] or re.search("[再更稍]", between["more"]) or _ZH_MEASURE.match(low[at + 1 :])
    )
    if sign and marked and between is not None:
        tail = _ZH_TAIL.match(low[at + 1 :])
        more = (sign > 0) != bool(between["too"])
        return Relative(start, at + 1 + (tail.end() if tail else 0), name, more)
    if start > 2 and low[start - 1] == "的" and low[start - 3] in "更再":
        sign, _ = _sign(low[start - 2])
        return Relative(start - 3, end, name, sign > 0) if sign else None
    return None
