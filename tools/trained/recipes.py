"""Fit the recommender in the ways there are, measure each on later events, and choose one and how much it counts.

Fitted for questions of few candidates, it serves any catalogue; fitted for ranking all of a catalogue that is small enough, it is often
better at that. By its share, a recommender counts beside the ranking that needs no training: a shop with few events gets a mixture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...core.errors import BackEndUnavailable, InvalidRequestError, TastemakerError
from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from ...core.learning.model_card import Validation
from ...core.learning.recipe_choice import Gains, Way, best, chosen_by_others
from ...models.recommender.common_beginning import Groundwork, common_beginning
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.fit import digest, fit_ensemble, seen_early
from ...models.recommender.fit_whole_catalogue import MOST, PER_USER, fit_catalogue, hold_out
from ...models.recommender.scorers.base import Progress
from ...models.recommender.scorers.listing import SCORERS
from .validation import AT, Popular, Split, Untrained, figures_of, gains_of, places_of, validation_of

CATALOGUE, QUESTIONS = "catalogue", "questions"
MAX_CATALOGUE = 4_096
"""Of so many items, everything a user has not seen is ranked, whatever the number of users."""
SHARES = (1.0, 0.5)
TRAINED, UNTRAINED, POPULAR = "trained", "untrained fusion", "popularity"


@dataclass(frozen=True)
class Fitting:
    """What is fitted, from what, and how; ``folder`` keeps finished parts, ``groundwork`` is what all fits of a run share."""

    items: ItemTable
    events: Interactions
    scorers: Sequence[str] | None
    seed: int
    folder: Path
    budget_s: float | None = None
    groundwork: Groundwork | None = None

    def by(self, recipe: str, progress: Progress) -> Ensemble:
        """Return the ensemble.

        Raises:
            BackEndUnavailable: no scorer could be fitted.
            InvalidRequestError: there is too little to learn from, or a scorer's name is unknown.
        """
        names = tuple(self.scorers) if self.scorers is not None else tuple(SCORERS)
        found = FITS[recipe](
            self.items,
            self.events,
            scorers=names,
            seed=self.seed,
            progress=progress,
            budget_s=self.budget_s,
            folder=self.folder,
            start_of=self.groundwork.under if self.groundwork is not None else None,
        )
        if not found.scorers:
            raise BackEndUnavailable(f"no scorer could be fitted: {'; '.join(found.missing.values())}")
        return found


FITS: Mapping[str, Callable[..., Ensemble]] = {QUESTIONS: fit_ensemble, CATALOGUE: fit_catalogue}
EARLY: Mapping[str, Callable[[Interactions, int], Interactions]] = {
    QUESTIONS: seen_early,
    CATALOGUE: lambda events, seed: hold_out(events, seed)[0],
}
"""What a recipe's scorers learn from first."""


def on_common_ground(work: Fitting, split: Split) -> Fitting:
    """Return ``work`` with long scorers trained once for all recipes, on ``split.before`` and on all events."""
    names = recipes_for(len(work.items), split.before.n_users)
    early = [EARLY[name](events, work.seed) for name in names for events in (split.before, work.events)]
    common = common_beginning(work.events, early)
    kept = work.folder / digest(work.items, common, work.seed)
    return replace(work, groundwork=Groundwork(work.items, common, kept))


def recipes_for(items: int, users: int) -> tuple[str, ...]:
    """Return the recipes to try, the preferred one first.

    Ranking whole catalogues is learnt where that scores no more items in all than for ``MAX_CATALOGUE`` items and as many questions as
    are ever asked.
    """
    questions = min(MOST, PER_USER * users)
    return (CATALOGUE, QUESTIONS) if items * questions <= MAX_CATALOGUE * MOST else (QUESTIONS,)


@dataclass(frozen=True)
class ChosenRecipe:
    """The recipe, its share, what was measured, and the scorers that could be fitted; ``notes`` say what was not tried and why."""

    way: Way
    scorers: Sequence[str] | None = None
    validation: Validation | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)


def choose_recipe(work: Fitting, split: Split, progress: Progress, *, may_be_plain: bool = True) -> ChosenRecipe:
    """Fit every recipe that can be afforded on the events before the cut, and return the best way over the held-out users.

    With ``may_be_plain``, the ranking without training is a way too: the share is then zero.

    Raises:
        BackEndUnavailable: no recipe could be fitted.
        InvalidRequestError: a scorer's name is unknown.
    """
    work = replace(work, events=split.before)
    fitted: dict[str, Ensemble] = {}
    notes: list[str] = []
    began, names = time.monotonic(), recipes_for(len(work.items), work.events.n_users)
    failed: TastemakerError | None = None
    for number, recipe in enumerate(names):
        spent = time.monotonic() - began
        if fitted and work.budget_s is not None and spent * (number + 1) > work.budget_s * number:
            notes.append(f"{recipe}: not tried, the budget does not allow it")
            continue
        try:
            low, high = 0.9 * number / len(names), 0.9 * (number + 1) / len(names)
            fitted[recipe] = work.by(recipe, part_of(progress, low, high, f"{recipe}: "))
        except (BackEndUnavailable, InvalidRequestError) as error:
            failed = error
            notes.append(f"{recipe}: not tried, {error}")
    if failed is not None and not fitted:
        raise failed
    return _measured(work, split, fitted, tuple(notes), may_be_plain)


def _measured(
    work: Fitting, split: Split, fitted: Mapping[str, Ensemble], notes: tuple[str, ...], may_be_plain: bool
) -> ChosenRecipe:
    untrained, popular = Untrained(work.items, split.before), Popular(split.before)

    def ask(user: UserState, rows: Rows) -> dict[str | Way, Floats]:
        lists = untrained.lists(user, rows)
        told: dict[str | Way, Floats] = {UNTRAINED: untrained.alone(lists, len(rows)), POPULAR: popular(user, rows)}
        for recipe, ensemble in fitted.items():
            scores = np.nan_to_num(ensemble.rank(user, rows).scores, nan=-np.inf)
            told[recipe] = scores
            told |= {Way(recipe, share): untrained.beside(lists, scores, share) for share in SHARES}
        return told

    gains: dict[str | Way, Gains] = {}
    hits: dict[str | Way, Gains] = {}
    for name, found in places_of(split, ask, len(work.items), work.seed).items():
        gains[name] = split.per_user(gains_of(found))
        hits[name] = split.per_user((found <= AT).astype(float))
    if may_be_plain:
        plain = Way(next(iter(fitted)), 0.0)
        gains[plain], hits[plain] = gains[UNTRAINED], hits[UNTRAINED]
    ways = {way: found for way, found in gains.items() if isinstance(way, Way)}
    chosen = best(ways)
    honest = chosen_by_others(ways, work.seed)
    hit = np.array([hits[way][user] for user, way in enumerate(honest)])
    gain = np.array([gains[way][user] for user, way in enumerate(honest)])
    figures = {TRAINED: figures_of(gain, hit)}
    figures |= {name: figures_of(found, hits[name]) for name, found in gains.items() if isinstance(name, str)}
    scorers = tuple(fitted[chosen.recipe].scorers)
    return ChosenRecipe(chosen, scorers, validation_of(split, len(work.items), figures), notes)


def part_of(progress: Progress, low: float, high: float, before: str = "") -> Progress:
    """Return a progress call for the part of the whole from ``low`` to ``high``."""
    return lambda text, share: progress(f"{before}{text}", low + share * (high - low))
