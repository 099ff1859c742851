"""Train and load what a version holds besides its ranking: predicted ratings, and scores of new items by their content.

Each part is one file of its own: a version answers without one that is missing or broken, and says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import TastemakerError
from ...core.learning.interactions import Interactions, ItemTable
from ...core.learning.model_card import RatingError
from ...models.recommender.new_items import NewItemModel
from ...models.recommender.ratings import Ratings, biases, latest_ratings
from ...models.recommender.scorers.array_files import read_arrays, write_arrays
from ...models.recommender.scorers.base import Progress
from ...stores.trained_versions import Artefacts

RATINGS, NEW_ITEMS = "ratings", "new_items"
MIN_RATINGS = 200
MAX_RATINGS = 1_000_000
"""The newest so many ratings are learnt from."""
SHARE_HELD_OUT, MIN_TESTED, MAX_TESTED = 0.1, 50, 5_000
Mask = NDArray[np.bool_]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts there are; ``notes`` say of the others why they are not."""

    ratings: Ratings | None = None
    new_items: NewItemModel | None = None
    error: RatingError | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parts there are."""
        return tuple(name for name, part in ((RATINGS, self.ratings), (NEW_ITEMS, self.new_items)) if part is not None)

    def save(self, folder: Path) -> None:
        """Write one file for each part."""
        for name, part in ((RATINGS, self.ratings), (NEW_ITEMS, self.new_items)):
            if part is not None:
                write_arrays(folder / file_of(name), part.save())


def file_of(name: str) -> str:
    """Return the name of a part's file."""
    return f"{name}.npz"


def fit_parts(items: ItemTable, events: Interactions, seed: int, progress: Progress) -> Parts:
    """Return the parts that could be learnt and are good enough; one that fails is left out."""
    ratings, error, why = None, None, ""
    try:
        ratings, error, why = _fit_ratings(items, events, seed, progress)
    except Exception as broken:  # noqa: BLE001  # a part that fails must not take the version with it; the card names it
        why = f"{RATINGS}: cannot be fitted ({type(broken).__name__}: {broken})"
    new, what = None, ""
    progress("items without events, by their content", 0.9)
    try:
        new, what = _fit_new_items(items, events)
    except Exception as broken:  # noqa: BLE001  # likewise
        what = f"{NEW_ITEMS}: cannot be fitted ({type(broken).__name__}: {broken})"
    return Parts(ratings, new, error, tuple(note for note in (why, what) if note))


def _fit_ratings(
    items: ItemTable, events: Interactions, seed: int, progress: Progress
) -> tuple[Ratings | None, RatingError | None, str]:
    rated = np.flatnonzero(latest_ratings(events))
    if not len(rated):
        return None, None, ""
    values = events.rating[rated]
    if len(rated) < MIN_RATINGS or np.ptp(values) <= 0:
        return (
            None,
            None,
            f"{RATINGS}: {len(rated)} ratings, at least {MIN_RATINGS} that differ are needed to predict some",
        )
    newest = rated[np.argsort(events.at[rated], kind="stable")[-MAX_RATINGS:]]
    known = events.keep(np.isin(np.arange(len(events)), newest))
    held = _held_out(known, seed)
    early = Ratings(seed=seed).fit(items, known.keep(~held), lambda text, done: progress(text, 0.4 * done))
    error = _error(early, known, held)
    if error.rmse >= error.averages:
        told = f"error {error.rmse:.3f} against {error.averages:.3f} by averages of items and users"
        return None, error, f"{RATINGS}: not used, {told}"
    final = Ratings(seed=seed).fit(items, known, lambda text, done: progress(text, 0.4 + 0.5 * done))
    return final, error, ""


def _held_out(known: Interactions, seed: int) -> Mask:
    """Return the newest tenth of the ratings whose users gave earlier ones; drawn from all where those are few."""
    late = known.at >= np.quantile(known.at, 1 - SHARE_HELD_OUT)
    early_users = np.bincount(known.user[~late], minlength=known.n_users) > 0
    rng = np.random.default_rng([seed, 9])
    rows = np.flatnonzero(late & early_users[known.user])
    if len(rows) < MIN_TESTED:
        rows = rng.permutation(len(known))[: max(1, int(SHARE_HELD_OUT * len(known)))]
    held = np.zeros(len(known), dtype=bool)
    held[rng.permutation(rows)[:MAX_TESTED]] = True
    return held


def _error(model: Ratings, events: Interactions, held: Mask) -> RatingError:
    before = events.keep(~held)
    user, item, given = events.user[held], events.item[held], events.rating[held].astype(np.float64)
    told = np.zeros(len(given))
    for one in np.unique(user):
        told[user == one] = model.predict(before.state_of(int(one)), item[user == one])
    mean, of_item, of_user = biases(before)
    plain = np.clip(mean + of_item[item] + of_user[user], before.rating.min(), before.rating.max())
    return RatingError(
        rmse=round(float(np.sqrt(np.mean((told - given) ** 2))), 4),
        averages=round(float(np.sqrt(np.mean((plain - given) ** 2))), 4),
        n=len(given),
    )


def _fit_new_items(items: ItemTable, events: Interactions) -> tuple[NewItemModel | None, str]:
    if items.text_vectors is None and items.image_vectors is None and not any(items.attributes):
        return None, f"{NEW_ITEMS}: items have neither vectors nor attributes to be judged by"
    return NewItemModel().fit(items, events), ""


def load_parts(
    store: Artefacts, version: str, names: tuple[str, ...], items: ItemTable
) -> tuple[Parts, dict[str, str]]:
    """Return the parts of a version that can be read, and why the others cannot."""
    made: Mapping[str, Callable[[], Ratings | NewItemModel]] = {RATINGS: Ratings, NEW_ITEMS: NewItemModel}
    found: dict[str, Ratings | NewItemModel] = {}
    broken: dict[str, str] = {}
    for name in names:
        try:
            path = store.file(version, file_of(name))
            found[name] = made[name]().restore(items, read_arrays(path))
        except TastemakerError as error:
            broken[name] = str(error)
        except Exception as error:  # noqa: BLE001  # a broken part must not take the others with it; the cause is logged
            broken[name] = f"{file_of(name)} cannot be loaded ({type(error).__name__})"
            _log.warning("%s of version %s cannot be loaded", name, version, exc_info=True)
    ratings, new = found.get(RATINGS), found.get(NEW_ITEMS)
    return (
        Parts(
            ratings if isinstance(ratings, Ratings) else None,
            new if isinstance(new, NewItemModel) else None,
        ),
        broken,
    )
