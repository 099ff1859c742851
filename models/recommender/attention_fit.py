"""Fit how much words, photos and sound count, from lists that were shown and what was chosen in them.

For each situation the chance that an item is chosen from its list is a softmax of its fused score, whose source weights are the
usual ones times factors, and of its place in the list. The place takes up that people choose what stands first (position as a
feature that is left out when serving: Haldar et al., KDD 2020). The factors' logarithms are drawn towards 0, and the factors are
kept only where they order later lists better than the usual weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.metrics import interval, ndcg
from ...core.ranking.fusion import RRF_K
from ...core.ranking.learnt_attention import LEAST, MEDIUM, MOST, SituationFit

MIN_LISTS = 60
LATER = 0.4
L2 = 2.0
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShownList:
    """A list with a choice, in the order of time.

    ``ranks`` holds for each item its rank in the list of each candidate source that proposed it; ``chosen`` are positions.
    """

    ranks: tuple[Mapping[str, int], ...]
    chosen: tuple[int, ...]
    user: str = ""


def fit_situation(lists: Sequence[ShownList], usual: Mapping[str, float], seed: int = 0) -> SituationFit:
    """Return the factors for the lists of one situation, oldest first, against the ``usual`` weights of its sources."""
    names = sorted(
        {s for shown in lists for ranks in shown.ranks for s in ranks if s in MEDIUM and usual.get(s, 0) > 0}
    )
    if len(lists) < MIN_LISTS or len(names) < 2:
        return SituationFit(n=len(lists), why=f"fewer than {MIN_LISTS} lists with a choice, or only one source")
    tables = [_table(shown, names, usual) for shown in lists]
    cut = int(len(lists) * (1 - LATER))
    chosen = [shown.chosen for shown in lists]
    logs = _fit(tables[:cut], chosen[:cut])
    gains = np.array(
        [_value(t, logs, c) - _value(t, 0 * logs, c) for t, c in zip(tables[cut:], chosen[cut:], strict=True)]
    )
    users = [shown.user or str(number) for number, shown in enumerate(lists[cut:])]
    low, high = interval(gains, seed, owners=users)
    told = {"gain": round(float(gains.mean()), 3), "low": round(low, 3), "high": round(high, 3), "n": len(lists)}
    if low <= 0:
        return SituationFit(**told, why="no significant gain on later lists")
    final = np.exp(_fit(tables, chosen))
    return SituationFit(factors={n: round(float(f), 4) for n, f in zip(names, final, strict=True)}, **told)


def _table(shown: ShownList, names: Sequence[str], usual: Mapping[str, float]) -> Numbers:
    """Return what each source gives to each item's fused score, shape (items, sources), first places near the weight."""
    rows = [
        [usual[n] * (RRF_K + 1) / (RRF_K + ranks[n]) if n in ranks else 0.0 for n in names] for ranks in shown.ranks
    ]
    return np.array(rows, dtype=np.float64)


def _fit(tables: Sequence[Numbers], chosen: Sequence[Sequence[int]]) -> Numbers:
    """Return the logarithms of the factors, shape (sources,): the penalised maximum-likelihood estimate."""
    from scipy.optimize import minimize

    width = tables[0].shape[1]
    bounds = [(np.log(LEAST), np.log(MOST))] * width + [(0.0, 4.0), (-1.0, 4.0)]
    start = np.concatenate([np.zeros(width), [1.0, 0.5]])
    found: Any = minimize(_loss, start, args=(tables, chosen), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:width], dtype=np.float64)


def _loss(x: Numbers, tables: Sequence[Numbers], chosen: Sequence[Sequence[int]]) -> tuple[float, Numbers]:
    """Return the penalised negative log-likelihood and its gradient; ``x`` holds log factors, log sharpness and place."""
    logs, sharp, place = x[:-2], float(np.exp(x[-2])), x[-1]
    factors = np.exp(logs)
    value, slope = L2 * float(logs @ logs), np.concatenate([2 * L2 * logs, [0.0, 0.0]])
    for table, picked in zip(tables, chosen, strict=True):
        steps = np.log2(np.arange(len(table)) + 2)
        fused = table @ factors
        logit = sharp * fused - place * steps
        share = np.exp(logit - logit.max())
        share /= share.sum()
        target = np.zeros(len(table))
        target[list(picked)] = 1.0 / len(picked)
        value -= float(target @ (logit - logit.max() - np.log(np.exp(logit - logit.max()).sum())))
        wrong = share - target
        slope[:-2] += sharp * factors * (wrong @ table)
        slope[-2] += sharp * float(wrong @ fused)
        slope[-1] -= float(wrong @ steps)
    return value, slope


def _value(table: Numbers, logs: Numbers, chosen: Sequence[int]) -> float:
    """Return the mean of NDCG x 100 over the chosen items of the list ordered by its fused score, ties as shown."""
    order = np.argsort(-(table @ np.exp(logs)), kind="stable").tolist()
    return 100.0 * float(ndcg([order.index(c) for c in chosen], len(order)).mean())
