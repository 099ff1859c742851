"""What a phrase may mean as a value of one field, how sure that is, and under which keys it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..schemas import CatalogueField
from .keys import stem_key
from .lexicon.lexicon import senses_of
from .small_words import common_words
from .tokens import german_stem, stem
from .value_concepts import ValueConcept
from .value_words import above, below, is_base, stems_of

CLOSED = 120
"""A field with at most so many values has a vocabulary of its own; in a larger one values are names."""
SPELLED, INFLECTED, SYNONYM, PART, BROADER = range(5)

_DENYING = frozenset(("no", "non", "not"))
_LONGEST_COMPOUND = 2
"""Words that written as one may be a word of the lexicon: "ice cream"."""


class Entry(NamedTuple):
    """What a phrase means as a value of ``field``: what is wanted by who asks for it, what is unwanted by who refuses it.

    One that ``denies`` turns both round: who asks for "vegan" wants no meat, who asks for "pets not allowed" wants no pets.
    One of a ``tongue`` is meant only by who speaks it: the skirt that is called "Rock". ``unsuited`` says whom or what things are not for: who
    speaks of it wants none of them, whether or not "not" is said.
    """

    field: str
    wanted: tuple[str, ...]
    refused: tuple[str, ...]
    rank: int
    head: bool = True
    denies: bool = False
    tongue: str = ""
    unsuited: bool = False


@dataclass(frozen=True)
class FieldTerms:
    """A field with its concept, the measure of its numbers and the factor from the measure's base unit to the field's.

    ``is_name`` tells that its values are names, which may be everyday words.
    """

    field: CatalogueField
    concept: str = ""
    measure: str = ""
    factor: float = 1.0
    better: str = "none"
    link: str = ""
    values: tuple[str, ...] = ()
    is_name: bool = False


def are_names(link: str, values: Sequence[str]) -> bool:
    """Tell whether a field's values are names: it links by name, or has many that are no everyday words (dogs, hats and kites are)."""
    if link == "name" or len(values) <= CLOSED:
        return link == "name"
    return sum(v.casefold() in common_words() for v in values) * 2 < len(values)


def keys_of(form: str, words: Sequence[str], rank: int) -> dict[str, int]:
    """Return every key under which a form of these words is found, with its rank there: as it is, by its English stem, by its German one."""
    whole = "".join(words)
    keys = {whole: rank}
    denied = stem(words[0]) in _DENYING and words[0] not in _DENYING
    if (rank < SYNONYM or is_base(words[-1])) and not denied:
        keys.setdefault("".join(map(stem, words)), max(rank, INFLECTED))
    if not form.isascii() or rank in (SYNONYM, SPELLED):
        german = "".join(map(german_stem, words))
        other = german_stem(words[0]) in _DENYING and words[0] not in _DENYING  # "notes smoky" is not "not smoky"
        if german == whole or not (other or _are_english(words, whole, german)):
            keys.setdefault(german, max(rank, INFLECTED))
    return keys


def _are_english(words: Sequence[str], whole: str, german: str) -> bool:
    """Tell whether words and what German stems make of them are both English: the stem of "plane" is another word, "plan"."""
    return len(words) <= _LONGEST_COMPOUND and _is_english(whole) and _is_english(german)


def _is_english(word: str) -> bool:
    """Tell whether a word is an English one: the German stem of "plane" is another word, "plan"."""
    return bool(senses_of(word, "en"))


def values_meant(
    concept: ValueConcept, own: Mapping[str, list[str]], heads: Mapping[str, list[str]], *, is_name: bool
) -> tuple[list[str], int]:
    """Return the values that a concept means and how sure that is: its own and narrower ones, all that share it as their head, or broader ones."""
    wanted = own.get(concept.name, [])
    if any(stem_key(v) in stems_of(concept) for v in wanted):
        return wanted, SYNONYM
    wanted = list(dict.fromkeys([*wanted, *(v for d in below(concept.name) for v in own.get(d, ()))]))
    if concept.name in heads:
        return list(dict.fromkeys([*wanted, *heads[concept.name]])), SYNONYM if wanted else PART
    if wanted or is_name:
        return wanted, SYNONYM
    return next((own[b] for b in above(concept.name) if own.get(b)), []), BROADER
