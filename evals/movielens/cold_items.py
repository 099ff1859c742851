"""Run ``ml100k-cold-item``: rank films unseen in training for each user, by text, by poster and by both.

Protocol: a tenth of the films, drawn by seed, are in nobody's training data, neither as events nor as vectors. Each user who
rated one of them at least 4 gets them all ranked by content; AUC and Recall@20 of the films rated at least 4. Text is title,
description, abstract, genres and year; image is the poster's vector; the settings' image-text model embeds both.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import ItemTable, UserState
from ...core.protocols import Vectors
from ...core.settings import Settings
from ...models.recommender.new_items import CHANNELS, NewItemModel
from ...models.recommender.scorers.als import Als
from ...models.recommender.scorers.base import Progress, silent
from ...models.registry import open_image_text
from ...models.slots import slot_id
from ..reporting.intervals import auc, difference_of, mean_of, recall
from ..reporting.report import report
from .data import LIKED, Movies, read, with_abstracts

SHARE = 0.1
NEAREST = 10
FACTORS = 32
WAYS: Mapping[str, tuple[str, ...]] = {
    "both": CHANNELS,
    "text": ("text", "attributes"),
    "image": ("image",),
}
Values = NDArray[np.float64]
BATCH = 128


async def cold_item_run(
    settings: Settings, data: Path | None, seed: int, progress: Progress = silent
) -> dict[str, Any]:
    """Return the figures of the row ``ml100k-cold-item``."""
    movies = with_abstracts(read(settings, data), settings, data)
    items = await with_vectors(movies, settings, progress)
    return await asyncio.to_thread(figures_of, replace(movies, items=items), seed)


def figures_of(movies: Movies, seed: int) -> dict[str, Any]:
    """Measure text, image, both, chance and the nearest neighbours in text on the same users and films."""
    events = movies.events
    drawn = np.random.default_rng([seed, 12]).permutation(events.n_items)[: int(SHARE * events.n_items)]
    cold = np.sort(drawn).astype(np.int32)
    hidden = np.isin(events.item, cold)
    training = events.keep(~hidden)
    liked = events.keep(hidden & (events.rating >= LIKED))
    users = np.unique(liked.user)
    wanted = [np.isin(cold, liked.item[liked.of(int(user))]) for user in users]
    states = [training.state_of(int(user)) for user in users]
    als = Als(factors=FACTORS, seed=seed).fit(movies.items, training)
    scores: dict[str, NDArray[np.float64]] = {}
    for name, channels in WAYS.items():
        model = NewItemModel(channels).fit(movies.items, training, als)
        scores[name] = np.stack([model.score(state, cold) for state in states]).astype(np.float64)
    scores["text-nearest"] = nearest(movies.items, states, cold)
    scores["chance"] = np.random.default_rng([seed, 13]).random((len(users), len(cold)))
    found = {name: _figures(rows, wanted) for name, rows in scores.items()}
    figures = {
        "methods": {name: {"auc": mean_of(a, seed), "recall@20": mean_of(r, seed)} for name, (a, r) in found.items()},
        "auc_above": {
            "both - text": difference_of(found["both"][0], found["text"][0], seed),
            "text - image": difference_of(found["text"][0], found["image"][0], seed),
            "image - chance": difference_of(found["image"][0], np.full(len(users), 0.5), seed),
            "text - text-nearest": difference_of(found["text"][0], found["text-nearest"][0], seed),
        },
        "cold_films": len(cold),
        "with_poster": int(sum(int(row) in movies.posters for row in cold)),
        "split": "10 % of the films by seed; wanted: rated at least 4; the other cold films are unwanted",
    }
    return report(
        "ml100k-cold-item", figures, n=len(users), targets={"order": "both > text > image > chance"}, seed=seed
    )


def nearest(items: ItemTable, states: list[UserState], cold: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the mean cosine of each cold film's text to the user's ``NEAREST`` most similar liked films, shape (users, cold)."""
    vectors = items.text_vectors
    assert vectors is not None, "the films were embedded before"
    rows = []
    for state in states:
        liked = state.items[state.ratings >= LIKED]
        cosine = vectors[cold] @ vectors[liked].T if len(liked) else np.zeros((len(cold), 1))
        rows.append(np.sort(cosine, axis=1)[:, -NEAREST:].mean(axis=1))
    return np.stack(rows).astype(np.float64)


def _figures(scores: NDArray[np.float64], wanted: list[NDArray[np.bool_]]) -> tuple[Values, Values]:
    pairs = list(zip(scores, wanted, strict=True))
    return np.array([auc(row, mask) for row, mask in pairs]), np.array([recall(row, mask) for row, mask in pairs])


async def with_vectors(movies: Movies, settings: Settings, progress: Progress) -> ItemTable:
    """Return the films with vectors of text and poster, shape (n, dim); rows of zeros where a film has no poster.

    Raises:
        BackEndUnavailable: the model's weights cannot be had.
    """
    cache = settings.cache / "bench" / "ml100k-vectors"
    model = open_image_text(settings)
    named = slot_id(settings, "image_text")
    rows = sorted(movies.posters)
    files = [str(movies.posters[row]) for row in rows]
    texts = await _kept(cache, f"{named}-texts", movies.items.texts, model.embed_texts, progress)
    found = await _kept(cache, f"{named}-posters", files, model.embed_images, progress)
    images = np.zeros((len(movies.items), found.shape[1] if rows else texts.shape[1]), dtype=np.float32)
    if rows:
        images[rows] = found
    return replace(movies.items, text_vectors=texts, image_vectors=images)


async def _kept(
    cache: Path,
    name: str,
    what: Sequence[str],
    embed: Callable[[Sequence[str]], Awaitable[Vectors]],
    progress: Progress,
) -> Vectors:
    """Return the vectors of ``what``; each batch is kept in ``cache``, so that a run that was killed goes on from there."""
    parts = []
    for start in range(0, len(what), BATCH):
        batch = list(what[start : start + BATCH])
        key = hashlib.sha256("\x1f".join([name, *batch]).encode()).hexdigest()[:16]
        path = cache / f"{key}.npy"
        if not await asyncio.to_thread(path.is_file):
            progress(f"vectors: {start} of {len(what)}", start / len(what))
            await asyncio.to_thread(_keep, path, await embed(batch))
        parts.append(await asyncio.to_thread(np.load, path, allow_pickle=False))
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 1), dtype=np.float32)


def _keep(path: Path, vectors: Vectors) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.npy")
    np.save(partial, vectors.astype(np.float32))
    partial.replace(path)
