"""Read numbers in English and German words: "two hundred and fifty", "nineteen ninety", "a hundred", fünfundzwanzig, zweitausenddreihundert."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.tokens import Token
from .amount import Amount, text_at

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
GERMAN = {
    "null": 0, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10,
    "elf": 11, "zwolf": 12, "zwanzig": 20, "dreissig": 30, "vierzig": 40, "funfzig": 50,
    "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_GERMAN_ONES = {"ein": 1, "eins": 1} | {w: v for w, v in GERMAN.items() if v <= 12} | {
    "dreizehn": 13, "vierzehn": 14, "funfzehn": 15, "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
}  # fmt: skip
_GERMAN_TENS = {w: v for w, v in GERMAN.items() if v >= 20}
WORDS = (
    {w: float(i) for i, w in enumerate(_ONES.split())}
    | {w: float(20 + 10 * i) for i, w in enumerate(_TENS.split())}
    | {w: float(v) for w, v in GERMAN.items()}
    | {"fourty": 40.0, "ninty": 90.0}
)
HUNDREDS = {"hundred": 100.0, "hundert": 100.0, "dozen": 12.0, "dutzend": 12.0}
SCALES = {
    "thousand": 1e3, "thousands": 1e3, "grand": 1e3, "k": 1e3, "tausend": 1e3, "tsd": 1e3, "million": 1e6, "millions": 1e6, "mio": 1e6,
    "mil": 1e6, "mn": 1e6,
}  # fmt: skip
ABBREVIATED = ("k", "mn", "mil")
"""Scales that stand behind digits only."""
_LARGE = frozenset(("hundred", "thousand"))
_LEADING = frozenset(("a", "an", "one", "ein", "half"))
MAX_WORDS = 12


def spelled(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the number that words tell from ``i`` on."""
    following = text_at(tokens, i + 1)
    led = text_at(tokens, i) in _LEADING and (following in HUNDREDS or (following in SCALES and following != "k"))
    total, current, first, pairs = 0.0, float(led), i + led, False
    compound = german_number(text_at(tokens, first))
    if compound is not None and text_at(tokens, first) not in WORDS:
        return Amount(compound + current, first + 1, spelled=True, scaled=True)
    j = first
    while j < min(len(tokens), i + MAX_WORDS):
        if j > first and _joins(tokens, j, current):
            j += 1
            continue
        added = _added(tokens[j].text, total, current, first=j == first, led=led)
        if added is None:
            break
        total, current, paired = added
        pairs, j = pairs or paired, j + 1
    return Amount(total + current, j, spelled=True, scaled=total > 0, pairs=pairs) if j > first else None


def _joins(tokens: Sequence[Token], j: int, current: float) -> bool:
    """Tell whether a hyphen or an "and" at ``j`` leads to more of the number, and not to a hundred of its own."""
    if text_at(tokens, j + 1) not in WORDS:
        return False
    if tokens[j].text == "-":
        return tokens[j].glued
    round_so_far = current % 100 == 0 and (current > 0 or tokens[j - 1].text in SCALES)
    own = {text_at(tokens, j + 2), text_at(tokens, j + 3)} & _LARGE
    return tokens[j].text == "and" and round_so_far and not own


def _added(word: str, total: float, current: float, *, first: bool, led: bool) -> tuple[float, float, bool] | None:
    """Return the thousands and the rest with one more word, and whether it opens a second number; None where it is no number."""
    if word in WORDS and (word != "one" or not first):
        value = WORDS[word]
        adds = not current or current % 100 == 0 or (current % 10 == 0 and current % 100 >= 20 and value < 10)
        return total, (current if adds else current * 100) + value, not adds
    if word in HUNDREDS:
        return total, (current or 1.0) * HUNDREDS[word], False
    if word in SCALES and word not in ABBREVIATED and (led or not first):
        return total + (current or 1.0) * SCALES[word], 0.0, False
    return None


def german_number(word: str) -> int | None:
    """Read a German number in one word: fünfhundert, zweitausenddreihundert, fünfundzwanzig."""
    if len(word) < 6 or not word.isalpha():
        return None
    for scale, value in (("tausend", 1000), ("hundert", 100)):
        head, found, rest = word.partition(scale)
        if found:
            low, high = _german_part(head, 1), _german_part(rest.removeprefix("und"), 0)
            return None if low is None or high is None else low * value + high
    ones, found, tens = word.partition("und")
    if found and ones in _GERMAN_ONES and tens in _GERMAN_TENS:
        return _GERMAN_ONES[ones] + _GERMAN_TENS[tens]
    return _GERMAN_ONES.get(word) if word.endswith("zehn") else None


def _german_part(word: str, nothing: int) -> int | None:
    """Return the number of one side of a scale; ``nothing`` where no word stands there."""
    return (german_number(word) or _GERMAN_ONES.get(word) or _GERMAN_TENS.get(word)) if word else nothing
