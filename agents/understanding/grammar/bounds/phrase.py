"""One number phrase: what compares a number, what it is about, and whether a "not" turns it round."""

from __future__ import annotations

from dataclasses import dataclass

from .....core.schemas import Operator
from ..numbers.amount import Amount


@dataclass
class NumberPhrase:
    """A number with its comparison: positions ``first:last`` of its segments, operators with amounts, what decides the field.

    ``unsure`` phrases are named as not applied; ``choice`` tells that any of its numbers will do.
    """

    first: int
    last: int
    parts: list[tuple[Operator, Amount]]
    fields: tuple[str, ...] = ()
    temporal: bool = False
    around: bool = False
    bare: bool = False
    negated: bool = False
    unsure: bool = False
    resumed: bool = False
    choice: bool = False
