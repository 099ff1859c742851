"""Keep a language model's opinions of lists in a file, so that fitting and measuring can be killed, resumed and repeated."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from ..core.learning.interactions import Floats


class OpinionStore:
    """Answers by what was asked, one JSON object a line; a line that broke off is left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[str, list[float]] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(line)
                    self._kept[row["key"]] = row["scores"]
                except (ValueError, KeyError):
                    continue

    def get(self, key: str) -> Floats | None:
        """Return a kept answer, shape (m,), or None."""
        found = self._kept.get(key)
        return None if found is None else np.array(found, dtype=np.float32)

    def put(self, key: str, scores: Floats) -> None:
        """Keep an answer."""
        self._kept[key] = [float(s) for s in scores]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "scores": self._kept[key]}) + "\n")


def key_of(*parts: str) -> str:
    """Return the key of a question."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:24]
