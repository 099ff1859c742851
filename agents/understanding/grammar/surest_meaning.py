"""Order the values that a word may mean, the surest first."""

from __future__ import annotations

from ....core.language.keys import key_of, stem_key, value_key
from ....core.language.value_entry import BROADER, SYNONYM, Entry
from .evidence import Evidence
from .leading_words import by_lead
from .segments import Segment


class Meanings(Evidence):
    """The segments of one sentence with the order of what they may mean."""

    def best(self, s: Segment, *, evident: bool = False) -> list[Entry]:
        """Return the meanings of a value, the surest first: by the field named beside it, by rank, by what the field is."""
        entries = [e for e in s.entries if not evident or self.evident(s, e)]
        i = self._place[id(s)]
        named = [e for e in entries if self.field_beside(i, e.field)]
        entries = sorted(named or by_lead(self.segments, i, entries, self.language), key=self._preference)
        return sorted(entries, key=lambda e: self._is_list_of_it(e, entries[0]))

    def _is_list_of_it(self, entry: Entry, best: Entry) -> bool:
        """Tell whether a list holds the same word as a kind of one value: a cat is asked for, not what gets on with cats; but blues is not blue."""
        lists = [self.language.fields[e.field].field.type == "list" for e in (entry, best)]
        same = max(entry.rank, best.rank) <= SYNONYM and stem_key(entry.wanted[0]) == stem_key(best.wanted[0])
        return lists[0] or not same or (lists[1] and not self.generic(entry))

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
