"""Split a wish for several things into its parts, and read what they may cost together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ....core.language.word_groups import word_group
from ....core.schemas import Item
from ....core.text.word_lists import NUMBER_WORDS
from ....core.text.words import content_words
from ..numbers_and_money import Number, find_numbers, normalise

TOGETHER = (
    r"(?:in total|altogether|all together|together|overall|combined|total(?: budget)?|all in|for (?:both|everything|it all)|"
    r"for (?:all|the (?:whole|entire|complete)|the (?:set|lot))(?: (?:of (?:them|it)|set|lot|wall|thing|outfit|evening))?|"
    r"zusammen|insgesamt|en tout|au total)"
)
"""Words after an amount that make it a total."""
MAX_PARTS = 6
MAX_NUMBERS = 40
_BEFORE = re.compile(
    r"(?:within|under|below|up to|at most|less than|no more than|not more than|max(?:imum)?(?: of)?|budget(?: is| of|:)?|"
    r"spend(?: about| up to)?|for (?:about|around|under)|have)\s*(?:a budget of|a total of|about|around|only)?\s*$"
)
_FOR = re.compile(r"\b(?:for|with|costing)\s*$")
_AFTER = re.compile(rf"^[\w€$£¥\s-]{{0,8}}?\s*(?:{TOGETHER}|budget|to spend|max)\b")
_EACH = re.compile(
    r"\s*(?:max\w*|at most|or less|tops)?[\s,]*(?:for )?(?:each|apiece|a piece|every one|per \w+|je|pro \w+|chacun)\b"
)
_CUT = re.compile(
    r"\b(?:all\s+)?(?:(?:for\s+)?(?:within|with|under|below|up to|at most|less than|no more than|not more than|for)\s+)?(?:a\s+)?(?:total\s+)?"
    r"(?:budget(?:\s+(?:is|of))?\s*)?(?:€|\$|£)?\s?\d[\d.,]*\s?(?:€|\$|£|euros?|eur|dollars?|usd|pounds?|gbp|bucks)?"
    rf"(?:\s+(?:{TOGETHER}|budget|to spend|max|each|apiece|a piece|per \w+)\b)*"
)
_WHOLE = re.compile(
    r"\b(?:outfit|bundle|set|kit|evening|party|trip|wall|room|corner|look|wardrobe|plan|budget|total)\b"
)
_EDGE = re.compile(r"[,;:.&+]|\b(?:and|plus|then)\b")
_ONE = re.compile(r"\s*(?:an?|the|one)\s+\w")
_NEXT = re.compile(
    r"\s*(?:[,;]\s*(?:an?|the|one|two|three|some|my)\b|,?\s*(?:[&+]|\b(?:and|plus|then)\b)\s*(?!(?:no|not|nothing|all|with|in|it|must)\b)\w)"
)
_REFUSED = re.compile(
    r"\b(?:but\s+)?(?:no|not|nothing|without|except(?: for)?|never)\b(?!\s+only)[^.;:]*?"
    r"(?=\s*(?:[,;]|\band\b|\bplus\b)\s+(?:an?|the|one|two|three|some|my|\d|all|with|within|under|for)\b|[.;:]|$)"
)
_COMMON = re.compile(r"(?:all|both|everything|each|every one|in)\b(?! (?:night|day)\b)")
_SPLIT = re.compile(r"\s*(?:[,;&+]|\band\b|\bplus\b|\bthen\b|\bas well as\b|\balong with\b)\s*")
_OPENS = re.compile(
    r"[^,:]*?\b(?:(?:outfit|bundle|set|kit|evening|party|trip|wall|room|corner|look)\s+(?:with|of)|plan\s+\w+\s+\w+\s+with)\b"
)
_TAIL = re.compile(r"\b(?:for|in|on|at|above|over)\s+(?:my|our|the|a|an|his|her|their)\b(?P<where>.*)")
_COUNT = re.compile(
    r"^(?:(?:\w+\s+){0,4}(?:choose|find|pick|buy|want|need|get|me)\s+)?(?P<count>two|three|four|five|six)\s+(?P<what>.+)"
)
_COUNTS = {2.0: "two", 3.0: "three", 4.0: "four", 5.0: "five", 6.0: "six"}


@dataclass(frozen=True)
class WishPart:
    """One part of a wish: its label, the words to search for, and the items found, best first."""

    label: str
    query: str
    items: tuple[Item, ...] = ()


def parse_budget(text: str) -> float | None:
    """Return the total that a text allows ("within 100 euros", "40 in total"), or None if it names none."""
    total, _ = read_budget(text)
    return total.value if total else None


def read_budget(text: str) -> tuple[Number | None, tuple[Number, ...]]:
    """Return the total that a text allows, or None, and the amounts that bound one part only.

    "40 euros each" is neither. An amount belongs to one part when it stands beside it and another part follows: "a dog under
    30 euros and a city".
    """
    low = normalise(text)
    named = "budget" in low
    total: Number | None = None
    of_parts: list[Number] = []
    for found in find_numbers(low):
        before, after = low[max(0, found.start - 80) : found.start], low[found.end : found.end + 80]
        tail = _AFTER.match(after)
        lead = before.rstrip(" €$£¥")
        is_bound = (
            tail or (_BEFORE.search(lead) and (found.currency or named)) or (found.currency and _FOR.search(lead))
        )
        if found.value <= 0 or not is_bound or _EACH.match(after):
            continue
        if not tail and _is_of_a_part(before, after, bool(of_parts)):
            of_parts.append(found)
        else:
            total = total or found
    return total, tuple(of_parts)


def split_wish(text: str) -> list[WishPart]:
    """Return the parts of a wish, at most ``MAX_PARTS``: "an outfit: a red top, jeans and shoes" has three."""
    low = normalise(text)
    for found in reversed(find_numbers(low)[:MAX_NUMBERS]):
        before = low[: found.start]
        counts = found.value in _COUNTS and not found.currency and not _BEFORE.search(before[-80:])
        low = f"{before}{_COUNTS[found.value] if counts else f'{found.value:g}'} {low[found.end :]}"
    low = _CUT.sub(" ", low.replace("black and white", "black-white"))
    low = _REFUSED.sub(" ", low)
    low = low.rpartition(":")[2] or low
    opening = _OPENS.match(low)
    low = low[opening.end() :] if opening else low
    where = _TAIL.search(low)
    place = _words(where["where"]) if where and not _SPLIT.search(where["where"].strip(" ,;.")) else []
    low = low[: where.start()] if place and where and _words(low[: where.start()]) else low
    parts: dict[str, WishPart] = {}
    for piece in (p.strip() for p in _SPLIT.split(low)):
        for part in () if _COMMON.match(piece) else _parts(piece, place):
            parts.setdefault(part.label, part)
    return list(parts.values())[:MAX_PARTS]


def _is_of_a_part(before: str, after: str, goes_on: bool) -> bool:
    piece = before[max((m.end() for m in _EDGE.finditer(before)), default=0) :]
    return bool(_ONE.match(piece) and not _WHOLE.search(piece) and (goes_on or _NEXT.match(after)))


def _parts(piece: str, place: Sequence[str]) -> list[WishPart]:
    """Return the part that a piece names; "three prints" names three. ``place`` is added to what is searched."""
    counted = _COUNT.match(piece)
    words = _words(counted["what"] if counted else piece)
    if not words:
        return []
    query = " ".join(dict.fromkeys([*words, *place][:5]))
    if not counted:
        return [WishPart(label=" ".join(words), query=query)]
    many = int(NUMBER_WORDS[counted["count"]])
    name = " ".join([*words[:-1], words[-1].removesuffix("s") if not words[-1].endswith("ss") else words[-1]])
    return [WishPart(label=f"{name} {n}", query=query) for n in range(1, many + 1)]


def _words(text: str) -> list[str]:
    return [w for w in content_words(text) if w not in word_group("plan_fillers") and w not in NUMBER_WORDS][:4]
