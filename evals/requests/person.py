"""A scripted person: has a wish of several conditions in mind, tells part of it, and names what is wrong with what is shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .cases import Predicate, satisfies
from .catalogues import Record

WISH_SIZES = (3, 4)
ASKED_AGAIN = 2
ENOUGH = 1 + 2 * ASKED_AGAIN
"""Records that must fit a wish: one, two asked for instead of what was seen, and two asked for one at a time."""
TRIES = 200


@dataclass(frozen=True)
class Part:
    """One condition of a wish, how it is told at first, and what is said of an item that breaks it."""

    predicate: Predicate
    wanted: bool
    told: str
    complaint: str

    def holds(self, record: Record) -> bool:
        """Say whether an item is right in this."""
        return satisfies(record, self.predicate) == self.wanted


@dataclass(frozen=True)
class Wish:
    """What a person has in mind: the parts told at first, then the others."""

    catalogue: str
    told: tuple[Part, ...]
    kept_back: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return all parts."""
        return self.told + self.kept_back

    @property
    def opening(self) -> str:
        """Return the first thing that is said."""
        return (", " if self.told[0].told.isascii() else "，").join(part.told for part in self.told)

    def fits(self, record: Record) -> bool:
        """Say whether the person would take this item."""
        return all(part.holds(record) for part in self.parts)

    def complaint(self, record: Record) -> str:
        """Return one sentence about the first part that the item breaks."""
        return next(part.complaint for part in self.parts if not part.holds(record))


Facet = Callable[[Record, Mapping[str, Record], random.Random], Part | None]


def wishes(catalogue: str, records: Mapping[str, Record], n: int, seed: int) -> list[Wish]:
    """Return ``n`` wishes over a catalogue, each met by at least ``ENOUGH`` of its records and by less than half of them."""
    rng = random.Random(f"{seed}-{catalogue}")  # noqa: S311
    made: list[Wish] = []
    everything = list(records.values())
    for _ in range(n * TRIES):
        if len(made) == n:
            break
        wish = _wish(catalogue, rng.choice(everything), records, rng)
        if wish is not None and ENOUGH <= sum(wish.fits(r) for r in everything) < len(everything) / 2:
            made.append(wish)
    return made


def _wish(catalogue: str, target: Record, records: Mapping[str, Record], rng: random.Random) -> Wish | None:
    facets = FACETS[catalogue]
    size = rng.choice(WISH_SIZES)
    parts = [part for facet in rng.sample(facets, len(facets)) if (part := facet(target, records, rng)) is not None]
    parts = parts[:size]
    if len(parts) < size:
        return None
    told = rng.choice((1, 2))
    return Wish(catalogue, tuple(parts[:told]), tuple(parts[told:]))


