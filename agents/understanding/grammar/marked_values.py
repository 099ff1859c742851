"""Find values that are written with marks, whole: "Indoor/Outdoor" is neither of the two, "A+++" is no letter."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.tokens import KEPT_MARKS, Token

MAX_TOKENS = 7
_INNER = frozenset("-.'’·_")
"""Marks that a value may be written with or without."""


def marked_value(tokens: Sequence[Token], i: int, language: CatalogueLanguage) -> tuple[int, str]:
    """Return where the longest value with marks ends that begins at ``i``, and its key; ``i`` and nothing where there is none."""
    keys = language.marked.get(tokens[i].text, ())
    found, said = (i, ""), ""
    for j in range(i, min(i + MAX_TOKENS, len(tokens)) if keys else i):
        kept = tokens[j].kind != "mark" or tokens[j].text in KEPT_MARKS
        if not kept and tokens[j].text not in _INNER:
            break
        said += tokens[j].text if kept else ""
        if kept and said in keys:
            found = j + 1, said
    return found
