"""Find items on whose photo another size or another maker is printed than their words claim.

Sizes are compared as they are. For names the shop says itself which of its fields photos bear out: where a value of a field is printed and it
is the item's own in nearly all cases, an item on which another value of that field is printed is named. So a brand is learnt to be what is
printed on boxes, and words on shirts, which say nothing of the shirt, are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ...core.errors import BackEndError
from ...core.language.keys import value_key
from ...core.schemas import Item, ReviewFinding
from ...models.captions.text_in_pictures import PictureText
from .item_method import Goods, ItemMethod
from .printed_text import LIMITS, SOURCE, compare, surely

NAME = "item_print"
LEAST_LETTERS, LEAST_AGREEING, LEAST_SHARE = 4, 10, 0.9


class _Named(NamedTuple):
    """A value of a field that is printed on an item's photo, and the item's own value."""

    item_id: str
    field: str
    printed: str
    claimed: str


def examine(goods: Goods, reader: PictureText) -> dict[str, ReviewFinding]:
    """Return the new items whose words disagree with what is printed on their photo."""
    printed = {i: lines for i in sorted(goods.new & goods.photos.keys()) if (lines := _lines(goods, i, reader))}
    found: dict[str, ReviewFinding] = {}
    for named in _disagreeing(goods, printed):
        reason = f"“{named.printed}” is printed on the photo, but the item says “{named.claimed}” ({named.field})."
        found[named.item_id] = ReviewFinding(check=NAME, reason=reason)
    for item_id, lines in printed.items():
        item = goods.by_id[item_id]
        state, reason = compare(f"{item.title}\n{item.text}", lines)
        if state == "conflict":
            found[item_id] = ReviewFinding(check=NAME, reason=reason)
    return found


def _lines(goods: Goods, item_id: str, reader: PictureText) -> list[str]:
    try:
        return surely(reader.read(str(goods.photos[item_id])))
    except BackEndError:
        return []


def _disagreeing(goods: Goods, printed: Mapping[str, Sequence[str]]) -> list[_Named]:
    """Return what is printed of another value of a field, for fields of which the item's own value is printed nearly always."""
    values = _values(goods.items)
    named = [one for item_id, lines in printed.items() for one in _named(goods.by_id[item_id], lines, values)]
    wrong = []
    for field in values:
        of_field = [one for one in named if one.field == field]
        others = [one for one in of_field if value_key(one.printed) != value_key(one.claimed)]
        agreeing = len(of_field) - len(others)
        if agreeing >= LEAST_AGREEING and agreeing >= LEAST_SHARE * len(of_field):
            wrong += others
    return wrong


def _values(items: Sequence[Item]) -> dict[str, dict[str, str]]:
    """Return by field of words the values that are long enough to be known by, by their key."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        for field, value in item.attributes.items():
            if isinstance(value, str) and len(key := value_key(value)) >= LEAST_LETTERS:
                found.setdefault(field, {}).setdefault(key, value)
    return found


def _named(item: Item, lines: Sequence[str], values: Mapping[str, Mapping[str, str]]) -> list[_Named]:
    """Return for each field the value that a line says; the item's own where that is one of several."""
    said = {value_key(line) for line in lines} | {value_key(word) for line in lines for word in line.split()}
    found = []
    for field, known in values.items():
        claimed = item.attributes.get(field)
        seen = [known[key] for key in said if key in known]
        if isinstance(claimed, str) and seen:
            own = [value for value in seen if value_key(value) == value_key(claimed)]
            found.append(_Named(item.item_id, field, (own or sorted(seen))[0], claimed))
    return found


ITEM_PRINT = ItemMethod(NAME, partial(examine, reader=PictureText()), SOURCE, LIMITS)
