"""Say from the logs of one policy what another would have earned: inverse propensity, self-normalised and doubly robust.

A decision is one place of a list that was filled at random with known probabilities. Inverse propensity: Horvitz and
Thompson 1952; self-normalised: Swaminathan and Joachims, NeurIPS 2015; doubly robust: Dudik, Langford and Li, ICML 2011;
effective sample size: Kong 1992. Intervals come from the bootstrap over decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidRequestError
from .metrics import interval

DEFAULT_CLIP = 20.0
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """One logged choice: ``chosen`` is a position in ``options``; ``logged`` and ``prior`` are given per option.

    ``logged`` are the probabilities with which the policy in force chose, ``prior`` is the success that was expected
    beforehand, both from 0 to 1. ``reward`` is what came of it.
    """

    options: tuple[str, ...]
    logged: tuple[float, ...]
    prior: tuple[float, ...]
    chosen: int
    reward: float


Policy = Callable[[Decision], Numbers]
"""Returns the probability of every option, shape (m,)."""


def as_logged(decision: Decision) -> Numbers:
    """Choose as the policy that was logged."""
    return np.asarray(decision.logged, dtype=np.float64)


def uniform(decision: Decision) -> Numbers:
    """Choose every option equally often."""
    return np.full(len(decision.options), 1.0 / len(decision.options))


def greedy(decision: Decision) -> Numbers:
    """Choose the option that the logged policy chose most often; ties are shared."""
    logged = as_logged(decision)
    best = logged >= logged.max() - 1e-12
    return np.asarray(best / best.sum(), dtype=np.float64)


def by_prior(decision: Decision) -> Numbers:
    """Choose the option that looks best by its content alone; ties are shared."""
    prior = np.asarray(decision.prior, dtype=np.float64)
    best = prior >= prior.max() - 1e-12
    return np.asarray(best / best.sum(), dtype=np.float64)


POLICIES: Mapping[str, Policy] = {"logged": as_logged, "uniform": uniform, "greedy": greedy, "prior": by_prior}


@dataclass(frozen=True)
class Estimate:
    """A mean reward per decision with its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """What a policy would have earned. ``ess`` is the number of decisions that the weights are worth.

    ``clipped`` is the share of weights that were cut, each of which biases the estimates downwards; ``unsupported`` is the
    probability that the policy gives, on average, to options that the logged one never chose, about which logs say nothing.
    """

    n: int
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    ess: float
    clipped: float
    unsupported: float


def evaluate(decisions: list[Decision], policy: Policy, *, clip: float = DEFAULT_CLIP, seed: int = 0) -> Evaluation:
    """Estimate the mean reward of ``policy`` from decisions of another one.

    Args:
        decisions: with the probabilities they were made with.
        policy: the one to judge.
        clip: the largest weight a decision may have.
        seed: of the bootstrap.

    Raises:
        InvalidRequestError: there is no decision, or one was made with probability zero.
    """
    if not decisions:
        raise InvalidRequestError("decisions", "there are none to learn from; log exposures with exploration first")
    logged = np.array([d.logged[d.chosen] for d in decisions])
    if (logged <= 0).any():
        raise InvalidRequestError("decisions", "a logged choice has probability 0; its propensity is wrong")
    wanted = [policy(d) for d in decisions]
    raw = np.array([w[d.chosen] for w, d in zip(wanted, decisions, strict=True)]) / logged
    weight = np.minimum(raw, clip)
    reward = np.array([d.reward for d in decisions], dtype=np.float64)
    direct, residual = _doubly_robust(decisions, wanted, reward)
    return Evaluation(
        n=len(decisions),
        ips=_estimate(weight * reward, seed),
        snips=_ratio(weight * reward, weight, seed),
        doubly_robust=_estimate(direct + weight * residual, seed),
        ess=float(weight.sum() ** 2 / max(float((weight**2).sum()), 1e-12)),
        clipped=float((raw > clip).mean()),
        unsupported=float(np.mean([w[as_logged(d) <= 0].sum() for w, d in zip(wanted, decisions, strict=True)])),
    )


def mean_interval(rewards: Sequence[float], seed: int = 0) -> Estimate:
    """Return the mean of the rewards with its bootstrap interval; ``rewards`` must not be empty."""
    return _estimate(np.asarray(rewards, dtype=np.float64), seed)


def _doubly_robust(decisions: list[Decision], wanted: list[Numbers], reward: Numbers) -> tuple[Numbers, Numbers]:
    """Return what the reward model expects of the policy, and the residual of each logged choice, both (n,).

    The model is the prior success scaled to the mean reward, learnt on the other half of the decisions.
    """
    prior = np.array([d.prior[d.chosen] for d in decisions])
    expected = np.array([float(w @ np.asarray(d.prior)) for w, d in zip(wanted, decisions, strict=True)])
    half = np.arange(len(decisions)) % 2
    scale = np.ones(len(decisions))
    for side in (0, 1):
        others = half != side
        seen = float(prior[others].sum())
        scale[half == side] = float(reward[others].sum()) / seen if seen > 0 else 0.0
    return scale * expected, reward - scale * prior


def _estimate(values: Numbers, seed: int) -> Estimate:
    low, high = interval(values, seed)
    return Estimate(value=float(values.mean()), low=low, high=high)


def _ratio(top: Numbers, bottom: Numbers, seed: int) -> Estimate:
    total = float(bottom.sum())
    low, high = interval(top, seed, per=bottom)
    return Estimate(value=float(top.sum()) / total if total > 0 else 0.0, low=low, high=high)
