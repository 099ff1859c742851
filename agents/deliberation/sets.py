"""Split a wish into its parts, choose one item for each within a total budget, and set records side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.schemas import Item
from ...core.text.field_names import label_of
from ...core.text.words import amount, listed, shorten, value_text
from ..understanding.plans.wish_parts import WishPart

MAX_CHOICES = 8


@dataclass(frozen=True)
class ChosenItem:
    """One item for one part."""

    label: str
    item: Item


def best_set(parts: Sequence[WishPart], price_field: str | None, budget: float | None) -> list[ChosenItem]:
    """Return at most one item for each part: as many parts as possible, then the best ranks, then the lowest total.

    The total of ``price_field`` stays within ``budget``; an item without a price is not chosen under a budget; no item is
    chosen twice. Exact search over the first ``MAX_CHOICES`` items of each part.
    """
    best: tuple[tuple[float, float, float], list[ChosenItem]] = ((float("inf"), 0.0, 0.0), [])

    def extend(index: int, chosen: list[ChosenItem], missed: int, ranks: float, total: float) -> None:
        nonlocal best
        if (missed, ranks, total) >= best[0]:
            return
        if index == len(parts):
            best = ((missed, ranks, total), list(chosen))
            return
        for rank, item in enumerate(parts[index].items[:MAX_CHOICES]):
            cost = price_of(item, price_field)
            if any(c.item.item_id == item.item_id for c in chosen):
                continue
            if budget is not None and (cost is None or total + cost > budget + 1e-9):
                continue
            pick = ChosenItem(parts[index].label, item)
            extend(index + 1, [*chosen, pick], missed, ranks + rank, total + (cost or 0.0))
        extend(index + 1, chosen, missed + 1, ranks, total)

    extend(0, [], 0, 0.0, 0.0)
    return best[1]


def price_of(item: Item, price_field: str | None) -> float | None:
    """Return the price in a record, or None."""
    value = item.attributes.get(price_field or "")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def total_of(items: Sequence[Item], price_field: str | None) -> float | None:
    """Return the sum of the prices, or None if one is missing."""
    prices = [price_of(i, price_field) for i in items]
    return None if not prices or None in prices else sum(p for p in prices if p is not None)


def describe_set(
    choices: Sequence[ChosenItem], parts: Sequence[str], price_field: str | None, unit: str, budget: float | None
) -> str:
    """Return what was put together, its total against the budget, and the parts that stay empty."""
    lines = []
    if choices:
        lines.append("; ".join(f"{c.label}: {shorten(c.item.title, 60)}" for c in choices) + ".")
        lines[0] = lines[0][0].upper() + lines[0][1:]
    total = total_of([c.item for c in choices], price_field)
    if total is not None:
        bound = f", within your budget of {amount(budget, unit)}" if budget is not None and total <= budget else ""
        lines.append(f"{'Together' if len(choices) > 1 else 'That is'} {amount(total, unit)}{bound}.")
    empty = [p for p in parts if p not in {c.label for c in choices}]
    if empty:
        limit = f" within {amount(budget, unit)}" if budget is not None else ""
        lines.append(f"I found nothing for {listed(empty)}{limit}.")
    return " ".join(lines)


def compare(items: Sequence[Item], price_field: str | None, unit: str) -> str:
    """Return a comparison of records, attribute by attribute: what differs first, then what is the same."""
    names = [
        n for n in dict.fromkeys(n for i in items for n in i.attributes) if sum(n in i.attributes for i in items) > 1
    ]
    names.sort(key=lambda n: n != price_field)
    titles = _titles(items)
    different, same = [], []
    for name in names:
        shown = {t: _shown(i, name, price_field, unit) for t, i in zip(titles, items, strict=True)}
        if len(set(shown.values())) == 1:
            same.append(f"{label_of(name)} {next(iter(shown.values()))}")
        else:
            different.append(f"{label_of(name).capitalize()}: {'; '.join(f'{t} {v}' for t, v in shown.items())}.")
    alike = f"{'Both' if len(items) == 2 else 'All'} have {listed(same[:4])}." if same else ""
    return " ".join([*different[:6], alike]).strip()


def _titles(items: Sequence[Item]) -> list[str]:
    short = [shorten(i.title, 40) for i in items]
    return [f"{t} ({n})" if short.count(t) > 1 else t for n, t in enumerate(short, 1)]


def _shown(item: Item, name: str, price_field: str | None, unit: str) -> str:
    value = item.attributes.get(name)
    if value is None:
        return "not stated"
    if name == price_field and isinstance(value, int | float):
        return amount(value, unit)
    return shorten(value_text(value), 60)
