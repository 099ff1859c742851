"""Describe a catalogue table: its filterable fields with distinct values, bounds and the price's unit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...core.moment import type_of_values
from ...core.schemas import CatalogueField, CatalogueSchema, FieldType
from .columns import ROLE_KEY, UNIT_KEY, attribute_types, metadata_text, price_role, price_unit
from .sql_filters import attribute_column, highest_column

MAX_VALUES = 200
MAX_TRACKED = 50_000
MAX_TEXTS = 20_000


async def describe(table: Any) -> CatalogueSchema:
    """Return the schema of a Lance table, reading one column at a time in batches."""
    schema = await table.schema()
    types = attribute_types(schema)
    price = _price_field(schema, types)
    fields = []
    for name, kind in types.items():
        column = attribute_column(name)
        role = "price" if name == price else "none"
        unit = metadata_text(schema.field(column), UNIT_KEY) or (price_unit(name) if price_role(name) else "")
        found = await _field(table, name, kind, role, unit)
        if (above := highest_column(name)) in schema.names:
            found = found.model_copy(update=await _of_choices(table, above, found.maximum))
        fields.append(found)
    return CatalogueSchema(fields=tuple(_with_currency(fields)), count=await table.count_rows())


async def _of_choices(table: Any, column: str, maximum: float | None) -> dict[str, Any]:
    """Return what the highest numbers among the choices, if there are any, say of a field."""
    values = (await table.query().where(f"{column} IS NOT NULL").select([column]).to_arrow()).column(0)
    highest = pc.max(values).as_py()
    return {} if highest is None else {"choices": True, "maximum": max(highest, maximum or highest)}


async def vocabulary(table: Any) -> dict[str, dict[str, int]]:
    """Return field -> every distinct value with how often it occurs, of text and list fields, at most ``MAX_TRACKED`` each."""
    found: dict[str, dict[str, int]] = {}
    for name, kind in attribute_types(await table.schema()).items():
        if kind not in ("text", "list"):
            continue
        counts: Counter[str] = Counter()
        async for batch in await table.query().select([attribute_column(name)]).to_batches():
            if len(counts) < MAX_TRACKED:
                _count(counts, batch.column(0))
        found[name] = dict(counts.most_common(MAX_TRACKED))
    return found


async def texts(table: Any) -> tuple[list[str], list[str]]:
    """Return titles, and descriptions, of at most ``MAX_TEXTS`` items."""
    rows = await table.query().select(["title", "text"]).limit(MAX_TEXTS).to_arrow()
    titles, descriptions = ([v for v in rows.column(name).to_pylist() if v] for name in ("title", "text"))
    return titles, descriptions


async def _field(table: Any, name: str, kind: FieldType, role: str, unit: str) -> CatalogueField:
    column = attribute_column(name)
    counts: Counter[str] = Counter()
    bounds: list[float] = []
    gaps = False
    async for batch in await table.query().select([column]).to_batches():
        values = batch.column(0)
        gaps = gaps or values.null_count > 0
        if kind == "number":
            low, high = pc.min_max(values).values()
            bounds += [v.as_py() for v in (low, high) if v.is_valid]
        elif kind != "bool" and len(counts) < MAX_TRACKED:
            _count(counts, values)
    top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_VALUES]
    return CatalogueField.model_validate(
        {
            "name": name,
            "type": type_of_values(tuple(counts)) if kind == "text" else kind,
            "role": role,
            "unit": unit,
            "values": tuple(value for value, _ in top),
            "minimum": min(bounds, default=None),
            "maximum": max(bounds, default=None),
            "gaps": gaps,
        }
    )


def _count(counts: Counter[str], values: pa.Array) -> None:
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.list_flatten(values)
    for entry in pc.value_counts(values.drop_null()):
        counts[entry["values"].as_py()] += entry["counts"].as_py()


def _price_field(schema: pa.Schema, types: dict[str, FieldType]) -> str | None:
    numbers = [name for name, kind in types.items() if kind == "number"]
    for name in numbers:
        if metadata_text(schema.field(attribute_column(name)), ROLE_KEY) == "price":
            return name
    named = [name for name in numbers if price_role(name)]
    return min(named, key=lambda n: (n.casefold() != "price", numbers.index(n)), default=None)


def _with_currency(fields: list[CatalogueField]) -> list[CatalogueField]:
    """Take the price's unit from a text field ``currency`` that has one value, where nothing else gave it."""
    currency = next((f for f in fields if f.name.casefold() in ("currency", "price_currency")), None)
    if currency is None or len(currency.values) != 1:
        return fields
    unit = currency.values[0]
    return [f.model_copy(update={"unit": unit}) if f.role == "price" and not f.unit else f for f in fields]
