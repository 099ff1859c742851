"""Read a German number that is written as one word."""

from __future__ import annotations

GERMAN = {
    "null": 0, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "funf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10,
    "elf": 11, "zwölf": 12, "zwolf": 12, "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50, "funfzig": 50,
    "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_GERMAN_ONES = {"ein": 1, "eins": 1} | {w: v for w, v in GERMAN.items() if v <= 12} | {
    "dreizehn": 13, "vierzehn": 14, "funfzehn": 15, "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
}  # fmt: skip
_GERMAN_TENS = {w: v for w, v in GERMAN.items() if v >= 20}


def german_number(word: str) -> int | None:
    """Read a German number in one word: fünfhundert, zweitausenddreihundert, fünfundzwanzig."""
    if len(word) < 6 or not word.isalpha():
        return None
    for scale, value in (("tausend", 1000), ("hundert", 100)):
        head, found, rest = word.partition(scale)
        if found:
            low = 1 if not head else german_number(head) or _GERMAN_ONES.get(head) or _GERMAN_TENS.get(head)
            rest = rest.removeprefix("und")
            high = 0 if not rest else german_number(rest) or _GERMAN_ONES.get(rest) or _GERMAN_TENS.get(rest)
            return None if low is None or high is None else low * value + high
    ones, found, tens = word.partition("und")
    if found and ones in _GERMAN_ONES and tens in _GERMAN_TENS:
        return _GERMAN_ONES[ones] + _GERMAN_TENS[tens]
    return _GERMAN_ONES.get(word) if word in _GERMAN_ONES and word.endswith("zehn") else None
