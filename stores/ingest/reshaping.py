"""Turn the rows of known layouts into one flat row an item: nested values opened, variants and store views put together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .column import text_of
from .flattening import LeftOut, first, flatten, joined
from .values import is_unknown
from .variants import RawVariant, Row, cheapest, merged, stock_of, with_variants

_SHOPIFY_NAMES = {
    "URL handle": "Handle", "Description": "Body (HTML)", "Product category": "Product Category", "Published on online store": "Published",
    "SKU": "Variant SKU", "Barcode": "Variant Barcode", "Price": "Variant Price", "Compare-at price": "Variant Compare At Price",
    "Inventory quantity": "Variant Inventory Qty", "Continue selling when out of stock": "Variant Inventory Policy",
    "Weight value (grams)": "Variant Grams", "Product image URL": "Image Src", "Inventory tracker": "Variant Inventory Tracker",
    "Charge tax": "Variant Taxable", "Weight unit for display": "Variant Weight Unit", "Requires shipping": "Variant Requires Shipping",
    "Fulfillment service": "Variant Fulfillment Service", "Image position": "Image Position", "Image alt text": "Image Alt Text",
    "Variant image URL": "Variant Image", "Gift card": "Gift Card", "SEO title": "SEO Title", "SEO description": "SEO Description",
}  # fmt: skip


def shopify_old_names(row: Mapping[str, Any]) -> Row:
    """Return a row of Shopify's file of 2024 and later under the names that came before."""
    renamed = {_SHOPIFY_NAMES.get(name, name): value for name, value in row.items()}
    return {
        re.sub(r"^Option(\d) (name|value)$", lambda m: f"Option{m[1]} {m[2].title()}", n): v for n, v in renamed.items()
    }


def shopify(rows: Sequence[Row]) -> Row:
    """Merge a product's variants: options become lists under their names, the price is the lowest, stock that of any."""
    made = joined(rows)
    if text_of(made.get("Status") or "active").lower() not in ("active", ""):
        raise LeftOut(f"status {text_of(made['Status']).lower()}")
    if text_of(made.get("Published") or "true").lower() == "false":
        raise LeftOut("not published")
    choices = [r for r in rows if not is_unknown(r.get("Variant Price")) or not is_unknown(r.get("Option1 Value"))]
    names = [(f"Option{n} Value", text_of(made.get(f"Option{n} Name") or "")) for n in (1, 2, 3)]
    options = {column: name.lower() for column, name in names if name and name != "Title"}
    tracked = first(choices, "Variant Inventory Qty") is not None
    variants = [
        RawVariant(
            text_of(row.get("Variant SKU") or ""),
            {name: text_of(row[column]) for column, name in options.items() if not is_unknown(row.get(column))},
            row,
            _sells(row) if tracked else None,
            text_of(row.get("Variant Image") or ""),
        )
        for row in choices
    ]
    made |= {
        name: cheapest(variants, "Variant Price").get(name) for name in ("Variant Price", "Variant Compare At Price")
    }
    return with_variants(made, variants)


def _sells(row: Row) -> bool:
    """Return whether a variant of Shopify can be had: nobody counts it, some are left, or it is sold on regardless."""
    uncounted = "Variant Inventory Tracker" in row and is_unknown(row["Variant Inventory Tracker"])
    sells_on = text_of(row.get("Variant Inventory Policy") or "").lower() == "continue"
    return uncounted or sells_on or _number(row.get("Variant Inventory Qty")) > 0


def _number(value: Any) -> float:
    try:
        return float(text_of(value or 0) or 0)
    except ValueError:
        return 0.0


