"""Say what an ingest did."""

from __future__ import annotations

from pydantic import Field

from ...core.schemas import Frozen


class IngestReport(Frozen):
    """What an ingest did. Items and events are counted apart; ``items_per_s`` counts rows read from start to searchable."""

    read: int = Field(description="Rows of the catalogue file.")
    inserted: int = Field(description="New items.")
    updated: int = Field(description="Items that changed.")
    unchanged: int = Field(description="Items that were stored already and skipped.")
    rejected: int = Field(description="Rows that could not be used, of both files.")
    warnings: int = Field(description="Rows used only in part: without their picture, or replaced by a later row.")
    events_read: int = Field(default=0, description="Rows of the interactions file.")
    events_added: int = Field(default=0, description="New events.")
    seconds: float = Field(description="Seconds from start to end.")
    items_per_s: float = Field(description="Rows of the catalogue file a second.")
    rejects: str | None = Field(default=None, description="The rejects file, if a row was rejected or warned about.")
