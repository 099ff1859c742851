"""Bring texts that are not English among the vectors of English ones: multilingual-e5-small, and a matrix into the space of MiniLM.

MiniLM knows English only. The larger network knows a hundred languages, and a matrix fitted on pairs of vectors takes what it makes of a text to
about where MiniLM has the English of it (Mikolov et al. 2013, "Exploiting similarities among languages for machine translation", there from
language to language). So every text of a catalogue is in one space, whatever its language. ``models/alignment/bridge.py`` fits the matrix.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BackEndUnavailable, ConfigurationError, TastemakerError
from ...core.protocols import Vectors
from ...core.redaction import public_reason
from ..weights.fetch import ensure_weights, weights_folder, weights_status
from .onnx_graph import BUILDER_VERSION, Array, cached, open_session
from .packed_e5 import PackedE5, open_packed
from .text_batches import run_in_batches
from .text_tower import Precision, text_tower
from .vector_cache import Once
from .word_pieces import WordPieces

WEIGHTS, FILE = "multilingual-e5-small", "e5-small-q4.bin"
BRIDGE = Path(__file__).parent / "data" / "bridge.safetensors"
MAX_TOKENS, PREFIX = 128, "query: "
"""A text is cut there; the network was trained on texts that begin so."""


class OtherLanguages:
    """Embed texts of other languages than English; opened at its first use, by one thread.

    Args:
        cache: the user's cache folder, which holds the weights ``multilingual-e5-small`` once they are fetched.
        precision: that of the products.
        threads: batches that run at once.
    """

    def __init__(self, cache: Path, precision: Precision, threads: int = 0, bridge: Path = BRIDGE) -> None:
        self._cache, self._threads = cache, threads or os.cpu_count() or 1
        self._tower = Once(lambda: _open(cache, precision))
        self._bridge = Once(lambda: load_bridge(bridge))
        self._broken, self._tried = "", False
        self._revision = Once(
            lambda: f"{BUILDER_VERSION}-{precision}-{hashlib.sha256(bridge.read_bytes()).hexdigest()[:8]}"
        )

    @property
    def revision(self) -> str:
        """Return what changes with the network and the matrix."""
        return self._revision.get()

    @property
    def is_open(self) -> bool:
        """Tell whether the network is in memory."""
        return self._tower.is_made

    @property
    def problem(self) -> str:
        """Open the network where it is not, and say, fit for clients, why it cannot be used; empty if it can."""
        if self.is_open or self._broken:
            return self._broken
        if not weights_status(self._cache)[WEIGHTS]:
            return f"the weights {WEIGHTS} are not here; fetch them with `tastemaker setup`"
        try:
            self._tower.get()
            self._bridge.get()
        except (TastemakerError, OSError) as error:
            self._broken = (
                public_reason(error, WEIGHTS) if isinstance(error, TastemakerError) else f"{WEIGHTS} cannot be read"
            )
        return self._broken

    def fetch(self, progress: Callable[[str], None] | None = None) -> str:
        """Fetch the weights where they are missing, tried once, and return ``problem``."""
        if not self._tried:
            self._tried = True
            with contextlib.suppress(BackEndUnavailable, ConfigurationError):  # ``problem`` says that they are not here
                ensure_weights(WEIGHTS, self._cache, progress=progress)
        return self.problem

    def rows(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text among those of MiniLM, (n, 384)."""
        return placed(self.unbridged(texts), *self._bridge.get())

    def unbridged(self, texts: Sequence[str]) -> Vectors:
        """Return the network's own unit rows, (n, 384)."""
        tower = self._tower.get()
        return run_in_batches(
            [tower.pieces.encode(PREFIX + text, MAX_TOKENS) for text in texts], tower.run, self._threads
        )


@dataclass(frozen=True, slots=True)
class _Tower:
    """The opened word pieces, their rows and the session."""

    pieces: WordPieces
    packed: PackedE5
    session: Any

    def run(self, ids: Array, mask: Array) -> Vectors:
        """Return one row per text, (batch, 384)."""
        rows: Vectors = self.session.run(None, {"words": self.packed.words(ids), "mask": mask})[0]
        return rows


def placed(rows: Vectors, middle: Vectors, weights: Vectors) -> Vectors:
    """Return rows of the larger network (n, 384) as unit rows of MiniLM's space."""
    moved = (rows - middle) @ weights
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), np.float32)


def load_bridge(path: Path) -> tuple[Vectors, Vectors]:
    """Return the middle (384,) that is taken away first, and the matrix (384, 384)."""
    from safetensors.numpy import load_file

    held = load_file(path)
    return held["middle"].astype(np.float32), held["weights"].astype(np.float32)


def packed_bridge(middle: Vectors, weights: Vectors) -> bytes:
    """Return the content of such a file: the matrix in float16."""
    from safetensors.numpy import save

    content: bytes = save({"middle": middle.astype(np.float32), "weights": weights.astype(np.float16)})
    return content


def _open(cache: Path, precision: Precision) -> _Tower:
    folder = weights_folder(WEIGHTS, cache)
    packed = open_packed(folder / FILE)
    graph = cached(
        cache,
        f"e5-{precision}",
        folder.name,
        lambda: text_tower(packed.weights(), packed.layers, precision, words_given=True),
    )
    return _Tower(WordPieces(packed.pieces), packed, open_session(graph, 1))
