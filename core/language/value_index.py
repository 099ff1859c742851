"""Index what phrases mean as values of one catalogue: spelled, inflected, by another name, in part, or by a broader word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..text.field_names import words_of
from .field_concepts import field_concepts
from .keys import joined, key_of, stem_key, value_key
from .measure_words import units
from .phrases import phrases
from .small_words import common_words
from .states import is_unsuited, lacked_by, lacking, said_of, states_of, topics_of
from .thing_words import thing_words
from .tokens import german_stem, stem, words_of_form
from .value_concepts import ValueConcept, diets, listed_words, value_concepts
from .value_entry import (
    BROADER,
    INFLECTED,
    PART,
    SPELLED,
    SYNONYM,
    Entry,
    FieldTerms,
    keys_of,
    values_meant,
)
from .value_words import (
    above,
    are_sentences,
    below,
    by_beginning_of,
    by_ending_of,
    is_called,
    is_denied,
    is_kind_of_thing,
    is_prose,
    is_time_zone,
    is_torn,
    parts_of,
    short_names,
)
from .word_groups import states

NAMED_BESIDE, SHORT_VALUE = 12, 16
"""Fields of at most so many values, and values of at most so many letters, that may be said with the field's name."""
MAX_PARTS = 400
"""Parts of values ("SUV" of "4dr SUV") are words too in fields of at most so many values."""
MEANINGLESS = frozenset("other others unknown na none misc all any no yes true false item the n a 是 否 有 无".split())  # noqa: SIM905
NAMED_GROUPS = frozenset(("makes", "streaming"))
"""Groups of concepts that are names; no other word stands for a name."""
_LISTING = ("ingredient", "allergen")
"""Concepts of fields that list what is in a thing."""
_MIXED = (*_LISTING, "colour", "material")
"""Concepts of fields whose values need not be of the kind that their last part names: oat milk is no milk."""


