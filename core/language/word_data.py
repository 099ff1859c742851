"""Read the word lists beside this module: phrases, fields, units, currencies, values, people, scales."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import yaml

from ..text.chinese import is_han
from .tokens import german_stem, stem, words_of_form

_PARTED = re.compile("[,，\n]")
_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


class FieldConcept(NamedTuple):
    """What people say of a kind of field: its names, its measure and its comparatives by role (``more``, ``least`` ...)."""

    name: str
    names: tuple[str, ...]
    measure: str
    better: str
    link: str
    scale: str
    compare: Mapping[str, tuple[str, ...]]


class ValueConcept(NamedTuple):
    """What a value may be called, what it belongs to (``broader``) and what else serves who asks for it (``also``)."""

    name: str
    broader: str
    also: str
    forms: tuple[str, ...]
    group: str = ""


class Diet(NamedTuple):
    """How a diet is called, which concepts it leaves out, and whether a list of allergens is enough to tell."""

    forms: tuple[str, ...]
    without: tuple[str, ...]
    by_allergens: bool


def joined(words: Sequence[str]) -> str:
    """Join words by blanks and Chinese characters by nothing."""
    text = " ".join(words)
    return text if text.isascii() else _BETWEEN_HAN.sub("", text)


def key_of(form: str) -> str:
    """Return the key under which a phrase is found: its folded words."""
    return joined(words_of_form(form))


def value_key(form: str) -> str:
    """Return the key under which a value is found: its folded words in one, so that "T-shirt" and "tshirt" are the same."""
    return "".join(words_of_form(form))


def stem_key(form: str) -> str:
    """Return the key under which a value is found whatever its inflection: its stems in one."""
    return "".join(map(stem, words_of_form(form)))


@cache
def phrases() -> Mapping[str, frozenset[str]]:
    """Return key -> the roles that a phrase may play in a sentence.

    A Chinese phrase that begins with "not" plays the same ones behind 也, "nor": 也不能有 refuses as 不能有 does.
    """
    listed = {
        role: [written for form in _listed(forms) for written in _written_out(form)]
        for role, forms in _load("phrases").items()
    }
    known = {key_of(form) for forms in listed.values() for form in forms}
    found: dict[str, set[str]] = {}
    for role, forms in listed.items():
        for form in forms:
            found.setdefault(key_of(form), set()).add(role)
            if form[:1] in tuple("不没别") and len(form) > 1 and key_of(f"也{form}") not in known:
                found.setdefault(key_of(f"也{form}"), set()).add(role)
    return {key: frozenset(roles) for key, roles in found.items() if key}


def _written_out(forms: object) -> Iterator[str]:
    """Yield the entries of a list, each in all its choices: 吃不了 and 喝不惯 of (吃|喝)不(了|惯)."""
    for form in _listed(forms):
        yield from map("".join, product(*(part.split("|") for part in re.split("[()]", form))))


@cache
def field_concepts() -> tuple[FieldConcept, ...]:
    """Return every kind of field, in the order of the list."""
    roles = ("high", "more", "most", "low", "less", "least")
    return tuple(
        FieldConcept(
            name=name,
            names=_listed(row.get("names", "")),
            measure=row.get("unit", ""),
            better=row.get("better", "none"),
            link=row.get("link", ""),
            scale=row.get("scale", ""),
            compare={role: _listed(row[role]) for role in roles if role in row},
        )
        for name, row in _load("fields").items()
        if name != "qualifiers"
    )


@cache
def qualifiers() -> Mapping[str, tuple[str, ...]]:
    """Return word in a field's name -> how people say it."""
    return {name: _listed(forms) for name, forms in _load("fields")["qualifiers"].items()}


@cache
def units() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Return key of a unit -> its measures with the factor to their base unit."""
    found: dict[str, list[tuple[str, float]]] = {}
    for measure, rows in _load("units").items():
        for factor, forms in rows.items():
            for form in _listed(forms):
                found.setdefault(key_of(form), []).append((measure, float(factor)))
    return {key: tuple(rows) for key, rows in found.items()}


@cache
def currencies() -> Mapping[str, str]:
    """Return key of a currency's name or sign -> ISO 4217 code."""
    return {key_of(form) or form: code for code, forms in _load("currencies").items() for form in _listed(forms)}


@cache
def people() -> Mapping[str, str]:
    """Return key of a word for a person -> the value concepts that serve them, joined by "|": a grandpa is a man and old."""
    found: dict[str, list[str]] = {}
    for concept, forms in _load("people").items():
        for form in _listed(forms):
            found.setdefault(key_of(form), []).append(concept)
    return {key: "|".join(dict.fromkeys(concepts)) for key, concepts in found.items()}


