"""A shop's own words for its fields and values, beside what the word lists and the lexicon know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import Field

from ..errors import InvalidRequestError
from ..schemas import CatalogueSchema, Frozen
from .keys import key_of
from .phrases import phrases

T = TypeVar("T")
LONGEST, MOST = 60, 2_000
"""Characters of a word, and words of a shop, at most."""
_REFUSING = frozenset(("not", "not_after", "except", "free", "only"))


class OwnWords(Frozen):
    """Field -> what it is called, and field -> value -> what it is called."""

    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    values: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)

    def of(self, field: str, value: str = "") -> tuple[str, ...]:
        """Return the words for a field, or for one of its values."""
        return self.values.get(field, {}).get(value, ()) if value else self.fields.get(field, ())

    def changed(self, field: str, value: str, add: tuple[str, ...], remove: tuple[str, ...]) -> OwnWords:
        """Return these words with some added to and some taken from a field, or a value of it.

        Raises:
            InvalidRequestError: a word to add is empty, too long or refuses something, one to remove is not there, or there are too many.
        """
        known = self.of(field, value)
        for word in remove:
            if word not in known:
                raise InvalidRequestError("--remove", f"{word!r} is none of your words for {value or field}")
        words = tuple(dict.fromkeys(w for w in (*known, *map(_checked, add)) if w not in remove))
        if value:
            of_field = {**self.values.get(field, {}), value: words}
            found = self.model_copy(update={"values": _kept({**self.values, field: _kept(of_field)})})
        else:
            found = self.model_copy(update={"fields": _kept({**self.fields, field: words})})
        if found.count() > MOST:
            raise InvalidRequestError("--add", f"at most {MOST} words are kept")
        return found

    def count(self) -> int:
        """Return how many words there are."""
        return sum(map(len, self.fields.values())) + sum(len(w) for own in self.values.values() for w in own.values())


def checked_place(schema: CatalogueSchema, known: Mapping[str, Mapping[str, int]], field: str, value: str) -> str:
    """Return the value as the catalogue has it, whatever its case; nothing for the field itself.

    Raises:
        InvalidRequestError: the catalogue has no such field, or the field no such value.
    """
    if schema.field(field) is None:
        names = ", ".join(f.name for f in schema.fields)
        raise InvalidRequestError("field", f"the catalogue has no field {field!r}; one of: {names}")
    if not value:
        return ""
    found = next((v for v in known.get(field, {}) if v.casefold() == value.casefold()), "")
    if not found:
        raise InvalidRequestError("--value", f"no item has {value!r} in {field}")
    return found


def _checked(word: str) -> str:
    plain = " ".join(word.split())
    if not key_of(plain) or len(plain) > LONGEST:
        raise InvalidRequestError("--add", f"a word has 1 to {LONGEST} characters, letters or digits among them")
    if phrases().get(key_of(plain), frozenset()) & _REFUSING:
        raise InvalidRequestError("--add", f"{plain!r} refuses something in a request and can mean nothing else")
    return plain


def _kept(rows: dict[str, T]) -> dict[str, T]:
    return {name: row for name, row in rows.items() if row}
