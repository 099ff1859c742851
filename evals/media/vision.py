"""Measure the embedded image-text model: ``tastemaker bench vision``.

Photos: a projection trained on all Flickr8k photos but 1,000 must find those by their captions. Products: that projection is
aligned to 3,000 products as `tastemaker align` does it and must find the other 1,000 by their names. The recipes were chosen on
photos and products among the ones that are trained on here with seed 0; the held-out ones are only reported on. The baseline of
both is open_clip's plain MLP head on the pooled feature, without mirrored pictures. Intervals are 95 % bootstraps over pictures.
"""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.learning.metrics import interval
from ...core.protocols import Vectors
from ...core.settings import Settings
from ...models.alignment.align import BESIDE, FROM_SCRATCH, PairSet, embed_pairs, subset
from ...models.alignment.resumable_rows import KeptRows, kept_head
from ...models.alignment.train import Indices, Recipe, TrainingData, Weights, project
from ...models.image_text.embedded import EmbeddedImageText
from ...models.image_text.towers import POOLED_DIM
from ...stores.ingest.picture_text_pairs import read_pairs
from ..reporting.report import report

HELD_OUT, TOP = 1000, (1, 5, 10)
PLAIN = Recipe(epochs=25, hidden=768, members=1)
SPEED_PICTURES, SPEED_WARM_UP = 512, 32
TARGETS = {
    "photos": {"recall_at_10": 0.60},
    "products": {"recall_at_10": 0.72, "type_precision_at_10": 0.84},
    "images_per_s": 120,
}
Say = Callable[[str], None]
Ranks = list[NDArray[np.int64]]


