"""Train the model of cells on forgeries of our own making, beside honest photos that went the same way.

Every forged photo stands beside its own original, saved just so: no tree gains by telling how a file was saved. The cells of research sets are
read here too, for figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .cell_features import CELL_PX, Floats, See, beside_the_rest, cell_traces
from .cell_model import CellModel, packaged_cell_model
from .forgery_sets import CHANGES, SetPhoto, after, saved_like
from .synthetic_forgeries import made_photos

HONEST_SHARE = 0.08
"""Of the honest cells of a photo, how many are learned from: neighbours say nearly the same."""
FORGED, HONEST = 0.5, 0.02
"""A cell counts as forged from this share of forged pixels, as honest up to that; those between are left out."""
TREES = 200
PART = 50
"""Photos whose cells are kept together."""
MADE = "made"
"""What a photo of our own making is said to have been changed by."""
RECIPE: dict[str, Any] = {
    "objective": "binary", "num_leaves": 31, "learning_rate": 0.06, "min_data_in_leaf": 300, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127, "verbosity": -1, "num_threads": 1,
    "deterministic": True, "force_row_wise": True,
}  # fmt: skip
Say = Callable[[str], None]


class Sample(NamedTuple):
    """The cells of one photo: traces (rows, columns, traces), share of forged pixels (rows, columns), and what the photo is."""

    cells: NDArray[np.float16]
    forged: Floats
    kind: str
    change: str
    family: str


def synthetic_samples(
    photos: Sequence[Path], count: int, cache: Path, *, see: See, seed: int, say: Say
) -> list[Sample]:
    """Return the cells of up to ``count`` forgeries and of as many honest photos (``twin of``) that went the same way.

    They are kept in ``cache`` in parts, so that what was ended goes on.
    """
    code, samples = _code("\0".join(path.name for path in photos)), []
    for start in range(0, count, PART):
        numbers = range(start, min(start + PART, count))
        path = cache / f"made-{seed}-{numbers.start}-{numbers.stop}-{code}.npz"
        if not path.exists():
            say(f"forgeries: {start} of {count}")
        samples += _kept(path, partial(_made, photos, numbers, seed, see))
    return samples


def _made(photos: Sequence[Path], numbers: range, seed: int, see: See) -> Iterator[Sample]:
    for photo in made_photos(photos, numbers, seed):
        yield from _sample(photo.data, photo.mask, see, (photo.kind, MADE, photo.parent))


def set_samples(photos: Sequence[SetPhoto], name: str, cache: Path, *, see: See, say: Say) -> list[Sample]:
    """Return the cells of a set after each change: forged photos, their originals saved alike (``twin of``), honest ones; kept as above."""
    samples: list[Sample] = []
    for start in range(0, len(photos), PART):
        path = cache / f"{name}-{len(photos)}-{start}-{_code()}.npz"
        if not path.exists():
            say(f"{name}: {start} of {len(photos)}")
        samples += _kept(path, partial(_changed, photos[start : start + PART], see))
    return samples


def _changed(photos: Sequence[SetPhoto], see: See) -> Iterator[Sample]:
    for photo in photos:
        image = Image.open(photo.path)
        twin = None if photo.original is None else saved_like(Image.open(photo.original), image)
        mask = _mask(photo.mask, image.size)
        for change in CHANGES:
            yield from _sample(after(image, change), mask, see, (photo.kind, change, photo.family))
            if twin is not None:
                none = np.zeros_like(mask)
                what = (f"twin of {photo.kind}", change, photo.family)
                yield from _sample(after(twin, change), none, see, what)


def fit_cells(samples: Sequence[Sample], seed: int = 0) -> CellModel:
    """Return a model trained on ``samples``; each photo weighs the same, and all forged cells half as much as the honest ones."""
    import lightgbm

    rng = np.random.default_rng(seed)
    rows, labels, weights = zip(*(_rows(sample, rng) for sample in samples), strict=True)
    forged, weight = np.concatenate(labels), np.concatenate(weights)
    weight[forged] *= 0.5 * weight[~forged].sum() / max(weight[forged].sum(), 1e-9)
    data = lightgbm.Dataset(np.concatenate(rows), forged, weight=weight * len(weight) / weight.sum())
    return CellModel(lightgbm.train({**RECIPE, "seed": seed}, data, TREES))


def kept_fit(samples: Sequence[Sample], cache: Path, seed: int = 0) -> CellModel:
    """Return ``fit_cells`` of ``samples``, kept in ``cache`` by what they are and by the code."""
    what = "\0".join(f"{s.kind} {s.change} {s.family} {s.cells.shape}" for s in samples)
    path = cache / f"fit-{seed}-{_code(what + Path(__file__).read_text(encoding='utf-8'))}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        fit_cells(samples, seed).trees.save_model(str(part))
        part.replace(path)
    return packaged_cell_model(path)


def _rows(sample: Sample, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_], Floats]:
    share = sample.forged.ravel()
    used = (share > FORGED) | ((share < HONEST) & (rng.random(len(share)) < HONEST_SHARE))
    forged = share[used] > FORGED
    weight = np.where(forged, 1 / max(int(forged.sum()), 4), 1 / max(int((~forged).sum()), 4)).astype(np.float32)
    return beside_the_rest(sample.cells).reshape(len(share), -1)[used], forged, weight


def _sample(data: bytes, mask: NDArray[np.bool_], see: See, what: tuple[str, str, str]) -> Iterator[Sample]:
    """Yield the cells of an encoded photo; nothing where it is too small."""
    rgb = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    cells = cell_traces(rgb, see)
    if cells is None:
        return
    if mask.shape != rgb.shape[:2]:
        mask = np.asarray(Image.fromarray(mask).resize((rgb.shape[1], rgb.shape[0]))) > 0
    rows, columns = cells.shape[:2]
    cut = mask[: rows * CELL_PX, : columns * CELL_PX].reshape(rows, CELL_PX, columns, CELL_PX)
    yield Sample(cells.astype(np.float16), cut.mean(axis=(1, 3)).astype(np.float32), *what)


def _mask(path: Path | None, size: tuple[int, int]) -> NDArray[np.bool_]:
    if path is None:
        return np.zeros(size[::-1], bool)
    return np.asarray(Image.open(path).convert("L").resize(size)) > 127


def _code(more: str = "") -> str:
    """Return a fingerprint of the code that the cells come from, and of ``more``, so that kept ones are never those of another version."""
    folder = Path(__file__).parent
    names = ("cell_features.py", "seen_cells.py", "forgery_sets.py", "synthetic_forgeries.py")
    content = b"".join((folder / name).read_bytes() for name in names)
    return hashlib.sha256(content + more.encode()).hexdigest()[:10]


def _kept(path: Path, make: Callable[[], Iterator[Sample]]) -> list[Sample]:
    """Return the samples kept in ``path``, made first where they are missing."""
    if not path.exists():
        made = list(make())
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {f"cells-{n}": s.cells for n, s in enumerate(made)}
        arrays |= {f"forged-{n}": s.forged.astype(np.float16) for n, s in enumerate(made)}
        facts = np.array([(s.kind, s.change, s.family) for s in made])
        part = path.with_suffix(".part.npz")
        np.savez(part, facts=facts, **arrays)
        part.replace(path)
    with np.load(path) as kept:
        rows = [tuple(map(str, row)) for row in kept["facts"]]
        return [
            Sample(
                kept[f"cells-{n}"],
                kept[f"forged-{n}"].astype(np.float32),
                kind,
                change,
                family,
            )
            for n, (kind, change, family) in enumerate(rows)
        ]
