"""Read years that are told from today or by century: "this century", "the 19th century", "the last ten years", 近五年, "this year"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from .....core.language.tokens import Token
from .....core.text.chinese import read_numeral
from .amount import Amount, phrase_at

_CENTURIES = frozenset(("century", "jahrhundert", "jahrhunderts", "jh", "世纪"))
_THIS = {
    "this": 0, "current": 0, "present": 0, "last": -1, "previous": -1, "dieses": 0, "diesem": 0, "letztes": -1, "letzten": -1,
    "vergangenen": -1,
}  # fmt: skip
_LAST = frozenset("last past previous letzten vergangenen".split())  # noqa: SIM905
_YEARS = frozenset(("years", "yrs", "jahre", "jahren", "jahr"))
_FROM = frozenset(
    [
        "from",
        "released",
        "published",
        "made",
        "built",
        "in",
        "since",
        "after",
        "before",
        "of",
        "than",
        "release",
        "aus",
        "seit",
        "von",
        "issued",
    ]
)
_SMALL = {
    w: n + 2
    for words in ("two three four five six seven eight nine ten eleven twelve", "zwei drei vier funf sechs sieben acht neun zehn elf zwolf")
    for n, w in enumerate(words.split())
} | {"couple": 2, "few": 3, "fifteen": 15, "twenty": 20, "thirty": 30, "zwanzig": 20}  # fmt: skip
_HUNDRED = 100


def this_year() -> int:
    """Return the year of today."""
    return datetime.now(tz=UTC).year


def read_years(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the first and the last year of a span of years that begins at token ``i``."""
    if tokens[i].kind == "han":
        return _in_chinese(tokens, i)
    return _century(tokens, i) or _last_years(tokens, i) or _one_year(tokens, i)


def _years(first: int, last: int, end: int) -> Amount:
    return Amount(float(first), end, high=float(last))


def _century(tokens: Sequence[Token], i: int) -> Amount | None:
    word, k = tokens[i].text, i + 1
    if word in _THIS and phrase_at(tokens, k, 1) in _CENTURIES:
        first = (this_year() // _HUNDRED + _THIS[word]) * _HUNDRED
        return _years(first, first + _HUNDRED - 1, k + 1)
    if tokens[i].kind == "number" and word.isdigit() and 15 <= int(word) <= 21:
        k += k < len(tokens) and (tokens[k].text in ("st", "nd", "rd", "th") or tokens[k].text == ".")
        k += k < len(tokens) and tokens[k].text == "-"
        if k < len(tokens) and tokens[k].text in _CENTURIES:
            first = (int(word) - 1) * _HUNDRED
            return _years(first, first + _HUNDRED - 1, k + 1)
    return None


def _last_years(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "the last ten years", "past 5 years", "last decade"."""
    if tokens[i].text not in _LAST:
        return None
    now, k = this_year(), i + 1
    if phrase_at(tokens, k, 1) in ("decade", "jahrzehnt"):
        return _years(now - 10, now, k + 1)
    word = phrase_at(tokens, k, 1)
    n = int(word) if word.isdigit() and len(word) < 3 else _SMALL.get(word)
    k += 1
    k += phrase_at(tokens, k, 1) == "of"
    return _years(now - n, now, k + 1) if n is not None and phrase_at(tokens, k, 1) in _YEARS else None


def _one_year(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "this year" and "last year's" as a year after "from", "released" and the like, or before a noun."""
    word = tokens[i].text
    if word not in _THIS or i + 1 >= len(tokens) or tokens[i + 1].text not in ("year", "years", "jahr", "jahres"):
        return None
    owned = tokens[i + 1].end - tokens[i + 1].start > len(tokens[i + 1].text) or tokens[i + 1].text == "jahres"
    if not owned and not (i and tokens[i - 1].text in _FROM):
        return None
    year = float(this_year() + _THIS[word])
    return Amount(year, i + 2, high=year)


def _in_chinese(tokens: Sequence[Token], i: int) -> Amount | None:
    text = "".join(t.text for t in tokens[i : i + 6])
    now = this_year()
    for lead, first, last in (
        ("本世纪", 2000, 2099),
        ("上世纪", 1900, 1999),
        ("今年", now, now),
        ("去年", now - 1, now - 1),
    ):
        plain = not (lead == "上世纪" and text[3:4].isdigit())
        if (
            text.startswith(lead)
            and plain
            and (lead[-1] != "年" or text[2:3] in ("的", "出", "发", "上", "新", "款", "生"))
        ):
            return _years(first, last, i + len(lead))
    for lead in ("最近", "近"):
        rest = text.removeprefix(lead)
        at = next((n for n, c in enumerate(rest) if c == "年"), 0)
        n = (
            int(rest[:at])
            if rest[:at].isdigit()
            else read_numeral("".join("二" if c == "两" else c for c in rest[:at]))
            if at
            else None
        )
        n = n if n is not None else {c: k for k, c in enumerate("零一二三四五六七八九")}.get(rest[:at])
        if text.startswith(lead) and n and n < _HUNDRED:
            digits = 1 if rest[:at].isdigit() else at
            return _years(now - n, now, i + len(lead) + digits + 1)
    return None
