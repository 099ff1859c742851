"""Fit an ensemble without leaks: scorers on what came before, the fusion on what came after, then scorers on everything.

The last wanted events of some users are held out. Scorers fitted on the rest answer questions about them; most questions teach
the fusion, the others, of other users, only check it. At last the scorers are fitted again, on all events.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InvalidRequestError
from ..core.interactions import Interactions, ItemTable
from .array_files import read_arrays, write_arrays
from .ensemble_files import Parts
from .features import Features
from .fit_work import FitWork
from .fusion import choose
from .fusion_check import check
from .queries import Query, draw, held_out
from .questions import Answers, answer
from .scorers.base import Progress, Scorer, silent
from .scorers.listing import SCORERS

RECIPE = 1
"""Goes up when a change of code or settings makes kept parts wrong."""
TEACH_USERS, CHECK_USERS = 12_000, 2_500
ANSWERS_KEPT = 1_000
SECONDS = "seconds-questions.json"
SHARE_HELD_OUT, SHARE_CHECK = 0.5, 0.15
STAGES = {"before": (0.0, 0.4), "questions": (0.4, 0.55), "fusion": (0.55, 0.6), "all": (0.6, 1.0)}


def fit(
    items: ItemTable,
    events: Interactions,
    *,
    scorers: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress = silent,
    budget_s: float | None = None,
    folder: Path | None = None,
) -> Parts:
    """Return the parts of a fitted ensemble; see ``Ensemble.fit``."""
    names = tuple(scorers) if scorers is not None else tuple(SCORERS)
    check_input(items, events, names)
    began = time.monotonic()
    kept = folder / digest(items, events, seed) if folder is not None else None
    teach, test = _users(events, seed)
    before, users, targets = held_out(events, np.concatenate([teach, test]))
    work = _Work(items, kept, progress, stages=STAGES, seconds=SECONDS, began=began, budget_s=budget_s)
    early, missing = work.fit_scorers("before", names, before)
    features = Features.of(tuple(early), before, seed)
    answers = work.answers(draw(before, users, targets, seed), early, features, seed)
    teaching = np.isin(users, teach)
    taught = time.monotonic()
    teacher = choose(int(teaching.sum()))
    fusion = teacher.fit(answers.lists(teaching), features.names, seed, work.stage("fusion"))
    work.took("fusion", taught)
    figures = check(fusion, features, answers, ~teaching, seed)
    fitted, late = work.fit_scorers("all", tuple(early), events, early)
    report = {
        "recipe": RECIPE,
        "seed": seed,
        "users": events.n_users,
        "items": len(items),
        "events": len(events),
        "fusion": fusion.kind,
        "questions": int(teaching.sum()),
        "validation": figures,
        "seconds": {**work.seconds, "total": round(sum(work.seconds.values()), 1)},
        "peak_memory_mib": peak_memory_mib(),
    }
    counts = Features.of(tuple(early), events, seed).popularity
    features = Features(features.scorers, features.reference, counts)
    return Parts(fitted, features, fusion, {**missing, **late}, report)


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


def peak_memory_mib() -> float:
    """Return the most memory this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


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

    def answers(self, queries: Sequence[Query], early: Mapping[str, Scorer], features: Features, seed: int) -> Answers:
        """Return the scorers' answers, ``ANSWERS_KEPT`` at a time, those kept from an earlier call if nothing changed."""
        began, parts, tell = time.monotonic(), [], self.stage("questions")
        for start in range(0, len(queries), ANSWERS_KEPT):
            asked = queries[start : start + ANSWERS_KEPT]
            parts.append(self._answers(start, asked, early, features, seed))
            tell(f"questions: {start + len(asked)} of {len(queries)}", (start + len(asked)) / len(queries))
        self.took("questions", began)
        return Answers.joined(parts)

    def _answers(
        self, start: int, asked: Sequence[Query], early: Mapping[str, Scorer], features: Features, seed: int
    ) -> Answers:
        names = np.array([*features.names, str(len(asked))])
        path = self._kept / f"answers-{start}.npz" if self._kept is not None else None
        if path is not None and path.is_file():
            kept = read_arrays(path)
            if np.array_equal(kept["names"], names):
                return Answers(**{name: array for name, array in kept.items() if name != "names"})
        found = answer(asked, early, features, seed + start)
        if path is not None:
            write_arrays(path, {**vars(found), "names": names})
        return found
