"""Fit an ensemble for ranking a whole catalogue: several questions per user, against what the scorers themselves propose.

The last wanted events of every user, with what follows, are held out; scorers fitted on the rest answer, for each held-out event,
from the history right before it. Most users' questions teach the fusion, the others' check it; then scorers are fitted on everything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndUnavailable, InvalidRequestError
from ...core.learning.interactions import Floats, Interactions, ItemTable, UserState
from .ensemble import Ensemble
from .features import Features, best_of_each, raw_scores
from .fit import check_input, digest
from .fusion import L2, LinearFusion, Lists
from .resumable_fit import FitWork, StartOf
from .scorers.base import Progress, Scorer, silent

PER_USER = 4
MOST = 1_500
POOL, RANDOM = 30, 30
"""Candidates of a question: the best so many of each scorer, and so many unseen items."""
MIN_HISTORY = 3
SURE = 0.99
"""An event of at least this weight is something the user wanted for sure, and can be asked for."""
ALL_AS_REFERENCE = 4_096
CHECK_SHARE = 0.15
ENOUGH = 1_200
"""From so many questions on, the weights of the fusion are held back by the least."""
TELL = 50
EARLY, SECONDS = "catalogue", "seconds-catalogue.json"
STAGES = {EARLY: (0.0, 0.4), "questions": (0.4, 0.6), "all": (0.6, 1.0)}


@dataclass(frozen=True, eq=False)
class Asked:
    """A held-out event: what was known of the user right before it, and the item."""

    user: int
    state: UserState
    target: int


def fit_catalogue(
    items: ItemTable,
    events: Interactions,
    *,
    scorers: Sequence[str],
    seed: int = 0,
    progress: Progress = silent,
    budget_s: float | None = None,
    folder: Path | None = None,
    start_of: StartOf | None = None,
) -> Ensemble:
    """Return a fitted ensemble; a scorer that cannot be fitted is left out and named in ``missing``.

    Args:
        items: the catalogue.
        events: what users did, oldest first.
        scorers: names of ``listing.SCORERS``.
        seed: of everything drawn at random.
        progress: called with a text and the share done.
        budget_s: once this has passed, scorers that are not yet fitted are left out.
        folder: where finished parts are kept, so that the same call after a kill goes on from there.
        start_of: where scorers that can go on begin; None to begin anew.

    Raises:
        InvalidRequestError: no user has enough events to ask about, or a scorer's name is unknown.
        BackEndUnavailable: no scorer could be fitted.
    """
    check_input(items, events, tuple(scorers))
    began = time.monotonic()
    before, asked = hold_out(events, seed)
    if not asked:
        raise InvalidRequestError(
            "events", f"no user has {MIN_HISTORY + 1} wanted events; there is nothing to learn from"
        )
    kept = folder / digest(items, events, seed) if folder is not None else None
    work = FitWork(
        items, kept, progress, stages=STAGES, seconds=SECONDS, began=began, budget_s=budget_s, start_of=start_of
    )
    early, missing = work.fit_scorers(EARLY, scorers, before)
    if not early:
        raise BackEndUnavailable(f"no scorer could be fitted: {'; '.join(missing.values())}")
    with work.spent.on("questions", work.stage("questions")) as tell:
        features = whole_features(tuple(early), before, seed)
        rng = np.random.default_rng([seed, 3])
        lists = _answers(asked, early, features, rng, tell)
        users = np.array([question.user for question in asked])
        drawn = rng.permutation(np.unique(users))
        check = np.isin(users, drawn[: max(1, int(CHECK_SHARE * len(drawn)))] if len(drawn) > 1 else drawn[:0])
        fusion = LinearFusion(l2=restraint(int((~check).sum()))).fit(_joined(lists, ~check), features.names, seed)
        found = [_first(fusion.score(lists[i])) for i in np.flatnonzero(check)]
    fitted, late = work.fit_scorers("all", tuple(early), events, early)
    report = {
        "fusion": fusion.kind,
        "questions": int((~check).sum()),
        "check": {"questions": len(found), "ndcg@10": round(float(np.mean(found)), 4) if found else None},
        **work.spent.report(),
    }
    features = whole_features(tuple(early), events, seed)
    return Ensemble(fitted, features, fusion, n_items=len(items), missing={**missing, **late}, report=report)


def restraint(questions: int) -> float:
    """Return how strongly the weights of the fusion are held back: the more, the fewer questions teach them."""
    return L2 * max(1.0, (ENOUGH / max(1, questions)) ** 2)


def _answers(
    asked: Sequence[Asked],
    early: Mapping[str, Scorer],
    features: Features,
    rng: np.random.Generator,
    progress: Progress,
) -> list[Floats]:
    """Return the features of every question's candidates."""
    lists: list[Floats] = []
    for number, question in enumerate(asked, 1):
        lists.append(_candidates(question, early, features, rng))
        if number % TELL == 0 or number == len(asked):
            progress(f"questions: {number} of {len(asked)}", number / len(asked))
    return lists


