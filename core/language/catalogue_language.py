"""Compile the language of one catalogue: what its fields, units and values are called, and what each phrase means there.

Built from the catalogue's own fields and values and from the word lists beside this module; nothing is learnt from requests.
``CatalogueLanguage`` is made once for a version of a catalogue and only read afterwards.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from ..schemas import CatalogueField, CatalogueSchema
from ..text.field_names import words_of
from .catalogue_things import things_called
from .comparisons import Comparison, comparisons_of
from .field_concepts import FieldConcept, field_concepts, qualifiers
from .keys import joined, key_of
from .lexicon.glosses import said_abroad
from .lexicon.wordings import lemma_of
from .listing_columns import with_signs
from .measure_words import currencies, is_plain_unit, units
from .number_field_names import is_rate, number_field_names
from .own_words import OwnWords
from .phrases import phrases
from .pinyin import said_alike
from .small_words import common_words
from .spelling import Spelling
from .tokens import german_stem, stem, words_of_form
from .value_concepts import people
from .value_entry import SPELLED, Entry, FieldTerms, are_names
from .value_index import ValueIndex
from .value_wordings import add_scales, add_wordings
from .value_words import with_marks

FIRST_YEAR, LAST_YEAR = 1500.0, 2100.0
"""Between them lie the numbers of a field of years, whatever it is called."""

GERMAN = frozenset(
    "preis farbe kategorie marke groesse bewertung miete breite hoehe zimmer bezeichnung beschreibung raum titel hersteller".split()  # noqa: SIM905
)
"""Names of fields that only German catalogues have."""

SHORT_NAME, LONG = 3, 5
"""Letters of words in fields' names that may be of any language."""
_MONEY_UNITS = frozenset("euro euros dollar dollars pounds pence franken yuan rmb 元".split())  # noqa: SIM905
"""Names of currencies with which a number's name may end; other names of currencies are words of their own: games_won."""
_SHORT_UNITS = {"in": "inch", "d": "days", "s": "seconds"}
"""Units that shops write so, and nobody says: they are other words in a sentence."""
_MONEYS = ("preis", "kosten", "gebühr", "gebuehr", "zuschlag", "费", "费用", "押金", "价")
"""Ends of names of columns of money."""


@dataclass(frozen=True)
class CatalogueLanguage:
    """Every phrase that means something in one catalogue, by key; see ``keys.key_of`` and ``stem_key``."""

    schema: CatalogueSchema
    fields: Mapping[str, FieldTerms]
    names: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[Entry, ...]]
    numbered: Mapping[tuple[str, str], tuple[str, ...]]
    comparisons: Mapping[str, tuple[Comparison, ...]]
    people: Mapping[str, str]
    steps: Mapping[tuple[str, str], tuple[str, ...]]
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    phrase_keys: tuple[str, ...] = ()
    value_keys: tuple[str, ...] = ()
    marked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spelling: Spelling = field(default_factory=lambda: Spelling(()))
    is_german: bool = False
    senses: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    things: frozenset[str] = frozenset()
    sounds: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def opens(self, key: str, plain: str, stems: str, german: str) -> bool:
        """Tell whether any phrase, name or value begins with the words read so far, in one of the ways they are looked up."""
        if any(_begins(self.phrase_keys, start) for start in (key, german)):
            return True
        return any(_begins(self.value_keys, start) for start in (plain, stems, german))

    def names_things(self, words: Sequence[str]) -> bool:
        """Tell whether words are one for what the catalogue holds."""
        said = key_of(" ".join(words))
        return any(key in self.things for key in (said, stem(said), german_stem(said)))

    def of_measure(self, measure: str) -> tuple[FieldTerms, ...]:
        """Return the number fields that hold a measure."""
        return tuple(f for f in self.fields.values() if f.measure == measure and f.field.type == "number")

    def of_concept(self, concept: str) -> tuple[FieldTerms, ...]:
        """Return the fields of a concept, such as ``colour``."""
        return tuple(f for f in self.fields.values() if f.concept == concept)


_BRACKETED = re.compile(r"(?P<name>[^\s()（）\[\]【】]+)[(（\[【](?P<unit>[^()（）\[\]【】]+)[)）\]】]")
"""A name with its unit in brackets and no space between: 容量(升)."""
_IN_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]\s*$")
"""What a name says of itself at its end: Corkage (£/bottle), Fibre (main)."""


@lru_cache(maxsize=16)
def language_of(schema: CatalogueSchema) -> CatalogueLanguage:
    """Return the language of a catalogue from what its schema lists of each field's values."""
    return compile_language(schema, {})


