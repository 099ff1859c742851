"""Keep how a tenant's tracks sound in one file, and find those that sound like a given one."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError

CLIP = 3.0
Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tracks:
    """Item ids and their descriptions, (n, d), as they were measured. ``groups`` says how many numbers each part has.

    To be compared, every number is standardised over the catalogue and clipped at three deviations, and every part weighs the
    same, however many numbers it has.
    """

    ids: tuple[str, ...]
    features: Matrix
    groups: tuple[int, ...]

    def nearest(self, feature: Matrix) -> list[tuple[str, float]]:
        """Return every id with its cosine similarity to ``feature``, shape (d,), best first, ties by id."""
        if not self.ids:
            return []
        rows, query = self._comparable(self.features), self._comparable(feature.reshape(1, -1))[0]
        lengths = np.linalg.norm(rows, axis=1) * max(float(np.linalg.norm(query)), 1e-9)
        scores = rows @ query / np.maximum(lengths, 1e-9)
        order = sorted(range(len(self.ids)), key=lambda i: (-scores[i], self.ids[i]))
        return [(self.ids[i], float(scores[i])) for i in order]

    def _comparable(self, rows: Matrix) -> Matrix:
        spread = np.maximum(self.features.std(axis=0), 1e-6)
        standard = np.clip((rows - self.features.mean(axis=0)) / spread, -CLIP, CLIP)
        weights = np.concatenate([np.full(size, size**-0.5) for size in self.groups])
        return np.asarray(standard * weights, dtype=np.float32)

    def updated(self, found: Mapping[str, Matrix]) -> Tracks:
        """Return these tracks with those of ``found`` added or replaced."""
        rows = {**dict(zip(self.ids, self.features, strict=True)), **found}
        matrix = np.stack(list(rows.values())) if rows else self.features
        return Tracks(tuple(rows), matrix.astype(np.float32), self.groups)

    def without(self, item_ids: Collection[str]) -> Tracks:
        """Return these tracks less those of some items."""
        rows = [n for n, item_id in enumerate(self.ids) if item_id not in item_ids]
        return Tracks(tuple(self.ids[n] for n in rows), self.features[rows], self.groups)


class TrackStore:
    """The file of one tenant's tracks; it is read again when it has changed."""

    def __init__(self, path: Path, groups: Sequence[int]) -> None:
        self.path = path
        self._groups = tuple(groups)
        self._read: tuple[int, Tracks] | None = None

    def load(self) -> Tracks:
        """Return the tracks; none where there is no file.

        Raises:
            StoreError: the file is damaged or was made with other features.
        """
        empty = Tracks((), np.zeros((0, sum(self._groups)), np.float32), self._groups)
        try:
            stamp = self.path.stat().st_mtime_ns
        except OSError:
            return empty
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, self._parse())
        return self._read[1]

    def save(self, tracks: Tracks) -> None:
        """Write the tracks in one step.

        Raises:
            StoreError: the folder cannot be written.
        """
        buffer = io.BytesIO()
        np.savez(buffer, ids=np.array(tracks.ids, dtype=np.str_), features=tracks.features)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
                file.write(buffer.getvalue())
            os.replace(file.name, self.path)
        except OSError as error:
            raise StoreError(f"the tracks cannot be written to {self.path}: {error}") from error

    def delete(self, item_ids: Collection[str]) -> None:
        """Remove the tracks of some items. Raises as ``load`` and ``save``."""
        tracks = self.load()
        if not set(tracks.ids).isdisjoint(item_ids):
            self.save(tracks.without(item_ids))

    def _parse(self) -> Tracks:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                ids, features = file["ids"], file["features"].astype(np.float32)
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"{self.path} is damaged ({error}); run tastemaker tracks again") from error
        if features.shape != (len(ids), sum(self._groups)):
            raise StoreError(f"{self.path} was made with other features; delete it and run tastemaker tracks again")
        return Tracks(tuple(map(str, ids)), features, self._groups)
