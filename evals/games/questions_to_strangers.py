"""Benchmark `elicit`: strangers answer at most two questions from the words of the title they want and never name it.

Protocol. The rows are those of ``dev_random20.tsv`` with no history at all (m = 0). What can be asked, which values are offered
and which question comes next follow from the whole catalogue and the popularity among other users, never from the 20
candidates of a row, which would tell where the target is. A simulated user sees the offered phrases and picks one that
the target's title contains, "something else" if there is none: it knows what the title says, no more and no less, as people do
not always. The answer updates the popularity prior, and the row is
ranked by the result. What is tuned (how much popularity counts) is tuned on users outside of every dev file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions, Rows, UserState
from ...core.learning.metrics import ndcg, place_of, resampled
from ...core.questions.answerable_facets import Facet, title_facets
from ...core.questions.information_gain import Offer, answer_model, best_offer
from ...core.ranking.query import NOISE
from ...core.settings import Settings
from ..reporting.intervals import mean_of
from ..reporting.report import report
from .baselines import Baselines
from .data import Question, read_histories, read_items, read_questions

DEV_FILES = ("dev_random20.tsv", "dev_retrieved21.tsv")
QUESTIONS = 2
HISTORY = 3
AT = 10
CHOICES = 6
TUNED_USERS = 1_000
POWERS = (0.5, 0.75, 1.0, 1.25, 1.5)
BOOTSTRAP = 1_000
WRONG, SKIPPED = 0.1, 0.2
TARGETS = {"gap_closed": ">= 0.5"}
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """How a simulated user answers: wrongly or not at all with these probabilities, else truly."""

    wrong: float = 0.0
    skips: float = 0.0

    def answer(self, offer: Offer, target: int, rng: np.random.Generator) -> int | None:
        """Return the position of the choice, one past the last for something else; None for a skip."""
        if rng.random() < self.skips:
            return None
        n = len(offer.rows)
        if rng.random() < self.wrong:
            return int(rng.integers(0, n + 1))
        fitting = [k for k, row in enumerate(offer.rows) if offer.facet.member[row, target]]
        return int(rng.choice(fitting)) if fitting else n


Ask = Callable[[Numbers, Sequence[frozenset[str]], np.random.Generator], Offer | None]


@dataclass
class Asker:
    """A way to choose questions over the whole catalogue. ``fixed`` ones do not depend on the random numbers."""

    choose: Ask
    fixed: bool = True
    _known: dict[tuple[int | None, ...], Offer | None] = field(default_factory=dict)

    def offer(
        self, path: tuple[int | None, ...], p: Numbers, asked: Sequence[frozenset[str]], rng: np.random.Generator
    ) -> Offer | None:
        """Return the question after the answers ``path``; kept, since every user starts from the same prior."""
        if not self.fixed:
            return self.choose(p, asked, rng)
        if path not in self._known:
            self._known[path] = self.choose(p, asked, rng)
        return self._known[path]


def askers(facets: Sequence[Facet]) -> dict[str, Asker]:
    """Return the product's way to ask, and two baselines: at random, and by entropy whatever the ranking is."""
    n = facets[0].member.shape[1]
    flat = np.full(n, 1.0 / n)

    def at_random(_p: Numbers, _asked: Sequence[frozenset[str]], rng: np.random.Generator) -> Offer:
        facet = facets[int(rng.integers(len(facets)))]
        rows = rng.choice(len(facet.labels), min(CHOICES, len(facet.labels)), replace=False)
        return Offer(facet, tuple(int(r) for r in rows), 0.0)

    def by_entropy(_p: Numbers, asked: Sequence[frozenset[str]], _rng: np.random.Generator) -> Offer | None:
        return best_offer(facets, flat, CHOICES, asked=asked)

    return {
        "ours": Asker(lambda p, asked, _rng: best_offer(facets, p, CHOICES, asked=asked)),
        "random_question": Asker(at_random, fixed=False),
        "most_entropic": Asker(by_entropy),
    }


def interview(asker: Asker, person: Person, prior: Numbers, target: int, rng: np.random.Generator) -> list[Numbers]:
    """Return the logarithm of what is believed of every item, after 0, 1, ... questions."""
    beliefs, asked = [np.log(prior)], list[frozenset[str]]()
    path: tuple[int | None, ...] = ()
    p = prior
    for _ in range(QUESTIONS):
        offer = asker.offer(path, p, asked, rng)
        said = person.answer(offer, target, rng) if offer else None
        if offer is not None:
            asked.append(frozenset(offer.facet.labels[r] for r in offer.rows))
        if offer is not None and said is not None:
            p = p * answer_model(offer.facet.member[list(offer.rows)], NOISE)[said]
            p = p / p.sum()
        path = (*path, said)
        beliefs.append(np.log(p))
    return beliefs


def prior_of(counts: Numbers, power: float) -> Numbers:
    """Return the probability of every item before anything is known: its popularity, raised to a power."""
    raised = (counts + 1.0) ** power
    return np.asarray(raised / raised.sum(), dtype=np.float64)


def value_of(scores: Numbers, at: int) -> float:
    """Return NDCG@10 x 100 of the candidate at position ``at``; in a tie it takes the middle place."""
    return 100.0 * float(ndcg(place_of(scores, at), AT))