def woocommerce(rows: Sequence[Row]) -> Row:
    """Merge a product with its variations, whose attributes, lowest price and stock it takes; open the attribute columns."""
    own = next((r for r in rows if text_of(r.get("Type") or "").split(",")[0].strip() != "variation"), None)
    if own is None:
        raise LeftOut("a variation without its product")
    if text_of(own.get("Published")) in ("-1", "0"):
        raise LeftOut("not published")
    made = dict(own)
    for row in rows:
        for name, value in _woo_attributes(row).items():
            made[name] = _with(made.get(name), value)
    variants = [
        RawVariant(
            next((text_of(row[n]) for n in ("SKU", "ID") if not is_unknown(row.get(n))), ""),
            {name: value[0] for name, value in _woo_attributes(row).items() if value},
            row,
            {"1": True, "backorder": True, "0": False}.get(text_of(row.get("In stock?"))),
            next(iter(_commas(row.get("Images"))), ""),
        )
        for row in rows
        if row is not own
    ]
    if variants and is_unknown(own.get("Regular price")):
        made |= {
            name: cheapest(variants, "Regular price", "Sale price").get(name)
            for name in ("Regular price", "Sale price")
        }
    if variants:
        made = with_variants(made, variants)
        made["In stock?"] = made.pop("in_stock", made.get("In stock?"))
    if is_unknown(made.get("ID")):
        made["ID"] = made.get("SKU")
    made["Categories"] = [*dict.fromkeys(p.strip() for c in _commas(made.get("Categories")) for p in c.split(">"))]
    made["Tags"] = _commas(made.get("Tags"))
    made["Images"] = next(iter(_commas(made.get("Images"))), "")
    return made


def woo_key(row: Mapping[str, Any]) -> list[str]:
    """Return the names under which a row's product may be known: of a variation its parent, else its id and SKU."""
    parent = text_of(row.get("Parent") or "")
    if text_of(row.get("Type") or "").split(",")[0].strip() == "variation" and parent:
        return [parent.removeprefix("id:").strip()]
    return [text_of(row.get(n) or "") for n in ("ID", "SKU") if not is_unknown(row.get(n))]


def _woo_attributes(row: Row) -> dict[str, list[str]]:
    found = {}
    for column, value in row.items():
        match = re.fullmatch(r"Attribute (\d+) name", column)
        if match and not is_unknown(value):
            found[text_of(value).lower()] = _commas(row.get(f"Attribute {match[1]} value(s)"))
    return found


def _with(known: Any, more: Sequence[str]) -> list[str]:
    """Return a list with more members, each once."""
    return [*dict.fromkeys([*(known if isinstance(known, list) else []), *more])]


def _commas(value: Any) -> list[str]:
    """Split by commas, of which ``\\,`` is none."""
    parts = re.split(r"(?<!\\),", text_of(value or ""))
    return [p.replace("\\,", ",").strip() for p in parts if p.strip()]


def magento(rows: Sequence[Row]) -> Row:
    """Merge a product's store views, of which the default one counts, and open its additional attributes and variations."""
    whole = next((r for r in rows if not is_unknown(r.get("configurable_variations"))), rows[0])
    family = [r for r in rows if r.get("sku") == whole.get("sku")]
    own = next((r for r in family if is_unknown(r.get("store_view_code"))), family[0])
    made = joined([own, *(r for r in family if r is not own)])
    if text_of(made.get("product_online") or "1") in ("2", "0"):
        raise LeftOut("not online")
    if text_of(made.get("visibility") or "").lower() == "not visible individually":
        raise LeftOut("a part of another product")
    for pair in re.split(r",(?=[\w-]+=)", text_of(made.pop("additional_attributes", None) or "")):
        name, equals, value = pair.partition("=")
        if equals:
            made[name.strip()] = [v.strip() for v in value.split("|") if v.strip()]
    made = _with_configurations(made, {text_of(r.get("sku")): r for r in reversed(rows) if r not in family})
    paths = (p for path in _commas(made.get("categories")) for p in path.split("/")[1:])
    made["categories"] = [*dict.fromkeys(p.strip() for p in paths)]
    return made


