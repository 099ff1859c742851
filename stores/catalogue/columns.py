"""Map items to and from the rows of a catalogue table: column names, Arrow types, the text that full-text search reads."""

from __future__ import annotations

import hashlib
import json
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from ...core.choices import highest
from ...core.errors import InvalidRequestError, StoreError
from ...core.predicates import fold, type_of
from ...core.protocols import Vectors
from ...core.schemas import AttributeValue, FieldType, Item, Variant
from .sql_filters import attribute_column, attribute_name, folded_column, highest_column

TEXT_VECTOR = "text_vector"
IMAGE_VECTOR = "image_vector"
SEARCH_TEXT = "search_text"
VARIANTS = "variants"
"""The choices of a product as JSON; a table has this column once an item comes in several."""
ROLE_KEY = b"tastemaker.role"
UNIT_KEY = b"tastemaker.unit"
TABLE_ID_KEY = b"tastemaker.table"
PRICE_NAMES = frozenset({"price", "cost", "amount"})
_KEY = {"lance-schema:unenforced-primary-key": "true"}
"""Lets Lance see that two writers insert the same id at once, and make one of them try again."""
_ITEM_COLUMNS = ("item_id", "title", "text", "image", "url")
_ARROW: dict[FieldType, pa.DataType] = {
    "number": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.utf8(),
    "list": pa.list_(pa.utf8()),
}


_VARIANTS = TypeAdapter(tuple[Variant, ...])


@dataclass(frozen=True)
class ItemRow:
    """An item with its vectors (each of shape (dim,), unit length) and the digest of everything they were made from."""

    item: Item
    text_vector: Vectors
    image_vector: Vectors | None = None
    digest: str = ""


class UpsertResult(NamedTuple):
    """How many rows an upsert added and replaced."""

    inserted: int
    updated: int


def model_mark(model: object) -> str:
    """Return what the digests of items begin with whose vectors are of this image-text model (name, length and revision)."""
    facts = [getattr(model, name, "") for name in ("name", "dim", "revision")]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8] + ":"


def attribute_types(schema: pa.Schema) -> dict[str, FieldType]:
    """Return attribute name -> type of a catalogue table, in the order of its columns."""
    kinds = {arrow: kind for kind, arrow in _ARROW.items()}
    found: dict[str, FieldType] = {}
    for field in schema:
        if field.name.startswith("a_"):
            is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
            found[attribute_name(field.name)] = "list" if is_list else kinds.get(field.type, "text")
    return found


def types_of(rows: Iterable[ItemRow], known: Mapping[str, FieldType]) -> dict[str, FieldType]:
    """Return the types of the attributes of ``rows`` that ``known`` lacks.

    Raises:
        InvalidRequestError: a value whose type differs from the column's; names ``attributes.NAME``.
    """
    new: dict[str, FieldType] = {}
    for row in rows:
        for name, value in row.item.attributes.items():
            kind = type_of(value)
            expected = known.get(name) or new.setdefault(name, kind)
            if expected != kind:
                raise InvalidRequestError(
                    f"attributes.{name}",
                    f"is a {expected} field in the catalogue; item {row.item.item_id} has a {kind}",
                )
    return new


def base_schema(dim: int) -> pa.Schema:
    """Return the columns every catalogue table has, for vectors of ``dim`` numbers, with a new id for the table."""
    vector = pa.list_(pa.float32(), dim)
    strings = [pa.field(name, pa.utf8()) for name in _ITEM_COLUMNS[1:]]
    return pa.schema(
        [
            pa.field("item_id", pa.utf8(), nullable=False, metadata=_KEY),
            *strings,
            pa.field("digest", pa.utf8()),
            pa.field(SEARCH_TEXT, pa.utf8()),
            pa.field(TEXT_VECTOR, vector),
            pa.field(IMAGE_VECTOR, vector),
        ],
        metadata={TABLE_ID_KEY: uuid.uuid4().hex.encode()},
    )


def table_id(schema: pa.Schema) -> str:
    """Return the id a table was created with, or an empty string for one made before tables had ids."""
    return str((schema.metadata or {}).get(TABLE_ID_KEY, b"").decode())


def attribute_fields(types: Mapping[str, FieldType]) -> list[pa.Field]:
    """Return the columns of attributes: the value, and for text and lists its folded copy."""
    fields: list[pa.Field] = []
    for name, kind in types.items():
        fields.append(pa.field(attribute_column(name), _ARROW[kind]))
        if kind in ("text", "list"):
            fields.append(pa.field(folded_column(name), _ARROW[kind]))
    return fields


def highest_fields(rows: Iterable[ItemRow], have: Sequence[str]) -> list[pa.Field]:
    """Return the columns that ``have`` lacks for the highest numbers among the choices of ``rows``."""
    names = dict.fromkeys(
        n for row in rows if row.item.variants for n in row.item.attributes if highest(row.item, n) is not None
    )
    return [pa.field(highest_column(n), pa.float64()) for n in names if highest_column(n) not in have]


def to_arrow(rows: Sequence[ItemRow], schema: pa.Schema) -> pa.Table:
    """Return ``rows`` as a table with the columns of ``schema``."""
    return pa.Table.from_pylist([_record(row) for row in rows], schema=schema.remove_metadata())


def item_columns(schema: pa.Schema) -> list[str]:
    """Return the columns that ``to_items`` reads."""
    return [*_ITEM_COLUMNS, *(name for name in schema.names if name.startswith("a_") or name == VARIANTS)]


