"""Simulate the print shop's shoppers with a seeded draw: ``python -m tastemaker.demo.shoppers``.

Nobody in ``interactions.csv`` exists: every user id starts with ``sim-``. A shopper has one or two favourite themes; each
visit views a few prints, and what suits the taste is liked, bought or rated. The file is committed, so users never run this.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 60
DATA = Path(__file__).parent / "data"
KNOWN_SHOPPER = "sim-ada"
FIRST_DAY = datetime(2026, 8, 1, tzinfo=UTC)
DAYS = 90
TASTES: Mapping[str, tuple[str, ...]] = {
    "animals": ("animals",),
    "food": ("food",),
    "city and transport": ("city", "transport", "travel"),
    "kitchen and home": ("home", "work"),
    "sea and nature": ("sea", "nature"),
    "sport": ("sport",),
}
NAMES = (
    "ada aki alba amir ana arlo asha axel bea ben bo cato cleo dana dax ela eli emre esme fay finn gus hana hugo ida ines "
    "iris ivo jade jan juno kai kim kofi lara leo lina luca mae malik mara mika mina nia nils noor nuri ola otis pia quim "
    "remy rosa sami suri tariq uma vera yara zane"
).split()


@dataclass(frozen=True)
class Print:
    """What a simulated shopper looks at."""

    item_id: str
    price: float
    themes: frozenset[str]


@dataclass(frozen=True)
class Action:
    """One line of ``interactions.csv``."""

    user_id: str
    item_id: str
    kind: str
    at: datetime
    value: int | None = None


def simulate(prints: Sequence[Print], seed: int = SEED) -> list[Action]:
    """Return every simulated interaction, oldest first."""
    rng = random.Random(seed)  # noqa: S311  # a simulation, not a secret
    actions: list[Action] = []
    for number, name in enumerate(NAMES):
        user_id = f"sim-{name}"
        if user_id == KNOWN_SHOPPER:
            actions += _visits(user_id, ("animals", "sea and nature"), 60.0, 6, prints, rng)
            continue
        tastes = list(TASTES)
        favourite = tastes[number % len(tastes)]
        second = rng.choice([favourite, *tastes])
        actions += _visits(user_id, (favourite, second), rng.choice((35, 45, 60, 100)), rng.randint(2, 7), prints, rng)
    return sorted(actions, key=lambda a: (a.at, a.user_id, a.item_id, a.kind))


def _visits(
    user_id: str, tastes: Sequence[str], budget: float, count: int, prints: Sequence[Print], rng: random.Random
) -> list[Action]:
    liked = {theme for taste in tastes for theme in TASTES[taste]}
    actions: list[Action] = []
    bought: set[str] = set()
    for day in sorted(rng.sample(range(DAYS), count)):
        at = FIRST_DAY + timedelta(days=day, minutes=rng.randint(7 * 60, 22 * 60))
        weights = [6.0 * len(p.themes & liked) + 0.6 for p in prints]
        for item in dict.fromkeys(rng.choices(prints, weights, k=rng.randint(2, 5))):
            if item.item_id in bought:
                continue
            at += timedelta(seconds=rng.randint(20, 240))
            actions.append(Action(user_id, item.item_id, "view", at))
            later = _react(user_id, item, at, bool(item.themes & liked), budget, bool(bought), rng)
            actions += later
            bought |= {a.item_id for a in later if a.kind == "purchase"}
    return actions


def _react(
    user_id: str, item: Print, at: datetime, suits: bool, budget: float, has_bought: bool, rng: random.Random
) -> list[Action]:
    def soon(kind: str, low: int, high: int, value: int | None = None) -> Action:
        return Action(user_id, item.item_id, kind, at + timedelta(seconds=rng.randint(low, high)), value)

    if not suits:
        return [soon("dislike", 5, 30)] if rng.random() < 0.08 else []
    actions = [soon("like", 5, 19)] if rng.random() < 0.5 else []
    chance = 0.06 if has_bought else 0.2
    if item.price <= budget and rng.random() < chance:
        actions.append(soon("purchase", 300, 900))
        if rng.random() < 0.6:
            rating = rng.choices((3, 4, 5), (1, 3, 3))[0]
            actions.append(soon("rating", 5 * 86_400, 12 * 86_400, rating))
    return actions


def load_prints(path: Path = DATA / "catalogue.csv") -> list[Print]:
    """Return the catalogue as shoppers see it."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Print(row["item_id"], float(row["price"]), frozenset(row["theme"].split("|")))
            for row in csv.DictReader(file)
        ]


def write(path: Path = DATA / "interactions.csv") -> int:
    """Write the simulated interactions and return how many there are."""
    actions = simulate(load_prints())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["user_id", "item_id", "kind", "at", "value"])
        for a in actions:
            stamp = a.at.strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow([a.user_id, a.item_id, a.kind, stamp, "" if a.value is None else a.value])
    return len(actions)


if __name__ == "__main__":
    write()
