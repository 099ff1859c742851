"""Keep versions of a projection aligned to a catalogue, one of them in use, as plain files that are switched atomically.

Layout: ``HOME/models/image-text/<version>/{projection.safetensors, card.json}`` and a file ``CURRENT`` with the version in
use; other tenants than ``default`` have theirs under ``HOME/models/image-text/tenants/<tenant>``. The weights that come with the package are the version ``packaged``, which is in use while there is no ``CURRENT``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import ConfigurationError
from ...core.protocols import Vectors
from ...core.versions import Versions

PACKAGED, DEFAULT_TENANT = "packaged", "default"
WEIGHTS, CARD, CURRENT = "projection.safetensors", "card.json", "CURRENT"


class Alignments(Versions):
    """One tenant's versions under one home folder; several processes may read them while one publishes."""

    def __init__(self, home: Path, tenant: str = DEFAULT_TENANT) -> None:
        self.tenant = tenant
        folder = home / "models" / "image-text"
        root = folder if tenant == DEFAULT_TENANT else folder / "tenants" / tenant
        super().__init__(root, WEIGHTS, CURRENT, "`tastemaker align` or `align --rollback` writes it anew")

    def current(self) -> str:
        """Return the version in use, ``packaged`` if none was published or the chosen one is gone. Raises as ``chosen``."""
        return self._there(self.chosen())

    def _there(self, version: str | None) -> str:
        return version if version in self.versions() else PACKAGED

    def weights(self, version: str) -> Path:
        """Return the file of a published version's weights.

        Raises:
            ConfigurationError: no such version.
        """
        if version not in self.versions():
            raise ConfigurationError(f"there is no alignment {version!r}; there are {', '.join(self._all())}")
        return self.root / version / WEIGHTS

    def card(self, version: str) -> dict[str, Any]:
        """Return what is noted of a published version, such as its figures. Raises as ``weights``."""
        card: dict[str, Any] = json.loads((self.weights(version).parent / CARD).read_text(encoding="utf-8"))
        return card

    def publish(self, weights: Mapping[str, Vectors], card: Mapping[str, Any], *, use: bool = True) -> str:
        """Write a version and, unless told otherwise, put it in use; returns its name.

        The folder appears whole or not at all: it is written under another name and moved into place.
        """
        content = packed(weights)
        version = self.new_name(hashlib.sha256(content).hexdigest()[:8])
        unfinished = self.root / f".{uuid.uuid4().hex}.part"
        try:
            unfinished.mkdir(parents=True)
            (unfinished / WEIGHTS).write_bytes(content)
            note = {**card, "version": version, "replaces": self._there(self.in_use())}
            (unfinished / CARD).write_text(json.dumps(note, indent=2), encoding="utf-8")
            self.move_in(unfinished, version)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        if use:
            self.use(version)
        return version

    def use(self, version: str) -> None:
        """Put a published version, or ``packaged``, in use; running services take it up. Raises as ``weights``."""
        if version == PACKAGED:
            (self.root / CURRENT).unlink(missing_ok=True)
            return
        self.weights(version)
        self.point_to(version)

    def roll_back(self) -> str:
        """Put the version in use that the current one replaced; returns its name.

        Raises:
            ConfigurationError: the packaged weights are in use already.
        """
        current = self._there(self.in_use())
        if current == PACKAGED and (self.root / CURRENT).exists():
            self.use(PACKAGED)
            return PACKAGED
        if current == PACKAGED:
            raise ConfigurationError("the packaged weights are in use; there is nothing to go back to")
        before = str(self.card(current).get("replaces", PACKAGED))
        target = before if before in self.versions() else PACKAGED
        self.use(target)
        return target

    def _all(self) -> list[str]:
        return [PACKAGED, *self.versions()]


def packed(weights: Mapping[str, Vectors]) -> bytes:
    """Return a head's weights as the content of a safetensors file: matrices in float16, biases in float32."""
    from safetensors.numpy import save

    kept = {name: values.astype(np.float16 if values.ndim > 1 else np.float32) for name, values in weights.items()}
    content: bytes = save(kept)
    return content
