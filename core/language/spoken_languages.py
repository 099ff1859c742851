"""Tell in which languages a request is, and which roles a phrase plays in a text of these.

Words of several languages share one spelling once accents are dropped: "war", "die", "sin" and "fur" are English as well as German or
Spanish. A single word plays the roles that it has in the languages of the text; one of another language plays its own if it is no word of
them, or if it is written with the accents that it has there. What refuses in any language is never overlooked: that would turn a request round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from .keys import key_of
from .lexicon.wordings import lemma_of
from .phrases import accented_words, phrases, phrases_by_language
from .small_words import common_words, small_words

_CODES = {"english": "en", "german": "de", "french": "fr", "spanish": "es"}
"""The languages whose words are spelt alike once their accents are dropped, each with its code in the small words."""
_ANYWHERE = frozenset(("chinese", "signs"))
_REFUSING = frozenset(("not",))


def languages_of(words: Iterable[str]) -> frozenset[str]:
    """Return the languages that the words of a text tell, as keys; none where nothing tells."""
    said = frozenset(words)
    return frozenset(language for language, telling in _telling().items() if said & telling)


def roles_in(key: str, languages: frozenset[str], *, accented: bool) -> frozenset[str]:
    """Return the roles of a phrase in a text of some languages, where it is written with accents or without."""
    roles = phrases().get(key)
    if not roles:
        return frozenset()
    return roles if not languages or " " in key or not key.isascii() else _roles_of_word(key, languages, accented)


@lru_cache(maxsize=16_384)
def _roles_of_word(key: str, languages: frozenset[str], accented: bool) -> frozenset[str]:
    roles = phrases()[key]
    own = [language for language, known in phrases_by_language().items() if key in known]
    spelt_so = [language for language in own if accented == (key in accented_words(language))] or own
    spoken = spelt_so if accented else [language for language in spelt_so if language in languages | _ANYWHERE]
    if spoken:
        here = frozenset().union(*(phrases_by_language()[language][key] for language in spoken))
    else:
        here = frozenset() if any(_is_word(key, language) for language in languages) else roles
    return here | (roles & _REFUSING)


def _is_word(key: str, language: str) -> bool:
    """Tell whether a language of which there is a lexicon has the word."""
    code = _CODES[language]
    if language == "english" and key in common_words():
        return True
    return key in small_words()[code] or (code in ("en", "de") and bool(lemma_of(key, code)))


@cache
def _telling() -> Mapping[str, frozenset[str]]:
    """Return language -> the keys of its small words that no other of the languages has, as a small word or as a phrase."""
    small = {language: frozenset(map(key_of, small_words()[code])) for language, code in _CODES.items()}
    said = {language: small[language] | phrases_by_language()[language].keys() for language in _CODES}
    return {
        language: words.difference(*(said[other] for other in _CODES if other != language))
        - (frozenset() if language == "english" else common_words())
        for language, words in small.items()
    }
