"""Find numbers and amounts of money in a sentence, written as digits, words or Chinese numerals.

Whisper writes the same amount as ``$40``, ``€40``, ``40 euros`` or ``forty euros``; all become one ``Number``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.language.tokens import Token, simplified, tokenise
from .grammar.numbers.amount import Amount
from .grammar.numbers.amounts import read_money

NUMBER_MARK = "\x01"


@dataclass(frozen=True)
class Number:
    """A number at ``start:end`` of a sentence; ``currency`` is an ISO 4217 code or empty."""

    value: float
    currency: str
    start: int
    end: int


def normalise(text: str) -> str:
    """Lower ``text``, simplify its Chinese characters and straighten quotes without changing its length, so that spans stay valid."""
    return "".join(_plain(c) for c in simplified(text))


def _plain(char: str) -> str:
    lowered = {"’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "‑": "-", "\u00a0": " "}.get(char) or char.lower()
    if "！" <= lowered <= "～":  # full-width forms
        lowered = chr(ord(lowered) - 0xFEE0).lower()
    return lowered if len(lowered) == 1 and lowered >= " " else " "


def find_numbers(low: str) -> list[Number]:
    """Return the numbers of a normalised sentence, in order; one that is part of a longer word is none."""
    tokens, found, i = tokenise(low), list[Number](), 0
    while i < len(tokens):
        amount = None if _is_part(tokens, i) else read_money(tokens, i)
        if amount is not None and not _is_part(tokens, amount.end):
            found.append(Number(_value(amount), amount.currency, tokens[i].start, tokens[amount.end - 1].end))
        i = amount.end if amount is not None else i + 1
    return found


def _value(amount: Amount) -> float:
    """Return the value; two numbers side by side are 19.90, or a year: "nineteen ninety"."""
    year = not amount.currency and 13 <= amount.value // 100 <= 20
    return amount.value / 100 if amount.pairs and not year else amount.value


def _is_part(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether a token goes on with the letters or digits before it."""
    return 0 < i < len(tokens) and tokens[i].glued and {"word", "number"} >= {tokens[i].kind, tokens[i - 1].kind}


def mark_numbers(low: str, numbers: list[Number]) -> str:
    """Replace every number's span by as many ``NUMBER_MARK`` characters."""
    for number in numbers:
        low = low[: number.start] + NUMBER_MARK * (number.end - number.start) + low[number.end :]
    return low
