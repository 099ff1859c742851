"""Bound a number by the items shown: "a longer one", "lighter than the second", "not as heavy", "zu lang", 再大一点的, 比第二个轻.

What more and less of a field is called is the catalogue's language. Without a reference the middle item of the list is meant: a bound at
its extreme is often that of the catalogue, where nothing is left. Nobody named the figure, so the condition keeps the words that made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.comparisons import Comparison
from ....core.language.keys import key_of
from ....core.schemas import ShownItem
from ....core.text.catalogue_values import TAKEN, singular
from ....core.text.chinese import is_han
from ....core.text.field_names import words_of
from ..numbers_and_money import NUMBER_MARK
from ..utterance import WINDOW

MAX_PHRASE = 4
"""Words of the longest comparative, and Chinese characters."""
_WORD = re.compile(r"[a-zà-öø-ÿß']+(?:-[a-zà-öø-ÿß']+)*")
_BEFORE = re.compile(
    r"(?:\b(?:something|anything|etwas|one|ones|an?|ein\w*|the|das|die|der|a bit|a little|slightly|much|even|far|bit|little|etwas|ein bisschen|ein wenig|viel|noch|deutlich)\s+)+$"
)
_LESSENS = re.compile(r"\b(?P<too>too|zu)\s+$|(?P<less>\bless|\bweniger)\s+$|(?P<more>\bmore|\bmehr)\s+$")
_NOT_AS = re.compile(
    r"(?:\b(?:not|isn't|aren't|nicht|n't)\s+(?:quite\s+|ganz\s+)?(?:as|so|that)\s+|(?:不要|不|别)(?:那么|这么))$"
)
_NOT = re.compile(
    r"(?:\b(?:not|no|nothing|never|isn't|don't want|nicht|kein\w*|nichts)\s+(?:a\s+|any\s+|an\s+|ein\w*\s+|etwas\s+)?|(?:不要|不能|不|别))$"
)
_AFTER = re.compile(
    r"\s*(?:(?:ones?|items?|models?|versions?|options?|than|als|please|bitte|too|still|though|instead|but|and|or|if possible|in|with|under|for|modell\w*|exemplar\w*|stück|artikel|version\w*|variante\w*|aber|und|oder|mit|unter|für)\b|[,.!?;)\x02]|$)"
)
_MEASURED = re.compile(
    rf"^\s*(?:than|as|als|wie)\s+(?:about\s+|around\s+|etwa\s+)?(?:an?|one|half|ein\w*|halb\w*)\s+(?:an?\s+)?(?!one\b|the\b)[^\W\d]+|^\s*(?:(?:than|as|als|wie|by|um)\s+)?(?:(?:about|around|at least|at most)\s+)?{NUMBER_MARK}"
)
_BY = re.compile(
    rf"{NUMBER_MARK}+\s*(?!(?:slightly|much|even|far|bit|little|etwas|noch|viel|deutlich)\b)[^\W\d]{{1,12}}\s*$"
)
_OR = re.compile(rf"{NUMBER_MARK}\s*[^\W\d]{{0,12}}\s*(?:\b(?:or|oder|and|und|et|ou)\s+|年?(?:或者?|及|和|以及))$")
"""A figure that a comparative goes on from: "2016 or newer", "2 hours and longer", 2016年或更新."""
_GENERIC = re.compile(r"\s+(?:ones?|models?|modelle?|versions?|versionen|variante|exemplar)\b")
"""What a comparative may be followed by that names nothing."""
_TO_PLACE = re.compile(
    r"\s+(?:away\s+)?(?:to|from|zum|zur|vom|von|am|an|by)\s+(?:(?:the|der|dem|den|my|our)\s+)?[^\W\d]+(?=\s*(?:$|[,.!?;)\x02]|\b(?:please|bitte|but|and|aber|und|if)\b))"
)
"""What a distance is counted from: "closer to the beach"."""
_FIRST = re.compile(r"^\s*(?:ones?\s+)?(?:first|zuerst)\b")
GERMAN_ENDINGS = re.compile(r"(?<=er)e[snrm]?$|(?<=er)n$")
_ZH_BEFORE, _ZH_AFTER = re.compile(r"(?:更|再|还要|稍微|稍)$"), re.compile(r"^(?:一?[点些]|一些)")
_ZH_TOO, _ZH_END = re.compile(r"太$"), re.compile(r"^(?:一?[点些]|一些)?(?:的|了)?")
_SIDES: Mapping[str, bool] = {"more": True, "high": True, "less": False, "low": False}


class Relative(NamedTuple):
    """A comparative at ``start:end``: its field, whether more is asked for, whether the item compared with will do itself,
    and where words stand that say by how much."""

    start: int
    end: int
    field: str
    more: bool
    equal: bool = False
    by: int | None = None


def relatives(
    low: str, language: CatalogueLanguage, shown: Sequence[ShownItem], known: str, behind: frozenset[int]
) -> Iterator[Relative]:
    """Yield the comparatives of a text, marked as in ``Utterance.low``.

    ``known`` are the words of what is looked for already; ``behind`` are the places just after what a Chinese comparative is compared with.

    One of a thing that is not looked for yet ("a longer film" after shoes), one with a figure of its own ("longer than 2 hours") and one
    that orders ("newer ones first") are left to the grammar.
    """
    numbers = frozenset(name for item in shown for name in item.numbers)
    end = 0
    for match, key in _phrases(low, language):
        if match[0] < end:
            continue
        rows = [c for c in language.comparisons[key] if c.field in numbers and c.role in _SIDES]
        rows.sort(key=lambda c: not _is_called(c.field, language))
        found = _relative(low, match, rows, behind) if key not in language.values else None
        if found is not None and _goes_on(low[found.end :], known):
            end = found.end
            yield found


def _is_called(name: str, language: CatalogueLanguage) -> bool:
    """Tell whether a field's own name says its concept: a guest rating is meant by "better rated", the stars of a hotel are not."""
    return language.fields[name].concept in words_of(name)


