"""One number of a sentence, and how to look up a phrase at a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .....core.language.keys import joined
from .....core.language.tokens import Token


class Amount(NamedTuple):
    """A number that ends before token ``end``: its value, ISO currency or "", units as (measure, factor), how it was written.

    ``high`` is set for a decade, the last year of it. ``scaled`` tells a value of thousands or more by word ("25 grand"), ``pairs`` two numbers side by side ("nineteen ninety"),
    ``above`` how far a mere "and more" reaches, ``near`` that "ish" follows the number.
    """

    value: float
    end: int
    currency: str = ""
    units: tuple[tuple[str, float], ...] = ()
    high: float | None = None
    scaled: bool = False
    spelled: bool = False
    pairs: bool = False
    above: float = 0.0
    near: bool = False


def phrase_at(tokens: Sequence[Token], i: int, n: int, *, marks: bool = False) -> str:
    """Return the key of the ``n`` tokens at ``i``; "" past the end, or where a mark stands among them."""
    if i + n > len(tokens) or (not marks and any(t.kind == "mark" for t in tokens[i : i + n])):
        return ""
    return joined([t.text for t in tokens[i : i + n]])