def to_items(table: pa.Table) -> list[Item]:
    """Return the items of a table that has the columns of ``item_columns``."""
    names = {c: attribute_name(c) for c in table.column_names if c.startswith("a_")}
    return [_item(record, names) for record in table.to_pylist()]


def read_variants(stored: str | None) -> tuple[Variant, ...]:
    """Return the choices that a row's column of variants holds."""
    return _VARIANTS.validate_json(stored) if stored else ()


def search_text(item: Item) -> str:
    """Return what full-text search reads of ``item``: title, text and its text and list attributes."""
    parts = [item.title, item.text]
    for value in item.attributes.values():
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, list):
            parts.extend(value)
    return spaced("\n".join(p for p in parts if p))


def spaced(text: str) -> str:
    """Return ``text`` in NFKC with Chinese, Japanese and Korean characters apart and, after it, every pair of neighbours.

    A word tokenizer then indexes characters and overlapping pairs, which serve Chinese retrieval as well as word segmentation
    does and need no dictionary (Nie et al. 2000, "On the use of words and n-grams for Chinese information retrieval"). A
    catalogue indexed before pairs were written is still found by the characters of short texts; ingest it again for pairs.
    """
    normal = unicodedata.normalize("NFKC", text)
    if normal.isascii():
        return normal
    apart = "".join(f" {c} " if is_cjk(c) else c for c in normal)
    pairs = dict.fromkeys(a + b for a, b in pairwise(normal) if is_cjk(a) and is_cjk(b))
    return " ".join([apart, *pairs]) if pairs else apart


def unit(vector: Vectors) -> Vectors:
    """Return ``vector`` as one float32 row of unit length; a zero vector stays zero.

    Raises:
        StoreError: a number that is not finite.
    """
    flat = np.asarray(vector, dtype=np.float32).reshape(-1)
    if not np.isfinite(flat).all():
        raise StoreError("a vector with numbers that are not finite: check the image-text model")
    norm = float(np.linalg.norm(flat))
    return flat / np.float32(norm) if norm > 0 else flat


def price_role(name: str) -> bool:
    """Return whether an attribute's name says that it is a price: price, cost or amount, alone or with a unit."""
    words = fold("".join(c if c.isalnum() else " " for c in name)).split()
    return bool(words) and words[0] in PRICE_NAMES and len(words) <= 2


def price_unit(name: str) -> str:
    """Return the unit that a price's name ends in (``price_eur``, ``price (EUR)``), in capitals, or an empty string."""
    words = "".join(c if c.isalnum() else " " for c in name).split()
    return words[1].upper() if len(words) == 2 and len(words[1]) == 3 and words[1].isalpha() else ""


def field_marks(schema: pa.Schema, units: Mapping[str, str], price: str) -> list[dict[str, Any]]:
    """Return the updates of metadata that give number attributes their units and make ``price`` the only price."""
    updates = []
    for name, kind in attribute_types(schema).items():
        field = schema.field(attribute_column(name))
        have = {key: metadata_text(field, key) for key in (ROLE_KEY, UNIT_KEY)}
        want = dict(have)
        if kind == "number" and units.get(name):
            want[UNIT_KEY] = units[name]
        if price:
            want[ROLE_KEY] = "price" if name == price and kind == "number" else ""
        if want != have:
            updates.append({"path": field.name, "metadata": {k.decode(): v or None for k, v in want.items()}})
    return updates


def metadata_text(field: pa.Field, key: bytes) -> str:
    """Return a piece of a column's metadata, or an empty string."""
    return str((field.metadata or {}).get(key, b"").decode("utf-8"))


def metadata_json(field: pa.Field, key: bytes) -> dict[str, Any]:
    """Return a piece of a column's metadata that holds a JSON object, or an empty one."""
    raw = metadata_text(field, key)
    return dict(json.loads(raw)) if raw else {}


def _record(row: ItemRow) -> dict[str, Any]:
    item = row.item
    record: dict[str, Any] = {
        "item_id": item.item_id,
        "title": item.title,
        "text": item.text,
        "image": item.image,
        "url": item.url,
        "digest": row.digest,
        SEARCH_TEXT: search_text(item),
        TEXT_VECTOR: unit(row.text_vector),
        IMAGE_VECTOR: None if row.image_vector is None else unit(row.image_vector),
        VARIANTS: _VARIANTS.dump_json(item.variants, exclude_none=True).decode() if item.variants else None,
    }
    for name, value in item.attributes.items():
        stored = None if value == [] else value
        record[attribute_column(name)] = stored
        if isinstance(stored, str):
            record[folded_column(name)] = fold(stored)
        elif isinstance(stored, list):
            record[folded_column(name)] = [fold(v) for v in stored]
        elif item.variants:
            record[highest_column(name)] = highest(item, name)
    return record


def _item(record: Mapping[str, Any], names: Mapping[str, str]) -> Item:
    attributes: dict[str, AttributeValue] = {
        name: record[column] for column, name in names.items() if record[column] is not None
    }
    fields = {name: record[name] for name in _ITEM_COLUMNS}
    fields["text"] = fields["text"] or ""
    return Item.model_construct(**fields, attributes=attributes, variants=read_variants(record.get(VARIANTS)))


def is_cjk(char: str) -> bool:
    """Tell whether a character is a Chinese, Japanese or Korean one."""
    code = ord(char)
    return (
        0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF or 0x20000 <= code <= 0x3FFFF
    )
