"""Find whole Chinese words, so that none is cut in half: 天花板 is neither a day nor to spend."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.lexicon.lexicon import senses_of
from ....core.language.phrases import phrases
from ....core.language.tokens import Token

_FILLER = frozenset(("filler",))
LONGEST = 4
"""Characters of the longest word that is looked for."""


def end_of_word(tokens: Sequence[Token], i: int, language: CatalogueLanguage) -> int:
    """Return where the longest word of the lexicon from the Chinese character ``i`` ends, ``i`` itself where none does.

    A word gives way to a value, a field or a phrase that begins inside it.
    """
    if tokens[i].kind != "han":
        return i
    end = i
    while end < len(tokens) and end - i < LONGEST and tokens[end].kind == "han":
        end += 1
    for j in range(end, i + 1, -1):
        if senses_of(_joined(tokens, i, j), "zh") and not _means_more(tokens, i, j, language):
            return j
    return i


def end_of_whether(tokens: Sequence[Token], i: int) -> int:
    """Return where the first half of a question of the form A-not-A ends, 0 where none opens at ``i`` or it is a phrase: the 防不 of 防不防水."""
    for n in (1, 2):
        said = [t.text for t in tokens[i : i + 2 * n + 1]]
        whole = len(said) == 2 * n + 1 and tokens[i].kind == "han" and said[:n] == said[n + 1 :] and said[n] in "不没唔"
        if whole and "".join(said) not in phrases():
            return i + n + 1
    return 0


def _means_more(tokens: Sequence[Token], i: int, j: int, language: CatalogueLanguage) -> bool:
    """Tell whether something that the catalogue or the grammar knows begins after ``i`` and before ``j``."""
    for a in range(i + 1, j):
        for b in range(a + 1, min(len(tokens), a + LONGEST) + 1):
            key = _joined(tokens, a, b)
            known = key in language.values or key in language.names
            if known or phrases().get(key, _FILLER) - _FILLER:
                return True
    return False


def _joined(tokens: Sequence[Token], i: int, j: int) -> str:
    return "".join(t.text for t in tokens[i:j])
