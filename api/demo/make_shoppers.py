"""Simulate the print shop's shoppers with a seeded draw: ``python -m tastemaker.api.demo.make_shoppers``.

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
)


@dataclass(frozen=True)
class Print:
    """What a simulated shopper looks at."""

    item_id: str
    price: float
    themes: frozenset[str]


@dataclass(frozen=True)
class Shopper:
    """Somebody who does not exist: favourite themes and the most they spend on a print, in euros."""

    user_id: str
    themes: frozenset[str]
    budget: float


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
    for number, name in enumerate(NAMES.split()):
        shopper, visits = _shopper(f"sim-{name}", number, rng)
        bought: set[str] = set()
        for day in sorted(rng.sample(range(DAYS), visits)):
            visit = _visit(shopper, FIRST_DAY + timedelta(days=day), prints, bought, rng)
            bought |= {action.item_id for action in visit if action.kind == "purchase"}
            actions += visit
    return sorted(actions, key=lambda a: (a.at, a.user_id, a.item_id, a.kind))


def _shopper(user_id: str, number: int, rng: random.Random) -> tuple[Shopper, int]:
    if user_id == KNOWN_SHOPPER:
        return Shopper(user_id, frozenset(TASTES["animals"] + TASTES["sea and nature"]), 60.0), 6
    favourite = list(TASTES)[number % len(TASTES)]
    second = rng.choice([favourite, *TASTES])
    budget = float(rng.choice((35, 45, 60, 100)))
    return Shopper(user_id, frozenset(TASTES[favourite] + TASTES[second]), budget), rng.randint(2, 7)


def _visit(
    shopper: Shopper, day: datetime, prints: Sequence[Print], bought: set[str], rng: random.Random
) -> list[Action]:
    at = day + timedelta(minutes=rng.randint(7 * 60, 22 * 60))
    weights = [6.0 * len(p.themes & shopper.themes) + 0.6 for p in prints]
    actions: list[Action] = []
    for item in dict.fromkeys(rng.choices(prints, weights, k=rng.randint(2, 5))):
        if item.item_id in bought:
            continue
        at += timedelta(seconds=rng.randint(20, 240))
        view = Action(shopper.user_id, item.item_id, "view", at)
        actions += [view, *_react(shopper, item, at, 0.06 if bought else 0.2, rng)]
    return actions


def _react(shopper: Shopper, item: Print, at: datetime, buys: float, rng: random.Random) -> list[Action]:
    def later(kind: str, low_s: int, high_s: int, value: int | None = None) -> Action:
        return Action(shopper.user_id, item.item_id, kind, at + timedelta(seconds=rng.randint(low_s, high_s)), value)

    if not item.themes & shopper.themes:
        return [later("dislike", 5, 30)] if rng.random() < 0.08 else []
    actions = [later("like", 5, 19)] if rng.random() < 0.5 else []
    if item.price <= shopper.budget and rng.random() < buys:
        actions.append(later("purchase", 300, 900))
        if rng.random() < 0.6:
            actions.append(later("rating", 5 * 86_400, 12 * 86_400, rng.choices((3, 4, 5), (1, 3, 3))[0]))
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
