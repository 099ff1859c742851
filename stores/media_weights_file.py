"""Keep how much words, photos and sound count in a shop in one JSON file beside its models."""

from __future__ import annotations

from pathlib import Path

from ..core.ranking.media_weights import Attention
from .fitted_files import FittedFile

FILE = "attention.json"


class AttentionFile(FittedFile[Attention]):
    """What was learnt for one shop; a file that is not there changes nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, Attention, "tastemaker fit-senses")
