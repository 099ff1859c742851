"""Put right a slip of a word that a catalogue has."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.lexicon.wordings import lemma_of
from ....core.language.measure_words import currencies, units
from ....core.language.phrases import phrase_words, phrases
from ....core.language.small_words import common_words
from ....core.language.tokens import Token, german_stem, stem
from ....core.language.value_concepts import listed_words
from ....core.language.value_entry import INFLECTED
from ....core.language.word_groups import doubtful_words
from .numbers.amounts import NUMBER_WORDS
from .segments import NO_ROLES

SHORTEST = 4
"""Letters of a word from which it may be a slip of another one."""
_REFUSING = frozenset(("not", "except", "not_after", "free"))


def corrected(token: Token, language: CatalogueLanguage, tongue: str) -> Token:
    """Return the token, or the word of the catalogue that it is a slip of; ``tongue`` is the language of the request."""
    word = token.text
    if token.kind != "word" or len(word) < SHORTEST or not word.isascii() or token.end - token.start != len(word):
        return token
    if _is_spelt_right(word, language) or _is_word(word, language, tongue):
        return token
    right = language.spelling.correct(word)
    if right is None or (right in phrase_words() and not _is_value(right, language)):
        return token  # "Nächte" is no slip of "nicht"
    if german_stem(word) in listed_words() and OSA.distance(word, right) > 1:
        return token  # "braunes" is none of "blaues"
    return token._replace(text=right)


def _is_spelt_right(word: str, language: CatalogueLanguage) -> bool:
    """Tell whether the grammar or the catalogue has the word as it stands."""
    return (
        word in common_words()
        or language.spelling.knows(word)
        or any(word in known for known in (phrase_words(), NUMBER_WORDS, units(), currencies()))
        or any(word in known for known in (language.names, language.comparisons, language.people, language.values))
    )


def _is_word(word: str, language: CatalogueLanguage, tongue: str) -> bool:
    """Tell whether it is a form of a known word, or a word of the language of the request."""
    return (
        german_stem(word) in language.values
        or (stem(word) in common_words() and not word.endswith("er"))
        or word in listed_words()
        or word in doubtful_words()
        or bool(lemma_of(word, tongue))
    )


def _is_value(word: str, language: CatalogueLanguage) -> bool:
    """Tell whether a word of some phrase is a value as well, and refuses nothing by itself."""
    refuses = phrases().get(word, NO_ROLES) & _REFUSING
    return not refuses and any(e.rank <= INFLECTED for e in language.values.get(word, ()))
