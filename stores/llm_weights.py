"""Keep the fitted weights of a shop in one JSON file beside its models: read when it changes, written at one stroke."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from ..core.errors import StoreError
from ..core.llm_weights import WeightTable

FILE = "llm_weights.json"


def weights_path(home: Path, tenant: str) -> Path:
    """Return ``home/models/<tenant>/llm_weights.json``."""
    return home / "models" / tenant / FILE


class WeightFile:
    """The weights of one shop; a file that is not there holds none, so that nothing moves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._table = WeightTable()

    def read(self) -> WeightTable:
        """Return the weights as they are now.

        Raises:
            StoreError: the file cannot be read or does not hold weights.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return WeightTable()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            try:
                self._table = WeightTable.model_validate_json(self.path.read_bytes())
            except (OSError, ValidationError) as error:
                raise StoreError(
                    f"{self.path} does not hold weights; fit them again with `tastemaker fit-llm`"
                ) from error
            self._stamp = stamp
        return self._table

    def write(self, table: WeightTable) -> None:
        """Replace the file at one stroke.

        Raises:
            StoreError: it cannot be written.
        """
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(table.model_dump_json(indent=2), encoding="utf-8")
            temporary.replace(self.path)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error
