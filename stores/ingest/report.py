"""Write what is wrong with rows to a JSON Lines file, one object a row: file, line, item_id, field, reason, level."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

from pydantic import Field

from ...core.errors import StoreError
from ...core.schemas import Frozen

Level = Literal["rejected", "warning"]


class Rejects:
    """Collect problems of one run. The file of an earlier run is replaced, and none is left when there is no problem."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rejected = 0
        self.warnings = 0
        self._file: IO[str] | None = None

    @property
    def written(self) -> str | None:
        """The file, if a row was reported in it."""
        return str(self.path) if self.path and self.rejected + self.warnings else None

    def __enter__(self) -> Rejects:
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"cannot replace the rejects file {self.path}: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(
        self, file: Path, line: int, *, field: str, reason: str, item_id: str = "", level: Level = "rejected"
    ) -> None:
        """Write one problem through to the disk's cache, so that a killed run leaves whole lines.

        Raises:
            StoreError: the file cannot be written.
        """
        self.rejected += level == "rejected"
        self.warnings += level == "warning"
        if self.path is None:
            return
        row = {"file": str(file), "line": line, "item_id": item_id, "field": field, "reason": reason, "level": level}
        text = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(text + "\n")
            self._file.flush()
        except OSError as error:
            raise StoreError(f"cannot write the rejects file {self.path}: {error.strerror}") from error


class IngestReport(Frozen):
    """What an ingest did. Items and events are counted apart; ``items_per_s`` counts rows read from start to searchable."""

    read: int = Field(description="Rows of the catalogue file.")
    inserted: int = Field(description="New items.")
    updated: int = Field(description="Items that changed.")
    unchanged: int = Field(description="Items that were stored already and skipped.")
    rejected: int = Field(description="Rows that could not be used, of both files.")
    warnings: int = Field(description="Rows used only in part: without their picture, or replaced by a later row.")
    left_out: dict[str, int] = Field(default_factory=dict, description="Why rows are no items on offer -> how many.")
    removed: int = Field(default=0, description="Items that were removed because the file no longer has them.")
    columns: tuple[str, ...] = Field(default=(), description="What the columns were taken for, in short.")
    notes: tuple[str, ...] = Field(default=(), description="What looks odd, with the option that changes it.")
    events_read: int = Field(default=0, description="Rows of the interactions file.")
    events_added: int = Field(default=0, description="New events.")
    seconds: float = Field(description="Seconds from start to end.")
    items_per_s: float = Field(description="Rows of the catalogue file a second.")
    changed: tuple[str, ...] = Field(default=(), exclude=True, description="Ids of the new and the changed items.")
    held: int = Field(default=0, description="New and changed items that wait for a person's decision.")
    unexamined: dict[str, str] = Field(
        default_factory=dict,
        description="How many new and changed items a check could not look at, and why, by the check.",
    )
    rejects: str | None = Field(default=None, description="The rejects file, if a row was rejected or warned about.")
