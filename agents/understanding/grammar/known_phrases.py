"""Look up what a run of words means in one catalogue: a phrase of the grammar, a field, a value, a comparison, a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.field_concepts import superlatives
from ....core.language.keys import value_key
from ....core.language.spoken_languages import roles_in
from ....core.language.tokens import Token, are_forms, german_stem, stem
from ....core.language.value_entry import INFLECTED, SPELLED, Entry
from .segments import Segment

_REFUSING = frozenset(("no", "not", "kein", "keine", "keinen", "ohne", "without"))
_WORDS_OF_GRAMMAR = frozenset(("except", "release", "averse"))
"""Roles that a word loses where it is a value of the catalogue as it stands."""
_PLACES = ("zweit", "dritt", "viert")


@dataclass
class Run:
    """Words that stand together, a token more at a time, under each key by which something may know them."""

    words: list[str] = field(default_factory=list)
    key: str = ""
    plain: str = ""
    stems: str = ""
    german: str = ""
    accented: bool = False

    def add(self, token: Token, written: str) -> None:
        """Take the next token, and how it is written; of marks only the stroke of the size 3/4."""
        if token.kind == "mark":
            if token.text == "/" and self.words[-1].isdigit():
                self.plain, self.stems = f"{self.plain}/", f"{self.stems}/"
            return
        joined = not self.key or not (self.key[-1].isascii() or token.text.isascii())
        self.words.append(token.text)
        self.accented = self.accented or not written.isascii()
        self.key = f"{self.key}{'' if joined else ' '}{token.text}"
        self.plain += token.text
        self.stems += stem(token.text)
        self.german += german_stem(token.text)

    def goes_on(self, language: CatalogueLanguage) -> bool:
        """Tell whether something longer begins with these words."""
        return language.opens(self.key, self.plain, self.stems, self.german)


def known(run: Run, language: CatalogueLanguage, spoken: frozenset[str]) -> Segment | None:
    """Return a segment with all that the words mean in a text of the languages ``spoken``, or None."""
    spelled, inflected = _values(run, language)
    roles = roles_in(run.key, spoken, accented=run.accented)
    if roles & _WORDS_OF_GRAMMAR and len(run.words) == 1 and any(e.rank == SPELLED for e in spelled):
        roles -= _WORDS_OF_GRAMMAR  # a hotel's bar and a flat's lift are no words of the grammar
    entries = _beside_roles(run, roles, spelled, inflected)
    names = () if "not" in roles else language.names.get(run.key, ())  # the "without" of a field refuses all the same
    if names:
        entries = tuple(e for e in entries if e.rank == SPELLED or e.field in names)
    comparisons = language.comparisons.get(run.key, ())
    person = language.people.get(run.key, "")
    if not (entries or roles or names or comparisons or person) and len(run.words) < 3:
        entries = () if run.key in superlatives() else language.values.get(run.german, ())
        names = language.names.get(run.german, ())
    if len(run.words) == 1 and not comparisons and run.key.startswith(_PLACES):  # "zweitgünstigste"
        comparisons = language.comparisons.get(run.key[5:], ())
    if not (entries or roles or names or comparisons or person):
        return None
    return Segment(0, 0, 0, 0, "", roles, entries, names, comparisons, person)


def _values(run: Run, language: CatalogueLanguage) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return the values spelled so, and those of which the words are a form."""
    spelled = language.values.get(run.plain, ())
    inflected = () if run.plain == run.stems else language.values.get(run.stems, ())
    if len(run.words) == 1:
        inflected = tuple(e for e in inflected if _is_form_of(run.words[0], e))
    if run.key in superlatives():  # "the longest wait" asks for no long coat
        return tuple(e for e in spelled if e.rank == SPELLED), ()
    return spelled, inflected


def _beside_roles(
    run: Run, roles: frozenset[str], spelled: tuple[Entry, ...], inflected: tuple[Entry, ...]
) -> tuple[Entry, ...]:
    """Return the values that words may mean beside the roles they play."""
    denies = len(run.words) > 1 and run.words[0] in _REFUSING
    if roles & {"not", "except", "not_after"} or denies:  # "no vices" is no form of "Novice"
        inflected = ()
        spelled = tuple(e for e in spelled if not denies or e.rank == SPELLED)
    if roles:  # "kindly" is no form of a value that is called "kind" elsewhere
        inflected = tuple(e for e in inflected if e.rank <= INFLECTED)
    return _merged([spelled, tuple(e._replace(rank=max(e.rank, INFLECTED)) for e in inflected)])


def _is_form_of(word: str, entry: Entry) -> bool:
    """Tell whether a word with the stem of a value is a form of it: "comedies" of Comedy, but not "animals" of Animation."""
    own = value_key(entry.wanted[0])
    if len(entry.wanted) > 1 or stem(own) != stem(word):
        return True
    return are_forms(word, own)


def _merged(found: Sequence[tuple[Entry, ...]]) -> tuple[Entry, ...]:
    """Return the surest meaning in each field."""
    some = [rows for rows in found if rows]
    if len(some) < 2:
        return some[0] if some else ()
    best: dict[str, Entry] = {}
    for entry in (e for rows in some for e in rows):
        if entry.field not in best or entry.rank < best[entry.field].rank:
            best[entry.field] = entry
    return tuple(sorted(best.values(), key=lambda e: e.rank))
