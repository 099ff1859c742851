"""Find that a column's cells are prices by looking at them: in which currency, with which decimal mark, and what looks odd."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .column import Column
from .column_names import is_price_name
from .column_sample import Sample
from .numbers import Decimal, currency_code, decimal_mark, decimals_of, mark_of, money_in, number_text

MOSTLY = 0.95
"""Share of a column's cells that must read as one kind for the column to be of that kind."""
PRICED = 0.5
"""Share of the cells that must be prices in a column that is called a price."""
THOUSANDTHS = 0.2
"""Share of a price's cells that must have three decimals for three decimals to be believed."""
_CURRENCY_IN_NAME = re.compile(
    r"[(\[]\s*(?:in\s+)?(EUR|USD|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|AUD|CAD|[€£¥￥₹₽₩₺$])\s*[)\]]$|\s([€£¥￥₹₽₩₺$])$"
)
_CENTS_IN_NAME = re.compile(
    r"[\s_(\[](?:in[\s_])?(?:cents?|minor|pence)(?:[\s_]units?)?[)\]]?$|^unit_amount$|[a-z]Cents$", re.IGNORECASE
)


def as_price(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    """Return the column as one of prices with its currency and decimal mark, or None; ``usual`` is not asked, as prices have their own."""
    named = column.kind == "price" or is_price_name(column.name) or bool(_CURRENCY_IN_NAME.search(column.name))
    texts = sample.texts()
    money = {text: money_in(text) for text in texts}
    total = sum(texts.values())
    signed = sum(n for t, n in texts.items() if (m := money[t]) and m.currency)
    readable = sum(n for t, n in texts.items() if money[t]) / max(1, total)
    if column.kind != "price" and (readable < (PRICED if named else MOSTLY) or (not named and signed < PRICED * total)):
        return None
    currencies = _currencies(column.name, texts, money)
    unit = column.unit or _currency_in(column.name) or next((c for c, _ in currencies.most_common(1)), "")
    digits = [(number_text(t), n) for t, n in texts.items() if money[t]]
    if sample.typed >= MOSTLY * sample.filled:
        digits = []
    decimal, guessed = decimal_mark(digits, None, price=decimals_of(unit) != 3)
    triple = sum(n for t, n in digits if mark_of(t) == "?" and decimal in t)
    marked = sum(n for t, n in digits if mark_of(t))
    return column.model_copy(
        update={
            "kind": "price",
            "unit": unit,
            "minor": column.minor or bool(_CENTS_IN_NAME.search(column.name)),
            "decimal": column.decimal if column.decimal == "," else decimal,
            "thousandths": not triple or triple >= THOUSANDTHS * marked,
            "odd": (*column.odd, *_odd_prices(column, texts, money, currencies, guessed and not unit)),
        }
    )


def _currencies(name: str, texts: Mapping[str, int], money: Mapping[str, Any]) -> Counter[str]:
    """Count the prices by currency; ¥ is the yuan beside 元, or under a name written as only Chinese writes it (价, not 価)."""
    found: Counter[str] = Counter()
    for text, times in texts.items():
        if money[text] and money[text].currency:
            found[money[text].currency] += times
    if (found["CNY"] or "价" in name) and not any(re.search(r"円|JPY|yen", t, re.IGNORECASE) for t in texts):
        found["CNY"] += found.pop("JPY", 0)
    return +found


def _odd_currencies(name: str, currencies: Counter[str], cells: int) -> list[str]:
    """Say that prices are in several currencies, or that only some of them say which."""
    odd = []
    if 0 < currencies.total() < PRICED * cells and len(currencies) == 1 and not _currency_in(name):
        code, count = currencies.most_common(1)[0]
        odd.append(
            f"{count} of {cells} cells say {code}, the others nothing; it is taken for all: --as '{name}=price:CODE'"
        )
    if len(currencies) > 1:
        listed = ", ".join(f"{code} {count}" for code, count in currencies.most_common(6))
        odd.append(f"{len(currencies)} currencies ({listed}); each but the first becomes an attribute of its own")
    return odd


def _odd_prices(
    column: Column, texts: Mapping[str, int], money: Mapping[str, Any], currencies: Counter[str], guessed: bool
) -> list[str]:
    name = column.name
    odd = _odd_currencies(name, currencies, sum(texts.values()))
    if guessed:
        example = next(t for t in texts if mark_of(number_text(t)) == "?")
        odd.append(
            f"{example!r} is read with thousands; for decimals: --as '{name}=price:{'dot' if '.' in example else 'comma'}'"
        )
    for said, meaning in (("range", "ranges are read as their lower end"), ("from", "prices 'from' are read as that price"),
                          ("negative", "prices below zero")):  # fmt: skip
        cells = [t for t in texts if money[t] and said in money[t].said]
        if cells:
            odd.append(f"{meaning}: {len(cells)}, such as {cells[0]!r}")
    if pers := {money[t].per for t in texts if money[t] and money[t].per}:
        odd.append(f"prices for a {', '.join(sorted(pers)[:4])}: see '{column.target}_per'")
    doubtful = {"kr": "SEK, NOK or DKK", "¥": "JPY or CNY", "rs": "INR, PKR or LKR"}
    for sign, choice in doubtful.items():
        if any(sign in t.casefold() and money[t] for t in texts) and currencies:
            odd.append(f"{sign!r} may be {choice}: to say which, --as '{name}=price:CODE'")
    return odd


def _currency_in(name: str) -> str:
    if sign := _CURRENCY_IN_NAME.search(name):
        return currency_code(sign[1] or sign[2])
    match = re.search(r"[\s_(\[\-]([A-Za-z]{3})[)\]]?$", name)
    return currency_code(match[1]) if match and currency_code(match[1]) == match[1].upper() else ""
