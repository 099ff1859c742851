"""Tell whether a text is in another language than English, by its script, its small words and the lexicon; in a hundredth of a millisecond for most."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .lexicon.wordings import lemma_of
from .small_words import common_words, small_words

LOOKED_AT, LOOKED_UP, SHORTEST = 60, 12, 4
"""Words of a text that are compared with the small words, and those, of so many letters, that are looked up in the lexicon."""
SHARE, WIDE = 0.3, 3
"""Letters of other scripts to Latin ones from which a text is foreign, and Latin letters that a character of a word script stands for."""
_TELLING = re.compile("[ßłżźąęćńśőűığşțșđřěůėį]")
"""Letters that neither English nor the names in it have."""
_GERMAN_END = re.compile(r"\w{3,}(?:[^s]ung|ungen|heit|keit|liche?[nrs]?|ische?[nmrs]?|iert|ierte[nrs]?|schaft)")
"""How words end that are German if they are not English."""
_LATIN = re.compile(r"(?<![0-9'’])[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+(?![0-9])")
_WORD_SCRIPTS = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31a0-\u31bf\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]"
)
_LETTERS = re.compile(
    r"[\u0370-\u10ff\u1200-\u1cff\u1f00-\u1fff\u2c00-\u2dff\ua4d0-\ua71f\ua800-\uabff\ufb13-\ufdff\ufe70-\ufefc]"
)


@lru_cache(maxsize=1_024)
def is_foreign(text: str) -> bool:
    """Tell whether a text is not English. What only names, numbers and words of both languages tell counts as English."""
    if not text.isascii():
        latin = sum(map(len, _LATIN.findall(text)))
        others = WIDE * len(_WORD_SCRIPTS.findall(text)) + len(_LETTERS.findall(text))
        if others > SHARE * latin:
            return True
    words = list(dict.fromkeys(word.lower() for word in _LATIN.findall(text)[:LOOKED_AT]))
    english, other = _small(words)
    if english > other:
        return False
    if other >= english + 2:
        return True
    found = [*map(_language, [w for w in words if len(w) >= SHORTEST][:LOOKED_UP])]
    foreign, english = found.count("other"), english + found.count("en")
    return other + foreign > english or 0 < foreign == english - other


def without_small_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words, in lower case, that are no small ones of any language."""
    return tuple(word for word in words if not any(word in own for own in small_words().values()))


def _small(words: Sequence[str]) -> tuple[int, int]:
    """Return how many words are small ones of English, and of the other language that has the most of them."""
    return _known(words, small_words()["en"]), max(
        _known(words, own) for name, own in small_words().items() if name != "en"
    )


def _known(words: Iterable[str], own: frozenset[str]) -> int:
    return sum(word in own for word in words)


@lru_cache(maxsize=65_536)
def _language(word: str) -> str:
    """Return ``en`` or ``other``; empty where both have a word or none, or where a small word was counted already."""
    if any(word in own for own in small_words().values()):
        return ""
    if _TELLING.search(word):
        return "other"
    english = _is_english(word)
    german = bool(lemma_of(word, "de")) or (
        not english and (_GERMAN_END.fullmatch(word) is not None or _is_compound(word))
    )
    return "" if english == german else "en" if english else "other"


def _is_english(word: str) -> bool:
    return word in common_words() or bool(lemma_of(word, "en"))


def _is_compound(word: str) -> bool:
    """Tell whether a long word is two German ones, not both English, maybe with a letter between them."""
    return len(word) > 7 and any(
        lemma_of(first, "de") and lemma_of(word[cut:], "de") and not (_is_english(first) and _is_english(word[cut:]))
        for cut in range(4, len(word) - 3)
        for link in ("", "s", "n", "en")
        if word[:cut].endswith(link) and (first := word[:cut].removesuffix(link))
    )