def _phrases(low: str, language: CatalogueLanguage) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield (span, key) of what the language has as an adjective of a number, the longest first at each place."""
    heads = {key[:2] for key in language.comparisons}
    words = list(_WORD.finditer(low))
    for i, first in enumerate(words):
        if first[0][:2].isascii() and first[0][:2] not in heads:
            continue
        for last in reversed(words[i : i + MAX_PHRASE]):
            said = low[first.start() : last.end()]
            if NUMBER_MARK in said or TAKEN in said:
                continue
            key = key_of(said)
            key = key if key in language.comparisons else key_of(GERMAN_ENDINGS.sub("", said))
            if key in language.comparisons:
                yield (first.start(), last.end()), key
                break
    for start in (i for i, char in enumerate(low) if is_han(char) and any(head[0] == char for head in heads)):
        ends = range(min(start + MAX_PHRASE, len(low)), start, -1)
        end = next((e for e in ends if key_of(low[start:e]) in language.comparisons and is_han(low[e - 1])), start)
        if end > start:
            yield (start, end), key_of(low[start:end])


def _relative(low: str, span: tuple[int, int], rows: Sequence[Comparison], behind: frozenset[int]) -> Relative | None:
    """Return the comparative that an adjective of the language makes with the words around it, or None."""
    start, end = span
    if not rows or _MEASURED.search(low[end:]) or _FIRST.search(low[end:]) or _OR.search(near(low, start)):
        return None
    before, compared = near(low, start), [c for c in rows if c.role in ("more", "less")]
    if is_han(low[start]):
        return _chinese(low, span, rows[0].field, _SIDES[rows[0].role], pointed=start in behind)
    if (turn := _NOT_AS.search(before)) and (plain := [c for c in rows if c.role in ("high", "low")]):
        return Relative(turn.start(), end, plain[0].field, not _SIDES[plain[0].role])
    if (turn := _LESSENS.search(before)) and not _NOT.search(near(low, turn.start())):
        side = _SIDES[rows[0].role] if turn["more"] else not _SIDES[rows[0].role]
        plain = [c for c in rows if c.role in ("high", "low")]
        tail = _TO_PLACE.match(low, end)
        return Relative(turn.start(), tail.end() if tail else end, plain[0].field, side) if plain else None
    if not compared:
        return None
    lead = _BEFORE.search(before)
    start = lead.start() if lead else start
    refused = _NOT.search(near(low, start))
    more, by = _SIDES[compared[0].role] != bool(refused), _BY.search(before)
    start = refused.start() if refused else start
    tail = _GENERIC.match(low, end) or _TO_PLACE.match(low, end)
    return Relative(
        start, tail.end() if tail else end, compared[0].field, more, bool(refused), by.start() if by else None
    )


def _chinese(low: str, span: tuple[int, int], field: str, more: bool, *, pointed: bool) -> Relative | None:
    """Return 更大的, 再长一点, 太重了 and 不要那么重; a bare adjective is none, unless it follows what it is compared with."""
    start, end = span
    before = near(low, start)
    if turn := _NOT_AS.search(before) or _ZH_TOO.search(before):
        tail = _ZH_END.match(low[end:])
        return Relative(turn.start(), end + (tail.end() if tail else 0), field, not more)
    lead, after = _ZH_BEFORE.search(before), _ZH_AFTER.search(low[end:])
    said = low[start:end].startswith("更")
    if not (lead or after or said or pointed):
        return None
    start = lead.start() if lead and not pointed else start
    refused = _NOT.search(near(low, start))
    tail = _ZH_END.match(low[end:])
    start = refused.start() if refused else start
    return Relative(start, end + (tail.end() if tail else 0), field, more != bool(refused), equal=bool(refused))


def near(low: str, end: int) -> str:
    """Return the text before a place, points where it is too far away to matter."""
    return "." * max(0, end - WINDOW) + low[max(0, end - WINDOW) : end]


def _goes_on(after: str, known: str) -> bool:
    """Tell whether what follows a comparative names nothing that is not looked for already."""
    if _AFTER.match(after) or not (rest := after.lstrip("的 ")):
        return True
    if is_han(rest[0]):
        return rest[0] in "吗呢吧了，。" or rest[:2] in known
    word = _WORD.match(rest)
    return word is None or singular(word[0]) in {singular(w) for w in _WORD.findall(known.lower())}
