"""Read the Amazon Video Games data of ``games/``: items, histories and the questions of the dev files."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Interactions, ItemTable, Rows
from ...core.settings import Settings
from ...models.registry import open_image_text

FOLDER = "games"


@dataclass(frozen=True, eq=False)
class Question:
    """Which of ``rows`` does ``user`` take next? ``target``; it need not be among them."""

    user: int
    target: int
    rows: Rows


def read_items(data: Path) -> ItemTable:
    """Return the titled items; row number and item id are the same.

    Raises:
        InvalidRequestError: the file is missing.
    """
    lines = _lines(data / FOLDER / "items.tsv")
    pairs = [line.split("\t", 1) for line in lines]
    return ItemTable(ids=tuple(i for i, _ in pairs), titles=tuple(html.unescape(title).strip() for _, title in pairs))


def read_histories(data: Path, n_items: int) -> Interactions:
    """Return what each user took, oldest first. Raises as ``read_items``."""
    histories = [line.split("\t")[1].split() for line in _lines(data / FOLDER / "histories.tsv")]
    sizes = [len(history) for history in histories]
    item = np.array([i for history in histories for i in history], dtype=np.int32)
    return Interactions(
        user=np.repeat(np.arange(len(sizes)), sizes).astype(np.int32),
        item=item,
        at=np.concatenate([np.arange(size, dtype=np.float64) for size in sizes]),
        weight=np.ones(len(item), np.float32),
        rating=np.full(len(item), np.nan, np.float32),
        n_users=len(sizes),
        n_items=n_items,
    )


def read_questions(data: Path, name: str) -> list[Question]:
    """Return the questions of ``name``, such as ``dev_random20.tsv``. Raises as ``read_items``."""
    rows = [line.split("\t") for line in _lines(data / FOLDER / name)]
    return [Question(int(user), int(target), np.array(items.split(), dtype=np.int32)) for user, target, items in rows]


def with_text_vectors(items: ItemTable, settings: Settings, cache: Path) -> ItemTable:
    """Return ``items`` with their titles' vectors by the settings' text model, kept in ``cache``.

    Raises:
        BackEndUnavailable: the model's weights cannot be had.
    """
    path = cache / "title-vectors.npy"
    if path.is_file():
        vectors = np.load(path, allow_pickle=False)
        if len(vectors) == len(items):
            return replace(items, text_vectors=vectors.astype(np.float32))
    vectors = asyncio.run(_embed(items.titles, settings))
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npy")
    np.save(part, vectors.astype(np.float16))
    part.replace(path)
    return replace(items, text_vectors=vectors)


async def _embed(titles: Sequence[str], settings: Settings) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    model = open_image_text(settings)
    parts = [await model.embed_texts(titles[start : start + 512]) for start in range(0, len(titles), 512)]
    return np.concatenate(parts)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InvalidRequestError("data", f"there is no {path}; give the benchmark data folder with --data")
    return path.read_text(encoding="utf-8").splitlines()[1:]
