"""Make held-out cases from Amazon Video Games: a user's visible history, 20 candidates and the one that was taken.

Weights are fitted on users who are not among the rows that are reported; item statistics come from a third group of users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..core.errors import InvalidRequestError
from ..core.interactions import Floats
from ..core.llm_signal import base_scores, group_of
from ..core.llm_task import RankTask
from ..core.schemas import Item
from ..core.wording import stem, tokens

NEGATIVES = 19
LAST_TITLES = 5
POPULARITY_SHARE = 0.5
BM25_K1, BM25_B = 1.5, 0.75
COLD_HISTORY = (1, 2, 3)


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


@dataclass(frozen=True)
class Listed:
    """A row with the list that the base makes of it, best first: rows of items, their base scores, the target's place."""

    row: Row
    items: tuple[int, ...]
    base: Floats
    target: int


class GamesData:
    """The items, histories and rows of ``data/games``.

    Args:
        data: the benchmark data folder.

    Raises:
        InvalidRequestError: ``data/games`` is not there.
    """

    def __init__(self, data: Path) -> None:
        folder = data / "games"
        if not folder.is_dir():
            raise InvalidRequestError("--data", f"{folder} is not there; name the folder that holds games/")
        self.titles = [title for _, title in _rows(folder / "items.tsv")]
        self.histories = {u: tuple(map(int, items.split())) for u, items in _rows(folder / "histories.tsv")}
        self.dev = [
            Row(u, self.histories.get(u, ()), tuple(map(int, c.split())), int(t))
            for u, t, c in _rows(folder / "dev_random20.tsv")
        ]

    def fitting_rows(self, n: int, seed: int) -> list[Row]:
        """Return ``n`` rows made like the reported ones from other users: the last item against 19 random ones."""
        reported = {r.user for r in self.dev}
        others = sorted(u for u, items in self.histories.items() if u not in reported and len(items) > 1)
        rng = np.random.default_rng(seed)
        made = []
        for user in rng.permutation(others)[:n]:
            *before, target = self.histories[str(user)]
            seen = {*before, target}
            drawn = [int(i) for i in rng.permutation(len(self.titles))[: NEGATIVES + 60] if int(i) not in seen]
            made.append(Row(str(user), tuple(before), (*drawn[:NEGATIVES], target), target))
        return made

    def task(self, listed: Listed) -> RankTask:
        """Return what the model is asked about a list; titles only, newest first."""
        items = tuple(self.item(i) for i in listed.items)
        newest = listed.row.history[::-1]
        return RankTask(items, tuple(self.titles[i] for i in newest), tuple(str(i) for i in newest))

    def item(self, row: int) -> Item:
        """Return an item by its row."""
        return Item(item_id=str(row), title=self.titles[row][:500] or f"item {row}")


def shortened(rows: Sequence[Row], group: str) -> list[Row]:
    """Return the rows as they look for a user group: cold ones see the last 1, 2 or 3 items, in turn."""
    if group == "warm":
        return [r for r in rows if r.group == "warm"]
    return [
        Row(r.user, r.history[-COLD_HISTORY[i % len(COLD_HISTORY)] :], r.candidates, r.target)
        for i, r in enumerate(rows)
        if r.history
    ]


class Blend:
    """The sum of z-scored BM25 over the last five titles, co-occurrence over the last ten items and half the log popularity.

    BM25 as in Robertson and Zaragoza, 2009, with k1 = 1.5 and b = 0.75; co-occurrence is the count of users who took both,
    divided by the root of the product of both counts.
    """

    name = "blend"

    def __init__(self, data: GamesData, leave_out: Sequence[str]) -> None:
        out = set(leave_out)
        kept = [items for user, items in data.histories.items() if user not in out]
        rows = np.repeat(np.arange(len(kept)), [len(set(h)) for h in kept])
        columns = np.concatenate([np.fromiter(set(h), dtype=np.int64) for h in kept])
        shape = (len(kept), len(data.titles))
        self._taken = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape).tocsc()
        self._counts = np.asarray(self._taken.sum(axis=0)).reshape(-1)
        self._bm25, self._binary = bm25_matrix(data.titles)

    def order(self, row: Row) -> Listed:
        """Return the row's candidates, best first, ties by item."""
        items = np.array(row.candidates)
        score = z(self._words(row.history, items)) + z(self._together(row.history, items))
        score = score + POPULARITY_SHARE * z(np.log1p(self._counts[items]))
        places = np.lexsort((items, -score))
        return Listed(
            row,
            tuple(items[places].tolist()),
            base_scores(score[places].tolist()),
            int(np.flatnonzero(items[places] == row.target)[0]),
        )

    def _words(self, history: Sequence[int], items: NDArray[np.int64]) -> NDArray[np.float64]:
        if not history:
            return np.zeros(len(items))
        query = np.asarray(self._binary[list(history[-LAST_TITLES:])].sum(axis=0)).reshape(-1)
        return np.asarray(self._bm25[items] @ query).reshape(-1)

    def _together(self, history: Sequence[int], items: NDArray[np.int64]) -> NDArray[np.float64]:
        if not history:
            return np.zeros(len(items))
        recent = list(history[-2 * LAST_TITLES :])
        both = np.asarray((self._taken[:, items].T @ self._taken[:, recent]).todense(), dtype=np.float64)
        scale = np.sqrt(np.outer(self._counts[items] + 1, self._counts[recent] + 1))
        return np.asarray((both / scale).sum(axis=1))


def bm25_matrix(titles: Sequence[str]) -> tuple[csr_matrix, csr_matrix]:
    """Return BM25 weights of words in titles, (n, words), and the same with ones."""
    words = [[stem(t) for t in tokens(title)] for title in titles]
    vocabulary = {w: i for i, w in enumerate(dict.fromkeys(w for ws in words for w in ws))}
    rows = np.repeat(np.arange(len(words)), [len(w) for w in words])
    columns = np.array([vocabulary[w] for ws in words for w in ws])
    counts = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(words), len(vocabulary)))
    counts.sum_duplicates()
    binary = counts.copy()
    binary.data[:] = 1.0
    found = np.asarray(binary.sum(axis=0)).reshape(-1)
    idf = np.log(1 + (len(words) - found + 0.5) / (found + 0.5))
    length = np.asarray(counts.sum(axis=1)).reshape(-1)
    norm = BM25_K1 * (1 - BM25_B + BM25_B * length / length.mean())
    of = np.repeat(np.arange(len(words)), np.diff(counts.indptr))
    counts.data = counts.data * (BM25_K1 + 1) / (counts.data + norm[of]) * idf[counts.indices]
    return counts, binary


def z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with mean 0 and standard deviation 1; zeros where all are equal."""
    deviation = values.std()
    return (values - values.mean()) / deviation if deviation > 0 else np.zeros(len(values))


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:] if line]
