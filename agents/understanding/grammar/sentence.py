"""Hold one sentence while the grammar reads it: its segments, what was found so far, and what stands around a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of
from ....core.language.small_words import common_words
from ....core.language.value_entry import Entry
from ....core.schemas import Condition
from ....core.text.field_names import says_what
from .bounds.bound import Bound
from .evidence import STOPS
from .segments import Segment
from .surest_meaning import Meanings

POINTING = frozenset(("a", "an", "the", "this", "that", "these", "those", "some"))
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
    both: bool = False
    has: bool = False

    @property
    def denies(self) -> bool:
        """Tell whether its values must be absent: refused, or asked for by a word that denies them, but not both; those that things are unsuited for always."""
        return self.entry.unsuited or self.refused != self.entry.denies


@dataclass
class Parsed:
    """What the grammar found: bounds on numbers, wishes for values, an order, fields freed, words that nothing expresses."""

    bounds: list[Bound] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    leanings: list[tuple[str, bool, Segment]] = field(default_factory=list)
    order: tuple[str, bool, Segment] | None = None
    then: tuple[str, bool, Segment] | None = None
    rank: int = 1
    freed: list[str] = field(default_factory=list)
    unmet: list[tuple[int, int]] = field(default_factory=list)
    people: list[Segment] = field(default_factory=list)
    count: int | None = None
    conditions: list[Condition] = field(default_factory=list)
    either: list[list[Wish | Bound]] = field(default_factory=list)


class Sentence(Meanings):
    """One request in segments; rules mark what they used, and a segment is used once."""

    def __init__(self, segments: Sequence[Segment], language: CatalogueLanguage, text: str) -> None:
        super().__init__(segments, language, text)
        self.found = Parsed()
        self.asking = [n for n, s in enumerate(self.segments) if s.roles & {"want", "only"}]

    def next(self, i: int, *, over: frozenset[str] = frozenset()) -> int:
        """Return the next position after ``i`` that is no glue and plays none of the roles ``over``."""
        i += 1
        while i < len(self.segments) and (
            self.segments[i].is_glue or (self.segments[i].roles & over and not self.segments[i].entries)
        ):
            i += 1
        return i

    def between(self, a: Segment, b: Segment) -> list[Segment]:
        """Return the segments between two."""
        return self.segments[self.place(a) + 1 : self.place(b)]

    def doubt(self, i: int, around: Sequence[Segment]) -> None:
        """Note the value at ``i`` with the words around it as not applied, since its sign is in doubt."""
        touched = [self.segments[i], *around]
        self.found.unmet.append((min(s.start for s in touched), max(s.end for s in touched)))
        for s in touched:
            s.used = "unmet"

    def stops(self, i: int) -> bool:
        """Tell whether a clause ends at ``i``."""
        if i >= len(self.segments):
            return True
        s = self.segments[i]
        return s.mark in STOPS or (bool(s.roles & {"but"}) and not s.entries)

    def value_at(self, i: int) -> bool:
        """Tell whether an unused value that may be meant stands at ``i``."""
        return (
            0 <= i < len(self.segments)
            and bool(self.segments[i].entries)
            and not self.segments[i].used
            and self.usable(i)
        )

    def value_before_words(self, i: int) -> bool:
        """Tell whether a value stands at ``i`` and something is said of it in the same clause: "red nice", but not "red please"."""
        following = self.segments[i + 1] if i + 1 < len(self.segments) else None
        said = following is not None and not following.mark and "filler" not in following.roles - {"praise"}
        return (
            bool(self.segments[i].entries)
            and following is not None
            and (said or "praise" in following.roles or key_of(following.text) == "be")
        )

    def want(self, i: int) -> None:
        """Take the value at ``i`` as wanted."""
        s = self.segments[i]
        self.found.wishes += [Wish(e, [s]) for e in self.best(s, evident=True)[:1]]
        s.used = "wanted"

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
        return j < len(self.segments) and key_of(self.segments[j].text) in POINTING
