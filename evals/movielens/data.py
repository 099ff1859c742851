"""Read MovieLens-100k of ``ml100k/``: films, users and ratings, and cut the ratings at each user's last liked film."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ...api.demo.movielens import convert
from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Interactions, ItemTable, UserState
from ...core.schemas import AttributeValue
from ...core.settings import Settings

FOLDER = "ml100k"
LIKED = 4
WEIGHTS = (0.0, 0.1, 0.2, 0.5, 1.0, 1.0)
"""How much a rating of 0 (none) to 5 says that the user wants such films; a film was watched even if it was rated low."""


@dataclass(frozen=True, eq=False)
class Movies:
    """Films, every rating by user and time, the line of the file each stands in, and where posters lie (row -> file)."""

    items: ItemTable
    events: Interactions
    lines: NDArray[np.int64]
    posters: Mapping[int, Path]

    def until(self, ends: NDArray[np.int64]) -> Interactions:
        """Return the ratings of each user before row ``ends[user]``, shape (n_users,)."""
        return self.events.keep(np.arange(len(self.events)) < ends[self.events.user])

    def state(self, row: int) -> UserState:
        """Return what is known of the user of rating ``row`` right before it; ``now`` is its time."""
        user = int(self.events.user[row])
        before = slice(int(self.events.starts[user]), row)
        events = self.events
        return UserState.of(
            events.item[before],
            at=events.at[before],
            weight=events.weight[before],
            rating=events.rating[before],
            context=events.user_context[user],
            now=float(events.at[row]),
        )

    def last_liked(self, ends: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the row of each user's last rating of at least 4 before row ``ends[user]``, -1 where there is none."""
        starts = self.events.starts
        ends = starts[1:] if ends is None else ends
        liked = np.flatnonzero(self.events.rating >= LIKED)
        place = np.searchsorted(liked, ends) - 1
        rows = np.where(place >= 0, liked[np.maximum(place, 0)], -1)
        return np.where(rows >= starts[:-1], rows, -1)


def read(settings: Settings, data: Path | None) -> Movies:
    """Read the folder; films as the demonstration's catalogue has them.

    Raises:
        InvalidRequestError: it is not there, or not MovieLens-100k.
    """
    folder = (data or settings.data) / FOLDER
    if not (folder / "u.user").is_file():
        raise InvalidRequestError("--data", f"{folder} holds no u.user; name the folder that holds {FOLDER}/")
    with (
        TemporaryDirectory() as scratch,
        convert(folder, Path(scratch)).catalogue.open(encoding="utf-8", newline="") as file,
    ):
        films = list(csv.DictReader(file))
    items = ItemTable(
        ids=tuple(film["item_id"] for film in films),
        titles=tuple(film["title"] for film in films),
        texts=tuple(film["text"] for film in films),
        attributes=tuple(_attributes(film) for film in films),
    )
    posters = {row: folder / film["image"] for row, film in enumerate(films) if film["image"]}
    events, lines = _events(folder, items)
    return Movies(items, events, lines, posters)


def with_abstracts(movies: Movies, settings: Settings, data: Path | None) -> Movies:
    """Return the films with title, description and abstract as text, where ``items.csv`` has them."""
    path = (data or settings.data) / FOLDER / "items.csv"
    if not path.is_file():
        return movies
    with path.open(encoding="utf-8", newline="") as file:
        more = {row["item_id"]: f"{row['description']} {row['abstract']}".strip() for row in csv.DictReader(file)}
    texts = [f"{title}. {more.get(i, '')}" for i, title in zip(movies.items.ids, movies.items.titles, strict=True)]
    return replace(movies, items=replace(movies.items, texts=tuple(texts)))


def _attributes(film: Mapping[str, str]) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"genre": [genre for genre in film["genres"].split("|") if genre]}
    if film["year"]:
        found["year"] = float(film["year"])
    return found


def _events(folder: Path, items: ItemTable) -> tuple[Interactions, NDArray[np.int64]]:
    """Sort by user and time, ratings of the same second in the order of the file."""
    raw = np.loadtxt(folder / "u.data", dtype=np.int64)
    people = [line.split("|") for line in (folder / "u.user").read_text(encoding="latin-1").splitlines()]
    order = np.lexsort((np.arange(len(raw)), raw[:, 3], raw[:, 0]))
    users = {int(person[0]): row for row, person in enumerate(people)}
    rating = raw[order, 2].astype(np.float32)
    events = Interactions(
        user=np.array([users[int(u)] for u in raw[order, 0]], dtype=np.int32),
        item=np.array([items.index[str(i)] for i in raw[order, 1]], dtype=np.int32),
        at=raw[order, 3].astype(np.float64),
        weight=np.array(WEIGHTS, dtype=np.float32)[raw[order, 2]],
        rating=rating,
        n_users=len(people),
        n_items=len(items),
        user_context=tuple(
            {"age": f"{int(person[1]) // 10 * 10}s", "sex": person[2], "occupation": person[3]} for person in people
        ),
    )
    return events, order


def watched_before(movies: Movies, row: int) -> NDArray[np.int32]:
    """Return the films the user of rating ``row`` rated before it."""
    return movies.events.item[movies.events.starts[movies.events.user[row]] : row]
