"""Find what a request to compare refers to, and tell when it names fewer than two things."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....core.schemas import ShownItem
from ....core.text.catalogue_values import TAKEN
from ..query_text import clean
from ..utterance import NUMBER, Utterance
from .shown_item_references import BARE_REFERENCE
from .turn_phrases import asks_to_compare

MAX_TOGETHER = 6
"""How many shown items "compare these" may mean; more would not be a comparison that anybody reads."""
_TOP = re.compile(rf"\b(?:the\s+)?(?:first|top|best)\s+(?P<n>{NUMBER})(?:\s+(?:ones?|items|results|options))?")
_BARE = re.compile(rf"{NUMBER}(?=\s*(?:[,.?!&{TAKEN}]|$|(?:and|or|with|to|vs|versus)\b))")
_THESE = re.compile(r"\b(?:(?:all|both)(?: of)? )?(?:these|those|them)\b(?! \w)|\bboth\b")
_COUNTED = re.compile(rf"\b(?:the|these|those)\s+(?P<n>{NUMBER})(?=\s*(?:[,.?!]|$))")
_BETWEEN = re.compile(rf"\b(?:and|or|versus|vs|with|to|than|between)\b\.?|[,;&/{TAKEN}]|和|与|跟|、")
_WORD = re.compile(
    r"对比|比较|\b(?:compar\w+|versus|vs\.?|differences? between|which (?:one )?is better|pros and cons)"
)


def take_compared(u: Utterance, shown: Sequence[ShownItem]) -> list[str]:
    """Take "the top three", "1 and 3", "these" and, with nothing shown, any ordinal out of ``u``; return the items meant."""
    if not asks_to_compare(u.plain):
        return []
    if not shown:
        for match in list(BARE_REFERENCE.finditer(u.low)):
            u.take(match.start(), match.end())
        return []
    found: list[str] = []
    for pattern in (_TOP, _COUNTED):
        for match in list(pattern.finditer(u.low)):
            n = int(u.numbers[match.start("n")].value)
            whole = pattern is _TOP or n == len(shown)
            found += [s.item_id for s in shown[:n]] if whole and 2 <= n <= MAX_TOGETHER else []
            u.take(match.start(), match.end())
    found += _by_number(u, shown)
    these = _THESE.search(u.low)
    if these:
        found += [s.item_id for s in shown] if len(shown) <= MAX_TOGETHER and not found else []
        u.take(these.start(), these.end())
    return found


def names_two(content: str, resolved: int) -> bool:
    """Tell whether ``resolved`` references and the things that the other words name are at least two."""
    return resolved + sum(bool(clean(piece)) for piece in _BETWEEN.split(content)) >= 2


def comparison_words(text: str, plain: str) -> str:
    """Return the clause that asks to compare, as it was written."""
    match = _WORD.search(plain)
    if match is None:
        return ""
    stop = re.search(r"[,.;!?，。；！？\n]", plain[match.start() :])
    end = match.start() + stop.start() if stop else len(plain)
    return text[match.start() : end].strip()


def _by_number(u: Utterance, shown: Sequence[ShownItem]) -> list[str]:
    found = []
    for match in list(_BARE.finditer(u.low)):
        number = u.number(match, 1)
        if not number.currency and number.value == int(number.value) and 1 <= number.value <= len(shown):
            found.append(shown[int(number.value) - 1].item_id)
            u.take(match.start(), match.end())
    return found
