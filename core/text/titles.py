"""Compare titles as people say them: without year, article, case and punctuation."""

from __future__ import annotations

import re
from functools import lru_cache

_YEAR = re.compile(r"\s*\((?:1[89]|20)\d\d\)\s*$")
_MARKS = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"^(?:the|an?)\s+|,\s*(?:the|an?)$")


def spoken(title: str) -> str:
    """Return a title as it is said: ``Firm, The (1993)`` is ``firm``."""
    return _ARTICLE.sub("", _YEAR.sub("", title).strip().lower())


@lru_cache(maxsize=8_192)
def title_key(title: str) -> str:
    """Return a title without case, spacing and punctuation."""
    return _MARKS.sub("", title.casefold()) or title


def is_named(title: str, query: str) -> bool:
    """Tell whether ``query`` has all words of ``title``, in order and side by side."""
    words = " ".join(re.findall(r"\w+", spoken(title)))
    said = " ".join(re.findall(r"\w+", query.lower()))
    return len(words) > 2 and f" {words} " in f" {said} "