def hold_out(events: Interactions, seed: int) -> tuple[Interactions, list[Asked]]:
    """Return the events before each user's last ``PER_USER`` wanted ones, and up to ``MOST`` of those as questions.

    Where nobody wanted anything for sure, as where only views are known, the strongest signs of interest are asked for.
    """
    wanted = events.weight[events.weight > 0]
    level = min(SURE, float(wanted.max())) if len(wanted) else SURE
    ends = events.starts[1:].copy()
    rows: list[int] = []
    for user in range(events.n_users):
        part = events.of(user)
        sure = part.start + np.flatnonzero(events.weight[part] >= level)[-PER_USER:]
        sure = sure[sure - part.start >= MIN_HISTORY]
        rows += sure.tolist()
        ends[user] = sure[0] if len(sure) else part.stop
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:MOST])
    asked = [_asked(events, rows[place]) for place in chosen]
    return events.keep(np.arange(len(events)) < ends[events.user]), asked


def _asked(events: Interactions, row: int) -> Asked:
    user = int(events.user[row])
    part = slice(int(events.starts[user]), row)
    state = UserState.of(
        events.item[part],
        at=events.at[part],
        weight=events.weight[part],
        rating=events.rating[part],
        context=events.user_context[user] if events.user_context else {},
        now=float(events.at[row]),
    )
    return Asked(user, state, int(events.item[row]))


def whole_features(names: tuple[str, ...], events: Interactions, seed: int) -> Features:
    """Return features whose reference is the whole catalogue while that is small, so that the first places differ."""
    drawn = Features.of(names, events, seed)
    if events.n_items > ALL_AS_REFERENCE:
        return drawn
    return Features(names, np.arange(events.n_items, dtype=np.int32), drawn.popularity)


def _candidates(question: Asked, scorers: Mapping[str, Scorer], features: Features, rng: np.random.Generator) -> Floats:
    """Return the features of the candidates, the wanted one first."""
    n, user = len(features.popularity), question.state
    every = np.arange(n, dtype=np.int32)
    raw, _ = raw_scores(scorers, features.scorers, user, every)
    seen = np.concatenate([user.items, user.disliked])
    unseen = np.setdiff1d(every, np.append(seen, question.target))
    hidden = raw.copy()
    hidden[:, seen] = np.nan
    pool = np.union1d(best_of_each(hidden, min(POOL, n)), rng.choice(unseen, min(RANDOM, len(unseen)), replace=False))
    rows = np.append(np.int32(question.target), pool[pool != question.target]).astype(np.int32)
    return features.matrix(np.concatenate([raw[:, rows], raw[:, features.reference]], axis=1), user, rows)


def _joined(lists: Sequence[Floats], chosen: NDArray[np.bool_]) -> Lists:
    kept = [part for part, take in zip(lists, chosen, strict=True) if take]
    return Lists(np.concatenate(kept), np.array([len(part) for part in kept], dtype=np.int64))


def _first(scores: Floats) -> float:
    place = int((scores[1:] >= scores[0]).sum())
    return float(1.0 / np.log2(place + 2)) if place < 10 else 0.0


def fit_scorers(
    items: ItemTable, events: Interactions, names: Sequence[str], progress: Progress
) -> tuple[dict[str, Scorer], dict[str, str]]:
    """Return the scorers that could be fitted and, by name, why others could not; nothing is kept."""
    whole = {"scorers": (0.0, 1.0)}
    work = FitWork(items, None, progress, stages=whole, seconds=SECONDS, began=time.monotonic())
    return work.fit_scorers("scorers", names, events)
