"""The filter in the store and the check in Python agree, on hostile values too."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.predicates import all_hold, fold, holds
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Constraint, Item
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.catalogue.sql_filters import (
    attribute_column,
    attribute_name,
    folded_column,
    ids_sql,
    quote,
    to_sql,
)

SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price"),
        CatalogueField(name="colour (EU)", type="text"),
        CatalogueField(name="in_stock", type="bool"),
        CatalogueField(name="Größen.x", type="list"),
    )
)
WORDS = [
    "Red",
    "red ",
    "RED",
    "it's",
    "a\\b",
    "100%",
    "_",
    "' OR '1'='1",
    "'; DROP TABLE x; --",
    "Straße",
    "STRASSE",
    "世界",
]
WORDS += [
    "",
    "ﬁne",
    "fine",
    "I\u0307",
    "Ünïcode",
    "a  b",
    "a b",
    '"quoted"',
    "`tick`",
    "😀",
    "null",
    "\u00a0x",
    "line\nbreak",
]
NUMBERS = [0.0, -1.5, 39.99, 40.0, 40.000000001, 1e22, -1e308, 5e-324, 0.1 + 0.2, 1995.0]


def item(attributes: dict[str, Any], item_id: str = "i") -> Item:
    return Item(item_id=item_id, title="t", attributes=attributes)


def c(field: str, op: Any, value: Any) -> Constraint:
    return Constraint.model_construct(field=field, op=op, value=value)


@pytest.mark.parametrize(
    "name", ["price", "a_b", "Größe (cm)", "_x2e_", ".", "a.b`c'd\"", "__", "x_", "世", "A b", "-"]
)
def test_column_names_are_plain_and_reversible(name: str) -> None:
    column = attribute_column(name)
    assert column.isascii()
    assert column.isidentifier()
    assert attribute_name(column) == name
    assert attribute_name(folded_column(name)) == name


def test_unknown_never_satisfies_a_positive_and_always_a_negated_predicate() -> None:
    for op, value in [("<=", 40), ("=", "red"), ("in", ["red"]), ("contains", "red")]:
        assert not holds(c("price", op, value), item({}))
    for op, value in [("!=", 40), ("not in", ["red"]), ("not contains", "red"), ("not <", 40), ("not >", 40)]:
        assert holds(c("price", op, value), item({}))


@pytest.mark.parametrize(
    ("field", "op", "value", "where"),
    [
        ("nope", "=", 1, "constraints[1].field"),
        ("price", "<=", "cheap", "constraints[1].value"),
        ("price", "<=", True, "constraints[1].value"),
        ("price", "=", float("nan"), "constraints[1].value"),
        ("price", "<=", float("inf"), "constraints[1].value"),
        ("price", "contains", "4", "constraints[1].op"),
        ("price", "<=", ["1"], "constraints[1].op"),
        ("price", "in", ["1", "x"], "constraints[1].value"),
        ("colour (EU)", "<", 4, "constraints[1].op"),
        ("colour (EU)", "=", "a\x00b", "constraints[1].value"),
        ("in_stock", "=", "maybe", "constraints[1].value"),
        ("in_stock", "contains", "true", "constraints[1].op"),
        ("Größen.x", ">=", 4, "constraints[1].op"),
    ],
)
def test_what_does_not_fit_names_its_place(field: str, op: str, value: Any, where: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        to_sql([c("price", "<=", 40), c(field, op, value)], SCHEMA)
    assert caught.value.field == where


def test_literals_are_quoted() -> None:
    assert quote("it's") == "'it''s'"
    assert ids_sql(["a'b", "a'b", "c"]) == "item_id IN ('a''b','c')"
    assert ids_sql([]) == ""
    assert to_sql([], SCHEMA) == ""


def test_fold_is_idempotent() -> None:
    for word in [*WORDS, "ΑΣ", "ǰ", "ŉ", "ᾳ"]:
        assert fold(fold(word)) == fold(word)


def _attributes(rng: random.Random) -> dict[str, Any]:
    values: dict[str, Any] = {
        "price": rng.choice(NUMBERS),
        "colour (EU)": rng.choice(WORDS),
        "in_stock": rng.random() < 0.5,
        "Größen.x": rng.sample(WORDS, rng.randint(0, 3)),
    }
    return {name: value for name, value in values.items() if rng.random() < 0.75}


def _constraint(rng: random.Random) -> Constraint:
    field = rng.choice(SCHEMA.fields)
    if field.type == "number":
        op = rng.choice(["<=", ">=", "<", ">", "not <", "not >", "=", "!=", "in", "not in"])
        number = rng.choice(NUMBERS)
        return c(field.name, op, [repr(number), "7"] if "in" in op else number)
    if field.type == "bool":
        return c(field.name, rng.choice(["=", "!="]), rng.random() < 0.5)
    op = rng.choice(["=", "!=", "in", "not in", "contains", "not contains"])
    word = rng.choice(WORDS)
    if op in ("in", "not in"):
        return c(field.name, op, rng.sample(WORDS, rng.randint(0, 3)))
    return c(field.name, op, word[: rng.randint(0, len(word))] if "contains" in op else word)


async def test_the_store_and_python_agree(tmp_path: Path) -> None:
    rng = random.Random(7)
    first = {"price": 1.0, "colour (EU)": "x", "in_stock": True, "Größen.x": ["x"]}
    items = [item(first, "i0"), *(item(_attributes(rng), f"i{i}") for i in range(1, 250))]
    vector = np.ones(8, dtype=np.float32)
    catalogue = await LanceCatalogue.open(str(tmp_path))
    await catalogue.upsert([ItemRow(i, vector) for i in items])
    selected = 0
    for indexed in (False, True):
        for _ in range(200):
            where = [_constraint(rng) for _ in range(rng.randint(1, 2))]
            expected = {i.item_id for i in items if all_hold([i], where)}
            assert set(await catalogue.scan(1000, where)) == expected, (indexed, where)
            selected += len(expected)
        await catalogue.optimize()
    assert selected > 1000
