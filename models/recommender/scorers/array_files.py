"""Keep arrays in npz files, which appear whole or not at all and hold no pickles."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .base import Arrays


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write ``arrays`` to ``path``, which appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    os.replace(part, path)


def read_arrays(path: Path) -> Arrays:
    """Read what ``write_arrays`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
