"""One comparison that a number phrase sets on a field."""

from __future__ import annotations

from dataclasses import dataclass

from .....core.schemas import Operator


@dataclass(frozen=True)
class Bound:
    """One comparison of a number field with a value, and the span of words that says it. ``near`` marks a mere "around",
    ``turned`` one that a "not" turned round."""

    field: str
    op: Operator
    value: float | tuple[float, ...]
    start: int
    end: int
    near: bool = False
    turned: bool = False
