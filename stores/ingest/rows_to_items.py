"""Turn a row into an item by the plan of its file, and say which cell cannot be read and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...core.schemas import AttributeValue, Item, Variant
from .column import read_cell
from .identity import is_total
from .plan import Plan
from .variants import MAX_VARIANTS, VARIANTS, RawVariant

LIMITS = {"item_id": 128, "title": 500, "text": 20_000, "image": 1_000, "url": 2_000}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
Warn = Callable[[str, str], None]


class RowError(Exception):
    """Say which field of a row is wrong and why."""

    def __init__(self, name: str, reason: str, item_id: str = "") -> None:
        super().__init__(reason)
        self.field = name
        self.reason = reason
        self.item_id = item_id


def to_item(row: Mapping[str, Any], plan: Plan, warn: Warn | None = None) -> Item:
    """Return the item in a row; a cell that cannot be read is told to ``warn`` (column, reason) and left out.

    Raises:
        RowError: the id or the title is missing, or a field is too long or no text.
    """
    found = {target: plan.field(row, target) for target in dict.fromkeys(("item_id", "title", *plan.fields))}
    item_id = found["item_id"]
    for name, text in found.items():
        if name in ("item_id", "title"):
            _check_there(name, text, item_id, made=plan.id_of != "column")
        if len(text) > LIMITS[name]:
            raise RowError(name, f"{len(text)} characters, at most {LIMITS[name]}", item_id[:128])
        if name in ("item_id", "image", "url") and (_CONTROLS.search(text) or "\n" in text):
            raise RowError(name, "holds a control character", item_id)
        if _SURROGATES.search(text):
            raise RowError(name, "invalid Unicode", item_id)
    for name in ("title", "text"):
        if name in found and _CONTROLS.search(found[name]):
            found[name] = _CONTROLS.sub("", found[name])
            _tell(warn, name, "a control character is left out")
    return Item(
        item_id=item_id,
        title=found["title"],
        text=found.get("text", ""),
        attributes=attributes_of(row, plan, warn),
        image=found.get("image") or None,
        url=found.get("url") or None,
        variants=variants_of(row, plan, warn),
    )


def _check_there(name: str, text: str, item_id: str, *, made: bool) -> None:
    """Check that an id or a title is there, and that a row whose id is ``made`` is no line of totals, which has none elsewhere.

    Raises:
        RowError: it is missing, or the title is that of a line of totals.
    """
    if not text:
        raise RowError(name, "missing", item_id)
    if made and name == "title" and is_total(text.split(", ", maxsplit=1)[0]):
        raise RowError(name, "a line of totals", item_id)


def variants_of(row: Mapping[str, Any], plan: Plan, warn: Warn | None = None) -> tuple[Variant, ...]:
    """Return the choices of the product in a row, each with its own price; a price that cannot be read is told to ``warn``."""
    raw: list[RawVariant] = row.get(VARIANTS) or []
    if len(raw) > MAX_VARIANTS:
        _tell(warn, "variants", f"{len(raw)} of one product, at most {MAX_VARIANTS}: the others cannot be chosen")
    prices = plan.model_copy(update={"columns": tuple(c for c in plan.attributes() if c.kind == "price")})
    targets = {c.name: c.target for c in plan.columns if c.target or c.filled}
    made = []
    for variant in raw[:MAX_VARIANTS]:
        options = {t: v for n, v in variant.options.items() if (t := targets.get(n, n)) and v}
        own = attributes_of(variant.row, prices, warn)
        numbers = {n: v for n, v in own.items() if isinstance(v, float)}
        numbers = {n: numbers[n] for n in sorted(numbers, key=lambda n: n != plan.price)}
        if options or numbers:
            made.append(
                Variant(
                    variant_id=variant.variant_id[:128],
                    attributes={**numbers, **options},
                    in_stock=variant.in_stock,
                    image=variant.image or None,
                    url=variant.url or None,
                )
            )
    return tuple(made) if len(made) > 1 else ()


def attributes_of(row: Mapping[str, Any], plan: Plan, warn: Warn | None = None) -> dict[str, AttributeValue]:
    """Return the attributes in a row; of an offer and a regular price, ``price`` is what is to be paid."""
    attributes: dict[str, AttributeValue] = {}
    for column in plan.attributes():
        try:
            made = read_cell(column, row)
        except ValueError as error:
            _tell(warn, column.name, f"{error}; left out (to keep the words: --as '{column.name}=text')")
            continue
        for name, value in made.items():
            clean = _clean(value) if isinstance(value, str | list) else value
            if clean != value:
                _tell(warn, column.name, "a control character is left out")
            if clean not in ("", []):
                attributes.setdefault(name, clean)
        if column.target == plan.price and isinstance(price := made.get(plan.price), float) and price < 0:
            _tell(warn, column.name, f"a price below zero: {price:g}")
    if plan.regular:
        _settle_offer(attributes, plan)
    return attributes


def _settle_offer(attributes: dict[str, AttributeValue], plan: Plan) -> None:
    regular, offer = attributes.get(plan.regular), attributes.get(plan.price)
    if isinstance(regular, float) and not (isinstance(offer, float) and 0 < offer < regular):
        attributes[plan.price] = regular
        attributes.pop(plan.regular)


def _clean(value: str | list[str]) -> str | list[str]:
    if isinstance(value, list):
        return [_SURROGATES.sub("", _CONTROLS.sub("", v)) for v in value]
    return _SURROGATES.sub("", _CONTROLS.sub("", value))


def _tell(warn: Warn | None, name: str, reason: str) -> None:
    if warn is not None:
        warn(name, reason)