def compile_language(
    schema: CatalogueSchema,
    vocabulary: Mapping[str, Mapping[str, int]],
    texts: Iterable[str] = (),
    own: OwnWords | None = None,
    titles: Sequence[str] = (),
) -> CatalogueLanguage:
    """Return the language of a catalogue; ``vocabulary`` holds every distinct value of its fields with how often it occurs.

    What ``titles`` and ``texts``, the descriptions, mention can be searched for; ``own`` are the shop's own words.
    """
    terms = {f.name: _terms(f, tuple(vocabulary.get(f.name, f.values))) for f in schema.fields}
    german = _is_german(schema)
    values = ValueIndex(german=german)
    for term in terms.values():
        if term.field.type in ("text", "list"):
            values.add_field(term)
            values.add_lacking_values(term)
        elif term.field.type == "bool":
            values.add_flag(term)
    values.add_diets(tuple(terms.values()))
    comparisons = comparisons_of(terms.values())
    steps = add_scales(values, terms.values(), comparisons)
    senses = add_wordings(values, tuple(terms.values()))
    own = own or OwnWords()
    _add_own(values, own, terms)
    names = _names(terms.values()) | _own_names(own, terms)
    index = with_signs(values.index(), [f for f in schema.fields if f.type in ("text", "list")])
    return CatalogueLanguage(
        schema=schema,
        fields=terms,
        names=names,
        values=index,
        phrase_keys=tuple(sorted({*phrases(), *names, *comparisons, *people()})),
        value_keys=tuple(sorted(index)),
        marked=with_marks(index),
        numbered={key: tuple(dict.fromkeys(found)) for key, found in values.numbered.items()},
        comparisons=comparisons,
        people=people(),
        steps=steps,
        counts=vocabulary,
        flags=frozenset(values.flags),
        is_german=german,
        senses=senses,
        things=things_called(titles, terms),
        sounds=said_alike(v for term in terms.values() if term.field.type in ("text", "list") for v in term.values),
        words=frozenset(stem(w) for text in (*titles, *texts) for w in words_of_form(text)),
        spelling=Spelling({*values.words(), *_long_words([*units(), *names])}, _often(vocabulary)),
    )


