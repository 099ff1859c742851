"""Ask for evidence that a word of a request is meant as a value: a capital letter, quotes, its field's name or another value beside it."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of
from ....core.language.small_words import common_words
from ....core.language.thing_words import han_things
from ....core.language.value_entry import INFLECTED, PART, SPELLED, Entry
from ....core.language.word_groups import word_group
from ....core.text.chinese import is_han
from .segments import Segment

STOPS = frozenset(".!?;:。！？；：\n")
MAX_QUOTES = 20
NEAR = 3
"""Segments on either side among which another value of a field shows that a doubtful word is one of its values."""
WEAK = frozenset(
    "filler number soft fine too most least or_less or_more at_most terms reaction at_least around around_after over in from to".split()  # noqa: SIM905
)
"""Roles of phrases that are values as well where no number used them."""


class Evidence:
    """The segments of one sentence with what speaks for the values that they may mean."""

    def __init__(self, segments: Sequence[Segment], language: CatalogueLanguage, text: str) -> None:
        self.segments = list(segments)
        self.language = language
        self.text = text
        self._place = {id(s): n for n, s in enumerate(self.segments)}
        self._quoted = _quoted_spans(text)

    def place(self, s: Segment) -> int:
        """Return the position of a segment."""
        return self._place[id(s)]

    def quoted(self, s: Segment) -> bool:
        """Tell whether a segment stands in quotes."""
        return any(a <= s.start and s.end <= b for a, b in self._quoted)

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
