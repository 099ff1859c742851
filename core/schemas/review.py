"""Items that wait for a person's decision before they are offered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .catalogue import Frozen, ItemId

ReviewState = Literal["waiting", "accepted", "rejected"]


class ReviewFinding(Frozen):
    """Why an item should be looked at."""

    check: str = Field(description="The check that found it, such as `item_text_image`.")
    reason: str = Field(description="One sentence for people.")
    score: float | None = Field(default=None, description="How sure the check is, from 0 to 1, where it can say.")
    others: tuple[str, ...] = Field(
        default=(), description="Other items that it is about, such as those with the same photo."
    )


class Review(Frozen):
    """An item that a check found something about; kept out of every answer unless it is accepted."""

    item_id: ItemId = Field(description="Catalogue id.")
    title: str = Field(default="", description="Its title, where it is still in the catalogue.")
    state: ReviewState = Field(default="waiting", description="waiting and rejected items are never offered.")
    findings: tuple[ReviewFinding, ...] = Field(default=(), description="What was found, each with its reason.")
    mark: str = Field(default="", description="What was examined: a later change of the item opens the review again.")
    at: datetime | None = Field(default=None, description="When it was held or decided.")
