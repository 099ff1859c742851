"""Split texts into words, stems and sentences, and write numbers, prices and lists as people do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ..language.tokens import fold_word
from ..language.tokens import stem as english_stem
from ..schemas import AttributeValue
from .word_lists import NEUTRAL

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_ABBREVIATION = r"(?<!\b[A-Z]\.)(?<!\b[DSM][rt]\.)(?<!\bMrs\.)(?<!\bvs\.)"
_SENTENCE = re.compile(rf"(?<=[.!?。！？]){_ABBREVIATION}[\"”’)]*\s+|\n+")
_ORDER = re.compile(
    r"\b(ignore|disregard|instructions?|system prompt|prompt|assistant|language model|you must|you should|you are|as an ai|"
    r"respond|reply|say (that|this|it)|tell (the|them|users?|everyone)|recommend (this|me|it)|rank (this|it)|"
    r"always (show|put|place|list)|first place)\b",
    re.IGNORECASE,
)
COLOURS = frozenset(
    "beige black blue brown gold gray green grey navy orange pink purple red silver turquoise violet white yellow".split()  # noqa: SIM905
)
_POSSESSIVE = re.compile(r"['’].*$")
SHORT = 2_000
PART, ENDING = 4, 2
"""Letters from which a word is looked for in compounds, of which the rest has as many; and the most that a German ending has."""
_CONTRACTED = re.compile(r"['’](?:s|re|ve|ll|d|m|t)?$")

_GERMAN_MARKS = str.maketrans(",.", ".,")
_SIGNS = {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥"}


def tokens(text: str) -> list[str]:
    """Return the words and numbers of ``text`` in order, as written; hyphenated words come apart."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the English stem of a word without accents, possessive or contraction (Porter's second algorithm)."""
    return english_stem(fold_word(_CONTRACTED.sub("", word)))


NEUTRAL_STEMS = frozenset(stem(w) for w in NEUTRAL) | NEUTRAL


@lru_cache(maxsize=16_384)
def is_content(token: str) -> bool:
    """Say whether a token carries meaning: no number, not neutral prose, more than one letter."""
    lower = _POSSESSIVE.sub("", token.lower())
    return not token[0].isdigit() and len(lower) > 1 and lower not in NEUTRAL_STEMS and stem(token) not in NEUTRAL_STEMS


def content_words(text: str) -> list[str]:
    """Return the content words of ``text`` in lower case, in order, each once."""
    return list(_content_words(text) if len(text) <= SHORT else _content_words.__wrapped__(text))


@lru_cache(maxsize=8_192)
def _content_words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.lower() for t in tokens(text) if is_content(t)))


def stems(text: str) -> frozenset[str]:
    """Return the stems of every word of ``text``, numbers left out; they are remembered, of long texts fewer."""
    return _stems_of_short(text) if len(text) <= SHORT else _stems_of_long(text)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(t) for t in tokens(text) if not t[0].isdigit())


_stems_of_short, _stems_of_long = lru_cache(maxsize=8_192)(_stems), lru_cache(maxsize=256)(_stems)


def has_part(word: str, part: str) -> bool:
    """Say whether a German word, as a stem, is another one inflected, or a compound that begins or ends with it: "birkenholz" has "holz"."""
    rest = len(word) - len(part)
    if len(part) < PART or abs(rest) < 1:
        return word == part
    if rest < 0:
        return len(word) > PART and part.startswith(word) and -rest <= ENDING
    return (word.startswith(part) and not ENDING < rest < PART) or (word.endswith(part) and rest >= PART)


def numbers(text: str) -> set[str]:
    """Return the numbers of ``text`` written plainly: "1,500" and "1500.0" give "1500"."""
    return {_plain(t) for t in tokens(text) if t[0].isdigit()}


def _plain(token: str) -> str:
    token = re.sub(r"[,.](?=\d{3}(\D|$))", "", token).replace(",", ".")
    try:
        return f"{float(token):g}" if len(token) < 15 else token
    except ValueError:
        return token


def sentences(text: str) -> list[str]:
    """Split ``text`` into sentences."""
    return [s.strip() for s in _SENTENCE.split(text) if s.strip()]


def whole_sentences(text: str) -> str:
    """Return ``text`` up to its last full stop, question or exclamation mark; empty if there is none."""
    text = " ".join(text.split())
    match = re.match(r".*[.!?。！？][\"”’)]*", text)
    return match.group(0) if match else ""


def plain_text(text: str) -> str:
    """Return item text without the sentences that talk to a machine instead of describing the item."""
    return " ".join(s for s in sentences(text) if not _ORDER.search(s))


def shorten(text: str, limit: int) -> str:
    """Return ``text`` on one line, cut at a word within ``limit`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0].rstrip(" ,;:-")


def clause(text: str, limit: int) -> str:
    """Return the start of ``text`` that ends where a clause does, within ``limit`` characters; else words and an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    ends = [m.start() for m in re.finditer(r"[.,;:!?](?=\s)", text[: limit + 1])]
    return text[: ends[-1]] if ends and ends[-1] >= limit // 3 else f"{shorten(text, limit - 1)}…"


def number(value: float, language: str = "en") -> str:
    """Write a number for people: 28, 28.5, 1,500; in German 28,5 and 1.500."""
    figure = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")
    return figure.translate(_GERMAN_MARKS) if language == "de" else figure


def amount(value: float, unit: str, language: str = "en") -> str:
    """Write a price with its unit: "28 EUR", "28.50 EUR", "$28", "28,50 €" in German, 28元; the bare number without one."""
    figure = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    if language == "de":
        return f"{figure.translate(_GERMAN_MARKS)} {_SIGNS.get(unit.upper(), unit)}".rstrip()
    if language == "zh" and unit.upper() in {"CNY", "RMB", "元"}:
        return f"{figure}元"
    if not unit:
        return figure
    return f"{unit}{figure}" if unit in _SIGNS.values() else f"{figure} {unit}"


def value_text(value: AttributeValue) -> str:
    """Write an attribute value for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return str(value[0]) if len(value) == 1 else listed([str(v) for v in value])
    return number(value)


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Join words: "a", "a and b", "a, b and c"."""
    words = [w for w in words if w]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else ""


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 item", "3 items"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
