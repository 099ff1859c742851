"""Check that long scorers are trained once in a run, and never on what any fit of it holds out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.learning.interactions import Interactions, ItemTable
from tastemaker.models.recommender import fit as ensemble_fit
from tastemaker.models.recommender import fit_whole_catalogue as catalogue_fit
from tastemaker.models.recommender import resumable_fit as fit_work
from tastemaker.models.recommender.common_beginning import SHARE, Groundwork, common_beginning
from tastemaker.models.recommender.scorers.base import Progress, silent
from tastemaker.models.recommender.scorers.popularity import Popularity
from tastemaker.tools.trained import recipes
from tastemaker.tools.trained.recipes import EARLY, FITS, QUESTIONS, Fitting, on_common_ground
from tastemaker.tools.trained.validation import split_by_time

USERS, EACH, ITEMS = 36, 60, 80
Pairs = set[tuple[int, int]]


def pairs(events: Interactions) -> Pairs:
    return set(zip(events.user.tolist(), events.item.tolist(), strict=True))


class Long(Popularity):
    """Counts, and notes what it was given: to begin with, and to go on with after what."""

    name = "long"
    begun: ClassVar[list[Pairs]] = []
    gone_on: ClassVar[list[tuple[int, Pairs]]] = []
    known = 0

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        self.begun.append(pairs(events))
        return self._noted(items, events)

    def go_on(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        self.gone_on.append((self.known, pairs(events)))
        return self._noted(items, events)

    def save(self) -> dict[str, Any]:
        return {**super().save(), "known": np.array(self.known)}

    def restore(self, items: ItemTable, arrays: Mapping[str, Any]) -> Self:
        self.known = int(arrays["known"])
        return super().restore(items, arrays)

    def _noted(self, items: ItemTable, events: Interactions) -> Self:
        self.known = len(events)
        return super().fit(items, events)


class Missing(Long):
    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        raise BackEndUnavailable("needs the extra train")


@pytest.fixture
def scorers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {"popularity": Popularity, "long": Long}
    for module in (ensemble_fit, fit_work, recipes):
        monkeypatch.setattr(module, "SCORERS", found)
    monkeypatch.setattr(catalogue_fit, "MOST", 10)
    monkeypatch.setattr(Long, "begun", [])
    monkeypatch.setattr(Long, "gone_on", [])
    return found


def world(each: int = EACH) -> tuple[ItemTable, Interactions]:
    """Return users of whom one in ten comes early only, and one in three wants nothing for sure."""
    rng = np.random.default_rng(0)
    m = USERS * each
    user = np.repeat(np.arange(USERS), each).astype(np.int32)
    events = Interactions(
        user=user,
        item=np.concatenate([rng.permutation(ITEMS)[:each] for _ in range(USERS)]).astype(np.int32),
        at=np.tile(np.arange(float(each)), USERS) - np.where(user % 10 == 0, each, 0.0),
        weight=np.where(user % 3 == 0, 0.5, 1.0).astype(np.float32),
        rating=np.full(m, np.nan, np.float32),
        n_users=USERS,
        n_items=ITEMS,
    )
    return ItemTable(ids=tuple(map(str, range(ITEMS)))), events


def trained(folder: Path, each: int = EACH) -> Fitting:
    """Fit by every recipe on what was before the cut, and on everything, as a run may."""
    items, events = world(each)
    split = split_by_time(events, 0)
    assert split is not None
    work = on_common_ground(Fitting(items, events, None, 0, folder), split)
    for given in (split.before, events):
        for name in FITS:
            assert set(replace(work, events=given).by(name, silent).scorers) == {"popularity", "long"}
    return work


def test_what_all_parts_hold_is_the_beginning_of_each_history() -> None:
    _, events = world(5)
    place = np.arange(len(events)) - events.starts[events.user]
    parts = [events.keep(place < 3 + events.user % 2), events.keep(place < 4 - events.user % 3)]
    assert pairs(common_beginning(events, parts)) == pairs(parts[0]) & pairs(parts[1])
    assert common_beginning(events, parts[:1]).at.tolist() == parts[0].at.tolist()


def test_a_long_scorer_is_trained_once_on_what_no_fit_holds_out(scorers: dict[str, Any], tmp_path: Path) -> None:
    work = trained(tmp_path)
    split = split_by_time(work.events, 0)
    assert split is not None
    early = [pairs(EARLY[name](given, 0)) for name in EARLY for given in (split.before, work.events)]
    (begun,) = Long.begun
    assert begun == set.intersection(*early)
    first = [given for known, given in Long.gone_on if known == len(begun)]
    assert len(first) == len(early)
    assert all(given in first for given in early)


def test_what_was_trained_is_taken_up_again(scorers: dict[str, Any], tmp_path: Path) -> None:
    items, events = world()
    most = events.keep(np.arange(len(events)) - events.starts[events.user] < np.ceil(SHARE * EACH))
    for _ in range(2):
        assert isinstance(Groundwork(items, most, tmp_path).under("long", events, silent), Long)
    assert Long.begun == [pairs(most)]


def test_where_much_is_new_each_fit_begins_anew(scorers: dict[str, Any], tmp_path: Path) -> None:
    trained(tmp_path, each=8)
    assert len(Long.begun) == 4
    items, events = world()
    ground = Groundwork(items, events.keep(np.arange(len(events)) % 2 == 0), tmp_path)
    assert ground.under("long", events, silent) is None
    others = replace(events, user=np.zeros_like(events.user))
    assert Groundwork(items, events, tmp_path).under("long", others, silent) is None


def test_a_scorer_that_cannot_be_trained_is_named_and_left_out(scorers: dict[str, Any], tmp_path: Path) -> None:
    scorers["long"] = Missing
    items, events = world()
    split = split_by_time(events, 0)
    assert split is not None
    found = on_common_ground(Fitting(items, events, None, 0, tmp_path), split).by(QUESTIONS, silent)
    assert found.missing == {"long": "needs the extra train"}
