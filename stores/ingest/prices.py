"""Settle what the prices of a file are in, and which of several is the price."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .column import Column
from .column_guess import measured
from .column_names import (
    BEFORE_NAMES,
    COST_NAMES,
    CURRENCY_NAMES,
    REGULAR_NAMES,
    SALE_NAMES,
    SIDE_FEES,
    is_price_name,
    leaf,
    simple,
)
from .column_sample import Sample
from .numbers import currency_code

CURRENCY = "the currency of the prices"
_TOTAL = re.compile(r"\btotal\b|gesamt|总", re.IGNORECASE)
MINOR = frozenset({"cent", "cents", "ct", "minor", "pence", "分"})
"""What a column says whose neighbours are prices in hundredths."""


def with_currencies(columns: list[Column], samples: Mapping[str, Sample]) -> list[Column]:
    """Let prices take their currency from a column that holds codes."""
    holder = next((c.name for c in columns if simple(leaf(c.name)) in CURRENCY_NAMES and c.target), "")
    counts = samples[holder].texts() if holder else {}
    codes = {currency_code(text): times for text, times in counts.items() if currency_code(text)}
    if not codes:
        return columns
    usual = max(codes, key=lambda code: codes[code])
    odd = (
        (f"{len(codes)} currencies ({', '.join(codes)}); each but {usual} becomes an attribute of its own",)
        if len(codes) > 1
        else ()
    )
    priced = {"currency_column": holder, "unit": usual}
    made = [
        c.model_copy(update={**priced, "unit": c.unit or usual, "odd": (*c.odd, *odd)}) if c.kind == "price" else c
        for c in columns
    ]
    if made == columns:
        return columns
    used = {"kind": "ignore", "target": "", "why": CURRENCY}
    return [c.model_copy(update=used) if c.name == holder else c for c in made]


def in_cents(columns: list[Column], samples: Mapping[str, Sample]) -> list[Column]:
    """Let prices be read as cents where a column beside them, such as ``pricing.unit``, says so in every row."""
    said = {
        c.name.rpartition(".")[0]: c.name
        for c in columns
        if simple(leaf(c.name)) in ("unit", "units")
        and {t.casefold() for t in samples[c.name].texts()} <= MINOR
        and c.filled
    }
    if not said:
        return columns
    used = {"kind": "ignore", "target": "", "why": "says that prices are cents"}

    def settled(c: Column) -> Column:
        holder = said.get(c.name.rpartition(".")[0], "")
        if c.name == holder:
            return c.model_copy(update=used)
        in_cents = c.kind == "price" and holder and not c.minor
        return measured(c.model_copy(update={"minor": True}), samples[c.name]) if in_cents else c

    return [settled(c) for c in columns]


def named_prices(columns: list[Column], mapped: Mapping[str, str]) -> tuple[list[Column], str, str]:
    """Return the columns with the price called ``price`` where there is an offer beside it, the price and the regular price."""
    priced = [
        c for c in columns if c.kind in ("price", "number") and c.target and (c.kind == "price" or c.target == "price")
    ]
    if "price" in mapped.values():
        return columns, "price", "regular_price" if "regular_price" in mapped.values() else ""
    sale = next((c for n in SALE_NAMES for c in priced if n in (simple(c.name), simple(c.target))), None)
    regular = next(
        (c for n in REGULAR_NAMES for c in priced if c is not sale and n in (simple(c.target), simple(c.name))), None
    )
    if sale is not None and regular is not None:
        targets = {sale.name: "price", regular.name: "regular_price"}
        columns = [c.model_copy(update={"target": targets[c.name], "why": "the offer, where there is one" if c is sale else "the price without an offer"})
                   if c.name in targets else c for c in columns]  # fmt: skip
        return columns, "price", "regular_price"
    named = [c for c in priced if is_price_name(c.target) or c.target == "price"] or [
        c for c in priced if c.kind == "price"
    ]
    best = min(
        named,
        key=lambda c: (
            bool(SIDE_FEES.search(c.name)),
            bool(COST_NAMES.search(simple(c.name))),
            simple(c.name) in BEFORE_NAMES,
            simple(c.target) != "price",
            simple(c.target) not in REGULAR_NAMES,
            not _TOTAL.search(c.name),
        ),
        default=None,
    )
    return columns, best.target if best else "", ""