@cache
def diets() -> tuple[Diet, ...]:
    """Return the diets that lists of ingredients bear out."""
    return tuple(
        Diet(_listed(row["forms"]), _listed(row["without"]), bool(row.get("allergens")))
        for row in _load("diets").values()
    )


@cache
def scales() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return ordered lists of steps, the mildest or smallest first, each with the ways to say it."""
    return tuple(
        tuple(tuple(form.strip() for form in step.split(" / ")) for step in _listed(steps))
        for steps in _load("scales").values()
    )


@cache
def value_concepts() -> Mapping[str, ValueConcept]:
    """Return every value concept by name."""
    found: dict[str, ValueConcept] = {}
    for group, rows in _load("values").items():
        for head, forms in rows.items():
            name, _, broader = head.partition(" < ")
            name, _, also = name.partition(" + ")
            found[name] = ValueConcept(name, broader, also, tuple(_written_out(forms)), group)
    return found


@cache
def forms_in(*groups: str) -> frozenset[str]:
    """Return the keys of every form of some groups of values, such as ``colours``."""
    rows = _load("values")
    return frozenset(key_of(form) for group in groups for forms in rows[group].values() for form in _written_out(forms))


@cache
def phrase_words() -> frozenset[str]:
    """Return every single word of the phrases."""
    return frozenset(word for key in phrases() for word in key.split(" "))


@cache
def field_words() -> frozenset[str]:
    """Return the keys of everything that some kind of field is called."""
    return frozenset(key_of(name) for concept in field_concepts() for name in concept.names)


@cache
def counted_words() -> frozenset[str]:
    """Return the keys of what is counted in ones, such as seats and doors."""
    return frozenset(key_of(name) for c in field_concepts() if c.measure == "count" for name in c.names)


@cache
def comparison_words() -> frozenset[str]:
    """Return the keys of comparatives and superlatives of any kind of field."""
    roles = ("more", "most", "less", "least")
    return frozenset(key_of(f) for c in field_concepts() for role in roles for f in c.compare.get(role, ())) - {
        "best",
        "beste",
        "besten",
        "greatest",
        "worst",
    }


@cache
def comparative_directions() -> Mapping[str, int]:
    """Return key -> 1 for comparatives of more of something ("deeper"), -1 of less, whatever the field; those of both are left out."""
    found = {word: {sign} for word, sign in (("better", 1), ("besser", 1), ("worse", -1), ("schlechter", -1))}
    for concept in field_concepts():
        for role, sign in (("more", 1), ("less", -1)):
            for form in concept.compare.get(role, ()):
                found.setdefault(key_of(form), set()).add(sign)
    return {key: signs.pop() for key, signs in found.items() if len(signs) == 1}


@cache
def superlatives() -> Mapping[str, Mapping[str, bool]]:
    """Return key -> measure -> whether a superlative asks for the most of it: "shortest" the least of a time and of a length."""
    found: dict[str, dict[str, bool]] = {}
    for concept in field_concepts():
        for role in ("most", "least"):
            for form in concept.compare.get(role, ()):
                found.setdefault(key_of(form), {}).setdefault(concept.measure, role == "most")
    return found


@cache
def common_words() -> frozenset[str]:
    """Return words that are spelled right, so that none is taken for a slip of a catalogue's value."""
    text = (files(__package__) / "data" / "common_words.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def thing_words() -> frozenset[str]:
    """Return nouns for whatever a shop sells; as the last word of some values they mean no value: the game of "Card Game"."""
    return generic_things().union(*(said for said, _ in thing_groups()))


@cache
def generic_things() -> frozenset[str]:
    """Return those of them that any shop may sell."""
    return _with_stems(_load("things")["generic"])


@cache
def thing_groups() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Return those of them that some shops sell, each group with the keys of what such shops' fields are called."""
    return tuple(
        (_with_stems(row["said"]), frozenset(map(key_of, _listed(row["by"])))) for row in _load("things")["groups"]
    )


def _with_stems(forms: object) -> frozenset[str]:
    return frozenset(word for form in _listed(forms) for word in (key_of(form), stem_key(form)))


@cache
def han_things() -> tuple[str, ...]:
    """Return the Chinese ones of ``thing_words``."""
    return tuple(w for w in thing_words() if not w.isascii() and is_han(w[0]))


@cache
def states() -> Mapping[str, frozenset[str]]:
    """Return yes, no, some and edges -> the keys of words for the states of a column."""
    return {group: frozenset(map(key_of, _listed(forms))) for group, forms in _load("states").items()}


@cache
def tongues() -> Mapping[str, frozenset[str]]:
    """Return language -> the keys of the small words by which it is told."""
    return {language: frozenset(map(key_of, _listed(forms))) for language, forms in _load("tongues").items()}


def german_lean(words: Iterable[str]) -> int:
    """Return how many more of the words, as keys, are small ones of German than of English."""
    said, known = frozenset(words), tongues()
    return len(said & known["de"]) - len(said & known["en"])


@cache
def small_words() -> Mapping[str, frozenset[str]]:
    """Return language -> the small words by which any text's language is told; none of another language is an English one."""
    listed = {language: frozenset(_listed(forms)) for language, forms in _load("small_words").items()}
    return {language: own if language == "en" else own - listed["en"] for language, own in listed.items()}


@cache
def listed_words() -> frozenset[str]:
    """Return every word of the lists with its German stem: none of them is a slip of another word."""
    forms = [f for c in value_concepts().values() for f in (c.name, *c.forms)]
    forms += [f for c in field_concepts() for f in (*c.names, *(x for row in c.compare.values() for x in row))]
    found = {w for f in (*forms, *people(), *thing_words()) for w in words_of_form(f) if w.isalpha() and w.isascii()}
    return frozenset(found | {german_stem(w) for w in found if len(w) > 4})


@cache
def doubtful_words() -> frozenset[str]:
    """Return words that speak against what stands before them, where no rule knows in which way."""
    text = (files(__package__) / "data" / "doubtful_words.txt").read_text(encoding="utf-8")
    return frozenset(map(key_of, text.split()))


@cache
def bound_characters() -> frozenset[str]:
    """Return Chinese characters that are often half of a word: beside one that nothing knows they belong to it."""
    text = (files(__package__) / "data" / "bound_characters.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def counting_characters() -> frozenset[str]:
    """Return Chinese characters that stand between a number and what it counts."""
    text = (files(__package__) / "data" / "counting_characters.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def around_numbers() -> Mapping[str, frozenset[str]]:
    """Return group -> the keys of words that stand around numbers."""
    return {group: frozenset(map(key_of, _listed(forms))) for group, forms in _load("around_numbers").items()}


@cache
def around_han() -> Mapping[str, frozenset[str]]:
    """Return group -> the keys of Chinese words that tell what a clause is: one of the past, or one with a predicate."""
    return {group: frozenset(map(key_of, _listed(forms))) for group, forms in _load("around_han").items()}


@cache
def aged() -> Mapping[int, frozenset[str]]:
    """Return the age in months -> the keys of words for children of about that age."""
    groups = around_numbers().items()
    return {int(name.removeprefix("aged_")): words for name, words in groups if name.startswith("aged_")}


@cache
def frames() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return what words around a value do with it -> the keys of those before and after it."""
    return {
        role: tuple((key_of(before), key_of(after)) for before, after in (f.split("...") for f in _listed(forms)))
        for role, forms in _load("frames").items()
    }


@cache
def frame_openers() -> frozenset[str]:
    """Return the last words before the value of every frame."""
    return frozenset(before.split(" ")[-1] for pairs in frames().values() for before, _ in pairs)


@cache
def clause_words() -> Mapping[str, frozenset[str]]:
    """Return which part they play in a clause -> the keys of words by which its verb is found."""
    return {part: frozenset(map(key_of, _listed(forms))) for part, forms in _load("clauses").items()}


@cache
def ordinals() -> Mapping[str, int]:
    """Return key of an ordinal -> its number."""
    return {key_of(form): int(number) for number, forms in _load("ordinals").items() for form in _listed(forms)}


@cache
def irregular_verbs() -> frozenset[str]:
    """Return the past forms of English verbs that do not end in "ed"."""
    return frozenset((files(__package__) / "data" / "irregular_verbs.txt").read_text(encoding="utf-8").split())


@cache
def wishing_verbs() -> frozenset[str]:
    """Return the stems of verbs that say what somebody wishes or does: of another verb before a value nobody knows the sign."""
    text = (files(__package__) / "data" / "wishing_verbs.txt").read_text(encoding="utf-8")
    return frozenset(stem(key_of(word)) for word in text.split())


def _load(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (files(__package__) / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506  both loaders are safe ones
    return loaded


def _listed(forms: object) -> tuple[str, ...]:
    """Return the entries of a list in one text, parted by commas or lines."""
    return tuple(f.strip() for f in _PARTED.split(str(forms)) if f.strip())
