"""Tell how Chinese values are written in Latin letters by who cannot type them: "Chen Guo" for 陈果, "Anhui" for 安徽."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice, product
from pathlib import Path

from ..text.chinese import is_han
from .keys import key_of
from .lexicon.lexicon import senses_of
from .phrases import phrases
from .small_words import common_words
from .thing_words import thing_words
from .tokens import simplified

DATA = Path(__file__).parent / "data" / "pinyin.tsv"
SHORTEST, LONGEST, LONGEST_SAID, MOST_FORMS = 2, 4, 8, 8
"""Characters of a value that is written so, the longest of one that is known by its sound, and ways to read one that are told."""
SHORTEST_WORD = 5
"""Letters that it needs to be told from a word when it is written as one."""


def pinyin_of(value: str) -> tuple[str, ...]:
    """Return the ways to write a short Chinese value in Latin letters: its syllables apart, as one word, and a name's last part first."""
    if not SHORTEST <= len(value) <= LONGEST or not all(map(is_han, value)):
        return ()
    readings = [_syllables().get(char, ()) for char in value]
    found: dict[str, None] = {}
    for parts in list(product(*readings))[:MOST_FORMS]:
        given = "".join(parts[1:])
        forms = (" ".join(parts), "".join(parts), f"{parts[0]} {given}", f"{given} {parts[0]}")
        found |= dict.fromkeys(form for form in forms if not _is_word(form))
    return tuple(found)


def said_alike(values: Iterable[str]) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Return sounds -> the simplified Chinese values that are said so, for those who type by sound or dictate."""
    found: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for value in values:
        plain = simplified(value)
        if SHORTEST <= len(plain) <= LONGEST_SAID and all(map(is_han, plain)):
            for sounds in sounds_of(plain):
                found[sounds][plain] = None
    return {sounds: tuple(said) for sounds, said in found.items()}


def sounds_of(text: str) -> list[tuple[str, ...]]:
    """Return the ways to say Chinese characters, without the sounds that many speakers do not tell apart."""
    return list(islice(product(*(_sounds().get(char, ()) for char in text)), MOST_FORMS))


def _is_word(form: str) -> bool:
    """Tell whether a form is a word of another language: 素食 is no sushi."""
    key = key_of(form)
    if " " not in form and len(form) < SHORTEST_WORD:
        return True
    return bool(
        key in common_words()
        or key in phrases()
        or key in thing_words()
        or senses_of(key, "en")
        or senses_of(key, "de")
    )


@cache
def _sounds() -> Mapping[str, tuple[str, ...]]:
    """Return character -> its syllables, zh as z and ng as n."""
    return {char: tuple(dict.fromkeys(map(_blurred, rows))) for char, rows in _syllables().items()}


def _blurred(syllable: str) -> str:
    for clear, blurred in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en")):
        syllable = syllable.replace(clear, blurred)
    return syllable


@cache
def _syllables() -> Mapping[str, tuple[str, ...]]:
    """Return character -> the syllables that it is read as."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            syllable, _, chars = line.partition("\t")
            for char in chars:
                found[char].append(syllable)
    return {char: tuple(rows) for char, rows in found.items()}
