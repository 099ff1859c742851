"""Hold one sentence while the grammar reads it: its segments, what was found so far, and what stands around a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.value_index import PART, Entry
from ....core.language.word_data import common_words, key_of
from ....core.text.field_names import says_what
from .number_fields import Bound
from .segments import Segment

STOPS = frozenset(".!?;:。！？；：\n")
COMMAS = frozenset(",，、")


@dataclass
class Wish:
    """One value wanted or refused in a field, with the segments that say so."""

    entry: Entry
    segments: list[Segment]
    refused: bool = False
    must: bool = True
    released: bool = False
    joined: str = ""
    added: bool = False
    evident: bool = True


@dataclass
class Parsed:
    """What the grammar found: bounds on numbers, wishes for values, an order, fields freed, words that nothing expresses."""

    bounds: list[Bound] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    leanings: list[tuple[str, bool, Segment]] = field(default_factory=list)
    order: tuple[str, bool, Segment] | None = None
    freed: list[str] = field(default_factory=list)
    unmet: list[tuple[int, int]] = field(default_factory=list)
    people: list[Segment] = field(default_factory=list)
    count: int | None = None


class Sentence:
    """One request in segments; rules mark what they used, and a segment is used once."""

    def __init__(self, segments: Sequence[Segment], language: CatalogueLanguage, text: str) -> None:
        self.segments = list(segments)
        self.language = language
        self.text = text
        self.found = Parsed()

    def next(self, i: int, *, over: frozenset[str] = frozenset()) -> int:
        """Return the next position after ``i`` that is no glue and plays none of the roles ``over``."""
        i += 1
        while i < len(self.segments) and (
            self.segments[i].is_glue or (self.segments[i].roles & over and not self.segments[i].entries)
        ):
            i += 1
        return i

    def stops(self, i: int) -> bool:
        """Tell whether a clause ends at ``i``."""
        if i >= len(self.segments):
            return True
        s = self.segments[i]
        return s.mark in STOPS or (bool(s.roles & {"but"}) and not s.entries)

    def usable(self, i: int) -> bool:
        """Tell whether some meaning of the values at ``i`` has the evidence it needs."""
        s = self.segments[i]
        strong = s.roles - {"filler", "soft", "fine", "too", "most", "least"}
        if strong and not s.capital:
            return False
        return any(self.evident(s, e) for e in s.entries)

    def evident(self, s: Segment, entry: Entry) -> bool:
        """Ask for evidence that an everyday word is meant as a name: a capital letter in mid-sentence, or the field's name beside it."""
        terms = self.language.fields[entry.field]
        if self.in_name(s, entry):
            return False
        everyday = len(s.words) == 1 and (s.words[0] in common_words() or bool(s.roles))
        part = entry.rank == PART and not entry.head
        if not (terms.is_name and entry.rank in (0, 1, PART)) and not (part and everyday):
            return not (part and not terms.is_name and everyday)
        if not everyday and not part:
            return True
        i = self.segments.index(s)
        if self.named_beside(i, entry.field):
            return True
        capital = (
            s.capital
            and i > 0
            and self.segments[i - 1].mark not in STOPS
            and not self.text.isupper()
            and not self.text.istitle()
        )
        if everyday and s.roles:
            return capital and self.named_beside(i, entry.field)
        return capital or (not everyday and part) or all(p is s or p.mark for p in self.segments)

    def in_name(self, s: Segment, entry: Entry) -> bool:
        """Tell whether an inflected value with a capital stands in a longer name: the war of "Star Wars"."""
        if self.quoted(s):
            return True
        if (
            not s.capital
            or s.text.casefold() in (v.casefold() for v in entry.wanted)
            or self.language.fields[entry.field].is_name
            or self.text.isupper()
            or self.text.istitle()
        ):
            return False
        i = self.segments.index(s)
        beside = [self.segments[j] for j in (i - 1, i + 1) if 0 <= j < len(self.segments)]
        return any(p.is_word and p.capital and (p.first > 0 or p.last == s.first) for p in beside)

    def quoted(self, s: Segment) -> bool:
        """Tell whether a segment stands in quotes."""
        before = sum(self.text.count(q, 0, s.start) for q in '"“”「」《》')
        return before % 2 == 1 and any(self.text.find(q, s.end) >= 0 for q in '"”」》')

    def named_beside(self, i: int, name: str) -> bool:
        """Tell whether the fields name, a preposition of names or "only" stands beside the value at ``i``."""
        j = i - 1
        while j >= 0 and key_of(self.segments[j].text) in ("is", "be", "the", "named", "called", "", "of", "a"):
            j -= 1
        before = self.segments[j] if j >= 0 else None
        after = self.segments[i + 1] if i + 1 < len(self.segments) else None
        named = any(name in piece.fields for piece in (before, after) if piece) or (
            before is not None and "only" in before.roles and (j < 1 or key_of(self.segments[j - 1].text) != "the")
        )
        lead = before is not None and key_of(before.text) in (
            "by",
            "from",
            "starring",
            "with",
            "von",
            "directed by",
            "author",
            "brand",
        )
        return named or lead

    def best(self, s: Segment, *, evident: bool = False) -> list[Entry]:
        """Return the meanings of a value, the surest first: by the field named beside it, by rank, by what the field is."""
        entries = [e for e in s.entries if not evident or self.evident(s, e)]
        i = self.segments.index(s)
        named = [e for e in entries if self.field_beside(i, e.field)]
        entries = named or entries
        return sorted(
            entries,
            key=lambda e: (
                e.rank if e.rank != 1 else 1,
                self.generic(e),
                -self.weight(e),
                -len(self.language.fields[e.field].values),
            ),
        )

    def field_beside(self, i: int, name: str) -> bool:
        """Tell whether a field is named just before or after ``i``."""
        around = [self.segments[j] for j in (i - 1, i + 1) if 0 <= j < len(self.segments)]
        if i >= 2 and key_of(self.segments[i - 1].text) in ("is", "be", "in", "", "of", "should", "must"):
            around.append(self.segments[i - 2])
        return any(name in p.fields and not p.entries for p in around)

    def generic(self, entry: Entry) -> int:
        """Return 1 for a field that says no more than what kind of thing it is."""
        return int(self.language.fields[entry.field].concept in ("", "category", "style"))

    def weight(self, entry: Entry) -> int:
        """Return how many items have the value."""
        counts = self.language.counts.get(entry.field, {})
        return sum(counts.get(v, 0) for v in entry.wanted)

    def negated_before(self, i: int) -> bool:
        """Tell whether an unused "not" stands before ``i``, with nothing but glue between."""
        j = i - 1
        while (
            j >= 0
            and (self.segments[j].is_glue or "too" in self.segments[j].roles)
            and "not" not in self.segments[j].roles
        ):
            j -= 1
        return j >= 0 and "not" in self.segments[j].roles and not self.segments[j].used

    def comma_between(self, i: int, j: int) -> bool:
        """Tell whether a mark ends a clause or list between two positions."""
        return any(self.segments[k].mark in STOPS | COMMAS for k in range(i + 1, j))

    def link(self, entry: Entry) -> str:
        """Return how the values of the entrys field are linked: ``name``, ``service`` or ""."""
        return self.language.fields[entry.field].link

    def is_name(self, entry: Entry) -> bool:
        """Tell whether the values of the entrys field are names."""
        return self.language.fields[entry.field].is_name

    def says_what(self, s: Segment) -> bool:
        """Tell whether a value says what the item is rather than how it is."""
        return any(
            says_what(self.language.fields[e.field].field) or self.language.fields[e.field].concept in ("category",)
            for e in s.entries
        )

    def is_common(self, s: Segment) -> bool:
        """Tell whether a segment is one everyday word."""
        return len(s.words) == 1 and key_of(s.text) in common_words()

    def article_at(self, j: int) -> bool:
        """Tell whether an article or a pointing word stands at ``j``."""
        return j < len(self.segments) and key_of(self.segments[j].text) in (
            "a",
            "an",
            "the",
            "this",
            "that",
            "these",
            "those",
            "some",
        )