def _often(vocabulary: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    """Return how many items hold each word of the values."""
    found: Counter[str] = Counter()
    for value, count in chain.from_iterable(held.items() for held in vocabulary.values()):
        for word in words_of_form(value):
            found[word] += count
    return found


def _long_words(forms: Iterable[str]) -> Iterator[str]:
    """Yield the forms of one word that are long enough for a slip of the keyboard."""
    return (form for form in forms if len(form) >= LONG and form.isalpha() and form.isascii())


def _add_own(values: ValueIndex, own: OwnWords, terms: Mapping[str, FieldTerms]) -> None:
    """Add the shop's own words for values that it still has."""
    for name, rows in own.values.items():
        for value, forms in rows.items():
            if name in terms and value in terms[name].values:
                values.add_own(forms, Entry(name, (value,), (value,), SPELLED))


def _own_names(own: OwnWords, terms: Mapping[str, FieldTerms]) -> dict[str, tuple[str, ...]]:
    return {key_of(form): (name,) for name, forms in own.fields.items() if name in terms for form in forms}


def _is_german(schema: CatalogueSchema) -> bool:
    """Tell whether a catalogue's fields have German names: one that only German has, or more words of German than of English."""
    words = [w for f in schema.fields for w in words_of(f.name)]
    if any(w in GERMAN or (not w.isascii() and any(c in "äöüß" for c in w)) for w in words):
        return True
    told = [
        (bool(lemma_of(w, "de")), bool(lemma_of(w, "en")) or w in common_words()) for w in words if len(w) > SHORT_NAME
    ]
    return told.count((True, False)) > max(1, told.count((False, True)))


def _begins(keys: Sequence[str], start: str) -> bool:
    """Tell whether one of sorted keys begins with ``start``."""
    place = bisect_left(keys, start)
    return place < len(keys) and keys[place].startswith(start)


def _terms(of: CatalogueField, values: Sequence[str]) -> FieldTerms:
    concept = concept_of(of)
    measure = concept.measure if concept else ""
    unit = _unit_of(of, measure)
    if unit:
        measure = unit[0]
    factor = unit[1] if unit else _usual_factor(of, measure)
    if measure == "time" and (concept.name == "length" if concept else len(words_of(of.name)) == 1):
        concept = next(c for c in field_concepts() if c.name == "duration")
    return FieldTerms(
        of,
        concept.name if concept else "",
        measure if of.type == "number" else "",
        factor,
        concept.better if concept else "none",
        concept.link if concept else "",
        tuple(values),
        are_names(concept.link if concept else "", values),
    )


def _unit_within(word: str) -> tuple[str, str] | None:
    """Return a word of a name without the unit that it ends with, and the unit: 容量(升), 成熟天数, 续航小时."""
    bracketed = _BRACKETED.fullmatch(word)
    if bracketed and key_of(bracketed["unit"]) in units():
        return bracketed["name"], bracketed["unit"]
    if word.isascii():
        return None
    counted = word.endswith("数")
    bare = word[:-1] if counted else word
    for n in (2, 1) if counted else (4, 3, 2):
        if len(word) > n + 1 and bare[-n:] in units():
            return bare[:-n], bare[-n:]
    return None


def _is_unit(word: str) -> bool:
    """Tell whether a word is a unit or a currency."""
    said = key_of(word)
    return said in units() or said in _MONEY_UNITS or said in tuple("€$£¥₹") or word.upper() in currencies().values()


def without_unit(of: CatalogueField) -> tuple[tuple[str, ...], str]:
    """Return the words of a field's name without the unit at its end, and that unit: ``battery_hours``, ``size_sqm``, 容量(升), 电池_mAh, 成熟天数."""
    words = words_of(of.name)
    last = words[-1] if words else ""
    if of.type == "number" and (glued := _unit_within(last)):
        return (*words[:-1], glued[0]), glued[1]
    for n in (2, 1):
        unit = "".join(words[-n:])
        if of.type == "number" and len(words) > n and _is_unit(unit) and "per" not in words:
            return words[:-n], unit.strip("()[]")
    if (
        of.type == "number"
        and len(words) > 1
        and words[1] in ("to", "from", "of", "until", "per", "bis", "zum", "zur", "vom")
        and key_of(words[0]) in units()
    ):
        return words[2:] or words, words[0]
    return words_of(_IN_BRACKETS.sub("", of.name)) or words, ""


def concept_of(of: CatalogueField) -> FieldConcept | None:
    """Return the concept whose name is the field's label, else its last word, else any of its words; else years by their range."""
    words, unit = without_unit(of)
    if settled := "price" if of.role == "price" else "distance" if _is_way(of, unit) else "":
        return next(c for c in field_concepts() if c.name == settled)
    fitting = [c for c in field_concepts() if bool(c.measure) == (of.type == "number")]
    if of.maximum is not None and of.maximum < FIRST_YEAR:  # years of warranty, and no year
        fitting = [c for c in fitting if c.name != "year"]
    if unit or of.unit:  # capacity_gb
        fitting = [c for c in fitting if c.name != "capacity"]
    han = "".join(words_of_form(of.name)) if not of.name.isascii() else ""
    measured = {m for name in (unit, of.unit) if name for m, _ in units().get(key_of(name), ())}
    full = key_of(" ".join((*words, unit))) if unit else ""
    for wanted in (
        full,
        key_of(" ".join(words)),
        *(key_of(w) for w in reversed(words) if w != "size" or len(words) == 1),
        han,
        key_of(unit) if unit else "",
        *(han[n:] for n in range(1, len(han) - 1) if of.type == "number"),  # 最小年龄
        han[:-2] if han[-2:] in ("上限", "下限") and of.type == "number" else "",
    ):
        called = [c for c in fitting if wanted and wanted in map(key_of, (c.name, *c.names))]
        if unit and (of.maximum or FIRST_YEAR) < FIRST_YEAR:  # warranty_years
            called = [c for c in called if c.name != "year"]
        if called:
            return next((c for c in called if c.measure in measured), called[0])  # length_cm is no duration
    if compound := _compound_concept(words, unit) if of.type == "number" else "":
        return next(c for c in field_concepts() if c.name == compound)
    years = of.type == "number" and not unit and (of.minimum or 0) >= FIRST_YEAR and (of.maximum or 0) <= LAST_YEAR
    return next(c for c in field_concepts() if c.name == "year") if years else None


def _is_way(of: CatalogueField, unit: str) -> bool:
    """Tell whether a name says from where or to what a distance is measured: ``miles_from_centre``."""
    said = {"to", "from", "away", "zum", "zur", "vom"} & set(words_of(of.name))
    return bool(said) and any(m == "distance" for m, _ in units().get(key_of(unit), ()))


def _compound_concept(words: Sequence[str], unit: str) -> str:
    """Return the concept that the end of a compound tells: grundpreis, 安装费, Mindestalter."""
    if not unit and words and words[-1].endswith(_MONEYS) and words[-1] not in _MONEYS:
        return "fee"
    return "age" if any(w.endswith("alter") for w in words) else ""


def _unit_of(of: CatalogueField, measure: str) -> tuple[str, float] | None:
    """Return (measure, factor) of the unit that a field states, or that its name ends with: ``runtime_min``.

    A unit in the name beats what such fields usually measure: a battery in hours is a time.
    """
    if of.type != "number" or of.role == "price" or measure in ("year", "count"):
        return None
    words = words_of(of.name)
    own = words[words.index("per") - 1] if "per" in words[1:] else without_unit(of)[1] or next(iter(words[-1:]), "")
    for name in (_SHORT_UNITS.get(of.unit, of.unit), own):
        found = units().get(key_of(name), ()) if name else ()
        if measure == "age" and ("age", 1.0) not in found and ("time", 525960.0) in found:
            return "age", 1.0
        whole = name == words[0] and (len(words) > 1 or not is_plain_unit(name)) and "per" not in words
        if measure == "age" and (month := next((f for m, f in found if m == "time"), 0.0)):
            return "age", month / 525960.0  # age_months
        fitting = [u for u in found if u[0] == measure] or list(() if whole else found)
        if fitting:
            return fitting[0]
    return None


def _usual_factor(of: CatalogueField, measure: str) -> float:
    """Guess the unit of a field that states none by its largest value."""
    top = of.maximum or 0.0
    if measure == "time" and 0 < top <= 20:
        return 60.0
    if measure == "mass" and 0 < top <= 150:
        return 1000.0
    return 2.54 if measure == "length" and "screen" in of.name.lower() else 1.0


def _names(terms: Iterable[FieldTerms]) -> dict[str, tuple[str, ...]]:
    """Return key -> the fields that a phrase names; a field's own label beats what its concept is called."""
    terms = tuple(terms)
    own: dict[str, list[str]] = defaultdict(list)
    shared: dict[str, list[str]] = defaultdict(list)
    concepts = {c.name: c for c in field_concepts()}
    values = {v.casefold() for term in terms for v in term.values}
    for term in terms:
        words = without_unit(term.field)[0]
        label = key_of(" ".join(words)) or key_of(term.field.name)
        own[label].append(term.field.name)
        for name in _more_names(term.field, label, own):
            shared[key_of(name)].append(term.field.name)
        if term.measure == "money" and (paid := _paid_for(words)) and paid not in values:
            shared[key_of(paid)].append(term.field.name)
        concept = concepts.get(term.concept)
        called = [*(concept.names if concept else ()), *words[-1:]]
        tags = [form for w in words for form in qualifiers().get(w, ())]
        for name in called:
            shared[key_of(name)].append(term.field.name)
            for tag in tags:
                if " " in tag or tag in ("highway", "motorway", "autobahn", "freeway", "高速", "市区", "市内"):
                    own[key_of(tag)].append(term.field.name)
                own[key_of(f"{tag} {name}")].append(term.field.name)
                own[key_of(f"{name} {tag}")].append(term.field.name)
    for key in [k for k in shared if k.isalpha() and len(german_stem(k)) > 4 and german_stem(k) not in phrases()]:
        shared[german_stem(key)] += shared[key]
    merged = {key: tuple(dict.fromkeys(found)) for key, found in shared.items() if key}
    return merged | {key: tuple(dict.fromkeys(found)) for key, found in own.items() if key}


def _paid_for(words: Sequence[str]) -> str:
    """Return what a column of money is paid for: the Montage of ``montagepreis``, "delivery" of ``delivery_fee``; else nothing."""
    last = words[-1]
    end = next((e for e in _MONEYS if last.endswith(e) and len(last) > len(e) + 1), "")
    if end:
        return last[: -len(end)].removesuffix("s") if last.isascii() else last[: -len(end)]
    return " ".join(words[:-1]) if last in ("fee", "fees", "cost", "costs", "charge", "surcharge") else ""


def _more_names(of: CatalogueField, label: str, own: dict[str, list[str]]) -> Iterable[str]:
    """Return what else a field of numbers is called; its label in the other number is its own."""
    if of.type != "number":
        return ()
    if label.isascii():
        own[label[:-1] if label.endswith("s") else f"{label}s"].append(of.name)
    abroad = tuple(said_abroad(joined(without_unit(of)[0])))
    return (
        ()
        if of.role == "price" and "per" not in words_of(of.name) and not is_rate(of.name)
        else (*abroad, *number_field_names(words_of(of.name), *without_unit(of)))
    )
