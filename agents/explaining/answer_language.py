"""Tell in which language a turn is answered: that of its words, else that of its thread, else the shop's."""

from __future__ import annotations

from ...core.language.lexicon.wordings import lemma_of
from ...core.language.small_words import german_lean
from ...core.language.tokens import words_of_form
from ...core.schemas import Language, Understanding
from ...core.text.chinese import is_chinese


def language_of(said: str, before: Language | None, *, german_shop: bool) -> Language:
    """Return the language to answer in; ``before`` is the one of the thread, which a name or a single word does not change."""
    if is_chinese(said):
        return "zh"
    words = frozenset(words_of_form(said))
    lean = german_lean(words)
    if not lean and before is not None:
        return before
    lean = lean or sum(bool(lemma_of(w, "de")) - bool(lemma_of(w, "en")) for w in words if w.isalpha())
    return ("de" if german_shop else "en") if not lean else "de" if lean > 0 else "en"


def language_of_answer(said: str, understood: Understanding) -> Language:
    """Return the language that was told when the request was understood; where it was not, that of its words."""
    return understood.language or ("zh" if is_chinese(said) else "en")
