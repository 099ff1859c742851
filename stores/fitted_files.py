"""Keep something fitted for a shop in one JSON file: read when it changes, written at one stroke."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from ..core.errors import StoreError
from ..core.learning.llm_weight_table import WeightTable
from ..core.ranking.learnt_attention import Attention

T = TypeVar("T", bound=BaseModel)


class FittedFile(Generic[T]):
    """One JSON file with a ``T``; a file that is not there holds an empty one.

    Args:
        path: the file.
        model: what it holds; it can be made without arguments.
        again: the command that fits it anew, for messages.
    """

    def __init__(self, path: Path, model: type[T], again: str) -> None:
        self.path = path
        self._model, self._again = model, again
        self._stamp: tuple[int, int] | None = None
        self._held = model()

    def read(self) -> T:
        """Return what the file holds now.

        Raises:
            StoreError: the file cannot be read or holds something else.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return self._model()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            try:
                self._held = self._model.model_validate_json(self.path.read_bytes())
            except (OSError, ValidationError) as error:
                raise StoreError(f"{self.path} does not hold weights; fit them again with `{self._again}`") from error
            self._stamp = stamp
        return self._held

    def write(self, value: T) -> None:
        """Replace the file at one stroke.

        Raises:
            StoreError: it cannot be written.
        """
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(value.model_dump_json(indent=2), encoding="utf-8")
            temporary.replace(self.path)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error


class AttentionFile(FittedFile[Attention]):
    """What was learnt for one shop; a file that is not there changes nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "attention.json", Attention, "tastemaker fit-senses")


def weights_path(home: Path, tenant: str) -> Path:
    """Return ``home/models/<tenant>/llm_weights.json``."""
    return home / "models" / tenant / "llm_weights.json"


class WeightFile(FittedFile[WeightTable]):
    """The weights of one shop; a file that is not there holds none, so that nothing moves."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, WeightTable, "tastemaker fit-llm")
