"""Write only some attributes of items that are stored already, also under the ids of a product's choices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...core.choices import offered
from ...core.schemas import Item, Variant
from ..catalogue.lance_catalogue import LanceCatalogue
from .variants import stock_of

Warn = Callable[[int, str, str], None]


class PartialUpdate:
    """Lays the attributes ``only`` of the rows of one run over the stored items.

    Rows of several choices of one product may lie far apart, so products with choices are remembered until the run ends.
    """

    def __init__(self, catalogue: LanceCatalogue, only: Collection[str]) -> None:
        self._catalogue, self._only = catalogue, only
        self._products: dict[str, str] | None = None
        self._chosen: dict[str, Item] = {}

    async def over(self, rows: Sequence[Item], warn: Warn) -> dict[int, Item]:
        """Return the place of a row -> the stored item with what its rows say; each item once, at its last row.

        ``warn`` is told the place of a row, a field and what cannot be written.
        """
        if self._products is None:
            self._products = await self._catalogue.products_of_variants()
        ids = [name for row in rows for name in (row.item_id, self._products.get(row.item_id, "")) if name]
        items = {item.item_id: item for item in await self._catalogue.get(ids)} | self._chosen
        made: dict[str, int] = {}
        for place, row in enumerate(rows):
            item_id = row.item_id if row.item_id in items else self._products.get(row.item_id, "")
            if item_id not in items:
                warn(place, "item_id", "no such item in the catalogue, nothing to update")
                continue
            if item_id == row.item_id:
                items[item_id] = overlaid(items[item_id], row, self._only)
            else:
                items[item_id], left = with_choice(items[item_id], row)
                for name in left:
                    warn(
                        place, name, f"is told of the product and not of its choices; update it under the id {item_id}"
                    )
            made[item_id] = place
        self._chosen |= {i: items[i] for i in made if items[i].variants}
        return {place: items[item_id] for item_id, place in made.items()}


def overlaid(stored: Item, new: Item, only: Collection[str]) -> Item:
    """Return a stored item with the attributes ``only`` of ``new``; of its variants, prices and stock likewise."""
    kept = {name: value for name, value in stored.attributes.items() if name not in only}
    item = stored.model_copy(update={"attributes": {**kept, **new.attributes}})
    if not new.variants:
        return item
    news = {_name_of(variant): variant for variant in new.variants}
    variants = tuple(_updated(old, news.get(_name_of(old))) for old in item.variants) or new.variants
    return offered(item.model_copy(update={"variants": variants}))


def with_choice(stored: Item, new: Item) -> tuple[Item, list[str]]:
    """Return a product whose choice of the id of ``new`` has its numbers and stock, and the attributes that choices do not tell."""
    told = {name for v in stored.variants for name, value in v.attributes.items() if isinstance(value, float)}
    stock = stock_of(new.attributes)
    numbers = {n: v for n, v in new.attributes.items() if n in told and isinstance(v, float)}
    left = [n for n in new.attributes if n not in numbers and stock_of({n: new.attributes[n]}) is None]
    made = tuple(
        _updated(v, Variant(attributes=numbers, in_stock=stock)) if v.variant_id == new.item_id else v
        for v in stored.variants
    )
    return offered(stored.model_copy(update={"variants": made})), left


def _updated(old: Variant, new: Variant | None) -> Variant:
    if new is None:
        return old
    stock = old.in_stock if new.in_stock is None else new.in_stock
    return old.model_copy(update={"attributes": {**old.attributes, **new.attributes}, "in_stock": stock})


def _name_of(variant: Variant) -> str:
    return variant.variant_id or str(sorted((n, v) for n, v in variant.attributes.items() if not isinstance(v, float)))
