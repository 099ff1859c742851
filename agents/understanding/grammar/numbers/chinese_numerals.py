"""Read numbers in Chinese characters: 两百五十, 三万5, 二两, 两三千, 半, 两百多."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.measure_words import currencies, units
from .....core.language.tokens import Token
from .....core.language.word_groups import around_numbers
from .....core.text.chinese import read_numeral
from .amount import Amount, phrase_at, text_at

NUMERALS = frozenset("零〇一二两三四五六七八九十百千万半")
ONES = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
SCALES = {"万": 1e4, "千": 1e3, "百": 1e2, "亿": 1e8}
MAX_NUMERAL = 10
_SPAN = 3


def chinese_numeral(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the number that Chinese characters tell from ``i`` on; a single one only before what it counts."""
    j = i
    while j < len(tokens) and j - i < MAX_NUMERAL and tokens[j].kind == "han" and tokens[j].text in NUMERALS:
        j += 1
    if text_at(tokens, i - 1) == "第":
        return None
    j -= j - i > 1 and opens_unit(tokens, j - 1)  # 十千瓦
    text = "".join(t.text for t in tokens[i:j])
    return _of_a_kind(tokens, text, j) if text else None


def _of_a_kind(tokens: Sequence[Token], text: str, j: int) -> Amount | None:
    if len(text) == 2 and text[1] == "两" and text[0] in ONES:  # 二两, a hundred grams
        return Amount(float(read_numeral(f"{text[0]}十") or 0) * 5, j, units=(("mass", 1.0),), spelled=True)
    if len(text) == _SPAN and text[0] in ONES and text[1] in ONES and text[2] in "十百千万":  # 两三千
        low, high = (float(read_numeral(c + text[2]) or 0) for c in text[:2])
        return Amount(low, j, spelled=True, scaled=True, above=high - low) if high > low else None
    if text.startswith("半"):
        return Amount(0.5, j, spelled=True) if text == "半" and _is_counted(tokens, j, most=2) else None
    half, numeral = 0.5 if text.endswith("半") else 0.0, text.rstrip("半")
    if numeral in ONES:
        counted = (
            _is_counted(tokens, j, most=3)
            or currency_at(tokens, j)
            or text_at(tokens, j) in around_numbers()["counted"]
        )
        return Amount(ONES[numeral] + half, j, spelled=True) if counted else None
    value = read_numeral(numeral)
    scaled = any(c in "千万" for c in numeral)
    return None if value is None else Amount(float(value) + half, j, spelled=True, scaled=scaled)


def _is_counted(tokens: Sequence[Token], j: int, *, most: int) -> bool:
    return any(phrase_at(tokens, j, n) in units() for n in range(1, most + 1))


def opens_unit(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether the 千 at ``i`` is the first half of a unit."""
    unit = phrase_at(tokens, i, 2) if tokens[i].text == "千" else ""
    return bool(unit) and unit in units()


def currency_at(tokens: Sequence[Token], i: int) -> tuple[str, int] | None:
    """Return (ISO code, token after it) of a currency named at ``i``, the longest name first."""
    for n in (3, 2, 1):
        key = phrase_at(tokens, i, n, marks=True)
        if key and key in currencies():
            return currencies()[key], i + n
    return None


def some(tokens: Sequence[Token], number: Amount) -> Amount:
    """Read 两百多 as from 200 to below 300, 三十来块 as about 30, 二十出头 as a little more than 20."""
    j = number.end
    after = [t.text for t in tokens[j : j + 2]]
    if number.value < 10:
        return number
    if after == ["出", "头"]:
        return number._replace(end=j + 2, above=number.value / 10)
    if number.spelled and after in (["来", "块"], ["来", "元"]):
        return number._replace(end=j + 2, near=True)
    if number.spelled and after[:1] == ["多"]:
        return number._replace(end=j + 1, above=10.0 ** (len(str(int(number.value))) - 1))
    return number