class ValueIndex:
    """Collects what phrases mean as values, field by field."""

    def __init__(self, *, german: bool = False) -> None:
        self.german = german
        self.found: dict[str, dict[str, Entry]] = defaultdict(dict)
        self.numbered: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.flags: set[str] = set()
        self.sayings: dict[str, dict[str, Entry]] = defaultdict(dict)
        self._shared: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        self._words: set[str] = set()
        self._by_stem: dict[str, list[ValueConcept]] = defaultdict(list)
        for concept in value_concepts().values():
            for key in {stem_key(f) for f in (concept.name, *concept.forms)}:
                self._by_stem[key].append(concept)

    def add_flag(self, term: FieldTerms) -> None:
        """A field of yes and no is named by what it is about and by what that may be called."""
        name = term.field.name
        self.flags.add(name)
        self._add_lacking(term, ("true",))
        self._add_head(term)
        for form in self._topics(term):
            self.sayings[name][form] = Entry(name, ("true",), ("true",), SYNONYM)
            self._put(form, Entry(name, ("true",), ("true",), SPELLED))
            if form.isascii():  # "tumble dryable"
                self._put(f"{form.removesuffix('e')}able", Entry(name, ("true",), ("true",), INFLECTED))
            self._put_denied(form, Entry(name, ("true",), ("true",), SPELLED, denies=True))
            for phrase, word in said_of(form):
                if word in states()["yes"] | states()["no"]:
                    self._put(phrase, Entry(name, ("true",), ("true",), SPELLED, denies=word in states()["no"]))

    def _add_head(self, term: FieldTerms) -> None:
        """Let the noun at the end of a name stand for it, where it is no everyday word: the CD of ``with_audio_cd``."""
        words = words_of_form(self._own_topics(term)[-1]) if self._own_topics(term) else ()
        head = words[-1] if len(words) > 1 and not lacking(term.field.name) else ""
        if (
            head.isalpha()
            and head.isascii()
            and not {head, stem(head)} & (common_words() | thing_words() | phrases().keys())
        ):
            entry = Entry(term.field.name, ("true",), ("true",), PART)
            self.sayings[term.field.name].setdefault(head, entry)
            self._put(head, entry)

    def _add_lacking(self, term: FieldTerms, sure: tuple[str, ...]) -> None:
        """Let what a column says to be absent deny it: who asks for none wants it said, in whatever words ("no deposit", "ohne Kaution")."""
        for form in self._absent_forms(lacking(term.field.name), self._own_topics(term)):
            entry = Entry(term.field.name, sure, sure, SYNONYM, denies=True)
            self.sayings[term.field.name].setdefault(form, entry)
            self._put(form, entry)
            self._put_denied(form, entry._replace(denies=False))

    def add_lacking_values(self, term: FieldTerms) -> None:
        """Let a value that says what is absent deny it: who asks for no nuts wants "Nut free", who asks for nuts does not."""
        for value in () if term.is_name or is_prose(term.values) else term.values:
            for form in self._absent_forms(lacked_by(value), (value,)):
                if term.field.name not in self.found[value_key(form)]:
                    self._put(form, Entry(term.field.name, (value,), (value,), SYNONYM, denies=True))

    def _absent_forms(self, base: str, said: Sequence[str]) -> Sequence[str]:
        """Return what that is called which something is said to be without: the dairy of "lactose free"."""
        concepts = [c for topic in said for c in self._by_stem.get(stem_key(topic), ())]
        free = [f.removesuffix(" free") for c in concepts for f in c.forms if f.endswith(" free")]
        return () if not base else tuple(dict.fromkeys(free)) if concepts else self._called(base)

    def add_diets(self, terms: Sequence[FieldTerms]) -> None:
        """Let a diet without a mark of its own refuse what it leaves out, in fields that list ingredients or allergens."""
        for diet in diets():
            marked = [e for form in diet.forms for e in self.found[value_key(form)].values() if e.rank <= SYNONYM]
            listing = [t.field.name for t in terms if t.concept in _LISTING[: 1 + diet.by_allergens]]
            for name in listing if not any(not e.denies for e in marked) else ():
                rows = [self.found[value_key(c)].get(name) for c in diet.without]
                refused = tuple(dict.fromkeys(v for e in rows if e and e.rank < BROADER for v in e.refused))
                for form in diet.forms if refused else ():
                    self._put(form, Entry(name, refused, refused, SYNONYM, denies=True))

    def _topics(self, term: FieldTerms) -> dict[str, None]:
        """Return every way to say what a column of states is about."""
        return dict.fromkeys(form for topic in self._own_topics(term) for form in self._called(topic))

    def _own_topics(self, term: FieldTerms) -> tuple[str, ...]:
        names = next((c.names for c in field_concepts() if c.name == term.concept), ())
        return topics_of(term.field.name, term.concept, names)

    def _put_denied(self, form: str, entry: Entry) -> None:
        """Let "unfurnished" and "nicht-möbliert" deny what "furnished" says."""
        if " " not in form and form[:1].isascii() and form.isalpha():
            for lead in ("un", "non"):
                self._put(f"{lead}{form}", entry)

    def _called(self, topic: str) -> list[str]:
        """Return what a topic may be called."""
        return [topic, *(f for c in self._by_stem.get(stem_key(topic), ()) if c.group != "power" for f in c.forms)]

    def add_field(self, term: FieldTerms) -> None:
        """Index the values of a text or list field."""
        name, values = term.field.name, [v for v in term.values if v.casefold() not in MEANINGLESS]
        if is_prose(values) or (not term.is_name and self._add_states(term)):
            return
        if values and all(map(is_time_zone, values)):
            for value in values:
                self._put(value, Entry(name, (value,), (value,), SPELLED))
            return
        for value in values:
            parts = words_of_form(value)
            if len(parts) == 1 and parts[0].isdigit():
                self.numbered[name, parts[0]].append(value)
                continue
            for digits in (p for p in parts if p.isdigit()):
                self.numbered[name, digits].append(value)
            self._put(value, Entry(name, (value,), (value,), SPELLED))
            if not term.is_name:
                self.sayings[name][value] = Entry(name, (value,), (value,), SYNONYM)
        self._add_phrases(term, values)
        self._add_concepts(term, values)

    def _add_phrases(self, term: FieldTerms, values: Sequence[str]) -> None:
        """Index what stands for a value beside its own words: with the field's name, a part, an ending, a surname."""
        name, closed = term.field.name, len(values) <= MAX_PARTS and not are_sentences(values)
        if len(values) <= NAMED_BESIDE and not term.is_name:
            self._add_beside_name(term)
        if closed and term.link != "name":
            self._add_parts(term, values, kinds=term.concept in ("colour", "category", "style", "material"))
        if closed and self.german and not term.is_name:
            self._add_endings(name, values)
            for first, found in by_beginning_of(values).items():
                entry = self.sayings[name].setdefault(first, Entry(name, tuple(found), tuple(found), PART, head=False))
                self._put(first, entry)
        if term.link == "name" or not closed:
            self._add_surnames(name, values)

    def _add_states(self, term: FieldTerms) -> bool:
        """Index a column of states by what it is about; tell whether there is nothing else in it."""
        found = states_of(term.values, term.field.name)
        if found is None:
            return False
        name, topics = term.field.name, self._topics(term)
        for form in topics:
            every = (*found.there, *found.maybe)
            self.sayings[name][form] = Entry(name, found.sure(), every, SYNONYM)
            self._put(form, Entry(name, found.sure(), every, SPELLED))
            self._put_denied(form, Entry(name, found.sure(), every, SPELLED, denies=True))
            for phrase, word in said_of(form):
                values = found.of(word)
                if values:
                    self._put(phrase, Entry(name, values, values, SPELLED))
        if found.only and topics:
            self._add_lacking(term, found.sure())
            self.flags.add(name)
        return found.only and bool(topics)

    def _concepts_of(self, term: FieldTerms, values: Sequence[str]) -> dict[str, list[str]]:
        """Return concept -> the values that are called so, else those whose last words are ("4dr SUV" is an SUV)."""
        own: dict[str, list[str]] = defaultdict(list)
        ending: dict[str, list[str]] = defaultdict(list)
        for value in values:
            whole = [
                c
                for c in self._by_stem.get(stem_key(value), ())
                if (not term.is_name or c.group in NAMED_GROUPS)
                and (c.group != "columns" or len(words_of_form(value)) > 1)
                and any(is_called(value_key(value), value_key(f)) for f in (c.name, *c.forms))
            ]
            for concept in whole:
                own[concept.name].append(value)
            words = words_of_form(value)
            if whole or term.is_name or len(words) < 2 or is_unsuited(term.field.name):
                continue
            tails = [words[i:] for i in range(1, len(words))] + [words_of_form(value.partition("(")[0])]
            tails = [t for t in tails if not is_denied(words, t)]
            for tail in (t for t in tails if t and not (len(t) == 1 and t[0] in thing_words())):
                for concept in self._by_stem.get(stem_key(" ".join(tail)), ()):
                    unit = tail[-1] if tail[-1].isascii() else "".join(tail)  # no 夹克 weighs a gram
                    if concept.group != "columns" and key_of(unit) not in units():  # "3 months" is not monthly
                        ending[concept.name].append(value)
        return {**ending, **own}

    def _concepts_of_heads(self, term: FieldTerms) -> dict[str, list[str]]:
        """Return concept -> all the values whose head it is: each -jacke is a jacket, also where one of them is a raincoat."""
        found: dict[str, list[str]] = {}
        for head, values in self._shared[term.field.name].items() if term.concept not in _MIXED else ():
            for concept in self._by_stem.get(stem_key(head), ()) if head not in thing_words() else ():
                if concept.group != "columns" and key_of(head) not in units():
                    found[concept.name] = list(values)
        return found

    def _add_concepts(self, term: FieldTerms, values: Sequence[str]) -> None:
        name, own, heads = term.field.name, self._concepts_of(term, values), self._concepts_of_heads(term)
        if not own and not heads:
            return
        reached = set(own) | set(heads) | {b for c in own for b in above(c)} | {d for c in own for d in below(c)}
        for concept in (value_concepts()[c] for c in sorted(reached) if c in value_concepts()):
            wanted, rank = values_meant(concept, own, heads, is_name=term.is_name)
            if not wanted:
                continue
            narrower = [v for d in below(concept.name) for v in own.get(d, ())]
            refused = tuple(dict.fromkeys([*wanted, *narrower]))
            served = tuple(dict.fromkeys([*wanted, *self._also(concept, own)]))
            for form in (concept.name, *concept.forms):
                self._put(form, Entry(name, served, refused, rank))
            self._widen(name, wanted, served, refused, rank)

    def _also(self, concept: ValueConcept, own: dict[str, list[str]]) -> list[str]:
        """Return the values that serve who asks for a concept, too: unisex for men, and for boys where a shop has nothing for adults."""
        small = "kids" in (concept.name, concept.broader)
        return [] if small and own.keys() & {"men", "women", "adults"} else own.get(concept.also, [])

    def _widen(
        self, name: str, wanted: Sequence[str], served: tuple[str, ...], refused: tuple[str, ...], rank: int
    ) -> None:
        """Let a value's own spelling serve and refuse what its concept does."""
        if rank == BROADER or len(wanted) != 1:
            return
        for key in (value_key(wanted[0]), stem_key(wanted[0])):
            entry = self.found[key].get(name)
            if entry is not None and entry.rank <= INFLECTED and entry.wanted == tuple(wanted):
                all_refused = tuple(dict.fromkeys([*entry.refused, *refused]))
                self.found[key][name] = entry._replace(wanted=served, refused=all_refused)
                if (saying := self.sayings[name].get(wanted[0])) is not None:
                    self.sayings[name][wanted[0]] = saying._replace(wanted=served)

    def _add_parts(self, term: FieldTerms, values: Sequence[str], *, kinds: bool) -> None:
        """Let "SUV" mean every value that ends in it, "premium unleaded" every value that begins so.

        Where values are ``kinds`` of things, who refuses blue refuses Turquoise Blue; a hot dog is no dog.
        """
        name, label = term.field.name, {stem(w) for w in words_of(term.field.name)}  # a size is no "one size"
        parts: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for value in (v for v in values if not lacking(v)):  # who has nuts has none of "Nut free"
            for part, head in parts_of(value):
                if len(values) < 2 or stem(key_of(part)) not in label:
                    parts[part].append((value, head))
        for phrase, found in parts.items():
            heads = tuple(dict.fromkeys(v for v, head in found if head))
            every = tuple(dict.fromkeys(v for v, _ in found))
            if heads:
                self._put(phrase, Entry(name, heads, heads, PART))
                self.sayings[name].setdefault(phrase, Entry(name, heads, heads, PART))
                if len(heads) > 1:
                    self._shared[name][phrase] = heads
                if kinds:
                    self._also_refuse(name, phrase, heads)
            else:
                self._put(phrase, Entry(name, every, every, PART, head=False))

    def _add_beside_name(self, term: FieldTerms) -> None:
        """Let a short value with its column's name be one phrase, since alone it may say too little: "free cancellation", "class A"."""
        label = " ".join(words_of(term.field.name))
        bodied = [f"{label[:-1]}ied", f"{label}ed"] if label.endswith("y") else [f"{label}ed"]  # full bodied
        for value in (v for v in term.values if len(v) <= SHORT_VALUE):
            entry = Entry(term.field.name, (value,), (value,), SPELLED)
            forms = (f"{label} {value}", f"{label} is {value}") if len(value) > 1 else (f"{label} {value}",)
            before = [f"{value} {name}" for name in (*self._called(label), *bodied) if len(value) > 1]
            for form in dict.fromkeys((*forms, *before, *(f for said in before for f in self._called(said)))):
                if phrases().get(key_of(form), frozenset()) <= {"terms"}:
                    self._put(form, entry)

    def _add_endings(self, name: str, values: Sequence[str]) -> None:
        """Let "Tisch" mean every Esstisch and Couchtisch of a German catalogue: a known word, or the longest that several end in."""
        by_ending = by_ending_of(values)
        longest: dict[tuple[str, ...], str] = {}
        for ending, found in by_ending.items():
            own = tuple(found)
            if len(found) > 1 and len(ending) > len(longest.get(own, "")) and not is_torn(ending, found):
                longest[own] = ending
        for ending, found in by_ending.items():
            known = ending in listed_words() and ending not in phrases()
            if known and len(found) > 1:
                self._shared[name][ending] = tuple(found)
            if ending in longest.values() or (known and not {ending, german_stem(ending)} & thing_words()):
                for key in {ending, german_stem(ending)}:
                    if name not in self.found[key]:
                        self.found[key][name] = Entry(name, tuple(found), tuple(found), PART)

    def _also_refuse(self, name: str, part: str, heads: tuple[str, ...]) -> None:
        for key in {value_key(part), stem_key(part)}:
            entry = self.found[key].get(name)
            if entry is not None and entry.rank < PART:
                refused = tuple(dict.fromkeys([*entry.refused, *heads]))
                self.found[key][name] = entry._replace(refused=refused)

    def _add_surnames(self, name: str, values: Sequence[str]) -> None:
        """Let the last word of a name of several words stand for it, and the first part of a model's."""
        by_last: dict[str, list[str]] = defaultdict(list)
        for value in values:
            for word in short_names(value):
                by_last[word].append(value)
        for word, found in by_last.items():
            if len(found) <= 12 and not (len(found) > 1 and is_kind_of_thing(word)):
                self._put(word, Entry(name, tuple(found), tuple(found), PART, head=False))

    def says(self, form: str) -> bool:
        """Tell whether a form means something here or in the grammar already."""
        roles = phrases().get(key_of(form), frozenset())
        filler = roles == {"filler"} and not form.isascii() and len(form) > 1
        return bool(roles and not filler) or any(e.rank < PART for e in self.found.get(value_key(form), {}).values())

    def has_part(self, form: str) -> bool:
        """Tell whether a form is a part of some value as it stands."""
        return any(e.rank == PART and e.head for e in self.found.get(value_key(form), {}).values())

    def add_own(self, forms: Sequence[str], entry: Entry) -> None:
        """Let the shop's own words stand for what ``entry`` means, and for nothing else."""
        for form in forms:
            self.found[value_key(form)].clear()
            self._put(form, entry)

    def add_wording(self, form: str, entry: Entry) -> None:
        """Let a form of the lexicon stand for what ``entry`` means; no slip of the keyboard is taken for it."""
        self._put(form, entry, spells=False)

    def _put(self, form: str, entry: Entry, *, spells: bool = True) -> None:
        words = words_of_form(form)
        hidden = not form.isascii() and joined(words) in phrases() and joined(words).isascii()
        if not words or form.casefold() in MEANINGLESS or hidden:
            return
        if spells:
            self._words.update(w for w in words if len(w) >= 4 and w.isalpha() and w.isascii())
        for key, rank in keys_of(form, words, entry.rank).items():
            other = key in phrases() or key in thing_words() or key in units()
            if rank == INFLECTED and other and key != "".join(words):
                continue  # the stem of "forest" is "for", that of "gaming" is "game", that of "monthly" is "month"
            known = self.found[key].get(entry.field)
            if known is None or rank < known.rank:
                self.found[key][entry.field] = entry if rank == entry.rank else entry._replace(rank=rank)
            elif rank == known.rank and entry.wanted != known.wanted and entry.denies == known.denies:
                both = tuple(dict.fromkeys([*known.wanted, *entry.wanted]))
                refused = tuple(dict.fromkeys([*known.refused, *entry.refused]))
                self.found[key][entry.field] = known._replace(wanted=both, refused=refused)

    def index(self) -> dict[str, tuple[Entry, ...]]:
        """Return key -> what the phrase means, field by field, the surest first."""
        rows = ((key, tuple(found.values())) for key, found in self.found.items() if key)
        return {key: row if len(row) == 1 else tuple(sorted(row, key=lambda e: e.rank)) for key, row in rows}

    def words(self) -> tuple[str, ...]:
        """Return every word of a value or of what it may be called."""
        return tuple(sorted(self._words))