async def vision_run(settings: Settings, data: Path | None, seed: int, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench vision``.

    Raises:
        InvalidRequestError: ``flickr8k`` or ``fashion`` is not in the data folder.
    """
    return await asyncio.to_thread(_run, settings, data or settings.data, seed, say)


def _run(settings: Settings, folder: Path, seed: int, say: Say) -> dict[str, Any]:
    model = EmbeddedImageText(settings.cache, settings.models.threads, precision=settings.models.text_precision)
    seen, shop = photos(folder, model, settings.cache, say), products(folder, model, settings.cache, say)
    photo_split, shop_split = _split(len(seen.paths), seed), _split(len(shop.paths), seed + 1)
    heads = settings.cache / "bench" / "heads"
    base = kept_head(heads, subset(seen.data, photo_split[1]), FROM_SCRATCH, seed, say)
    plain_seen, plain_shop = _plain(seen), _plain(shop)
    plain = kept_head(heads, subset(plain_seen.data, photo_split[1]), PLAIN, seed, say)
    aligned = kept_head(heads, subset(shop.data, shop_split[1]), BESIDE, seed, say, beside=base)
    shop_only = kept_head(heads, subset(plain_shop.data, shop_split[1]), PLAIN, seed, say)
    photo_rows = [seen.data.rows[i] for i in photo_split[0]]
    figures = {
        "photos": {
            "trained_on": len(photo_split[1]),
            **_both_ways(base, seen, photo_split[0], photo_rows, seed),
            "baseline": _both_ways(plain, plain_seen, photo_split[0], photo_rows, seed),
        },
        "products": {
            "aligned_on": len(shop_split[1]),
            **_found(aligned, shop, shop_split[0], seed),
            "before": _found(base, shop, shop_split[0], seed),
            "baseline": _found(shop_only, plain_shop, shop_split[0], seed),
            "photos_after": _recalls(_ranks(aligned, seen, photo_split[0], photo_rows), seed),
        },
        "images_per_s": speed(settings, seen.paths),
    }
    return report("vision", figures, n=HELD_OUT, seed=seed, targets=TARGETS)


def _split(n: int, seed: int) -> tuple[Indices, Indices]:
    order = np.random.default_rng(seed).permutation(n)
    return order[:HELD_OUT], order[HELD_OUT:]


def _plain(pictures: Pictures) -> Pictures:
    """Return the pictures with only the pooled feature, and only as they are."""
    data = TrainingData((pictures.data.views[0][:, :POOLED_DIM],), pictures.data.captions, pictures.data.rows)
    return Pictures(pictures.paths, pictures.captions, data, pictures.types, pictures.kinds)


def _both_ways(
    weights: Weights, pictures: Pictures, held: Indices, rows: Sequence[Indices], seed: int
) -> dict[str, Any]:
    images = project(weights, pictures.data.views[0][held])
    similarity = images @ pictures.data.captions[np.concatenate(rows)].T
    ends = np.cumsum([len(own) for own in rows])
    ranks = [
        np.array([int((np.delete(line, np.arange(end - len(own), end)) > line[end - len(own) : end].max()).sum())])
        for line, own, end in zip(similarity, rows, ends, strict=True)
    ]
    return {
        **_recalls(_ranks(weights, pictures, held, rows), seed),
        "image_to_text": _recalls(ranks, seed),
    }


def _found(weights: Weights, shop: Pictures, held: Indices, seed: int) -> dict[str, Any]:
    """Return how products are found by their names, and how many of the ten nearest are of the type that was asked for.

    ``type_precision_at_10`` asks with every product's name, ``kind_precision_at_10`` with the name of every article type that at
    least ten held-out products are of, ``alike_precision_at_10`` with every product's picture among the others.
    """
    names = [shop.names[i] for i in held]
    types = np.array([shop.types[i] for i in held])
    images = project(weights, shop.data.views[0][held])
    same = _same_type(shop.data.captions[np.concatenate(names)], images, types, types)
    alike = _same_type(images, images, types, types, others=True)
    kinds = [kind for kind in sorted(shop.kinds) if (types == kind).sum() >= 10]
    asked = (
        _same_type(np.stack([shop.kinds[kind] for kind in kinds]), images, types, np.array(kinds)) if kinds else same
    )
    most = np.array([min(10, int((types == kind).sum())) / 10 for kind in types])
    return {
        **_recalls(_ranks(weights, shop, held, names), seed),
        "type_precision_at_10": round(float(same.mean()), 4),
        "type_precision_at_10_ci": _interval(same, seed),
        "type_precision_at_10_possible": round(float(most.mean()), 4),
        "kind_precision_at_10": round(float(asked.mean()), 4),
        "kind_precision_at_10_ci": _interval(asked, seed),
        "kinds": len(kinds),
        "alike_precision_at_10": round(float(alike.mean()), 4),
        "alike_precision_at_10_ci": _interval(alike, seed),
    }


def _same_type(
    queries: Vectors, images: Vectors, types: NDArray[Any], wanted: NDArray[Any], *, others: bool = False
) -> NDArray[np.float64]:
    similarity = queries @ images.T
    if others:
        np.fill_diagonal(similarity, -np.inf)
    nearest = np.argsort(-similarity, axis=1)[:, :10]
    return np.asarray((types[nearest] == wanted[:, None]).mean(axis=1), np.float64)


def _ranks(weights: Weights, pictures: Pictures, held: Indices, rows: Sequence[Indices]) -> Ranks:
    """Return for each held-out picture the ranks, from 0, that its captions give it among all held-out pictures."""
    images = project(weights, pictures.data.views[0][held])
    found: Ranks = []
    for position, own in enumerate(rows):
        similarity: Vectors = pictures.data.captions[own] @ images.T
        found.append((similarity > similarity[:, position : position + 1]).sum(axis=1))
    return found


def _recalls(ranks: Ranks, seed: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for k in TOP:
        shares = np.array([float((own < k).mean()) for own in ranks])
        figures[f"recall_at_{k}"] = round(float(shares.mean()), 4)
        figures[f"recall_at_{k}_ci"] = _interval(shares, seed)
    return figures


def _interval(values: NDArray[np.float64], seed: int) -> list[float]:
    return [round(edge, 4) for edge in interval(values, seed)]


def speed(settings: Settings, paths: Sequence[str]) -> dict[str, float]:
    """Return images embedded a second, decoding included, by the clock and by processor time (of one core)."""
    model = EmbeddedImageText(settings.cache, settings.models.threads, precision=settings.models.text_precision)
    model.encode_images(paths[:SPEED_WARM_UP])
    chosen = paths[SPEED_WARM_UP : SPEED_WARM_UP + SPEED_PICTURES]
    began, used = time.perf_counter(), time.process_time()
    model.encode_images(chosen)
    wall, processor = time.perf_counter() - began, time.process_time() - used
    return {"wall": round(len(chosen) / wall, 1), "per_core_second": round(len(chosen) / processor, 1)}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures with their captions and features; for products the article types, and the vector of each type's name."""

    paths: list[str]
    captions: list[str]
    data: TrainingData
    types: tuple[str, ...] = ()
    kinds: Mapping[str, Vectors] = field(default_factory=dict)

    @property
    def names(self) -> list[Indices]:
        """Return for each picture the row of its first caption, which is a product's name."""
        return [rows[:1] for rows in self.data.rows]


def photos(folder: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None]) -> Pictures:
    """Return Flickr8k: photos with five captions each."""
    source = folder / "flickr8k" / "captions.csv"
    return _pictures(source, model, cache, say, mirrored=True)


def products(folder: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None]) -> Pictures:
    """Return the fashion catalogue as `tastemaker align` reads it."""
    source = folder / "fashion" / "products.csv"
    found = _pictures(source, model, cache, say)
    with source.open(encoding="utf-8", newline="") as file:
        types = tuple(row["articleType"] for row in csv.DictReader(file))
    if len(types) != len(found.paths):
        raise InvalidRequestError("--data", f"{source}: {len(types) - len(found.paths)} products have no picture")
    kinds = sorted(set(types))
    vectors = model.encode_texts([kind.lower() for kind in kinds])
    return Pictures(found.paths, found.captions, found.data, types, dict(zip(kinds, vectors, strict=True)))


def _pictures(
    source: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None], *, mirrored: bool = False
) -> Pictures:
    if not source.is_file():
        raise InvalidRequestError("--data", f"{source} is not there; name the folder that holds flickr8k/ and fashion/")
    read = read_pairs(source)
    pairs = PairSet(read.paths, read.captions, read.owners, read.labels)
    data = embed_pairs(model, pairs, KeptRows(cache / "bench" / "vision", say), mirrored=mirrored)
    return Pictures(read.paths, read.captions, data)
