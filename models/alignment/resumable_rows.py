"""Keep computed rows and trained heads on disk, so that long work that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ...core.protocols import Vectors
from ..image_text.onnx_graph import write_atomically
from .train import BESIDE_WEIGHT, Recipe, TrainingData, Weights, train
from .versions import packed

PIECE = 250


class KeptRows:
    """Rows in float16 under ``folder``; ``say`` is told which piece is computed."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say

    def rows(
        self, what: str, keys: Sequence[str], inputs: Sequence[str], compute: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        """Return one row per input, computed where no piece with the same ``what`` and ``keys`` is kept."""
        self._folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for start in range(0, len(inputs), PIECE):
            some = slice(start, start + PIECE)
            key = hashlib.sha256("\n".join([what, *keys[some]]).encode()).hexdigest()[:24]
            path = self._folder / f"{key}.npy"
            if not path.is_file():
                self._say(f"{what}: {start:,} of {len(inputs):,}")
                unfinished = path.with_suffix(f".{os.getpid()}.part.npy")
                np.save(unfinished, compute(inputs[some]).astype(np.float16), allow_pickle=False)
                os.replace(unfinished, path)
            parts.append(np.load(path, allow_pickle=False).astype(np.float32))
        return np.concatenate(parts)

    def clear(self) -> None:
        """Remove everything that is kept."""
        shutil.rmtree(self._folder, ignore_errors=True)


def kept_head(
    folder: Path,
    data: TrainingData,
    recipe: Recipe,
    seed: int,
    say: Callable[[str], None],
    *,
    beside: Weights | None = None,
) -> Weights:
    """Return the weights that ``align_train.train`` gives, trained at most once for the same data, recipe and seed."""
    from safetensors.numpy import load_file

    content = hashlib.sha256(repr((recipe, seed, len(data.rows), [view.shape for view in data.views])).encode())
    for part in (
        data.views[0][:, :64],
        np.concatenate(data.rows),
        data.labels,
        *((*beside.values(), BESIDE_WEIGHT) if beside else ()),
    ):
        content.update(np.ascontiguousarray(part).tobytes())
    path = folder / f"{content.hexdigest()[:24]}.safetensors"
    if not path.is_file():
        weights, _ = train(data, recipe, seed=seed, beside=beside, progress=say)
        write_atomically(path, packed(weights))
    loaded: Weights = load_file(path)
    return loaded
