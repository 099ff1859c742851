"""Put Chinese right that was typed by its sound or dictated: 禄茶 is 绿茶, 不要漫步着 refuses 漫步者."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.lexicon.glosses import glosses_of
from ....core.language.lexicon.lexicon import senses_of
from ....core.language.measure_words import units
from ....core.language.phrases import phrases
from ....core.language.pinyin import LONGEST_SAID, SHORTEST, sounds_of
from ....core.language.tokens import Token

_LEADING = frozenset(("not", "want", "except", "over", "under"))


def sounding_right(tokens: Sequence[Token], language: CatalogueLanguage) -> list[Token]:
    """Return the tokens with every run that only sounds like one value written as that value."""
    found, i = list(tokens), 0
    while i < len(found):
        step = 1
        if found[i].kind == "han":
            run = _run(found, i)
            right = _value_of(run, range(len(run), SHORTEST, -1), language)
            step = len(right) or _length_of_word(run) or 1
            if step == 1:
                right = _value_of(run, range(SHORTEST, SHORTEST + 1), language)
                step = len(right) or 1
            for n, char in enumerate(right):
                found[i + n] = found[i + n]._replace(text=char)
        i += step
    return found


def _run(tokens: Sequence[Token], i: int) -> str:
    """Return the Chinese characters that stand together from ``i`` on, as many as a value has."""
    run = ""
    for token in tokens[i : i + LONGEST_SAID]:
        if token.kind != "han" or (run and not token.glued):
            break
        run += token.text
    return run


def _length_of_word(run: str) -> int:
    """Return the length of the longest word that a run begins with, 0 where it begins with none."""
    return next((n for n in range(len(run), SHORTEST - 1, -1) if _is_word(run[:n])), 0)


def _is_word(said: str) -> bool:
    return bool(said in phrases() or senses_of(said, "zh") or next(glosses_of(said), ""))


def _value_of(run: str, lengths: range, language: CatalogueLanguage) -> str:
    """Return the value that the beginning of a run is, or is a slip of, or an empty string."""
    for said in (run[:n] for n in lengths if n <= len(run)):
        if said in language.values:
            return said
        values = {v for sounds in sounds_of(said) for v in language.sounds.get(sounds, ())}
        if len(values) == 1 and _is_slip(said, run, (right := values.pop()), language):
            return right
    return ""


def _is_slip(said: str, run: str, right: str, language: CatalogueLanguage) -> bool:
    """Tell whether a run of characters means nothing itself: neither it nor what begins inside it is a word, and half of it is right."""
    wrong = [a for a, b in zip(said, right, strict=True) if a != b]
    if len(wrong) > len(said) // 2 or _is_word(said):
        return False
    inner = [(run[a:b], b > len(said)) for a in range(1, len(said)) for b in range(a + 2, len(run) + 1)]
    if any(word in language.values or (beyond and _is_word(word)) for word, beyond in inner):
        return False
    known = any(char in phrases() or char in units() for char in wrong)
    leading = any(phrases().get(char, frozenset()) & _LEADING for char in wrong)
    return not (leading or (known and len(said) == SHORTEST))
