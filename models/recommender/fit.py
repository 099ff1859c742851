"""Fit an ensemble without leaks: scorers on what came before, the fusion on what came after, then scorers on everything.

The last wanted events of some users are held out. Scorers fitted on the rest answer questions about them; most questions teach
the fusion, the others, of other users, only check it. At last the scorers are fitted again, on all events.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Interactions, ItemTable
from .ensemble import Ensemble
from .features import Features
from .fusion import choose
from .fusion_check import check
from .held_out_queries import Query, among_all, draw, held_out
from .resumable_fit import FitWork, StartOf
from .scorers.array_files import read_arrays, write_arrays
from .scorers.base import Progress, Scorer, silent
from .scorers.listing import SCORERS
from .training_lists import Answers, answer, retrieve

RECIPE = 4
"""Goes up when a change of code or settings makes kept parts wrong."""
TEACH_USERS, CHECK_USERS = 12_000, 2_500
ANSWERS_KEPT = 1_000
MOST_SCORES = 125_000_000
"""So many items are scored at most to draw lists of retrieved candidates; in a large catalogue, for a part of the users."""
SPENT = "spent.json"
SHARE_HELD_OUT, SHARE_CHECK = 0.5, 0.15
Ask = Callable[[Sequence[Query], Mapping[str, Scorer], Features, int], Answers]
STAGES = {
    "before": (0.0, 0.35),
    "questions": (0.35, 0.4),
    "lists": (0.4, 0.55),
    "fusion": (0.55, 0.6),
    "all": (0.6, 1.0),
}


def fit_ensemble(
    items: ItemTable,
    events: Interactions,
    *,
    scorers: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress = silent,
    budget_s: float | None = None,
    folder: Path | None = None,
    start_of: StartOf | None = None,
) -> Ensemble:
    """Learn the scorers and their fusion.

    Args:
        items: the catalogue.
        events: what users did, oldest first.
        scorers: names of ``listing.SCORERS``; all of them by default.
        seed: of everything drawn at random.
        progress: called with a text and the share done.
        budget_s: once this has passed, scorers that are not yet fitted are left out.
        folder: where finished parts are kept, so that the same call after a kill goes on from there.
        start_of: where scorers that can go on begin; None to begin anew.

    Raises:
        InvalidRequestError: there are no wanted events, or a scorer's name is unknown.
    """
    names = tuple(scorers) if scorers is not None else tuple(SCORERS)
    check_input(items, events, names)
    began = time.monotonic()
    kept = folder / digest(items, events, seed) if folder is not None else None
    teach, test = _users(events, seed)
    before, users, targets = held_out(events, np.concatenate([teach, test]))
    work = _Work(items, kept, progress, stages=STAGES, seconds=SPENT, began=began, budget_s=budget_s, start_of=start_of)
    early, missing = work.fit_scorers("before", names, before)
    features = Features.of(tuple(early), before, seed)
    asked: dict[str, Any] = {"early": early, "features": features, "seed": seed}
    answers = work.answers("questions", answer, draw(before, users, targets, seed), **asked)
    some = slice(None, None, -(-len(users) * len(items) // MOST_SCORES))
    retrieved = work.answers("lists", retrieve, among_all(before, users[some], targets[some]), **asked)
    teaching = np.isin(users, teach)
    with work.spent.on("fusion", work.stage("fusion")) as tell:
        taught, listed = answers.of(teaching).lists(), retrieved.of(teaching[some]).lists()
        fusion = choose(len(taught.sizes)).fit(taught, features.names, seed, tell, retrieved=listed)
        figures = check(fusion, features, answers.of(~teaching), retrieved.of(~teaching[some]), seed)
    fitted, late = work.fit_scorers("all", tuple(early), events, early)
    report = {
        "recipe": RECIPE,
        "seed": seed,
        "users": events.n_users,
        "items": len(items),
        "events": len(events),
        "fusion": fusion.kind,
        "questions": len(taught.sizes),
        "lists": len(listed.sizes),
        "validation": figures,
        **work.spent.report(),
    }
    counts = Features.of(tuple(early), events, seed).popularity
    features = Features(features.scorers, features.reference, counts)
    return Ensemble(fitted, features, fusion, n_items=len(items), missing={**missing, **late}, report=report)


def seen_early(events: Interactions, seed: int) -> Interactions:
    """Return what the scorers learn from before the fusion is learnt."""
    return held_out(events, np.concatenate(_users(events, seed)))[0]


def digest(items: ItemTable, events: Interactions, seed: int, names: Sequence[str] = ()) -> str:
    """Return a short name of the data, the seed, the recipe and ``names``, under which what was learnt is kept."""
    sha = hashlib.sha256(
        f"{RECIPE}:{TEACH_USERS}:{CHECK_USERS}:{seed}:{len(items)}:{events.n_users}:{','.join(names)}".encode()
    )
    for part in (items.ids, items.titles):
        sha.update("\x1f".join(part).encode())
    for array in (events.user, events.item, events.at, events.weight, items.text_vectors):
        if array is not None:
            sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]


def check_input(items: ItemTable, events: Interactions, names: Sequence[str]) -> None:
    """Raise InvalidRequestError for an unknown scorer, without a wanted event, and for events of another catalogue."""
    unknown = [name for name in names if name not in SCORERS]
    if unknown:
        raise InvalidRequestError("scorers", f"no scorer {', '.join(unknown)}; there are {', '.join(SCORERS)}")
    if not len(items) or not (events.weight > 0).any():
        raise InvalidRequestError("events", "there is no wanted event to learn from; add likes, purchases or ratings")
    if events.n_items != len(items):
        raise InvalidRequestError("events", f"events speak of {events.n_items} items, the catalogue has {len(items)}")


def _users(events: Interactions, seed: int) -> tuple[Any, Any]:
    """Draw the users whose last event teaches, and those whose last event checks."""
    counts = np.bincount(events.user[events.weight > 0], minlength=events.n_users)
    able = np.random.default_rng(seed).permutation(np.flatnonzero(counts >= 2)).astype(np.int32)
    chosen = able[: min(TEACH_USERS + CHECK_USERS, max(1, int(len(able) * SHARE_HELD_OUT)))]
    checks = min(CHECK_USERS, max(1, int(len(chosen) * SHARE_CHECK)))
    return chosen[checks:], chosen[:checks]


class _Work(FitWork):
    """Fits scorers and keeps their answers as well."""

    def answers(
        self,
        stage: str,
        ask: Ask,
        queries: Sequence[Query],
        *,
        early: Mapping[str, Scorer],
        features: Features,
        seed: int,
    ) -> Answers:
        """Return what ``ask`` finds, ``ANSWERS_KEPT`` questions at a time, kept from an earlier call if nothing changed."""
        parts, tell = [], self.stage(stage)
        for start in range(0, len(queries), ANSWERS_KEPT):
            asked = queries[start : start + ANSWERS_KEPT]
            parts.append(
                self._answers(f"{stage}/{start}", partial(ask, asked, early, features, seed + start), features)
            )
            tell(f"{stage}: {start + len(asked)} of {len(queries)}", (start + len(asked)) / len(queries))
        return Answers.joined(parts)

    def _answers(self, name: str, ask: Callable[[], Answers], features: Features) -> Answers:
        names = np.array(features.names)
        path = self._kept / f"{name.replace('/', '-')}.npz" if self._kept is not None else None
        if path is not None and path.is_file():
            kept = read_arrays(path)
            if np.array_equal(kept["names"], names):
                self.spent.kept(name)
                return Answers(**{key: array for key, array in kept.items() if key != "names"})
        with self.spent.on(name, self.stage(name.partition("/")[0])):
            found = ask()
        if path is not None:
            write_arrays(path, {**vars(found), "names": names})
        return found
