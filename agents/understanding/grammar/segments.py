"""Say what a piece of a request may mean in one catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ....core.language.comparisons import Comparison
from ....core.language.small_words import small_words
from ....core.language.value_entry import Entry
from .numbers.amount import Amount

NO_ROLES: frozenset[str] = frozenset()


@dataclass
class Segment:
    """Tokens ``first:last`` at ``start:end`` of the text, with all they may mean; ``used`` says what they ended in.

    A segment may mean several things at once ("light": not heavy, or a lamp); the grammar decides by what stands around it.
    """

    first: int
    last: int
    start: int
    end: int
    text: str
    roles: frozenset[str] = NO_ROLES
    entries: tuple[Entry, ...] = ()
    fields: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    person: str = ""
    amount: Amount | None = None
    mark: str = ""
    capital: bool = False
    corrected: bool = False
    used: str = ""
    words: tuple[str, ...] = field(default=())

    @property
    def is_word(self) -> bool:
        """Tell whether it is a content word that nothing here knows."""
        return not (
            self.roles or self.entries or self.fields or self.comparisons or self.person or self.mark or self.amount
        )

    @property
    def is_filler(self) -> bool:
        """Tell whether it is a word of everyday grammar, whatever else it may mean."""
        return "filler" in self.roles and self.text.isascii()

    @property
    def is_glue(self) -> bool:
        """Tell whether it says nothing by itself."""
        return "filler" in self.roles and not self.entries and self.amount is None


def is_german(segments: Sequence[Segment]) -> bool:
    """Tell whether a text has small words that are German, or at least none that are English."""
    said = {s.text.casefold() for s in segments}
    return bool(said & small_words()["de"]) or not said & small_words()["en"]
