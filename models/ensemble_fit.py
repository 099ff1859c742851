"""Fit an ensemble without leaks: scorers on what came before, the fusion on what came after, then scorers on everything.

The last wanted events of some users are held out. Scorers fitted on the rest answer questions about them; most questions teach
the fusion, the others, of other users, only check it. At last the scorers are fitted again, on all events.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..core.errors import BackEndUnavailable, InvalidRequestError
from ..core.interactions import Interactions, ItemTable
from .array_files import read_arrays, write_arrays
from .ensemble_files import Parts
from .features import Features
from .fusion import choose
from .fusion_check import check
from .queries import Query, draw, held_out
from .questions import Answers, answer
from .scorers.base import GoesOn, Progress, Resumes, Scorer, silent
from .scorers.listing import SCORERS

RECIPE = 1
"""Goes up when a change of code or settings makes kept parts wrong."""
TEACH_USERS, CHECK_USERS = 12_000, 2_500
ANSWERS_KEPT = 1_000
SECONDS = "seconds.json"
SHARE_HELD_OUT, SHARE_CHECK = 0.5, 0.15
NOTHING: Mapping[str, Scorer] = MappingProxyType({})
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
    _check_input(items, events, names)
    began = time.monotonic()
    kept = folder / digest(items, events, seed) if folder is not None else None
    teach, test = _users(events, seed)
    before, users, targets = held_out(events, np.concatenate([teach, test]))
    work = _Work(items, kept, progress, began, budget_s)
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


def _check_input(items: ItemTable, events: Interactions, names: Sequence[str]) -> None:
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


def _within(progress: Progress, before: str, number: int, parts: int) -> Progress:
    """Return a progress call for part ``number`` of ``parts``."""
    return lambda text, share: progress(before + text, (number + share) / parts)


def _kept_seconds(kept: Path | None) -> dict[str, float]:
    """Return the seconds of earlier calls, none if there were none or the file is damaged."""
    try:
        found = json.loads((kept / SECONDS).read_text(encoding="utf-8")) if kept is not None else {}
    except (OSError, ValueError):
        return {}
    return {str(name): float(value) for name, value in found.items()}


class _Work:
    """Fits scorers one after another, keeping each in a folder, within a budget."""

    def __init__(
        self, items: ItemTable, kept: Path | None, progress: Progress, began: float, budget_s: float | None
    ) -> None:
        self._items, self._kept, self._progress = items, kept, progress
        self._began, self._budget_s = began, budget_s
        self.seconds = _kept_seconds(kept)

    def took(self, what: str, began: float) -> None:
        """Add the seconds since ``began`` to those of ``what``; earlier calls whose parts are kept count too."""
        self.seconds[what] = round(self.seconds.get(what, 0.0) + time.monotonic() - began, 1)
        if self._kept is not None:
            self._kept.mkdir(parents=True, exist_ok=True)
            (self._kept / SECONDS).write_text(json.dumps(self.seconds), encoding="utf-8")

    def stage(self, name: str) -> Progress:
        """Return a progress call that fills the stage's share of the whole."""
        low, high = STAGES[name]
        return lambda text, share: self._progress(text, low + share * (high - low))

    def fit_scorers(
        self, stage: str, names: Sequence[str], events: Interactions, early: Mapping[str, Scorer] = NOTHING
    ) -> tuple[dict[str, Scorer], dict[str, str]]:
        """Return the scorers that could be fitted and, by name, why others could not."""
        fitted: dict[str, Scorer] = {}
        missing: dict[str, str] = {}
        tell = self.stage(stage)
        for number, name in enumerate(names):
            if self._budget_s is not None and time.monotonic() - self._began > self._budget_s:
                missing[name] = f"left out: the budget of {self._budget_s:.0f} s was used up; raise it"
                continue
            at = time.monotonic()
            try:
                said = _within(tell, f"{stage}: ", number, len(names))
                fitted[name] = self._one(stage, name, events, said, early.get(name))
            except (BackEndUnavailable, ImportError) as error:
                missing[name] = str(error)
            except Exception as error:  # noqa: BLE001  # one broken scorer must not take the others with it
                missing[name] = f"cannot be fitted ({type(error).__name__}: {error})"
            self.took(f"{stage}:{name}", at)
            tell(f"{stage}: {name} {'done' if name in fitted else 'left out'}", (number + 1) / len(names))
        return fitted, missing

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

    def _one(self, stage: str, name: str, events: Interactions, progress: Progress, before: Scorer | None) -> Scorer:
        path = self._kept / f"{stage}-{name}.npz" if self._kept is not None else None
        if path is not None and path.is_file():
            return SCORERS[name]().restore(self._items, read_arrays(path))
        scorer = SCORERS[name]()
        checkpoint = path.with_suffix(".part.npz") if path is not None else None
        if isinstance(scorer, Resumes):
            scorer.checkpoint = checkpoint
        if isinstance(before, GoesOn) and isinstance(scorer, GoesOn):
            scorer.restore(self._items, before.save())
            scorer.go_on(self._items, events, progress)
        else:
            scorer.fit(self._items, events, progress)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_arrays(path, scorer.save())
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        return scorer
