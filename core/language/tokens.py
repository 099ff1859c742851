"""Cut a text into tokens that remember where they stand: folded words, numbers, Chinese characters and marks.

Folding lowers case, drops accents and full-width forms, joins contractions ("isn't" is ``isnt``) and writes Chinese characters as
they are simplified (書桌 is 书桌). A run of letters and a run of digits come apart ("200hp", "F-150", "4dr"), so that every way to write
a name with a number is one.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from snowballstemmer import stemmer

TokenKind = Literal["word", "number", "han", "mark"]
_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,'’٬\u00a0\u202f ]\d{3}(?!\d))+(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,]\d+)?)"
    r"|(?P<han>[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
    r"|(?P<word>[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’´`][^\W\d_\u3400-\u9fff\uf900-\ufaff]+)*)"
    r"|(?P<mark>[^\s\w]|_)"
)
_KEPT = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"}


IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth", "geese": "goose",
    "mice": "mouse", "wolves": "wolf", "knives": "knife", "shelves": "shelf", "scarves": "scarf", "wives": "wife", "loaves": "loaf",
    "thieves": "thief", "elves": "elf", "halves": "half", "oxen": "ox", "dice": "die", "cacti": "cactus", "fungi": "fungus",
}  # fmt: skip
"""Plurals that no stemmer knows."""


_PARTICIPLES = ("ed", "ing")


class _Stemmers(threading.local):
    """The stemmers of one thread: a stemmer keeps the word that it works on in itself."""

    def __init__(self) -> None:
        self.english, self.german = stemmer("english"), stemmer("german")


_STEMMERS = _Stemmers()

KEPT_MARKS = "+<>=≤≥~/&%€$£¥₹"
"""Marks that are part of a value or phrase."""


class Token(NamedTuple):
    """One token: ``text`` folded, ``start:end`` in the original, ``glued`` to the token before, ``capital`` first letter."""

    text: str
    kind: TokenKind
    start: int
    end: int
    glued: bool
    capital: bool


@lru_cache(maxsize=16_384)
def fold_word(word: str) -> str:
    """Return a word in lower case without accents, apostrophes and full-width forms."""
    if word.isascii():
        return word.lower().replace("'", "").replace("`", "")
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    kept = "".join(_KEPT.get(c, c) for c in plain if not unicodedata.combining(c))
    return re.sub("['’‘`´]", "", kept)


LONGEST_WORD = 60
"""Characters from which a run of letters is no word that is stemmed or split: a stemmer's time grows with its square."""


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the English stem of a folded word."""
    if not word.isascii() or not 3 <= len(word) <= LONGEST_WORD:
        return word
    word = IRREGULAR.get(word, word)
    return str(_STEMMERS.english.stemWord(word))


def are_forms(word: str, other: str) -> bool:
    """Tell whether two words of one stem are forms of each other: "comedies" and "comedy", "knitted" and "knitting", but not "animals" and "animation"."""
    if word.endswith(_PARTICIPLES) and other.endswith(_PARTICIPLES):
        return True
    alike = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    return min(len(word.removesuffix("s")), len(other.removesuffix("s"))) - alike <= 1


@lru_cache(maxsize=16_384)
def german_stem(word: str) -> str:
    """Return the German stem of a folded word."""
    return str(_STEMMERS.german.stemWord(word)) if word.isalpha() and 3 < len(word) <= LONGEST_WORD else word


def tokenise(text: str) -> list[Token]:
    """Return the tokens of ``text`` in order; white space only separates."""
    found: list[Token] = []
    last_end = -1
    for match in _TOKEN.finditer(text):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        raw = match[0]
        start, end = match.span()
        glued = start == last_end
        last_end = end
        if kind == "word":
            folded = fold_word(raw)
            if len(folded) > 2 and folded.endswith("s") and raw[-2] in "'’´`":  # the possessive of "men's" and "BMW's"
                folded = folded if folded in _CONTRACTED else folded[:-1]
            found.append(Token(folded, kind, start, end, glued, raw[0].isupper()))
        elif raw in "×✕":
            found.append(Token("x", "word", start, end, glued, False))
        elif kind == "mark":
            found.append(Token(unicodedata.normalize("NFKC", raw)[0], kind, start, end, glued, False))
        else:
            found.append(Token(simplified(unicodedata.normalize("NFKC", raw)), kind, start, end, glued, False))
    return found


def simplified(text: str) -> str:
    """Return a text of the same length with its traditional Chinese characters as the simplified ones."""
    return text if text.isascii() else text.translate(_simplifying())


@cache
def _simplifying() -> dict[int, str]:
    rows = (files(__package__) / "data" / "traditional.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (row.split("\t") for row in rows if not row.startswith("#"))
    return {ord(char): plain for plain, chars in pairs for char in chars}


_CONTRACTED = frozenset("its hes shes thats whats lets heres theres whos wheres".split())  # noqa: SIM905


@lru_cache(maxsize=16_384)
def words_of_form(form: str) -> tuple[str, ...]:
    """Return the folded words, numbers and Chinese characters of a value or phrase, without marks."""
    if form.isascii() and form.replace(" ", "").isalpha():
        return tuple(form.lower().split())  # what most forms are, and all there is to it
    return tuple(t.text for t in tokenise(form) if t.kind != "mark" or t.text in KEPT_MARKS)
