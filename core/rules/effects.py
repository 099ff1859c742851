"""Turn the rules that act now into limits on the search, exclusions, factors and places; all pure.

What a rule leaves out becomes a hard constraint wherever constraints can say it, so that the search already keeps it and
lists stay full; what they cannot say (several conditions together, an order with unknown values kept) is an ``Exclusion``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from ..predicates import ITEM_ID, NEGATED, as_shown, holds
from ..protocols import Vectors
from ..schemas import CatalogueSchema, Constraint, Item
from .model import (
    AgeRating,
    Allow,
    Block,
    Boost,
    Bury,
    Exclude,
    Matching,
    Moment,
    Pin,
    PriceRange,
    Rule,
    RuleSet,
    Stock,
)

SOURCE = "rule:"
_OPPOSITE = {**NEGATED, **{positive: negated for negated, positive in NEGATED.items()}}


@dataclass(frozen=True)
class Exclusion:
    """Items that meet all of ``where`` are left out."""

    rule_id: str
    where: tuple[Constraint, ...]

    def hits(self, item: Item) -> bool:
        """Tell whether ``item`` is left out."""
        return all(holds(c, as_shown(item)) for c in self.where)


@dataclass(frozen=True)
class Effects:
    """What the acting rules ask for. Sources of the constraints in ``where`` are ``rule:<id>``."""

    where: tuple[Constraint, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    pins: tuple[Pin, ...] = ()
    weights: tuple[Boost | Bury, ...] = ()
    active: tuple[str, ...] = field(default=())

    def allows(self, item: Item) -> bool:
        """Tell whether no rule leaves ``item`` out."""
        return self.blocker(item) is None

    def blocker(self, item: Item) -> str | None:
        """Return the id of the first rule that leaves ``item`` out, or None."""
        if not (self.where or self.exclusions):
            return None
        limits = (c.source.removeprefix(SOURCE) for c in self.where if not holds(c, item))
        return next(limits, None) or next((e.rule_id for e in self.exclusions if e.hits(item)), None)

    def on(self, item: Item) -> tuple[Boost | Bury, ...]:
        """Return the boosts and buries that are about ``item``."""
        return tuple(w for w in self.weights if matches(w, item)) if self.weights else ()


NO_EFFECTS = Effects()


def matches(rule: Matching, item: Item) -> bool:
    """Tell whether ``rule`` is about ``item``."""
    return item.item_id in rule.items if rule.items else all(holds(c, as_shown(item)) for c in rule.where)


def effects_of(rules: RuleSet, moment: Moment, schema: CatalogueSchema) -> Effects:
    """Return what the rules that act in ``moment`` ask for."""
    acting = rules.acting(moment)
    exclusions: list[Exclusion] = []
    where: list[Constraint] = []
    for rule in acting:
        limits, rest = _limits(rule, moment, schema)
        where += [c.model_copy(update={"source": SOURCE + rule.id}) for c in limits]
        exclusions += [Exclusion(rule.id, tuple(rest))] if rest else []
    return Effects(
        where=tuple(where),
        exclusions=tuple(exclusions),
        pins=tuple(r for r in acting if isinstance(r, Pin)),
        weights=tuple(r for r in acting if isinstance(r, Boost | Bury)),
        active=tuple(r.id for r in acting),
    )


def _limits(rule: Rule, moment: Moment, schema: CatalogueSchema) -> tuple[list[Constraint], list[Constraint]]:
    """Return (constraints that what is offered meets, conditions of what is left out)."""
    if isinstance(rule, Exclude):
        return _excluded(rule)
    if isinstance(rule, Stock):
        return _in_stock(rule, schema)
    if isinstance(rule, AgeRating):
        return _rated(rule, rule.assumed_age if moment.age is None else moment.age)
    if isinstance(rule, PriceRange):
        return _priced(rule, rule.field or (schema.price.name if schema.price else "")), []
    if isinstance(rule, Allow | Block):
        op = "in" if isinstance(rule, Allow) else "not in"
        return [Constraint(field=rule.field or ITEM_ID, op=op, value=list(rule.values or rule.items))], []
    return [], []


def _in_stock(rule: Stock, schema: CatalogueSchema) -> tuple[list[Constraint], list[Constraint]]:
    """Return the same for a field that counts the stock, or that only says whether there is any."""
    field = schema.field(rule.field)
    told = field is not None and field.type == "bool"
    if rule.unknown == "show":
        gone = Constraint(field=rule.field, op="=", value=False) if told else None
        return [], [gone or Constraint(field=rule.field, op="<=", value=rule.above)]
    there = Constraint(field=rule.field, op="=", value=True) if told else None
    return [there or Constraint(field=rule.field, op=">", value=rule.above)], []


def _excluded(rule: Exclude) -> tuple[list[Constraint], list[Constraint]]:
    if rule.items:
        return [Constraint(field=ITEM_ID, op="not in", value=list(rule.items))], []
    opposite = _OPPOSITE.get(rule.where[0].op)
    if len(rule.where) == 1 and opposite is not None:
        return [rule.where[0].model_copy(update={"op": opposite})], []
    return [], list(rule.where)


def _rated(rule: AgeRating, age: int) -> tuple[list[Constraint], list[Constraint]]:
    if not rule.ages:
        if rule.unknown == "show":
            return [], [Constraint(field=rule.field, op=">", value=float(age))]
        return [Constraint(field=rule.field, op="<=", value=float(age))], []
    fit = [rating for rating, minimum in rule.ages.items() if minimum <= age]
    unfit = [rating for rating, minimum in rule.ages.items() if minimum > age]
    limits = [Constraint(field=rule.field, op="not in", value=unfit)] if unfit else []
    if rule.unknown == "hide":
        limits.append(Constraint(field=rule.field, op="in", value=fit) if fit else NOTHING)
    return limits, []


NOTHING = Constraint(field=ITEM_ID, op="=", value="")
"""Met by no item, since no id is empty."""


def _priced(rule: PriceRange, price: str) -> list[Constraint]:
    bounds = ((">=", rule.minimum), ("<=", rule.maximum))
    return [Constraint.model_validate({"field": price, "op": op, "value": v}) for op, v in bounds if v is not None]


def weighed(scores: Vectors, items: Sequence[Item], effects: Effects) -> Vectors:
    """Return the scores times the factors of boosts and buries, shape (m,).

    Each item's own score counts, on whatever scale it is, so that no other item changes what a factor does. A score below zero is
    divided, so that a boost always raises; factor 0 puts an item below all others.
    """
    if not effects.weights:
        return scores
    factors = np.array([prod(w.factor for w in effects.on(i) if w.factor is not None) for i in items], np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(scores >= 0, scores * factors, scores / factors)
    last = min(0.0, float(np.min(moved, where=factors > 0, initial=0.0))) - float(np.spacing(np.float32(1)))
    return np.asarray(np.where(factors > 0, moved, last), dtype=np.float32)


def moved_by(effects: Effects, item: Item, pinned_by: str | None) -> tuple[str, ...]:
    """Return the ids of the rules that placed ``item``: the pin, then factors and bounds."""
    return tuple(dict.fromkeys([*([pinned_by] if pinned_by else []), *(w.id for w in effects.on(item))]))


def arrange(order: Sequence[int], items: Sequence[Item], effects: Effects, n: int) -> tuple[list[int], dict[int, str]]:
    """Return the ``n`` first of ``order`` (positions in ``items``, best first) after rank bounds and pins.

    Also position -> id of the pin that placed it. Nothing is added, doubled or, where there is enough, missing.
    """
    if not (effects.weights or effects.pins):
        return list(order[:n]), {}
    placed = _buried(_raised(list(order), items, effects), items, effects)
    at = _pinned(placed, items, effects)
    pinned = {position for position, _ in at.values()}
    rest = iter([p for p in placed if p not in pinned])
    out: list[int] = []
    for place in range(len(placed)):
        following = at[place][0] if place in at else next(rest, None)
        if following is not None:
            out.append(following)
    out += [position for place, (position, _) in sorted(at.items()) if place >= len(placed)]
    kept = out[:n]
    return kept, {position: rule for position, rule in at.values() if position in kept}


def _raised(order: list[int], items: Sequence[Item], effects: Effects) -> list[int]:
    tops = {p: min(t) for p in order if (t := [w.top for w in effects.on(items[p]) if isinstance(w, Boost) and w.top])}
    for position in sorted(tops, key=lambda p: (tops[p], order.index(p)), reverse=True):
        if order.index(position) >= tops[position]:
            order.remove(position)
            order.insert(tops[position] - 1, position)
    return order


def _buried(order: list[int], items: Sequence[Item], effects: Effects) -> list[int]:
    belows = {
        p: max(b) for p in order if (b := [w.below for w in effects.on(items[p]) if isinstance(w, Bury) and w.below])
    }
    if not belows:
        return order
    free = [p for p in order if p not in belows]
    waiting = sorted(belows, key=order.index)
    out: list[int] = []
    while free or waiting:
        due = [p for p in waiting if belows[p] <= len(out) + 1]
        if due and (not free or order.index(due[0]) < order.index(free[0])):
            out.append(due[0])
            waiting.remove(due[0])
        elif free:
            out.append(free.pop(0))
        else:
            out.append(waiting.pop(0))
    return out


def _pinned(order: Sequence[int], items: Sequence[Item], effects: Effects) -> Mapping[int, tuple[int, str]]:
    """Return place (from 0) -> (position, rule id); a place that is taken passes on to the next free one."""
    at: dict[int, tuple[int, str]] = {}
    by_id = {items[p].item_id: p for p in order}
    taken: set[int] = set()
    for pin in effects.pins:
        fitting = (p for p in order if p not in taken and matches(pin, items[p])) if pin.where else ()
        place = pin.position - 1
        for position in [by_id[i] for i in pin.items if i in by_id] or list(fitting)[:1]:
            if position in taken:
                continue
            while place in at:
                place += 1
            at[place] = (position, pin.id)
            taken.add(position)
    return at
