"""Embed the films' texts and posters with the settings' image-text model, once per cache folder."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...core.learning.interactions import ItemTable
from ...core.protocols import Vectors
from ...core.settings import Settings
from ...models.recommender.scorers.base import Progress
from ...models.registry import open_image_text
from ...models.slots import slot_id
from .data import Movies

BATCH = 128


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
