"""Let the lexicon's words stand for a catalogue's values, beside what the catalogue and the word lists call them.

A value is meant by its synonyms and translations, and, with the others of its kind, by a word for the kind ("stringed instruments"); a
word that is narrower than any value ("crimson") is read when it is said (``narrower``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from .coded_values import names_of_codes
from .keys import key_of
from .lexicon.compounds import compound_wordings
from .lexicon.glosses import said_abroad
from .lexicon.lexicon import LANGUAGES, Sense, sense
from .lexicon.wordings import USUAL, broader, language_of_phrase, lemma_of, meant_by, said_of, things
from .pinyin import pinyin_of
from .scales import scale_of, wordings_of
from .thing_words import thing_words
from .value_entry import BROADER, CLOSED, PART, SYNONYM, Entry, FieldTerms
from .value_index import MAX_PARTS, ValueIndex
from .value_words import are_sentences

Steps = dict[tuple[str, str], tuple[str, ...]]
LEVELS = 6
"""Broader senses of a value that may be said for it, and of a word that a value may be."""
TOO_GENERAL = frozenset(
    """
    device container covering equipment structure instrumentality instrument implement tool article item object
    thing unit part whole substance material matter food nutrient dish meal drink beverage solid liquid group
    work quality property state condition attribute person people creation product way
    """.split()  # noqa: SIM905
)
"""Words that say no more than that something is a thing."""
PERSON = 18
CONCRETE = frozenset((5, 6, 7, 8, 13, 20, 27))
"""Kinds of senses whose narrower words stand for a value: animals, artifacts, attributes such as colours, bodies, food, plants, substances."""


def add_scales(values: ValueIndex, terms: Iterable[FieldTerms], taken: Collection[str]) -> Steps:
    """Add what the steps of scales are called; return (field, value) -> the field's values in order."""
    found: Steps = {}
    for term in terms:
        closed = term.field.type != "number" and len(term.values) <= CLOSED
        scale = scale_of(term.values) if closed else None
        if scale is None:
            continue
        name = term.field.name
        found |= {(name, v): scale.values for v in scale.values}
        for form, meant, there in wordings_of(scale, taken):
            values.add_wording(form, Entry(name, meant, meant, SYNONYM if there else PART))
    return found


def add_wordings(index: ValueIndex, terms: Sequence[FieldTerms]) -> dict[str, tuple[Entry, ...]]:
    """Add what the values of every field may be called; return sense -> the values that have it, field by field."""
    _add_latin_letters(index, terms)
    fresh: list[tuple[str, Entry]] = []
    called: list[tuple[str, Entry, int]] = []
    senses: dict[str, list[Entry]] = defaultdict(list)
    for term in terms:
        if codes := names_of_codes(term.field.name, term.values):
            fresh += _names(term.field.name, codes)
            continue
        sayings = index.sayings.get(term.field.name, {})
        if not sayings or len(term.values) > MAX_PARTS or are_sentences(term.values):
            continue
        meant = meant_by(tuple(sayings), german=index.german)
        for phrase, entry in sayings.items():
            called += _called(phrase, entry, meant.get(phrase, ()), german=index.german)
            for one in meant.get(phrase, ())[:1] if entry.rank == SYNONYM else ():
                senses[one.name].append(entry._replace(rank=BROADER))
        fresh += _kinds(sayings, meant)
    fresh = [*_most_usual(called), *fresh]
    known = {form for form, _ in fresh if index.says(form)}
    parts = {form for form, entry in fresh if entry.rank == PART and index.has_part(form)}
    for form, entry in fresh:
        if form not in known and not (form in parts and len(entry.wanted) > 1):
            index.add_wording(form, entry)
    return {name: tuple(entries) for name, entries in senses.items()}


def _add_latin_letters(index: ValueIndex, terms: Sequence[FieldTerms]) -> None:
    """Add how the Chinese values of each field are written by who cannot type them; what two of them share means both."""
    for term in terms:
        found: dict[str, list[str]] = defaultdict(list)
        for value in term.values:
            for form in pinyin_of(value):
                found[form].append(value)
        for form, meant in found.items():
            index.add_wording(form, Entry(term.field.name, tuple(meant), tuple(meant), SYNONYM))


def _most_usual(called: Sequence[tuple[str, Entry, int]]) -> Iterator[tuple[str, Entry]]:
    """Yield the wordings of values, of a word that is one in several fields only by its most usual sense: 毛衣 is a jumper before it is knitting."""
    best: dict[str, int] = {}
    for form, _, place in called:
        best[form] = min(place, best.get(form, place))
    yield from ((form, entry) for form, entry, place in called if place == best[form])


def _called(phrase: str, entry: Entry, senses: Sequence[Sense], *, german: bool) -> Iterator[tuple[str, Entry, int]]:
    """Yield what a value is called, with the place of its sense among those of the word."""
    spoken = language_of_phrase(phrase, german=german)
    for wording in said_of(phrase, spoken, senses):
        yield wording.form, entry._replace(tongue=wording.tongue), wording.place
    for form in said_abroad(phrase):
        yield form, entry, 1
    for form, _ in compound_wordings(phrase, spoken) if not senses else ():
        yield form, entry, 0


def _names(field: str, codes: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Entry]]:
    for code, names in codes.items():
        for name in names:
            yield name, Entry(field, (code,), (code,), SYNONYM)


def _kinds(sayings: Mapping[str, Entry], meant: Mapping[str, Sequence[Sense]]) -> Iterator[tuple[str, Entry]]:
    """Yield the words for what several values are, each with all of them: "stringed instruments" for violin and harp."""
    under: dict[str, list[str]] = defaultdict(list)
    for phrase, senses in meant.items():
        for above in list(broader(senses[0], LEVELS))[1:] if senses else ():
            if above.kind in CONCRETE:
                under[above.name] += sayings[phrase].wanted
    for name, values in under.items():
        wanted = tuple(dict.fromkeys(values))
        entry = next(iter(sayings.values()))._replace(wanted=wanted, refused=wanted, rank=PART)
        for form in _words_for(sense(name)) if len(wanted) > 1 else ():
            yield form, entry


def _words_for(one: Sense) -> Iterator[str]:
    for language in LANGUAGES:
        for form in one.in_language(language):
            key = key_of(form)
            general = key in TOO_GENERAL or key in thing_words() or (language == "zh" and len(form) < 2)
            if not general and one.name in things(key, language)[: min(2, USUAL[language])]:
                yield form


def narrower(word: str, tongue: str, senses: Mapping[str, Sequence[Entry]]) -> tuple[Entry, ...]:
    """Return the values that a word is a kind of: Red for "crimson", by the word's most usual sense."""
    key = lemma_of(word, tongue)
    known = [sense(name) for name in things(key, tongue)[: USUAL[tongue]]] if key else []
    if known and known[0].kind == PERSON:  # an adult is no animal
        return ()
    usual = next((one for one in known if one.kind in CONCRETE), None)
    above = [one.name for one in broader(usual, LEVELS)] if usual is not None else []
    return next((tuple(senses[name]) for name in above if name in senses), ())