def measure(
    asker: Asker, person: Person, prior: Numbers, questions: Sequence[Question], seed: int
) -> NDArray[np.float64]:
    """Return NDCG@10 x 100 of every row after 0, 1 and 2 questions, shape (n, 3)."""
    figures = np.zeros((len(questions), QUESTIONS + 1))
    for n, q in enumerate(questions):
        rng = np.random.default_rng((seed, n))
        at = int(np.flatnonzero(q.rows == q.target)[0])
        after = interview(asker, person, prior, q.target, rng)
        figures[n] = [value_of(belief[q.rows], at) for belief in after]
    return figures


def tuned_power(facets: Sequence[Facet], others: Interactions, seed: int) -> float:
    """Return how much popularity counts, fitted on other users: their last item among 19 that they did not take."""
    rng = np.random.default_rng(seed)
    users = rng.choice(np.unique(others.user), TUNED_USERS, replace=False)
    rows = [_left_out(others, int(u), rng) for u in users]
    held = np.zeros(len(others), dtype=np.bool_)
    held[[others.of(int(u)).stop - 1 for u in users]] = True
    counts = np.bincount(others.item[~held], minlength=others.n_items).astype(np.float64)
    asker = {power: askers(facets)["ours"] for power in POWERS}
    scores = {w: measure(asker[w], Person(), prior_of(counts, w), rows, seed)[:, QUESTIONS].mean() for w in POWERS}
    return max(scores, key=lambda power: scores[power])


def _left_out(others: Interactions, user: int, rng: np.random.Generator) -> Question:
    mine = others.item[others.of(user)]
    free = np.setdiff1d(rng.choice(others.n_items, min(200, others.n_items), replace=False), mine)
    return Question(user, int(mine[-1]), np.append(rng.permutation(free)[:19], mine[-1]).astype(np.int32))


async def run(settings: Settings, data: Path | None, seed: int) -> dict[str, Any]:
    """Run the row and return its report.

    Raises:
        InvalidRequestError: a data file is missing.
    """
    return await asyncio.to_thread(_run, data or settings.data, seed)


def _run(data: Path, seed: int) -> dict[str, Any]:
    items = read_items(data)
    every = read_histories(data, len(items))
    questions = read_questions(data, DEV_FILES[0])
    dev = np.unique([q.user for file in DEV_FILES for q in read_questions(data, file)])
    others = every.keep(~np.isin(every.user, dev))
    facets = title_facets(items.titles)
    power = tuned_power(facets, others, seed)
    counts = np.bincount(others.item, minlength=len(items)).astype(np.float64)
    ways = askers(facets)
    prior = prior_of(counts, power)
    runs = {name: measure(way, Person(), prior, questions, seed) for name, way in ways.items()}
    runs["ours with noisy people"] = measure(ways["ours"], Person(WRONG, SKIPPED), prior, questions, seed)
    bars = _bars(Baselines(items, others), every, questions)
    ndcg10 = {"popularity": mean_of(bars[:, 0], seed), f"blend with {HISTORY} items": mean_of(bars[:, 1], seed)}
    for name, values in runs.items():
        for asked in range(1, QUESTIONS + 1):
            ndcg10[f"{name} {asked}"] = mean_of(values[:, asked], seed)
    closed = {name: _closed(values[:, QUESTIONS], bars, seed) for name, values in runs.items()}
    return report(
        "elicit",
        {
            "after_questions": {name: {"ndcg10": figure} for name, figure in ndcg10.items()},
            "after_2_questions": {name: {"gap_closed": figure} for name, figure in closed.items()},
            "choices_per_question": CHOICES,
            "popularity_power": power,
            "facets": {f.name: {"values": len(f.labels), "items": float(f.member.any(axis=0).mean())} for f in facets},
            "first_question": _words(ways["ours"]),
            "protocol": (__doc__ or "").split("Protocol. ")[1].replace("\n", " ").strip(),
        },
        n=len(questions),
        targets=TARGETS,
        seed=seed,
    )


def _words(asker: Asker) -> list[str]:
    offer = asker.offer((), np.ones(1), [], np.random.default_rng(0))
    return [offer.facet.labels[r] for r in offer.rows] if offer else []


def _bars(baselines: Baselines, every: Interactions, questions: Sequence[Question]) -> NDArray[np.float64]:
    """Return NDCG@10 x 100 of popularity without history and of the blend with the last three items, shape (n, 2)."""
    figures = np.zeros((len(questions), 2))
    for n, q in enumerate(questions):
        at = int(np.flatnonzero(q.rows == q.target)[0])
        history = _last(every, q.user, HISTORY)
        none = _last(every, q.user, 0)
        figures[n, 0] = value_of(_scores(baselines, none, q, "popularity"), at)
        figures[n, 1] = value_of(_scores(baselines, history, q, "blend"), at)
    return figures


def _last(every: Interactions, user: int, m: int) -> Rows:
    mine = every.item[every.of(user)]
    return mine[len(mine) - min(m, len(mine)) :]


def _scores(baselines: Baselines, history: Rows, q: Question, name: str) -> Numbers:
    return np.asarray(baselines.scores(UserState.of(history), q.rows)[name], dtype=np.float64)


def _closed(values: Numbers, bars: NDArray[np.float64], seed: int) -> dict[str, float]:
    """Return the share of the gap between popularity and the blend that is closed, with its 95 % interval over users."""
    drawn = resampled(np.column_stack([bars[:, 0], bars[:, 1], values]), seed, draws=BOOTSTRAP)
    start, stop, reached = drawn.T
    low, high = np.percentile((reached - start) / (stop - start), [2.5, 97.5])
    value = (values.mean() - bars[:, 0].mean()) / (bars[:, 1].mean() - bars[:, 0].mean())
    return {"value": round(float(value), 3), "low": round(float(low), 3), "high": round(float(high), 3)}
