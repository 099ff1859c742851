"""Settings of the trained recommender."""

from __future__ import annotations

from pydantic import Field

from .base import Section


class RecommenderSettings(Section):
    """The trained recommender: `tastemaker train` makes versions of it, requests are ranked with the one in use."""

    enabled: bool = Field(default=True, description="Rank with the trained version, if there is one.")
    keep: int = Field(default=5, ge=1, description="Trained versions kept.")
    max_items: int = Field(default=200_000, ge=1, description="Items held in memory; of more, those wanted most.")
    max_events: int = Field(default=5_000_000, ge=1, description="Newest events learnt from.")
    min_events: int = Field(
        default=100, ge=2, description="Fewest likes, purchases, ratings, clicks and views to train on."
    )
    threshold: float = Field(default=0.02, ge=0, description="NDCG@10 that a new version may lose and still be used.")
    check_s: float = Field(default=3.0, gt=0, description="Seconds between looks for a new version.")
