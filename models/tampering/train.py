"""Train the model of cells on synthetic splices and on the training families of forged sets, beside honest photos saved just so.

Every forged photo stands beside its own original, saved with the same tables: no tree gains by telling how a file was saved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .cell_features import CELL_PX, Floats, cell_features
from .cell_model import CellModel
from .forgery_sets import CHANGES, SetPhoto, after, saved_like
from .synthetic_splices import made_photos

HONEST_SHARE = 0.08
"""Of the honest cells of a photo, how many are learned from: neighbours say nearly the same."""
FORGED, HONEST = 0.5, 0.02
"""A cell counts as forged from this share of forged pixels, as honest up to that; those between are left out."""
TREES = 150
RECIPE: dict[str, Any] = {
    "objective": "binary", "num_leaves": 31, "learning_rate": 0.06, "min_data_in_leaf": 300, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127, "verbosity": -1, "num_threads": 1,
    "deterministic": True, "force_row_wise": True,
}  # fmt: skip
Say = Callable[[str], None]


class Sample(NamedTuple):
    """The cells of one photo: features (rows, columns, features), share of forged pixels (rows, columns), and what the photo is."""

    cells: Floats
    forged: Floats
    kind: str
    change: str
    family: str
    held_out: bool = False


def synthetic_samples(
    photos: Sequence[Path], products: Sequence[Path], count: int, cache: Path, *, seed: int, say: Say
) -> list[Sample]:
    """Return the cells of ``count`` synthetic splices and of as many honest photos saved alike; kept in ``cache``."""

    def made() -> Iterator[Sample]:
        for number, photo in enumerate(made_photos(photos, products, count, seed)):
            if number % 200 == 0:
                say(f"synthetic splices: {number // 2} of {count}")
            kind = "splice" if photo.mask.any() else "authentic"
            yield from _sample(photo.data, photo.mask, kind, "synthetic", photo.parent)

    return _kept(cache / f"synthetic-{count}-{seed}-{_code()}.npz", made)


def set_samples(photos: Sequence[SetPhoto], name: str, cache: Path, say: Say) -> list[Sample]:
    """Return the cells of a set after each change: forged photos, their originals saved alike (``twin``), honest ones; kept in ``cache``."""

    def made() -> Iterator[Sample]:
        for number, photo in enumerate(photos):
            if number % 100 == 0:
                say(f"{name}: {number} of {len(photos)}")
            image = Image.open(photo.path)
            twin = None if photo.original is None else saved_like(Image.open(photo.original), image)
            mask = _mask(photo.mask, image.size)
            for change in CHANGES:
                yield from _sample(
                    after(image, change), mask, photo.kind, change, photo.family, held_out=photo.held_out
                )
                if twin is not None:
                    none = np.zeros_like(mask)
                    kind = f"twin of {photo.kind}"
                    yield from _sample(after(twin, change), none, kind, change, photo.family, held_out=photo.held_out)

    return _kept(cache / f"{name}-{len(photos)}-{_code()}.npz", made)


def fit_cells(samples: Sequence[Sample], seed: int = 0) -> CellModel:
    """Return a model trained on ``samples``; each photo weighs the same, and all forged cells half as much as the honest ones."""
    import lightgbm

    rng = np.random.default_rng(seed)
    rows, labels, weights = zip(*(_rows(sample, rng) for sample in samples), strict=True)
    forged, weight = np.concatenate(labels), np.concatenate(weights)
    weight[forged] *= 0.5 * weight[~forged].sum() / max(weight[forged].sum(), 1e-9)
    data = lightgbm.Dataset(np.concatenate(rows), forged, weight=weight * len(weight) / weight.sum())
    return CellModel(lightgbm.train({**RECIPE, "seed": seed}, data, TREES))


def _rows(sample: Sample, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_], Floats]:
    share = sample.forged.ravel()
    used = (share > FORGED) | ((share < HONEST) & (rng.random(len(share)) < HONEST_SHARE))
    forged = share[used] > FORGED
    weight = np.where(forged, 1 / max(int(forged.sum()), 4), 1 / max(int((~forged).sum()), 4)).astype(np.float32)
    return sample.cells.reshape(len(share), -1)[used], forged, weight


def _sample(
    data: bytes, mask: NDArray[np.bool_], kind: str, change: str, family: str, *, held_out: bool = False
) -> Iterator[Sample]:
    """Yield the cells of an encoded photo; nothing where it is too small."""
    rgb = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    cells = cell_features(rgb)
    if cells is None:
        return
    if mask.shape != rgb.shape[:2]:
        mask = np.asarray(Image.fromarray(mask).resize((rgb.shape[1], rgb.shape[0]))) > 0
    rows, columns = cells.shape[:2]
    cut = mask[: rows * CELL_PX, : columns * CELL_PX].reshape(rows, CELL_PX, columns, CELL_PX)
    yield Sample(cells, cut.mean(axis=(1, 3)).astype(np.float32), kind, change, family, held_out)


def _mask(path: Path | None, size: tuple[int, int]) -> NDArray[np.bool_]:
    if path is None:
        return np.zeros(size[::-1], bool)
    return np.asarray(Image.open(path).convert("L").resize(size)) > 127


def _code() -> str:
    """Return a fingerprint of the code that the cells come from, so that kept ones are never those of another version."""
    folder = Path(__file__).parent
    names = ("cell_features.py", "forgery_sets.py", "synthetic_splices.py")
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()[:10]


def _kept(path: Path, make: Callable[[], Iterator[Sample]]) -> list[Sample]:
    """Return the samples kept in ``path``, made first where they are missing."""
    if not path.exists():
        made = list(make())
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {f"cells-{n}": s.cells.astype(np.float16) for n, s in enumerate(made)}
        arrays |= {f"forged-{n}": s.forged.astype(np.float16) for n, s in enumerate(made)}
        facts = np.array([(s.kind, s.change, s.family, str(s.held_out)) for s in made])
        part = path.with_suffix(".part.npz")
        np.savez(part, facts=facts, **arrays)
        part.replace(path)
    with np.load(path) as kept:
        rows = [tuple(map(str, row)) for row in kept["facts"]]
        return [
            Sample(
                kept[f"cells-{n}"].astype(np.float32),
                kept[f"forged-{n}"].astype(np.float32),
                kind,
                change,
                family,
                held_out == "True",
            )
            for n, (kind, change, family, held_out) in enumerate(rows)
        ]
