"""Cut a request into segments that mean something in one catalogue: the longest phrase first, slips put right."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.small_words import german_lean
from ....core.language.spoken_languages import languages_of
from ....core.language.thing_words import thing_words
from ....core.language.tokens import Token, stem, tokenise
from ....core.language.value_entry import Entry
from ....core.language.value_wordings import narrower
from .compounds import join_compound, with_shared_ends, without_compounds
from .corrected_words import corrected
from .like_sounding import sounding_right
from .longest_phrases import Cut, longest_at
from .segments import NO_ROLES, Segment
from .written_forms import spelled, spelled_out

MAX_TOKENS = 220
"""Longer texts are read so far; what follows is named as not read."""
MAX_CHARACTERS = 4_000


def segment(text: str, language: CatalogueLanguage) -> tuple[list[Segment], str]:
    """Return the segments of ``text`` in order, and the rest that is too long to be read."""
    tokens = spelled(tokenise(text[:MAX_CHARACTERS]))
    rest = text[tokens[MAX_TOKENS].start :].strip() if len(tokens) > MAX_TOKENS else text[MAX_CHARACTERS:].strip()
    tongue = _tongue_of(tokens, language)
    tokens = with_shared_ends(spelled_out(tokens[:MAX_TOKENS]), language)
    tokens = without_compounds(text, tokens, language)
    spoken = sounding_right(tokens, language) if language.sounds and any(t.kind == "han" for t in tokens) else tokens
    right = [corrected(t, language, tongue) for t in spoken]
    changed = [a.text != b.text for a, b in zip(tokens, right, strict=True)]
    return _pieces(Cut(text, right, language, languages_of(t.text for t in tokens)), tongue, changed), rest


def _tongue_of(tokens: Sequence[Token], language: CatalogueLanguage) -> str:
    """Return the language that the small words of a request are of; where they do not tell, the catalogue's."""
    lean = german_lean(t.text for t in tokens)
    if not lean:
        return "de" if language.is_german else "en"
    return "de" if lean > 0 else "en"


def _pieces(cut: Cut, tongue: str, changed: Sequence[bool]) -> list[Segment]:
    """Return the segments one behind the other; ``changed`` tells which tokens were put right."""
    found: list[Segment] = []
    i = 0
    while i < len(cut.tokens):
        piece = longest_at(cut, i)
        piece.corrected = any(changed[piece.first : piece.last])
        _settle(piece, tongue, cut.language)
        if found and piece.start == found[-1].end and not found[-1].mark:
            join_compound(found[-1], piece)
        found.append(piece)
        i = piece.last
    return found


def _settle(piece: Segment, tongue: str, language: CatalogueLanguage) -> None:
    """Drop what a segment means in the other language only, and let an unknown word stand for the values that it is a kind of."""
    piece.entries = tuple(e for e in piece.entries if e.tongue in ("", tongue))
    if tongue == "de" and piece.text == "Lack":  # a varnish
        piece.roles = NO_ROLES
    if piece.is_word:
        piece.entries = _narrower(piece, tongue, language)


def _narrower(piece: Segment, tongue: str, language: CatalogueLanguage) -> tuple[Entry, ...]:
    """Return the values that an unknown word is a kind of, where no text of the catalogue has the word itself."""
    word = piece.words[0] if len(piece.words) == 1 else ""
    if not word or {word, stem(word)} & (language.words | thing_words()) or (piece.capital and tongue == "en"):
        return ()
    other = "en" if tongue == "de" else "de"
    return narrower(word, tongue, language.senses) or narrower(word, other, language.senses)
