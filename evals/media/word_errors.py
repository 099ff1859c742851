"""Count word errors of transcripts, after writing both sides the same way.

``simple`` is the plain reading of word error rate: NFKC, lower case, punctuation out. ``normal`` follows the rules that Whisper's
authors publish for English (Radford et al. 2022, appendix C): besides, bracketed asides and hesitations are left out, contractions
and titles are written in full, numbers in words become figures ("fourteen sixty-five" is 1465, "the fifteenth" 15th), and hyphens
part words. It knows no word of any data set, and nothing is forgiven that changes what was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

Normaliser = Callable[[str], list[str]]
_ASIDE = re.compile(r"\[[^\]]*\]|<[^>]*>")
_HESITATION = re.compile(r"\b(?:hmm+|mm+|mhm|uh+|um+|er+m?)\b")
_CONTRACTIONS = (
    (r"\bwon't\b", "will not"),
    (r"\bcan't\b", "can not"),
    (r"\bcannot\b", "can not"),
    (r"\blet's\b", "let us"),
    (r"n't\b", " not"),
    (r"'re\b", " are"),
    (r"'ll\b", " will"),
    (r"'ve\b", " have"),
    (r"\bi'm\b", "i am"),
    (r"\b(it|he|she|that|there|what|who)'s\b", r"\1 is"),
    (r"'d\b", " would"),
    (r"\bmr\b\.?", "mister"),
    (r"\bmrs\b\.?", "missus"),
    (r"\bdr\b\.?", "doctor"),
    (r"\bst\b\.?", "saint"),
    (r"\betc\b\.?", "et cetera"),
    (r"&", " and "),
    (r"%", " percent "),
)
_ONES = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "  # noqa: SIM905
        "eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = {w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}  # noqa: SIM905
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20,
    "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Errors:
    """Word errors of one clip and the number of words said."""

    wrong: int
    words: int


def simple(text: str) -> list[str]:
    """Return the words of ``text``: NFKC, lower case, apostrophes out, any other punctuation a space."""
    text = re.sub(r"['’]", "", unicodedata.normalize("NFKC", text).lower())
    return re.sub(r"[^\w\s]|_", " ", text).split()


def normal(text: str) -> list[str]:
    """Return the words of ``text`` by the rules of the module."""
    text = _ASIDE.sub(" ", unicodedata.normalize("NFKC", text).lower().replace("’", "'"))
    text = _HESITATION.sub(" ", text)
    for pattern, put in _CONTRACTIONS:
        text = re.sub(pattern, put, text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return _figures(re.sub(r"[^\w\s']|_", " ", text).replace("'", "").split())


def _figures(words: Sequence[str]) -> list[str]:
    """Replace every run of number words by figures."""
    out: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        joins = word == "and" and bool(run) and run[-1] in _SCALES
        if word and (_value(word) is not None or (word in _SCALES and run) or joins):
            run.append(word)
            continue
        out += _read(run)
        run = []
        if word:
            out.append(word)
    return out


def _value(word: str) -> tuple[int, bool] | None:
    """Return the number a word names below 100 and whether it is an ordinal, or None."""
    if word in _ONES or word in _TENS:
        return _ONES.get(word, _TENS.get(word, 0)), False
    if word in _ORDINALS:
        return _ORDINALS[word], True
    stem = word.removesuffix("th")
    return (_ONES[stem], True) if stem != word and stem in _ONES else None


def _read(run: Sequence[str]) -> list[str]:
    """Return the figures of a run of number words, read as people do: "nineteen eighty four" is 1984."""
    tail = ["and"] if run and run[-1] == "and" else []
    words = [w for w in run if w != "and"]
    found: list[tuple[int, bool]] = []
    total = part = 0
    last, ordinal, open_ = 0, False, False
    for word in words:
        scale = _SCALES.get(word)
        if scale:
            part = (part or 1) * scale
            if scale > 100:
                total, part = total + part, 0
            last = scale
            continue
        value, ordinal = _value(word) or (0, False)
        if open_ and not _continues(last, part, value):
            found.append((total + part, False))
            total = part = 0
        if open_ and part and last in range(10, 100) and value >= 10:
            part = part * 100
        part, last, open_ = part + value, value, True
        if ordinal:
            found.append((total + part, True))
            total = part = last = 0
            open_ = False
    if open_:
        found.append((total + part, False))
    return [f"{n}{_suffix(n)}" if is_ordinal else str(n) for n, is_ordinal in found] + tail


def _continues(last: int, part: int, value: int) -> bool:
    """Say whether a number word goes on with the number before it."""
    if last >= 100:
        return value < last
    if last in _TENS.values() and 0 < value < 10:
        return True
    return 10 < last < 100 and last == part and value >= 10


def _suffix(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def errors(said: str, heard: str, words: Normaliser = normal) -> Errors:
    """Return the least number of words to insert, leave out or change (Levenshtein) that make ``heard`` what was ``said``."""
    truth = words(said)
    return Errors(Levenshtein.distance(truth, words(heard)), len(truth))


def rate(counts: Sequence[Errors]) -> float:
    """Return word errors per word said over all clips."""
    return sum(c.wrong for c in counts) / max(1, sum(c.words for c in counts))
