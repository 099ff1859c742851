"""Read for whom something is: a person asks for the values of a field that says for whom things are, and of no field that says who made them."""

from __future__ import annotations

from ....core.language.keys import key_of, value_key
from ....core.language.tokens import stem, words_of_form
from ....core.language.value_entry import BROADER, INFLECTED, SPELLED, SYNONYM, Entry, FieldTerms
from ....core.language.word_groups import word_group
from ....core.text.field_names import words_of
from .segments import Segment
from .sentence import Sentence, Wish

CARED = 4
"""Segments on either side of a person among which a verb of care stands."""
_SEXES = frozenset(("men", "women", "boys", "girls"))


def for_whom(sentence: Sentence, i: int, s: Segment) -> None:
    """Read a person as a wish in the field that says for whom things are; where it holds only a broader word, it prefers."""
    entries = sorted(_serving(sentence, s), key=lambda e: (e.rank, sentence.generic(e)))
    if entries and _is_cared_for(sentence, i):
        return
    if not entries:
        _name_unserved(sentence, i, s)
        return
    if key_of(s.text) in ("her", "him", "his", "kind", "guy") and (
        i == 0 or key_of(sentence.segments[i - 1].text) not in ("for", "fur", "a", "4", "give")
    ):
        return
    sentence.found.people.append(s)
    before = key_of(sentence.segments[i - 1].text) if i else ""
    wish = Wish(entries[0], [s], must=_is_sure(sentence, entries[0]), joined="or" if before in ("and", "or") else "")
    s.used = "wanted" if wish.must else "soft"
    sentence.found.wishes.append(wish)


def _is_cared_for(sentence: Sentence, i: int) -> bool:
    """Tell whether the person at ``i`` is whom somebody is sought for to look after, who may be of either sex: 照顾我爸."""
    start = next((n + 1 for n in range(i - 1, -1, -1) if sentence.segments[n].mark), 0)
    end = next((n for n in range(i, len(sentence.segments)) if sentence.segments[n].mark), len(sentence.segments))
    words = [w for s in sentence.segments[max(start, i - CARED) : min(end, i + CARED)] for w in words_of_form(s.text)]
    said = {key_of(" ".join(words[n : n + k])) for n in range(len(words)) for k in (1, 2)}
    return bool(said & word_group("caring_verbs"))


def _name_unserved(sentence: Sentence, i: int, s: Segment) -> None:
    """Name "for beginners" as not applied where no field says for whom things are; that a husband is a man says too little."""
    lead = next(
        (p for p in reversed(sentence.segments[max(0, i - 3) : i]) if key_of(p.text) in word_group("serving_words")),
        None,
    )
    told = _SEXES & set(s.person.split("|"))
    if lead is None or told or all(stem(w) in sentence.language.words for w in s.words):
        return
    sentence.found.unmet.append((lead.start, s.end))
    s.used = "unmet"


def _serving(sentence: Sentence, s: Segment) -> list[Entry]:
    """Return the values that serve a person, whatever their field is called; a singer who is a man serves no man."""
    return [
        e
        for concept in s.person.split("|")
        for e in sentence.language.values.get(value_key(concept), ())
        if not sentence.is_name(e)
        and e.rank in (SPELLED, INFLECTED, SYNONYM, BROADER)
        and not (concept in _SEXES and _tells_of_somebody(sentence.language.fields[e.field], e))
    ]


def _tells_of_somebody(terms: FieldTerms, entry: Entry) -> bool:
    """Tell whether a field of sexes says who made a thing or does the work: ``vocals``, ``gender of staff``, 老师性别, or any that is said to be "male"."""
    words = words_of_form(" ".join(words_of(terms.field.name)))
    somebody = word_group("makers_and_staff")
    if any(w in somebody for w in words) or any(w in "".join(words) for w in somebody if not w.isascii()):
        return True
    whom = terms.concept == "gender" or bool(set(words) & word_group("whom_columns"))
    return not whom and all(key_of(v) in word_group("sex_words") for v in entry.wanted)


def _is_sure(sentence: Sentence, entry: Entry) -> bool:
    return entry.rank < BROADER or sentence.language.fields[entry.field].concept == "gender"
