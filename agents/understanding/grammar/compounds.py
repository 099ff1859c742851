"""Take German compounds apart: a Baumwollhemd is a Hemd of Baumwolle, a Küchenregal a Regal for the Küche."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.phrases import phrases
from ....core.language.small_words import common_words
from ....core.language.thing_words import thing_words
from ....core.language.tokens import Token, fold_word, german_stem, stem
from ....core.language.value_entry import PART, SPELLED, SYNONYM

if TYPE_CHECKING:
    from .segments import Segment

SHORTEST, LONGEST, SHORTEST_PART = 6, 28, 3
_JOINTS = frozenset(("und", "oder", "noch", "bzw", "sowie"))
LINKS = ("", "s", "es", "n", "en", "er", "e")
"""What may stand between the parts of a compound: the s of Hochzeitskleid, the n of Küchenregal."""


def without_compounds(text: str, tokens: Sequence[Token], language: CatalogueLanguage) -> list[Token]:
    """Return the tokens with every compound of known words as two tokens, in their places in ``text``."""
    found: list[Token] = []
    known: dict[tuple[str, bool], tuple[int, str] | None] = {}
    for token in tokens:
        key = token.text, token.capital
        if token.kind == "word" and key not in known:
            known[key] = _cut(*key, language)
        cut = known[key] if token.kind == "word" else None
        found += [token] if cut is None else _two(text, token, *cut, token.text[cut[0] :])
    return found


def with_shared_ends(tokens: Sequence[Token], language: CatalogueLanguage) -> list[Token]:
    """Give "Lasten- und Kinderrad" the end that its first word shares with the last: Lastenrad."""
    found: list[Token] = []
    for n, token in enumerate(tokens):
        ends = token.text == "-" and token.glued and found and found[-1].kind == "word"
        after = tokens[n + 1 : n + 3]
        if ends and len(after) > 1 and not after[0].glued and (after[0].text in _JOINTS) and after[1].kind == "word":
            whole = _shared(found[-1].text, after[1].text, language)
            if whole:
                found[-1] = found[-1]._replace(text=whole)
                continue
        found.append(token)
    return found


def _shared(first: str, other: str, language: CatalogueLanguage) -> str:
    """Return the value that ``first`` makes with an end of ``other``, the longest end first, or an empty string."""
    ends = (other[n:] for n in range(1, len(other) - SHORTEST_PART + 1))
    return next((first + end for end in ends if _is_value(first + end, language)), "")


def _cut(word: str, capital: bool, language: CatalogueLanguage) -> tuple[int, str] | None:
    """Return where a compound is cut and its first part as it is known, or None for any other word."""
    if not SHORTEST <= len(word) <= LONGEST or _is_known(word, language):
        return None
    if word.isascii() and word in common_words():
        return None
    slip = language.spelling.correct(word) is not None
    return next(((cut, first) for cut, first, sure in _cuts(word, language) if sure or (capital and not slip)), None)


def _cuts(word: str, language: CatalogueLanguage) -> Iterator[tuple[int, str, bool]]:
    """Yield where ``word`` may be cut, its first part as it is known, and whether both parts are: the longest last part first."""
    cuts = range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
    for cut in cuts:
        first = _first_of(word[:cut], language) if _is_last(word[cut:], language) else ""
        if first:
            yield cut, first, True
    for cut in cuts:
        if len(word) - cut > SHORTEST_PART and _is_value(word[cut:], language):
            yield cut, word[:cut], False


def _first_of(part: str, language: CatalogueLanguage) -> str:
    """Return the value that a compound begins with, without the link and with the e that it may have lost: Woll(e)."""
    for link in LINKS:
        own = part.removesuffix(link) if link else part
        for form in (own, f"{own}e"):
            if len(own) >= SHORTEST_PART and _is_value(form, language):
                return form
    return ""


def _is_last(part: str, language: CatalogueLanguage) -> bool:
    """Tell whether a compound may end so: a value, what a field is called, or a word for what shops sell."""
    return (
        _is_value(part, language)
        or part in language.names
        or german_stem(part) in language.names
        or any(form in thing_words() or form in language.things for form in (part, german_stem(part)))
        or bool(phrases().get(part, frozenset()) & {"free", "not_after"})
    )


def _is_value(part: str, language: CatalogueLanguage) -> bool:
    for form in (part, german_stem(part)):
        for entry in language.values.get(form, ()):
            inflected = entry.rank > SPELLED or form != part
            if entry.rank <= PART and not (inflected and language.fields[entry.field].is_name):
                return True
    return False


def _is_known(word: str, language: CatalogueLanguage) -> bool:
    keys = (word, stem(word), german_stem(word))
    known = any(key in language.values for key in keys)
    return known or any(key in language.names or key in phrases() or key in language.people for key in (word, keys[2]))


def _two(text: str, token: Token, cut: int, first: str, last: str) -> list[Token]:
    """Return the two parts of a token; the second has no capital of its own."""
    raw = text[token.start : token.end]
    place = next((n for n in range(1, len(raw)) if len(fold_word(raw[:n])) >= cut), len(raw) - 1)
    middle = token.start + place
    return [
        token._replace(text=first, end=middle),
        token._replace(text=last, start=middle, glued=True, capital=False),
    ]


def join_compound(first: Segment, last: Segment) -> None:
    """Let the first part of a compound say which of its kind the last one is: Acrylwolle is acrylic, and none of the other wools."""
    fields = {e.field for e in first.entries}
    if first.text.isascii() and any(e.field in fields and e.rank >= SYNONYM for e in last.entries):
        last.entries, last.used = (), "part"
