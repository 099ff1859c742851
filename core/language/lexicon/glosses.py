"""Say Chinese words in English and English phrases in Chinese as a dictionary does: 精装 is hardcover, "carbon fibre" 碳纤维.

Beside the lexicon, which tells senses apart and so knows fewer words. The file has sorted lines of both directions.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from ...text.chinese import is_han
from ..keys import key_of
from ..small_words import common_words
from .lexicon import found_in

DATA = Path(__file__).parent / "data" / "glosses.tsv.gz"
USUAL = 2
"""Glosses of a word that may be everyday words, and among which a phrase must be that stands for it."""
_AMERICAN = ((r"fibre", "fiber"), (r"our\b", "or"), (r"\bgrey", "gray"), (r"is(e|ed|ing)\b", r"iz\1"), (r"instalment", "installment"),
             (r"(lit|met|cent)re\b", r"\1er"), (r"jewellery", "jewelry"), (r"aluminium", "aluminum"))  # fmt: skip
_BRITISH = ((r"fiber", "fibre"), (r"\bcolor", "colour"), (r"\bgray", "grey"), (r"installment", "instalment"), (r"jewelry", "jewellery"),
            (r"aluminum", "aluminium"))  # fmt: skip


def glosses_of(word: str) -> Iterator[str]:
    """Yield what a Chinese word is in English, the most usual first; of further meanings no everyday word, which says too much else."""
    for n, gloss in enumerate(_line(word)):
        if n < USUAL or " " in gloss or gloss not in common_words():
            yield from dict.fromkeys((gloss, _spelled(gloss, _BRITISH)))


def han_for(phrase: str) -> Iterator[str]:
    """Yield the Chinese words that an English phrase is a usual gloss of; what can be inflated is what one inflates."""
    key = _spelled(key_of(phrase), _AMERICAN)
    done = (key.removesuffix("able"), f"{key.removesuffix('able')}e") if key.endswith("able") else ()
    for form in dict.fromkeys((key, key.removesuffix("s"), *done)):
        yield from _line(form)


def said_abroad(phrase: str) -> Iterator[str]:
    """Yield the glosses of a Chinese phrase, the Chinese words for any other."""
    yield from glosses_of(phrase) if phrase and is_han(phrase[0]) else han_for(phrase)


def _spelled(text: str, changes: tuple[tuple[str, str], ...]) -> str:
    for old, new in changes:
        text = re.sub(old, new, text)
    return text


@lru_cache(maxsize=16_384)
def _line(key: str) -> tuple[str, ...]:
    line = found_in(_unpacked(), f"{key}\t") if key else ""
    return tuple(line.split("|")) if line else ()


@cache
def _unpacked() -> bytes:
    return gzip.decompress(DATA.read_bytes())
