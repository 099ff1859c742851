"""Put the rows of a product's variants together: what can be chosen, what is sold out, and each variant's own price, picture and link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .column import text_of
from .values import LATER, is_unknown, truth_in

Row = dict[str, Any]
VARIANTS = "\0variants"
"""The key of a row under which a layout leaves its variants; no column can be called so."""
MAX_VARIANTS = 1_000
OPTIONS = ("color", "colour", "size", "material", "pattern", "style", "scent", "flavor", "flavour", "length", "width", "capacity", "storage",
           "farbe", "größe", "couleur", "taille", "talla", "颜色", "尺码", "尺寸", "规格", "age_group", "gender")  # fmt: skip
"""What variants of a product usually differ in."""


OWN_IDS = ("sku", "id", "item_id", "variant_id", "variant_sku", "product_id", "article_id", "artikelnummer")
"""What the column of a variant's own id is called."""


@dataclass(frozen=True)
class RawVariant:
    """One variant as the file has it: ``row`` holds its price under the names of the file's columns."""

    variant_id: str
    options: Mapping[str, str | list[str]]
    row: Row = field(default_factory=dict)
    in_stock: bool | None = None
    image: str = ""
    url: str = ""

    @property
    def name(self) -> str:
        """What people call it: ``42 / Black``."""
        return " / ".join("/".join(v) if isinstance(v, list) else v for v in self.options.values())


def with_variants(made: Row, variants: Sequence[RawVariant]) -> Row:
    """Return a product's row with what can be chosen of its variants as lists, what is sold out, and the variants themselves.

    A list holds what can be had; where all is sold out it is empty and ``sold_out`` names it all. What a variant does not tell is
    chosen freely and stays as the product says.
    """
    there = [v for v in variants if v.in_stock is not False]
    gone = [v.name for v in variants if v.in_stock is False and v.name]
    found = dict(made)
    for name in dict.fromkeys(name for v in variants for name in v.options):
        if all(name in v.options for v in variants):
            found[name] = [*dict.fromkeys(m for v in there for m in _members(v.options[name]))]
    if any(v.in_stock is not None for v in variants):
        found |= {"in_stock": any(v.in_stock for v in variants), "sold_out": gone}
    return found | ({VARIANTS: [*variants]} if len(variants) > 1 else {})


def cheapest(variants: Sequence[RawVariant], *columns: str) -> Row:
    """Return the row of the variant to be had that has the lowest price in one of ``columns``, or the first row; empty without variants."""
    from .numbers import money_in

    there = [v.row for v in variants if v.in_stock is not False] or [v.row for v in variants]
    prices = [[m.amount for c in columns if (m := money_in(text_of(row.get(c) or "")))] for row in there]
    priced = [(min(found), place) for place, found in enumerate(prices) if found]
    return there[min(priced)[1] if priced else 0] if there else {}


def merged(rows: Sequence[Row], by: str, own_id: str, options: Iterable[str] = ()) -> Row:
    """Return one row of the rows of a group, each of which is a variant on its own: of Google's ``item_group_id`` and the like.

    Args:
        rows: the rows of one product.
        by: the column that says which product they belong to.
        own_id: the column with each variant's own id.
        options: the columns that tell them apart; by default those of ``OPTIONS`` in which they differ.
    """
    if len(rows) == 1:
        return dict(rows[0])
    names = [*dict.fromkeys(n for row in rows for n in row)]
    chosen = [*options] or [
        n for n in names if n.casefold() in OPTIONS and len({text_of(r.get(n) or "") for r in rows}) > 1
    ]
    variants = [
        RawVariant(
            text_of(row.get(own_id) or ""),
            {n: v if len(v := _slashed(n, row[n])) > 1 else v[0] for n in chosen if not is_unknown(row.get(n))},
            row,
            stock_of(row),
            _first(row, "image_link", "image", "image_url", "picture"),
            _first(row, "link", "url"),
        )
        for row in rows
    ]
    there = [v for v in variants if v.in_stock is not False] or variants
    made = {n: next((v.row[n] for v in there if not is_unknown(v.row.get(n))), None) for n in names}
    low = cheapest(variants, *(n for n in names if n.casefold() in ("sale_price", "price")))
    made |= {n: low.get(n) for n in names if "price" in n.casefold()}
    if title := next((n for n in ("title", "name") if n in names), ""):
        plain = [_without(text_of(v.row.get(title) or ""), v.options.values()) for v in variants]
        whole = [text_of(row.get(title) or "") for row in rows]
        made[title] = plain[0] if plain[0] and len(set(plain)) == 1 else common_title(whole)
    made = with_variants(made | {own_id: next(text_of(r[by]) for r in rows if not is_unknown(r.get(by)))}, variants)
    if "availability" in made:
        made["availability"] = "in stock" if any(v.in_stock for v in variants) else made["availability"]
        made.pop("in_stock", None)
    return made


