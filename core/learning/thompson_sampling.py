"""Give new items a bounded chance to be seen: Thompson sampling over clicks and views with a prior from their content.

Thompson 1933; Chapelle and Li, NeurIPS 2011. Every item has a Beta distribution of its click rate: the prior counts as
``PRIOR_VIEWS`` views at the rate that its content promises, views and clicks are added as they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRIOR_VIEWS = 10.0
DRAWS = 400
"""How often the sampling is repeated to know the probability with which an item is chosen."""


@dataclass(frozen=True)
class Arm:
    """A new item that may be shown. ``prior`` is the click rate that its content promises, above 0 and below 1."""

    item_id: str
    views: int = 0
    clicks: int = 0
    prior: float = 0.05


@dataclass(frozen=True)
class Draw:
    """An item chosen for one place, with the probability of every option in the order of ``options``."""

    chosen: int
    options: tuple[str, ...]
    propensities: tuple[float, ...]
    priors: tuple[float, ...]

    @property
    def item_id(self) -> str:
        """Return the chosen item."""
        return self.options[self.chosen]

    @property
    def propensity(self) -> float:
        """Return the probability with which it was chosen."""
        return self.propensities[self.chosen]


def quota(n: int, share: float, cap: int) -> int:
    """Return how many of ``n`` places new items may take: at most ``share`` of them and ``cap``."""
    return min(int(n * share), cap)


def explore(arms: Sequence[Arm], places: int, seed: int) -> list[Draw]:
    """Return a choice for each place by Thompson sampling, without repeats; fewer where there are not enough items.

    The probabilities are those of ``DRAWS`` repetitions, the one that was used among them, so none that was chosen is zero.
    The same seed gives the same choices.
    """
    rng = np.random.default_rng(seed)
    left = list(arms)
    made: list[Draw] = []
    for _ in range(min(places, len(left))):
        rates = np.clip([a.prior for a in left], 1e-3, 1 - 1e-3)
        clicks = np.array([min(a.clicks, a.views) for a in left])
        misses = np.array([a.views for a in left]) - clicks
        draws = rng.beta(PRIOR_VIEWS * rates + clicks, PRIOR_VIEWS * (1 - rates) + misses, (DRAWS, len(left)))
        best = draws.argmax(axis=1)
        chosen = int(best[0])
        shares = np.bincount(best, minlength=len(left)) / DRAWS
        made.append(
            Draw(
                chosen,
                tuple(a.item_id for a in left),
                tuple(float(s) for s in shares),
                tuple(float(r) for r in rates),
            )
        )
        left.pop(chosen)
    return made


def seed_of(*parts: str) -> int:
    """Return a number that is the same for the same parts, such as tenant, thread and day."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big")
