"""Fit the way from CLIP's photos into the text space: ``python -m tastemaker.models.alignment.clip_projection DATA [PHOTOS]``.

DATA is the benchmark folder with ``flickr8k``. The first ``HELD_OUT`` photos of the split that ``packaged_projection`` uses are left out: nothing
fitted here has seen them, so that ``tastemaker bench trust-text`` measures the file that ships. Features are kept in the cache; what was
ended goes on where it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...core.protocols import Vectors
from ...core.settings import load_settings
from ..image_text.clip_photo import CALIBRATION, PROJECTION, WEIGHTS, ClipPhoto, TextSpace
from ..image_text.embedded import EmbeddedImageText
from ..image_text.onnx_graph import write_atomically
from ..weights.fetch import ensure_weights
from .packaged_projection import SEED, Pairs, read_sets, split
from .resumable_rows import KeptRows

HELD_OUT, PHOTOS = 500, 4500
STRENGTH, FOLDS, BANK = 500.0, 4, 512
FALSE_CONFLICT, FALSE_VERIFIED = 0.01, 0.05
"""``STRENGTH`` of the ridge, for features of unit spread; ``BANK`` texts and photos tell what is near by chance."""
Say = Callable[[str], None]


def main(folder: Path, photos: int, say: Say) -> None:
    """Fit on ``photos`` photos but the held-out ones, and write the packaged file."""
    settings = load_settings()
    ensure_weights(WEIGHTS, settings.cache, progress=say)
    pairs, chosen = chosen_photos(folder, photos)
    features, captions = embed(settings.cache, pairs, chosen, say)
    space = fit_space(features[HELD_OUT:], captions[HELD_OUT:])
    write_atomically(PROJECTION, packed_space(space))
    say(f"fitted on {len(chosen) - HELD_OUT} photos with five captions each; {PROJECTION.stat().st_size:,} bytes")


def chosen_photos(folder: Path, photos: int = PHOTOS) -> tuple[Pairs, list[int]]:
    """Return the pairs of the sets and the places of the photos, the held-out ones first."""
    pairs, sizes = read_sets(folder)
    return pairs, [int(i) for i in split(sizes)[0][:photos]]


def embed(cache: Path, pairs: Pairs, chosen: list[int], say: Say) -> tuple[Vectors, Vectors]:
    """Return CLIP's features (n, 512) and the captions' vectors (n, 5, 384) of photos, kept in the cache."""
    kept, tower, texts = KeptRows(cache / "bench" / "clip", say), ClipPhoto(cache), EmbeddedImageText(cache)
    paths = [pairs.paths[i] for i in chosen]
    features = kept.rows(WEIGHTS, [Path(p).name for p in paths], paths, tower.features)
    owned: dict[int, list[str]] = {}
    for caption, owner in zip(pairs.captions, pairs.owners, strict=True):
        owned.setdefault(owner, []).append(caption)
    lines = [caption for i in chosen for caption in owned[i][:5]]
    vectors = kept.rows("captions minilm", lines, lines, texts.encode_texts)
    return features, vectors.reshape(len(chosen), 5, -1)


def fit_space(features: Vectors, captions: Vectors) -> TextSpace:
    """Return the ridge from features (n, 512) to mean captions (n, 5, 384), with banks and calibration from photos left out in turn."""
    target = captions.mean(axis=1)
    middle = target.mean(axis=0)
    weights, bias = _ridge(features, target - middle)
    fold = np.arange(len(features)) % FOLDS
    unseen = np.zeros_like(target)
    for at in range(FOLDS):
        part, shift = _ridge(features[fold != at], target[fold != at] - middle)
        unseen[fold == at] = features[fold == at] @ part + shift
    unseen /= np.linalg.norm(unseen, axis=1, keepdims=True)
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(features))
    bank, rest = order[: min(BANK, len(order) // 2)], order[min(BANK, len(order) // 2) :]
    space = TextSpace(weights, bias, captions[bank, 0], unseen[bank], 1.0, 0.0)
    fits = space.fit(unseen[rest], captions[rest, 1])
    own, other = np.diag(fits), fits[np.arange(len(rest)), np.roll(np.arange(len(rest)), 1)]
    slope, offset = _logistic(np.concatenate([own, other]), np.repeat([1.0, 0.0], len(rest)))
    likely = 1 / (1 + np.exp(-(slope * np.stack([own, other]) + offset)))
    unlike, sure = np.quantile(likely[0], FALSE_CONFLICT), np.quantile(likely[1], 1 - FALSE_VERIFIED)
    return TextSpace(weights, bias, space.texts, space.photos, slope, offset, float(unlike), float(sure))


def packed_space(space: TextSpace) -> bytes:
    """Return the content of the packaged file: matrices in float16."""
    from safetensors.numpy import save

    half = {name: getattr(space, name).astype(np.float16) for name in ("weights", "texts", "photos")}
    whole = {
        "bias": space.bias.astype(np.float32),
        "calibration": np.array([getattr(space, name) for name in CALIBRATION], np.float32),
    }
    content: bytes = save({**half, **whole})
    return content


def _ridge(features: Vectors, target: Vectors) -> tuple[Vectors, Vectors]:
    """Return weights and bias of a ridge regression whose features are brought to unit spread first."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    rows = (features - mean) / spread
    inner = np.linalg.solve(rows.T @ rows + STRENGTH * np.eye(rows.shape[1]), rows.T @ target) / spread[:, None]
    return np.asarray(inner, np.float32), np.asarray(-mean @ inner, np.float32)


def _logistic(fit: Vectors, own: Vectors) -> tuple[float, float]:
    """Return slope and offset of a logistic regression, by Newton's method."""
    rows, weights = np.stack([fit, np.ones_like(fit)], axis=1).astype(np.float64), np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        curve = rows.T @ (rows * (chance * (1 - chance))[:, None]) + 1e-6 * np.eye(2)
        weights = weights + np.linalg.solve(curve, rows.T @ (own - chance))
    return float(weights[0]), float(weights[1])


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else PHOTOS, _to_stderr)
