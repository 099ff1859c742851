"""Keep the fitted weights of a shop in one JSON file beside its models."""

from __future__ import annotations

from pathlib import Path

from ..core.learning.llm_weight_table import WeightTable
from .fitted_files import FittedFile

FILE = "llm_weights.json"


def weights_path(home: Path, tenant: str) -> Path:
    """Return ``home/models/<tenant>/llm_weights.json``."""
    return home / "models" / tenant / FILE


class WeightFile(FittedFile[WeightTable]):
    """The weights of one shop; a file that is not there holds none, so that nothing moves."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, WeightTable, "tastemaker fit-llm")
