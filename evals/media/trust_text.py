"""Measure image against text: own caption, a random one, and that of the most similar other photo: ``tastemaker bench trust-text``.

Flickr8k: the 500 photos that neither the packaged text space of CLIP nor its banks and limits were fitted on. The score is the one that
``tastemaker check`` gives; it is computed for every pair, and the first ``n`` photos go through ``Recommender.check`` with their three texts, which
gives the verdicts. The most similar photo is the nearest by three measures: CLIP's own features, those of EfficientNet, which the score does
not use, and the captions' vectors. The baseline is the cosine in the space of EfficientNet's projection, trained without 1,000 photos, these
among them. Products: the stored vectors of a catalogue, of EfficientNet alone, trained without these 1,000 products. Intervals draw photos again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.protocols import Vectors
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ...models.alignment.clip_projection import HELD_OUT, chosen_photos, embed
from ...models.alignment.packaged_projection import embed_sets, held_back, read_sets, split
from ...models.alignment.train import project
from ...models.image_text.clip_photo import WEIGHTS, load_text_space
from ...models.image_text.embedded import EmbeddedImageText
from ...models.weights.fetch import ensure_weights
from ..reporting.intervals import auc
from ..reporting.report import report

DRAWS = 500
TARGETS = {"random": 0.98, "nearest": 0.85}
Say = Callable[[str], None]
Places = NDArray[np.int64]


async def text_run(settings: Settings, data: Path | None, n: int, *, seed: int, say: Say) -> dict[str, Any]:
    """Return AUC by kind of wrong text, and what the check says of own and wrong texts.

    Raises:
        InvalidRequestError: the photos are not in the data folder.
        BackEndUnavailable: CLIP's weights cannot be fetched.
    """
    folder = Path(data or settings.data or ".")
    if not (folder / "flickr8k").is_dir() or not (folder / "fashion").is_dir():
        raise InvalidRequestError("--data", f"there are no folders flickr8k and fashion in {folder}")
    await asyncio.to_thread(ensure_weights, WEIGHTS, settings.cache, progress=say)
    figures, chosen, wrong = await asyncio.to_thread(_scores, settings, folder, seed, say)
    figures["said"] = await _said(settings, chosen, wrong, n, say)
    return report("trust-text", figures, n=HELD_OUT, seed=seed, targets=TARGETS)


def _scores(settings: Settings, folder: Path, seed: int, say: Say) -> tuple[dict[str, Any], Any, dict[str, Places]]:
    pairs, chosen = chosen_photos(folder, HELD_OUT)
    features, captions = embed(settings.cache, pairs, chosen, say)
    model = EmbeddedImageText(settings.cache, precision=settings.models.text_precision)
    every, sizes = read_sets(folder)
    data = embed_sets(model, every, sizes, say)
    weights = held_back(model, data, sizes, say)
    space, rng = load_text_space(), np.random.default_rng(seed)
    line = rng.integers(0, 5, len(chosen))
    texts = captions[np.arange(len(chosen)), line]
    small = project(weights, data.views[0][chosen])
    wrong = {
        "random": _random(len(chosen), rng),
        "nearest_by_efficientnet": _nearest(small),
        "nearest_by_clip": _nearest(features),
        "nearest_by_text": _nearest(texts),
    }
    fits = space.fit(space.place(features), texts)
    products = split(sizes)[1][:1000]
    names = data.captions[[data.rows[i][0] for i in products]]
    pictures = project(weights, data.views[0][products])
    figures = {
        "photos": _aucs(fits, wrong, seed),
        "photos_baseline": _aucs(small @ texts.T, wrong, seed),
        "products": _aucs(
            _scaled(pictures, names),
            {"random": _random(1000, rng), "nearest_by_efficientnet": _nearest(pictures)},
            seed,
        ),
    }
    owned: dict[int, list[str]] = {}
    for caption, owner in zip(pairs.captions, pairs.owners, strict=True):
        owned.setdefault(owner, []).append(caption)
    return figures, [(pairs.paths[i], owned[i][at]) for i, at in zip(chosen, line, strict=True)], wrong


async def _said(settings: Settings, chosen: Any, wrong: dict[str, Places], n: int, say: Say) -> dict[str, Any]:
    """Return how often the check of a photo and a text verifies and contradicts."""
    own = np.arange(len(chosen))
    figures = {}
    async with Recommender(settings) as recommender:
        for kind, places in {
            "own": own,
            "random": wrong["random"],
            "nearest": wrong["nearest_by_efficientnet"],
        }.items():
            states = []
            for photo in range(min(n, len(chosen))):
                found = await recommender.check(text=chosen[places[photo]][1], images=[{"path": chosen[photo][0]}])
                states.append(next(c.state for c in found.pairs if c.check == "text_image"))
            say(f"{kind}: {len(states)} checked")
            figures[kind] = {
                state: round(states.count(state) / max(len(states), 1), 3) for state in ("verified", "conflict")
            }
    return {"n": min(n, len(chosen)), **figures}


def _random(n: int, rng: np.random.Generator) -> Places:
    return np.asarray((np.arange(n) + rng.integers(1, n, n)) % n, np.int64)


def _nearest(rows: Vectors) -> Places:
    """Return for each row the place of the most similar other one."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    return np.asarray(cosines.argmax(axis=1), np.int64)


def _scaled(pictures: Vectors, texts: Vectors, k: int = 10) -> Vectors:
    """Return the fit of pictures and texts of one catalogue, locally scaled among themselves."""
    cosines = pictures @ texts.T
    near = [np.sort(cosines, axis=axis).take(range(-k, 0), axis=axis).mean(axis=axis) for axis in (1, 0)]
    return np.asarray(2 * cosines - near[0][:, None] - near[1][None])


def _aucs(fits: Vectors, wrong: dict[str, Places], seed: int) -> dict[str, Any]:
    """Return for each kind of wrong text the AUC against own texts with its 95 % interval."""
    at, rows = np.arange(len(fits)), {}
    for kind, places in wrong.items():
        own, other = np.diag(fits), fits[at, places]
        truth = np.repeat([True, False], len(at))
        rng, drawn = np.random.default_rng(seed), []
        for _ in range(DRAWS):
            some = rng.integers(0, len(at), len(at))
            drawn.append(auc(np.concatenate([own[some], other[some]]), truth))
        low, high = np.percentile(drawn, [2.5, 97.5])
        rows[kind] = {
            "auc": round(auc(np.concatenate([own, other]), truth), 3),
            "auc_95": [round(float(low), 3), round(float(high), 3)],
            "own_above_other": round(float((own > other).mean()), 3),
        }
    return rows
