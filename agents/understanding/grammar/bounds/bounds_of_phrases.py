"""Turn the number phrases of a sentence into bounds, one after the other, and note what no field expresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .....core.language.field_concepts import field_words
from .....core.language.keys import key_of
from .....core.language.value_entry import SYNONYM
from .....core.language.word_groups import counting_characters
from .....core.schemas import Constraint
from ..number_fields.counted import is_alone, is_count, is_top
from ..positions import at, past
from ..segments import Segment
from ..sentence import Sentence
from .bound import Bound
from .bounds_on_fields import bounds_on_fields
from .limits import read_phrase
from .negation import corrects
from .phrase import NumberPhrase
from .taken_over import correct, inherit_not, resume, share_beside, take_comparison, take_unit

_SAID_OF_ANYTHING = frozenset(("rating", "age", "span", "year"))
"""Measures of which a bare amount asks for nothing."""


def bounds_of(sentence: Sentence, earlier: Sequence[Constraint] = ()) -> None:
    """Find the bounds of a sentence, the fields that it sets free, how many items it asks for, and the spans that no field expresses.

    ``earlier`` are the conditions of the turns before, which a number without a field may change.
    """
    numbers, i = _Numbers(sentence, earlier), 0
    while i < len(sentence.segments):
        i = numbers.take(i)
    numbers.settle()


class _Numbers:
    """The numbers of one sentence while they are read from left to right: a later one may correct an earlier one."""

    def __init__(self, sentence: Sentence, earlier: Sequence[Constraint]) -> None:
        self.segments, self.language, self.found = sentence.segments, sentence.language, sentence.found
        self.earlier = earlier
        self.bounding: list[tuple[NumberPhrase, list[Bound]]] = []
        self.decades: list[NumberPhrase] = []

    def take(self, i: int) -> int:
        """Take the number at ``i`` with its phrase, if there is one; return the position after it."""
        s = self.segments[i]
        if s.amount is None or s.used or s.entries:
            return i + 1
        if is_top(self.segments, i):
            self.found.count, s.used = int(s.amount.value), "count"
            return i + 1
        phrase = self._phrase_at(i)
        made = bounds_on_fields(phrase, self.segments, self.language)
        if made is None:
            self._name_or_count(phrase)
        elif _is_permitted(self.segments, phrase):
            self.found.freed += [b.field for b in made]
            self._use(phrase, "release")
        else:
            self._bind(phrase, made, is_decade=s.amount.high is not None and len(phrase.parts) == 2)
            self._use(phrase, "bound")
        return max(i + 1, phrase.last)

    def settle(self) -> None:
        """Add the bounds to what was found, decades last."""
        bounds = [b for _, made in self.bounding for b in made]
        self.found.bounds += bounds
        self.found.bounds += [b for b in self._years_of_decades() if not _told_closer(b, bounds)]

    def _phrase_at(self, i: int) -> NumberPhrase:
        """Return the phrase around the number at ``i`` with what it takes over from its neighbours and from earlier turns."""
        segments, language = self.segments, self.language
        phrase = read_phrase(segments, i, language)
        inherit_not(segments, phrase, [*(p for p, _ in self.bounding[-1:]), *self.decades[-1:]])
        share_beside(segments, phrase, language)
        if not self.bounding:
            resume(phrase, segments, self.earlier, language)
            return phrase
        before, made = self.bounding[-1]
        take_unit(phrase, before, language)
        take_comparison(segments, phrase, before, language)
        if corrects(segments, before.last, phrase.first):
            correct(phrase, before, made)
        return phrase

    def _name_or_count(self, phrase: NumberPhrase) -> None:
        """Note a phrase that no field takes as not applied, or take it as how many items are asked for."""
        segments = self.segments
        if (span := _unmet_span(phrase, segments)) is not None:
            self.found.unmet.append(span)
            self._use(phrase, "unmet")
        elif self.found.count is None and (is_count(phrase, segments) or (self.earlier and is_alone(phrase, segments))):
            self.found.count = int(phrase.parts[-1][1].value)
            phrase.last += at(segments, phrase.last).text in counting_characters()
            self._use(phrase, "count")

    def _bind(self, phrase: NumberPhrase, made: list[Bound], *, is_decade: bool) -> None:
        """Keep the bounds of a phrase in place of those that it corrects."""
        if is_decade:
            while self.decades and corrects(self.segments, self.decades[-1].last, phrase.first):
                self.decades.pop()
            self.decades.append(phrase)
            return
        fields = {b.field for b in made}
        while self.bounding and self._is_corrected(*self.bounding[-1], fields, phrase.first):
            self.bounding.pop()
        self.bounding.append((phrase, made))

    def _is_corrected(self, before: NumberPhrase, made: Sequence[Bound], fields: set[str], first: int) -> bool:
        return bool(fields & {b.field for b in made}) and corrects(self.segments, before.last, first)

    def _use(self, phrase: NumberPhrase, used: str) -> None:
        for s in self.segments[phrase.first : phrase.last]:
            noun = s.amount is None and not s.roles and any(e.rank <= SYNONYM for e in s.entries)
            if not noun or used == "unmet":  # the flat of "no flat below 60 sqm" stays wanted
                s.used = used

    def _years_of_decades(self) -> list[Bound]:
        """Return the years of several decades: wanted ones are alternatives, refused ones a hole."""
        years = self.language.of_measure("year")
        return (
            [b for negated in (False, True) for b in self._years(years[0].field.name, negated=negated)] if years else []
        )

    def _years(self, name: str, *, negated: bool) -> list[Bound]:
        some = [p for p in self.decades if p.negated == negated]
        years = {float(y) for p in some for y in range(int(p.parts[0][1].value), int(p.parts[1][1].value) + 1)}
        if not years:
            return []
        start, end = self.segments[some[0].first].start, self.segments[some[-1].last - 1].end
        low, high = min(years), max(years)
        if not negated and high - low == len(years) - 1:
            return [Bound(name, ">=", low, start, end), Bound(name, "<=", high, start, end)]
        return [Bound(name, "not in" if negated else "in", tuple(sorted(years)), start, end)]


def _is_permitted(segments: Sequence[Segment], phrase: NumberPhrase) -> bool:
    """Tell whether more than a number is only allowed, or less not needed: "es darf ruhig über 500 kosten", "needn't be under 80"."""
    if phrase.negated or phrase.bare:
        return False
    before = at(segments, past(segments, phrase.first - 1, _says_nothing_of("permits"), -1))
    after = at(segments, past(segments, phrase.last, _says_nothing_of("fine")))
    more, beyond = (all(op in ops for op, _ in phrase.parts) for ops in ((">", ">="), (">",)))
    allowed = ((before, "permits", more), (before, "release", True), (after, "fine", beyond), (after, "release", True))
    for s, role, fits in allowed:
        if fits and role in s.roles and not s.used and not s.entries:
            s.used = "release"
            return True
    return False


def _says_nothing_of(role: str) -> Callable[[Segment], bool]:
    return lambda s: s.is_glue and not s.roles & {role, "release"}


def _told_closer(decade: Bound, bounds: Sequence[Bound]) -> bool:
    """Tell whether both ends of the years are given beside the decade: "late eighties, 1985-1989"."""
    return {b.op for b in bounds if b.field == decade.field} >= {">=", "<="} and decade.op in (">=", "<=")


def _unmet_span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the characters from where to where a number asks for what no field holds, or None; widens ``phrase`` by the names beside it."""
    amount = phrase.parts[0][1]
    plain = not amount.units and not amount.currency
    if plain and (phrase.around or (amount.spelled and amount.value == 1)):
        return None
    if amount.scaled and phrase.bare and not amount.spelled and not amount.currency:  # "4K"
        return _span(phrase, segments)
    if plain and phrase.bare and not phrase.negated:
        return _named_beside(phrase, segments)
    if phrase.temporal and not amount.units and phrase.bare:
        return None
    phrase.first = past(segments, phrase.first - 1, _is_han_word, -1) + 1
    if phrase.bare and not phrase.negated and amount.units and {m for m, _ in amount.units} <= _SAID_OF_ANYTHING:
        return None
    phrase.first = past(segments, phrase.first - 1, _is_free_name, -1) + 1
    phrase.last += _is_free_name(at(segments, phrase.last))
    return _span(phrase, segments)


def _span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int]:
    return segments[phrase.first].start, segments[phrase.last - 1].end


def _named_beside(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the span of a plain number with the name of what it counts after or before it; None where nothing is named."""
    after, before = at(segments, phrase.last), at(segments, phrase.first - 1)
    start, end = _span(phrase, segments)
    if after.is_word and key_of(after.text) in field_words():
        return start, after.end
    return (before.start, end) if _is_name(before) and not before.used else None


def _is_name(s: Segment) -> bool:
    return bool(s.fields) or key_of(s.text) in field_words()


def _is_free_name(s: Segment) -> bool:
    return _is_name(s) and not s.used and not s.entries


def _is_han_word(s: Segment) -> bool:
    return s.is_word and not s.used and not s.text.isascii()
