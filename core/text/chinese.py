"""Tell Chinese text, read Chinese numerals and name things in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SCALES = {"十": 10, "百": 100, "千": 1000}
NUMERAL = r"[零〇一二两三四五六七八九十百千万]{2,12}"
_IDIOM = re.compile(r"十分|万一|千万|一千零一夜|一一|百十")
"""Numerals that say "very", "in case" or "by all means", and a book."""


def is_han(char: str) -> bool:
    """Say whether a character is a Chinese one."""
    code = ord(char)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF


def is_chinese(text: str) -> bool:
    """Say whether a text is mainly Chinese: Chinese characters, no kana, and not fewer of them than Latin words."""
    if text.isascii() or re.search(r"[\u3040-\u30ff]", text):
        return False
    return sum(map(is_han, text)) >= max(1, len(re.findall(r"[A-Za-z]+", text)))


def han_runs(text: str) -> list[str]:
    """Return the runs of two or more Chinese characters."""
    return re.findall(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]{2,}", text)


def han_pairs(text: str) -> list[str]:
    """Return every pair of neighbouring Chinese characters, in order, each once."""
    return list(dict.fromkeys(run[i : i + 2] for run in han_runs(text) for i in range(len(run) - 1)))


def read_numeral(text: str) -> int | None:
    """Return the value of a numeral such as 五十, 两百五十 or 一千零一; None where it is an idiom or no number."""
    if _IDIOM.fullmatch(text) or _IDIOM.match(text):
        return None
    if all(c in _DIGITS for c in text):  # 一九九〇: digit by digit
        return int("".join(str(_DIGITS[c]) for c in text)) if len(text) == 4 else None
    head, mark, tail = text.rpartition("万")
    if mark:
        above, below = _below_wan(head or "一"), _below_wan(tail) if tail else 0
        if len(tail) == 1 and below:  # 两万五 is 25,000
            below *= 1_000
        return None if above is None or below is None else above * 10_000 + below
    return _below_wan(text)


def _below_wan(text: str) -> int | None:
    """Read a numeral below ten thousand; 两百五 is 250."""
    total, digit, last = 0, 0, 1
    for char in text:
        if char in _SCALES:
            scale = _SCALES[char]
            total, digit, last = total + (digit or 1) * scale, 0, scale
        elif char in _DIGITS:
            if digit and char not in "零〇":
                return None
            digit = _DIGITS[char]
            last = 1 if char in "零〇" else last
        else:
            return None
    colloquial = last // 10 if last >= 100 and digit else 1
    return total + digit * colloquial


def parts_of(wish: str) -> Iterator[str]:
    """Yield the parts of a Chinese wish that are half of it or more, two characters at least, the longest first: 薄荷糖, 薄荷, 荷糖."""
    least = max(2, (len(wish) + 1) // 2)
    yield from (wish[i : i + n] for n in range(len(wish), least - 1, -1) for i in range(len(wish) - n + 1))