def _value(field: str, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    """Return a facet that wants the record's own value, one of them in a list."""

    def make(record: Record, _: Mapping[str, Record], rng: random.Random) -> Part | None:
        known = record.get(field)
        value = rng.choice(known) if isinstance(known, list) and known else known
        if not value:
            return None
        op = "contains" if isinstance(known, list) else "="
        return Part((field, op, value), True, *_said(told, complaints, rng, value=value))

    return make


def _refused(field: str, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    """Return a facet that refuses a value that other records have."""

    def make(record: Record, records: Mapping[str, Record], rng: random.Random) -> Part | None:
        other = rng.choice(list(records.values())).get(field)
        value = rng.choice(other) if isinstance(other, list) and other else other
        own = record.get(field)
        if not value or value == own or (isinstance(own, list) and value in own):
            return None
        op = "contains" if isinstance(other, list) else "="
        return Part((field, op, value), False, *_said(told, complaints, rng, value=value))

    return make


def _either(field: str, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    """Return a facet that takes one of two values, of which the record has one."""

    def make(record: Record, records: Mapping[str, Record], rng: random.Random) -> Part | None:
        known, other = record.get(field), rng.choice(list(records.values())).get(field)
        first, second = (rng.choice(v) if isinstance(v, list) and v else v for v in (known, other))
        if not first or not second or first == second:
            return None
        values = rng.sample([str(first), str(second)], 2)
        text = _said(told, complaints, rng, a=values[0], b=values[1])
        return Part((field, "overlaps", tuple(values)), True, *text)

    return make


def _at_most(field: str, step: int, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    """Return a facet with a round bound at or above the record's number."""
    return _bound(field, step, "<=", told, complaints)


def _at_least(field: str, step: int, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    """Return a facet with a round bound at or below the record's number."""
    return _bound(field, step, ">=", told, complaints)


def _bound(field: str, step: int, op: str, told: Sequence[str], complaints: Sequence[str]) -> Facet:
    def make(record: Record, _: Mapping[str, Record], rng: random.Random) -> Part | None:
        known = record.get(field)
        if not isinstance(known, int | float):
            return None
        bound = -(-known // step) * step if op == "<=" else known // step * step
        if bound <= 0:
            return None
        return Part((field, op, float(bound)), True, *_said(told, complaints, rng, n=f"{bound:.0f}"))

    return make


def _said(told: Sequence[str], complaints: Sequence[str], rng: random.Random, **values: object) -> tuple[str, str]:
    return rng.choice(told).format(**values), rng.choice(complaints).format(**values)


FACETS: Mapping[str, Sequence[Facet]] = {
    "streaming": (
        _value(
            "genres",
            ["a {value} film", "I feel like {value}", "{value} please"],
            ["I'd like {value}", "this is no {value}, I want {value}"],
        ),
        _refused(
            "genres",
            ["no {value}", "anything but {value}"],
            ["no {value} please", "I don't like {value}", "{value} isn't for me"],
        ),
        _either(
            "services",
            ["I have {a} and {b}", "it must be on {a} or {b}"],
            ["I can't watch that, I only have {a} and {b}", "we've got {a} and {b}"],
        ),
        _at_most(
            "runtime_minutes",
            10,
            ["not longer than {n} minutes", "{n} minutes or less"],
            ["that's too long, {n} minutes at most", "nothing over {n} minutes", "it can't be longer than {n} min"],
        ),
        _at_least(
            "rating",
            1,
            ["rated {n} or better", "a rating of at least {n}"],
            ["nothing rated below {n}", "it should have a rating of {n} or more"],
        ),
        _at_least("year", 5, ["from {n} or later"], ["too old, nothing before {n}", "not older than {n}"]),
        _value("language", ["in {value}"], ["I want one in {value}", "it should be {value}"]),
    ),
    "films": (
        _value("genres", ["a {value} film", "{value}"], ["I'd rather have {value}", "it has to be {value}"]),
        _refused("genres", ["no {value}"], ["not {value}", "{value} I don't like", "no {value}, please"]),
        _at_most("year", 5, ["from {n} or before"], ["too new, {n} at the latest", "nothing newer than {n}"]),
        _at_least("year", 5, ["from {n} on"], ["too old, it shouldn't be older than {n}", "nothing before {n}"]),
        _either("genres", ["{a} or {b}"], ["it should be {a} or {b}"]),
    ),
    "cars": (
        _value(
            "style", ["a {value}", "looking for a {value}"], ["I need a {value}", "that's no {value}, I want a {value}"]
        ),
        _refused(
            "make",
            ["no {value}", "not a {value}"],
            ["I don't want a {value}", "{value} is not for me", "no {value} please"],
        ),
        _either("make", ["a {a} or a {b}"], ["it has to be a {a} or a {b}"]),
        _at_most(
            "price",
            5000,
            ["up to {n} dollars", "not more than {n} dollars", "max ${n}"],
            ["too expensive, {n} dollars at most", "I can't spend more than {n} dollars", "nothing above ${n}"],
        ),
        _at_least("horsepower", 50, ["at least {n} hp"], ["too weak, at least {n} hp", "nothing below {n} horsepower"]),
        _at_least("year", 2, ["{n} or newer"], ["too old, {n} or newer", "not older than {n}"]),
        _value("driven_wheels", ["{value}"], ["I need {value}", "it should be {value}"]),
        _value("transmission", ["{value} transmission"], ["it must be {value}", "I only drive {value}"]),
    ),
    "fashion": (
        _value("articleType", ["{value}", "show me {value}"], ["I'm looking for {value}", "I want {value}"]),
        _refused(
            "baseColour", ["not {value}"], ["no {value} please", "{value} doesn't suit me", "I don't want {value}"]
        ),
        _either("baseColour", ["{a} or {b}"], ["the colour should be {a} or {b}"]),
        _value("gender", ["for {value}"], ["it's for {value}", "{value}, please"]),
        _value("usage", ["{value}"], ["something {value}", "it should be {value}"]),
        _refused("articleType", ["no {value}"], ["no {value}", "I don't need {value}"]),
    ),
    "tea": (
        _value("类别", ["我想要{value}", "来点{value}"], ["我要的是{value}", "不是这个,我想要{value}"]),
        _refused("包装", ["不要{value}的"], ["{value}的不要", "别给我{value}的"]),
        _at_most("价格", 20, ["{n}元以内", "不超过{n}元"], ["太贵了,{n}元以内", "不能超过{n}块"]),
        _either("产地", ["{a}或者{b}的"], ["要{a}或者{b}产的"]),
        _refused("过敏原", ["不含{value}"], ["我对{value}过敏", "不能含{value}"]),
        _at_least("评分", 1, ["评分{n}分以上"], ["评分低于{n}分的不要", "评分至少{n}分"]),
        _value("口味", ["{value}味的"], ["口味要{value}的"]),
    ),
}
