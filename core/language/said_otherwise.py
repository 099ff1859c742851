"""Say words that no text of a shop has as the texts have them: by synonym or in another language, Hängematte as hammock, 煎锅 as skillet.

Only words of the shop's own texts are returned, so that a sense nobody means finds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from ..text.chinese import is_han
from .keys import key_of
from .lexicon.compounds import parts_of
from .lexicon.glosses import said_abroad
from .lexicon.lexicon import LANGUAGES, sense, senses_of
from .lexicon.wordings import lemma_of
from .tokens import stem, words_of_form

MOST_SENSES, MOST_GLOSSES = 3, 3
"""The most usual senses of a word and glosses of a Chinese one that are tried."""
LONGEST = 6
"""Characters of a Chinese word, at most."""
MOST = 12
"""So many words are searched for beside those of the request."""


def said_otherwise(words: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return what the words may be called in the texts of a shop, whose stems are ``known``; nothing for a word that they have."""
    found: dict[str, None] = {}
    for word in words:
        pieces = list(_han_words(word)) if is_han(word[0]) else [word]
        for piece in pieces if is_han(word[0]) or stem(word) not in known else []:
            found |= dict.fromkeys(form for form in _forms(piece) if _is_known(form, known))
    return tuple(found)[:MOST]


def _is_known(form: str, known: Collection[str]) -> bool:
    return all(stem(w) in known for w in words_of_form(form))


@lru_cache(maxsize=4_096)
def _forms(word: str) -> tuple[str, ...]:
    """Return what a word may be called, in every language, the most usual first; of a compound nobody knows, what its parts may be."""
    spoken = ("zh",) if is_han(word[0]) else ("de", "en")
    whole = [form for language in spoken for form in _of_senses(word, language)] + list(said_abroad(word))[
        :MOST_GLOSSES
    ]
    parts: Sequence[str] = () if whole or "de" not in spoken else next(iter(parts_of(word, "de")), ())
    return tuple(dict.fromkeys([*whole, *(form for part in parts for form in _of_senses(part, "de"))]))


def _of_senses(word: str, spoken: str) -> Iterator[str]:
    for name in senses_of(lemma_of(word, spoken), spoken)[:MOST_SENSES]:
        one = sense(name)
        for language in LANGUAGES:
            yield from (form for form in one.in_language(language) if key_of(form) != key_of(word))


def _han_words(text: str) -> Iterator[str]:
    """Yield the words of a run of Chinese characters, the longest first at each place; single characters say too much."""
    at = 0
    while at < len(text):
        size = next((n for n in range(min(LONGEST, len(text) - at), 1, -1) if _forms(text[at : at + n])), 0)
        if size:
            yield text[at : at + size]
        at += size or 1
