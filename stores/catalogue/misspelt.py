"""Take a word that no item has as the one that was meant, where a slip of the keyboard makes the difference."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from ...core.text.words import is_content
from .columns import SEARCH_TEXT

MIN_LETTERS = 4
ONE_EDIT, TWO_EDITS = 6, 9
"""From so many letters on, one or two edits of any kind are a slip; in a shorter word only two letters swapped or one doubled."""
HITS = 200
MAX_UNKNOWN = 4
MAX_KNOWN = 10_000
_TOKEN = re.compile(r"[^\W\d_]+")


Holds = Callable[[str], Awaitable[bool]]


async def corrected(table: Any, words: str, known: dict[str, str], holds: Holds | None = None) -> str:
    """Return ``words`` with those that no item has replaced by the nearest that one has; errors are LanceDB's.

    ``known`` remembers word -> what was meant, for one version of the table; ``holds`` tells whether some item holds a word, where that
    is known without asking the table. A word without such a neighbour stays.
    """
    new = [w for w in words.split() if w not in known and w.isascii() and w.isalpha() and len(w) >= MIN_LETTERS]
    new = [w for w in new if is_content(w)]
    if len(known) > MAX_KNOWN:
        known.clear()
    for word in new[: 2 * MAX_UNKNOWN]:
        held = await holds(word) if holds else bool(await _hits(table, word, 0, 1))
        known[word] = word if held else await _meant(table, word.lower())
    return " ".join(known.get(word, word) for word in words.split())


async def _meant(table: Any, word: str) -> str:
    """Return the most frequent of the nearest words of items that a slip makes ``word``, or ``word``."""
    swapped = " ".join(word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
    for tried, edits in ((word, 1), (swapped, 0), (word, 2)):
        texts = await _hits(table, tried, edits, HITS)
        found = Counter(token for text in texts for token in set(_TOKEN.findall(text.lower())))
        near = [token for token in found if is_slip(word, token)]
        if near:
            return str(max(near, key=lambda token: (-_edits(word, token), found[token], token)))
    return word


async def _hits(table: Any, words: str, edits: int, limit: int) -> list[str]:
    from lancedb.query import MatchQuery

    query: Any = MatchQuery(words, SEARCH_TEXT, fuzziness=edits, prefix_length=1)
    found = await table.query().nearest_to_text(query).select([SEARCH_TEXT, "_score"]).limit(limit).to_arrow()
    return [text or "" for text in found.column(SEARCH_TEXT).to_pylist()]


def is_slip(typed: str, meant: str) -> bool:
    """Tell whether ``typed`` may be a slip for ``meant``: letters swapped or doubled, or an edit or two in a long word."""
    edits, longest = _edits(typed, meant), max(len(typed), len(meant))
    if edits == 1:
        swapped = len(typed) == len(meant) and sorted(typed) == sorted(meant)
        doubled = re.sub(r"(.)\1", r"\1", typed) == re.sub(r"(.)\1", r"\1", meant)
        return swapped or doubled or longest >= ONE_EDIT
    return edits == 2 and longest >= TWO_EDITS


def _edits(typed: str, meant: str) -> int:
    from rapidfuzz.distance import OSA

    return int(OSA.distance(typed, meant, score_cutoff=2))
