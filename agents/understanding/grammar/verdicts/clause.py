"""A clause - what stands between two marks, or before "but" - and the questions that every verdict asks of it and of its words.

"Red is lovely, but not blue" has two, and so have "Rot ist schön, Blau nicht" and 红色好看，蓝色不要.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from .....core.language.keys import key_of
from .....core.language.word_groups import clause_words
from ..segments import Segment
from ..sentence import COMMAS, Sentence


class Clause(list[Segment]):
    """The segments of one clause, its ``start`` among those of the sentence, and the ``mark`` that ends it."""

    def __init__(self, segments: Iterable[Segment] = (), start: int = 0, mark: str = "") -> None:
        super().__init__(segments)
        self.start, self.mark = start, mark

    @property
    def end(self) -> int:
        """The position after its last segment."""
        return self.start + len(self)

    @property
    def is_question(self) -> bool:
        """Tell whether a question mark ends it."""
        return is_question_mark(self.mark)

    @property
    def words(self) -> set[str]:
        """All that is said in it, word by word."""
        return {w for s in self for w in s.words}

    def before(self, s: Segment) -> Clause:
        """Return what stands in it before a segment."""
        return Clause([p for p in self if p.start < s.start], self.start)

    def after(self, s: Segment) -> list[Segment]:
        """Return what stands in it behind a segment."""
        return [p for p in self if p.start > s.start]

    def says(self, *groups: str, language: str = "") -> bool:
        """Tell whether a word of some groups stands in it."""
        return any(says(s, *groups, language=language) for s in self)

    def plays(self, *roles: str) -> bool:
        """Tell whether a word that is no value plays one of some roles in it."""
        return any(plays(s, *roles) for s in self)


def ends(sentence: Sentence, i: int) -> bool:
    """Tell whether a clause ends at ``i``: the text, a mark, a comma, or a word like "but"."""
    return sentence.stops(i) or sentence.segments[i].mark in COMMAS


def clauses(sentence: Sentence, parts: Callable[[Sentence, int], bool] = ends) -> Iterator[Clause]:
    """Yield the clauses of a sentence, with empty ones between two marks; a segment that ``parts`` belongs to none."""
    start = 0
    for i, s in enumerate(sentence.segments):
        if parts(sentence, i):
            yield Clause(sentence.segments[start:i], start, s.mark)
            start = i + 1
    yield Clause(sentence.segments[start:], start)


def clause_around(sentence: Sentence, i: int) -> Clause:
    """Return the clause in which the segment at ``i`` stands, or that it ends."""
    start = end = i
    while start > 0 and not ends(sentence, start - 1):
        start -= 1
    while not ends(sentence, end):
        end += 1
    return Clause(sentence.segments[start:end], start)


def says(s: Segment, *groups: str, language: str = "") -> bool:
    """Tell whether a segment that is no value has a word of some groups, or is one."""
    if s.entries or not s.words:
        return False
    known = clause_words(language)
    heard = s.words if len(s.words) == 1 and not s.corrected else (*s.words, key_of(s.text))
    for group in groups:  # noqa: SIM110  three times as fast as any(), and asked of every word
        if not known[group].isdisjoint(heard):
            return True
    return False


says_in_english = partial(says, language="english")
says_in_german = partial(says, language="german")
"""The same of one language only: "was" is no German verb."""


def is_one(s: Segment, *groups: str) -> bool:
    """Tell whether a segment as a whole is a word or phrase of some groups."""
    key, known = key_of(s.text), clause_words()
    for group in groups:  # noqa: SIM110  as above
        if key in known[group]:
            return True
    return False


def plays(s: Segment, *roles: str) -> bool:
    """Tell whether a segment that is no value plays one of some roles."""
    return not s.entries and not s.roles.isdisjoint(roles)


def is_question_mark(mark: str) -> bool:
    """Tell whether a mark asks."""
    return mark in ("?", "？")
