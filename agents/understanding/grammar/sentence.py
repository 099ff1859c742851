"""Hold one sentence while the grammar reads it: its segments, what was found so far, and what stands around a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of, stem_key, value_key
from ....core.language.small_words import common_words
from ....core.language.thing_words import han_things
from ....core.language.value_entry import BROADER, INFLECTED, PART, SPELLED, SYNONYM, Entry
from ....core.language.word_groups import word_group
from ....core.schemas import Condition
from ....core.text.chinese import is_han
from ....core.text.field_names import says_what
from .bounds.bound import Bound
from .leading_words import by_lead
from .segments import Segment

STOPS = frozenset(".!?;:。！？；：\n")
MAX_QUOTES = 20
NEAR = 3
"""Segments on either side among which another value of a field shows that a doubtful word is one of its values."""
POINTING = frozenset(("a", "an", "the", "this", "that", "these", "those", "some"))
COMMAS = frozenset(",，、")
WEAK = frozenset(
    "filler number soft fine too most least or_less or_more at_most terms reaction at_least around around_after over in from to".split()  # noqa: SIM905
)
"""Roles of phrases that are values as well where no number used them."""


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


class Sentence:
    """One request in segments; rules mark what they used, and a segment is used once."""

    def __init__(self, segments: Sequence[Segment], language: CatalogueLanguage, text: str) -> None:
        self.segments = list(segments)
        self.language = language
        self.text = text
        self.found = Parsed()
        self._place = {id(s): n for n, s in enumerate(self.segments)}
        self._quoted = _quoted_spans(text)
        self.asking = [n for n, s in enumerate(self.segments) if s.roles & {"want", "only"}]

    def next(self, i: int, *, over: frozenset[str] = frozenset()) -> int:
        """Return the next position after ``i`` that is no glue and plays none of the roles ``over``."""
        i += 1
        while i < len(self.segments) and (
            self.segments[i].is_glue or (self.segments[i].roles & over and not self.segments[i].entries)
        ):
            i += 1
        return i

    def place(self, s: Segment) -> int:
        """Return the position of a segment."""
        return self._place[id(s)]

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

    def usable(self, i: int) -> bool:
        """Tell whether some meaning of the values at ``i`` has the evidence it needs."""
        s = self.segments[i]
        strong = s.roles - WEAK
        if strong and not s.capital and not self._is_one_of_two(s):
            return False
        return any(self.evident(s, e) for e in s.entries)

    def _is_one_of_two(self, s: Segment, name: str = "") -> bool:
        """Tell whether a value that is a word of grammar as well stands near another one of its field: "basic or plus", "m, not s"."""
        fields = {e.field for e in s.entries if e.rank == SPELLED and name in ("", e.field)}
        i = self._place[id(s)]
        near = self.segments[max(0, i - NEAR) : i] + self.segments[i + 1 : i + 1 + NEAR]
        return any(e.rank <= INFLECTED and e.field in fields for p in near for e in p.entries)

    def evident(self, s: Segment, entry: Entry) -> bool:
        """Ask for evidence that an everyday word is meant as a name: a capital letter in mid-sentence, or the field's name beside it."""
        terms = self.language.fields[entry.field]
        if self.in_name(s, entry):
            return False
        if s.text == "us":
            return False  # no country
        if len(s.text) == 1:
            return self._letter(s, entry) if s.text.isascii() else self._character(s, entry)
        if len(s.text) == 2 and s.text.islower() and s.is_filler:  # the "us" of "five of us"
            return self._listed_beside(self._place[id(s)], entry.field)
        if terms.is_name and entry.rank == SPELLED and is_han(s.text[0]):
            return self._named_in_chinese(self._place[id(s)], entry.field)
        everyday = len(s.words) == 1 and (s.words[0] in common_words() or bool(s.roles - {"number"}))
        part = entry.rank == PART and not entry.head
        if not (terms.is_name and entry.rank in (0, 1, PART)) and not (part and everyday):
            return not (part and not terms.is_name and everyday)
        if not everyday and not part:
            return True
        i = self._place[id(s)]
        if self.named_beside(i, entry.field) or self._listed_beside(i, entry.field):
            return True
        capital = (
            s.capital
            and i > 0
            and self.segments[i - 1].mark not in STOPS
            and not self.text.isupper()
            and not self.text.istitle()
        )
        if everyday and s.roles:
            return capital and i + 1 < len(self.segments) and bool(self.segments[i + 1].entries)
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
        i = self._place[id(s)]
        beside = [self.segments[j] for j in (i - 1, i + 1) if 0 <= j < len(self.segments)]
        return any(p.is_word and p.capital and (p.first > 0 or p.last == s.first) for p in beside)

    def _letter(self, s: Segment, entry: Entry) -> bool:
        """Take a single letter for a value only beside its field's name or "rated", or as a capital that is no article or pronoun."""
        i = self._place[id(s)]
        around = [self.segments[j] for j in (i - 1, i + 1) if 0 <= j < len(self.segments)]
        if any(entry.field in p.fields or key_of(p.text) in ("rated", "rating", "size") for p in around):
            return True
        if self._is_one_of_two(s, entry.field):
            return True
        return s.text.isupper() and s.text not in "AI" and not self.text.isupper()

    def _character(self, s: Segment, entry: Entry) -> bool:
        """Take one Chinese character for a value, unless it begins a longer word that nothing here knows: the 茶 of 茶具."""
        i = self._place[id(s)]
        after = self.segments[i + 1] if i + 1 < len(self.segments) else None
        joined = after is not None and after.is_word and is_han(after.text[0]) and after.start == s.end
        if self.language.fields[entry.field].is_name and entry.rank == SPELLED:
            return self._named_in_chinese(i, entry.field)
        return not joined or self.language.fields[entry.field].concept in ("colour", "gender")

    def _named_in_chinese(self, i: int, name: str) -> bool:
        """Ask for 的, 牌 or a value after a Chinese name, the field's name before it, or nothing beside it."""
        after = self.segments[i + 1] if i + 1 < len(self.segments) else None
        before = self.segments[i - 1] if i else None
        if after is not None and ((after.amount is not None and not after.amount.units) or name in after.fields):
            return True
        if after is not None and (
            after.text in ("的", "牌", "家", "、") or after.entries or after.roles & {"or", "and"}
        ):
            return True
        if after is not None and after.roles & {"not", "not_after", "except_after", "free", "fine", "also", "release"}:
            return True
        if after is not None and self.text.startswith(tuple(word_group("devices")), after.start):
            return True
        if before is not None and (before.text == "的" or any(e.field == name for e in before.entries)):
            return after is None or bool(after.mark) or not after.is_word
        if before is not None and (
            name in before.fields or before.roles & {"not", "except", "or", "and", "want", "only", "instead"}
        ):
            return True
        alone = (before is None or before.mark or before.is_glue or before.entries) and (
            after is None
            or bool(after.mark)
            or after.is_glue
            or self.text.startswith(han_things(), self.segments[i].end)
        )
        return bool(alone) and self.segments[i].text not in word_group("everyday_names")

    def quoted(self, s: Segment) -> bool:
        """Tell whether a segment stands in quotes."""
        return any(a <= s.start and s.end <= b for a, b in self._quoted)

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

    def _listed_beside(self, i: int, name: str) -> bool:
        """Tell whether "or", "and" or "/" joins the name at ``i`` to another one of its field: "specialized or giant"."""
        for step in (-1, 1):
            joint, other = i + step, i + 2 * step
            if 0 <= other < len(self.segments) and any(e.field == name for e in self.segments[other].entries):
                link = self.segments[joint]
                if link.roles & {"or", "and", "nor"} or link.mark in ("/", ",", "、"):
                    return True
        return False

    def best(self, s: Segment, *, evident: bool = False) -> list[Entry]:
        """Return the meanings of a value, the surest first: by the field named beside it, by rank, by what the field is."""
        entries = [e for e in s.entries if not evident or self.evident(s, e)]
        i = self._place[id(s)]
        named = [e for e in entries if self.field_beside(i, e.field)]
        entries = sorted(named or by_lead(self.segments, i, entries, self.language), key=self._preference)
        return sorted(entries, key=lambda e: self._is_list_of_it(e, entries[0]))

    def _is_list_of_it(self, entry: Entry, best: Entry) -> bool:
        """Tell whether a list holds the same word as a field of one value: a cat is asked for, not what gets on with cats."""
        listed = self.language.fields[entry.field].field.type == "list"
        return listed or max(entry.rank, best.rank) > SYNONYM or stem_key(entry.wanted[0]) != stem_key(best.wanted[0])

    def _preference(self, entry: Entry) -> tuple[float, ...]:
        """Order meanings: what things are before what they are named, by rank, then the more usual and the finer field."""
        terms = self.language.fields[entry.field]
        named = (terms.is_name and entry.rank > 0) or terms.concept == "allergen"
        weight = self.weight(entry) * (1 if entry.rank == BROADER else -1)
        return (
            named,
            terms.is_name and len(self.language.fields) > 1 and self._also_kind(entry),
            entry.rank,
            self.generic(entry),
            weight,
            -len(terms.values),
        )

    def _also_kind(self, entry: Entry) -> bool:
        """Tell whether a name's words are those of a kind of thing in this catalogue too: the Coupe of a maker."""
        return any(
            e.rank <= SYNONYM and not self.language.fields[e.field].is_name
            for v in entry.wanted[:1]
            for e in self.language.values.get(value_key(v), ())
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


def _quoted_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans between quotation marks, at most twenty."""
    spans: list[tuple[int, int]] = []
    start = -1
    for n, char in enumerate(text):
        inches = char == '"' and n and text[n - 1].isdigit() and start < 0
        if char in '"“”「」《》' and not inches:
            if start < 0:
                start = n
            else:
                spans.append((start, n + 1))
                start = -1
        if len(spans) >= MAX_QUOTES:
            break
    return spans
