"""Make held-out cases from Amazon Video Games: a user's visible history, 20 candidates and the one that was taken.

Weights are fitted on users who are not among the rows that are reported; item statistics come from a third group of users.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.learning.interactions import Floats, Rows, UserState
from ...core.learning.llm_signal import base_scores, group_of
from ...core.learning.llm_task import RankTask
from ...core.schemas import Item
from ...core.settings import Settings
from .baselines import Baselines
from .data import read_histories, read_items, read_questions, with_text_vectors

BASE = "blend"
BASES = ("titles", "popularity", "blend")
"""What makes the lists: nearness of title vectors alone, as in a shop without events; popularity alone; both and co-occurrence."""
RANDOM = "dev_random20.tsv"
NEGATIVES, SPARE = 19, 60
COLD_HISTORY = (1, 2, 3)
FIT_POOL = 3000
NEWEST = 10


@dataclass(frozen=True)
class Row:
    """One user: what is visible of the history, oldest first, the candidates, and the one that was taken."""

    user: str
    history: tuple[int, ...]
    candidates: tuple[int, ...]
    target: int

    @property
    def group(self) -> str:
        """Return the user group."""
        return group_of(len(self.history))


@dataclass(frozen=True, eq=False)
class Listed:
    """A row with the list that the base makes of it, best first: rows of items, their base scores, the target's place."""

    row: Row
    items: tuple[int, ...]
    base: Floats
    target: int


class Games:
    """The rows of ``data/games`` and the base that lists their candidates: the blend of ``tastemaker bench games``.

    Args:
        items: with text vectors.
        reported: the rows whose figures are reported.
        fitting: rows like them, of other users: their last item against 19 random ones.
        baselines: what makes the lists; learnt from users of neither.
    """

    def __init__(self, settings: Settings, data: Path, seed: int) -> None:
        self.items = with_text_vectors(read_items(data), settings, settings.cache / "bench" / "games")
        every = read_histories(data, len(self.items))
        questions = read_questions(data, RANDOM)
        histories = {u: tuple(every.item[every.of(u)].tolist()) for u in range(every.n_users)}
        self.reported = [Row(str(q.user), histories[q.user], tuple(q.rows.tolist()), q.target) for q in questions]
        asked = {q.user for q in questions}
        rng = np.random.default_rng(seed)
        others = [u for u in range(every.n_users) if u not in asked and len(histories[u]) > 1]
        chosen = [int(u) for u in rng.permutation(others)[:FIT_POOL]]
        self.fitting = [_leave_one_out(str(u), histories[u], len(self.items), rng) for u in chosen]
        rest = every.keep(~np.isin(every.user, [*asked, *chosen]))
        self.baselines = Baselines(self.items, rest)

    @classmethod
    async def open(cls, settings: Settings, data: Path, seed: int) -> Games:
        """Read everything. Raises InvalidRequestError where ``data/games`` is missing."""
        return await asyncio.to_thread(cls, settings, data, seed)

    def listed(self, row: Row, base: str = BASE) -> Listed:
        """Return the row's candidates as one of ``BASES`` lists them, best first, ties by item."""
        items = np.array(row.candidates, dtype=np.int32)
        score = self._scores(row, items, base)
        places = np.lexsort((items, -score))
        target = int(np.flatnonzero(items[places] == row.target)[0])
        return Listed(row, tuple(items[places].tolist()), base_scores(score[places].tolist()), target)

    def _scores(self, row: Row, items: Rows, base: str) -> Floats:
        if base != "titles":
            return self.baselines.scores(UserState.of(np.array(row.history, dtype=np.int32)), items)[base]
        vectors = self.items.text_vectors
        assert vectors is not None
        newest = list(row.history[-NEWEST:])
        near = vectors[items] @ vectors[newest].mean(axis=0) if newest else np.zeros(len(items))
        return np.asarray(near, dtype=np.float32)

    def task(self, listed: Listed) -> RankTask:
        """Return what the model is asked about a list; titles only, newest first."""
        newest = listed.row.history[::-1]
        titles = tuple(self.items.titles[i] for i in newest)
        return RankTask(tuple(map(self.item, listed.items)), titles, tuple(map(str, newest)))

    def item(self, row: int) -> Item:
        """Return an item by its row."""
        return Item(item_id=str(row), title=self.items.titles[row][:500] or f"item {row}")


def shortened(rows: Sequence[Row], group: str) -> list[Row]:
    """Return the rows as they look for a user group: cold ones see the last 1, 2 or 3 items, in turn."""
    if group == "warm":
        return [r for r in rows if r.group == "warm"]
    return [
        Row(r.user, r.history[-COLD_HISTORY[i % len(COLD_HISTORY)] :], r.candidates, r.target)
        for i, r in enumerate(rows)
        if r.history
    ]


def _leave_one_out(user: str, history: tuple[int, ...], n_items: int, rng: np.random.Generator) -> Row:
    *before, target = history
    drawn = [int(i) for i in rng.permutation(n_items)[: NEGATIVES + SPARE] if int(i) not in history]
    return Row(user, tuple(before), (*drawn[:NEGATIVES], target), target)