def _without(title: str, options: Iterable[str | list[str]]) -> str:
    """Return a variant's title without the words that tell it from the others: ``Runner red, 42`` is a ``Runner``."""
    for option in options:
        for word in _members(option):
            title = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", " ", title, flags=re.IGNORECASE)
    return re.sub(r"[\s,/|()–-]+$", "", " ".join(title.split()))


def by_rule(rows: Sequence[Row], rule: Mapping[str, str]) -> Row:
    """Merge the rows of one item as a rule says: store views, of which the preferred one counts, or variants, or only what each row knows.

    Args:
        rows: the rows that share a value in the column ``by``.
        rule: ``by``, and ``choices`` (columns joined by ``+``) or ``view`` and ``prefer``.
    """
    if view := rule.get("view", ""):
        own = [r for r in rows if text_of(r.get(view) or "") == rule.get("prefer", "")]
        first = [*own, *(r for r in rows if r not in own)]
        names = [n for n in dict.fromkeys(n for row in rows for n in row) if n != view]
        return {n: next((r[n] for r in first if not is_unknown(r.get(n))), None) for n in names}
    own_id = next((n for n in rows[0] if n != rule["by"] and n.casefold() in OWN_IDS), "")
    return merged(
        rows, rule["by"], own_id or rule["by"], rule.get("choices", "").split("+") if rule.get("choices") else ()
    )


def common_title(titles: Sequence[str]) -> str:
    """Return the words that all titles begin with, if they are half of the shortest at least, else the first title."""
    split = [title.split() for title in titles if title]
    if not split:
        return ""
    shared = 0
    for words in zip(*split, strict=False):
        if len({w.strip(",-–|/()").casefold() for w in words}) > 1:
            break
        shared += 1
    if 2 * shared < min(map(len, split)) or not shared:
        return titles[0]
    return " ".join(split[0][:shared]).strip(" ,-–|/(")


def stock_of(row: Mapping[str, Any]) -> bool | None:
    """Return whether a row says that it can be had, in words or as a number of pieces; None when it does not say, or comes later."""
    for name in (
        "availability",
        "in_stock",
        "is_in_stock",
        "stock_status",
        "quantity_to_sell_on_facebook",
        "stock",
        "inventory",
        "quantity",
        "qty",
        "库存",
    ):
        value = row.get(name)
        if is_unknown(value):
            continue
        text = text_of(value)
        if text.rpartition("/")[2].casefold() in LATER:
            return None
        if (said := truth_in(value)) is not None:
            return said
        if text.replace(".", "", 1).lstrip("-").isdigit():
            return float(text) > 0
    return None


def _slashed(name: str, value: Any) -> list[str]:
    """Return the colours or materials of one thing, which feeds separate by a slash; of anything else the cell."""
    text = text_of(value)
    parts = [p.strip() for p in text.split("/") if p.strip()]
    return parts if len(parts) > 1 and name.casefold() in ("color", "colour", "material") else [text]


def _members(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _first(row: Mapping[str, Any], *names: str) -> str:
    return next((text_of(row[n]).split("\n")[0] for n in names if not is_unknown(row.get(n))), "")
