"""Fit scorers one after another within a budget, keeping each finished one in a folder, so that a killed run goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ...core.errors import BackEndUnavailable
from ...core.learning.interactions import Interactions, ItemTable
from .scorers.array_files import read_arrays, write_arrays
from .scorers.base import GoesOn, Progress, Resumes, Scorer
from .scorers.listing import SCORERS
from .time_and_memory import Spent

StartOf = Callable[[str, Interactions, Progress], Scorer | None]
"""Called with a scorer's name and what it shall learn; returns a scorer that learnt most of that, to go on from, or None."""
NOTHING: Mapping[str, Scorer] = MappingProxyType({})


class FitWork:
    """The fitting of one ensemble.

    Args:
        items: the catalogue.
        kept: where finished parts are; None to keep nothing.
        progress: called with a text and the share of the whole that is done.
        stages: name -> the shares of the whole between which a stage lies.
        seconds: name of the file that holds the seconds of every part, over all calls.
        began: when it began, by the monotonic clock.
        budget_s: once this has passed, scorers that are not yet fitted are left out.
        start_of: where scorers that can go on begin; None to begin anew.
    """

    def __init__(
        self,
        items: ItemTable,
        kept: Path | None,
        progress: Progress,
        *,
        stages: Mapping[str, tuple[float, float]],
        seconds: str,
        began: float,
        budget_s: float | None = None,
        start_of: StartOf | None = None,
    ) -> None:
        self._items, self._kept, self._progress, self._stages = items, kept, progress, stages
        self._began, self._budget_s, self._start_of = began, budget_s, start_of
        self.spent = Spent(kept / seconds if kept is not None else None)

    def stage(self, name: str) -> Progress:
        """Return a progress call that fills the stage's share of the whole."""
        low, high = self._stages[name]
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
            try:
                said = _within(tell, f"{stage}: ", number, len(names))
                fitted[name] = self._one(stage, name, events, said, early.get(name))
            except (BackEndUnavailable, ImportError) as error:
                missing[name] = str(error)
            except Exception as error:  # noqa: BLE001  # one broken scorer must not take the others with it
                missing[name] = f"cannot be fitted ({type(error).__name__}: {error})"
            tell(f"{stage}: {name} {'done' if name in fitted else 'left out'}", (number + 1) / len(names))
        return fitted, missing

    def _one(self, stage: str, name: str, events: Interactions, progress: Progress, before: Scorer | None) -> Scorer:
        path = self._kept / f"{stage}-{name}.npz" if self._kept is not None else None
        if path is not None and path.is_file():
            self.spent.kept(f"{stage}:{name}")
            return SCORERS[name]().restore(self._items, read_arrays(path))
        with self.spent.on(f"{stage}:{name}", progress) as tell:
            return self._fitted(SCORERS[name](), path, events, tell, before)

    def _fitted(
        self, scorer: Scorer, path: Path | None, events: Interactions, progress: Progress, before: Scorer | None
    ) -> Scorer:
        checkpoint = path.with_suffix(".part.npz") if path is not None else None
        if isinstance(scorer, Resumes):
            scorer.checkpoint = checkpoint
        if before is None and self._start_of is not None and isinstance(scorer, GoesOn):
            before = self._start_of(scorer.name, events, _within(progress, "", 0, 2))
            progress = _within(progress, "", 1, 2) if before is not None else progress
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


def _within(progress: Progress, before: str, number: int, parts: int) -> Progress:
    """Return a progress call for part ``number`` of ``parts``."""
    return lambda text, share: progress(before + text, (number + share) / parts)