def magento_key(row: Mapping[str, Any]) -> list[str]:
    """Return the SKUs that a row speaks of: its own and those of its variations."""
    return [text_of(row.get("sku") or ""), *(sku for sku, _ in _configurations(row))]


def _configurations(row: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    found = []
    for variation in text_of(row.get("configurable_variations") or "").split("|"):
        pairs = [pair.partition("=") for pair in variation.split(",")]
        told = {name.strip(): value.strip() for name, equals, value in pairs if equals}
        if sku := told.pop("sku", ""):
            found.append((sku, told))
    return found


def _with_configurations(made: Row, parts: Mapping[str, Row]) -> Row:
    """Return a configurable product's row with its variations, whose prices and stock stand in rows of their own."""
    variants = []
    for sku, options in _configurations(made):
        row = parts.get(sku, {})
        stock = stock_of(row)
        variants.append(RawVariant(sku, options, row, stock, text_of(row.get("base_image") or "")))
    made.pop("configurable_variations", None)
    if not variants:
        return made
    if all(v.row for v in variants):
        low = cheapest(variants, "price", "special_price")
        made |= {n: low[n] for n in ("price", "special_price") if not is_unknown(low.get(n))}
    made = with_variants(made, variants)
    if "in_stock" in made:
        made["is_in_stock"] = made.pop("in_stock")
    return made


def akeneo(rows: Sequence[Row]) -> Row:
    """Open locales, channels and currencies in the names of columns: name-en_US, price-EUR, weight with weight-unit."""
    enabled = [r for r in rows if text_of(r.get("enabled") or "1") not in ("0", "false")]
    if not enabled:
        raise LeftOut("not enabled")
    opened = [_akeneo_opened(row) for row in enabled]
    return merged(opened, "parent", "sku") if not is_unknown(opened[0].get("parent")) else joined(opened)


def akeneo_key(row: Mapping[str, Any]) -> list[str]:
    """Return the product model of a row, else its SKU."""
    return [text_of(row.get("parent") or "") or text_of(row.get("sku") or "")]


def _akeneo_opened(row: Mapping[str, Any]) -> Row:
    made = dict(row)
    locales: dict[str, str] = {}
    for name, value in [*made.items()]:
        match = re.fullmatch(r"(.+?)-([a-z]{2}_[A-Z]{2})(?:-[A-Za-z0-9_]+)?", name)
        if match is None:
            continue
        made.pop(name)
        english = match[2] == "en_US" or (match[2].startswith("en") and locales.get(match[1]) != "en_US")
        if not is_unknown(value) and (match[1] not in locales or (english and not locales[match[1]].startswith("en"))):
            made[match[1]], locales[match[1]] = value, match[2]
    prices = [(n, n[-3:]) for n in made if re.fullmatch(r"price-[A-Z]{3}", n)]
    for place, (name, code) in enumerate(prices):
        amount = text_of(made.pop(name) or "")
        made["price" if place == 0 else f"price_{code.lower()}"] = f"{amount} {code}" if amount else None
    for name in [n for n in made if n.endswith("-unit")]:
        unit = text_of(made.pop(name) or "").lower()
        measure = name.removesuffix("-unit")
        if unit and not is_unknown(made.get(measure)):
            made[measure] = f"{text_of(made[measure])} {unit}"
    return made


def movielens(row: Mapping[str, Any]) -> Row:
    """Take the year out of a film's title, where it stands in brackets at the end."""
    match = re.search(r"\((\d{4})\)\s*$", text_of(row.get("title") or ""))
    return dict(row) | ({"year": int(match[1])} if match else {})


def amazon(row: Mapping[str, Any]) -> Row:
    """Join features and description, and take the first picture."""
    flat = flatten(row)
    images = flat.get("images")
    return flat | {"images": images[0] if isinstance(images, list) and images else images}


def feed_key(row: Mapping[str, Any]) -> list[str]:
    """Return the group of variants that a row belongs to, else its id."""
    return [text_of(row.get("item_group_id") or "") or text_of(row.get("id") or "")]


def feed_group(rows: Sequence[Row]) -> Row:
    """Merge the variants of a group; the group's name is the product's id."""
    grouped = not is_unknown(rows[0].get("item_group_id"))
    return merged(rows, "item_group_id", "id") if grouped else joined(rows)


def product_group(row: Mapping[str, Any]) -> Row:
    """Open a product of schema.org; of a ProductGroup its variants stand in ``hasVariant``."""
    parts = row.get("hasVariant")
    flat = flatten({name: value for name, value in row.items() if name != "hasVariant"})
    if not isinstance(parts, list) or not all(isinstance(p, dict) for p in parts):
        return flat
    rows = [flatten({**p, "group": flat.get("productGroupID") or flat.get("@id") or flat.get("name")}) for p in parts]
    for part in rows:
        part |= {"availability": part.get("offers.availability"), "link": part.get("url") or part.get("offers.url")}
    made = merged(rows, "group", "sku") if rows else {}
    stock = made.pop("availability", None)
    made = {n: v for n, v in made.items() if n not in ("group", "link") and not is_unknown(v)}
    return (
        flat
        | made
        | {"offers.availability": stock, **{n: flat[n] for n in ("name", "description", "image", "url") if flat.get(n)}}
    )


def etsy(row: Mapping[str, Any]) -> Row:
    """Open the variations of a listing under their names."""
    made = dict(row)
    for n in (1, 2):
        name, values = (row.get(f"VARIATION {n} {part}") for part in ("NAME", "VALUES"))
        if not is_unknown(name) and not is_unknown(values):
            made[text_of(name).lower()] = _commas(values)
    return made


def prestashop(row: Mapping[str, Any]) -> Row:
    """Take the first picture of a product, and leave out what is not active."""
    made = {name.rstrip(" *"): value for name, value in row.items()}
    if text_of(made.get("Active (0/1)") or "1") == "0":
        raise LeftOut("not active")
    return made | {"Image URLs": next(iter(_commas(made.get("Image URLs (x,y,z...)"))), "")}


def shopify_json(row: Mapping[str, Any]) -> Row:
    """Open a product of Shopify's ``products.json``: its options by name, its variants, its first picture."""
    made: Row = {n: v for n, v in row.items() if n not in ("variants", "options", "images", "image")}
    parts = [v for v in row.get("variants") or [] if isinstance(v, dict)]
    names = [text_of(o.get("name") if isinstance(o, dict) else o) for o in row.get("options") or []]
    options = {f"option{n}": name.lower() for n, name in enumerate(names, start=1) if name != "Title"}
    variants = [
        RawVariant(
            text_of(v.get("sku") or v.get("id") or ""),
            {name: text_of(v[key]) for key, name in options.items() if not is_unknown(v.get(key))},
            dict(v),
            v.get("available") if isinstance(v.get("available"), bool) else None,
            text_of((v.get("featured_image") or {}).get("src") or "")
            if isinstance(v.get("featured_image"), dict)
            else "",
        )
        for v in parts
    ]
    pictures = [p.get("src") if isinstance(p, dict) else p for p in row.get("images") or []]
    made |= {"image": pictures[0] if pictures else None}
    if not variants:
        return made
    made |= {name: cheapest(variants, "price").get(name) for name in ("price", "compare_at_price")}
    return with_variants(made, variants)


def feed(row: Mapping[str, Any]) -> Row:
    """Split the levels of a feed's product type; the last of several is the narrowest."""
    flat = flatten(row)
    for name in ("product_type", "google_product_category", "fb_product_category"):
        value = flat.get(name)
        text = text_of(value[-1] if isinstance(value, list) and value else value or "")
        if text and not text.isdigit():
            flat[name] = [*dict.fromkeys(p.strip() for p in text.split(">") if p.strip())]
        elif name in flat:
            flat[name] = None
    return flat
