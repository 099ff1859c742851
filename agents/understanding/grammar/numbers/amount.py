"""One number of a sentence, and how to look at the tokens around it."""

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


def text_at(tokens: Sequence[Token], i: int) -> str:
    """Return the text of the token at ``i``; "" beyond the ends."""
    return tokens[i].text if 0 <= i < len(tokens) else ""


def is_glued(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether a token at ``i`` follows the one before it without a blank."""
    return i < len(tokens) and tokens[i].glued


def digits_at(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the number that is written in digits at ``i``."""
    return Amount(read_digits(tokens[i].text), i + 1) if i < len(tokens) and tokens[i].kind == "number" else None


def read_digits(raw: str) -> float:
    """Read digits with either way of writing thousands and decimals: "20.000", "1,299.99", "19,99"."""
    plain = "".join(c for c in raw if c.isdigit() or c in ".,")
    marks = [c for c in plain if not c.isdigit()]
    if marks:
        head, _, tail = plain.rpartition(marks[-1])
        digits = "".join(c for c in head if c.isdigit())
        plain = digits + tail if len(tail) == 3 else f"{digits}.{tail}"
    return float(plain[:18] or 0)
