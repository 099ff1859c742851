"""Name what a cross-modal search takes and gives, and put the scores of its parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints, field_validator

from ..schemas import (
    AttributeValue,
    ContextName,
    ContextValue,
    Degradation,
    Evidence,
    Frozen,
    Media,
    NoNul,
    StatedConstraints,
    TenantId,
    age_in_years,
)

LookAt = Literal["both", "image", "text"]
Weight = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class SearchWeights(Frozen):
    """How much each part counts when several are given; only their ratio matters."""

    text: Weight = Field(default=1.0, description="Of the words.")
    images: Weight = Field(default=1.0, description="Of the photos.")
    audio: Weight = Field(default=1.0, description="Of what voice clips say.")
    video: Weight = Field(default=1.0, description="Of the video clips.")


class SearchRequest(Frozen):
    """What to search for: words, photos, voice clips and video clips, alone or mixed, within hard constraints."""

    text: Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True), NoNul()] = Field(
        default="", description="Words, at most 4,000 characters.", examples=["in red"]
    )
    images: Media = Field(default_factory=list, description="Photos (JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF).")
    audio: Media = Field(default_factory=list, description="Voice clips; what was said is searched for.")
    video: Media = Field(default_factory=list, description="Video clips; frames and what was said count.")
    weights: SearchWeights = Field(default_factory=SearchWeights, description="How much each kind of part counts.")
    look_at: LookAt = Field(
        default="both", description="Compare with the items' pictures (`image`), their words (`text`) or both."
    )
    constraints: StatedConstraints = Field(default_factory=list, description="Typed hard constraints.")
    n: int = Field(default=10, ge=1, le=100, description="How many items to return, 1 to 100.")
    context: dict[ContextName, ContextValue] = Field(
        default_factory=dict,
        max_length=16,
        description="What the shop's rules and filters may look at, as in a recommendation: `segment`, `age` (in years), ...",
        examples=[{"age": "16"}],
    )
    tenant: TenantId = Field(default="default", description="Which shop's catalogue to search.")

    _age = field_validator("context")(age_in_years)


class PartScore(Frozen):
    """How near an item is to one part of the request."""

    part: str = Field(description="`text`, or the medium, such as `image-1`.")
    against: Literal["image", "text", "words"] = Field(
        description="Compared with the item's picture, the meaning of its text, or its very words."
    )
    score: float = Field(description="Cosine from -1 to 1; for `words` the share of the best BM25 score.")


class Hit(Frozen):
    """One item that was found; every field but the last three comes from the catalogue record."""

    item_id: str = Field(description="Catalogue id.")
    title: str = Field(description="Title from the record.")
    url: str | None = Field(default=None, description="Link from the record.")
    image: str | None = Field(default=None, description="Picture from the record, relative to the media folder.")
    attributes: dict[str, AttributeValue] = Field(description="Attributes from the record.")
    rank: int = Field(ge=1, description="Position, from 1.")
    score: float = Field(description="Compares the hits of one search only.")
    rules: tuple[str, ...] = Field(default=(), description="Ids of the shop's rules that placed the item.")
    parts: tuple[PartScore, ...] = Field(default=(), description="How near the item is to each part of the request.")


class SearchResponse(Frozen):
    """The items found, what was heard and seen in clips, and what was missing."""

    hits: tuple[Hit, ...] = Field(description="The items, best first.")
    evidence: tuple[Evidence, ...] = Field(default=(), description="What was heard and seen in voice and video clips.")
    degraded: tuple[Degradation, ...] = Field(default=(), description="Parts that were missing, and why.")


def mixed(scores: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return one score per item from several kinds of score, each brought to the same scale (z-scores; Montague and Aslam 2001).

    Args:
        scores: kind -> score per item; NaN where an item has none, which counts as the kind's lowest.
        weights: kind -> weight; only their ratio matters.
    """
    total = np.zeros(len(next(iter(scores.values()))) if scores else 0)
    whole = sum(weights[kind] for kind in scores) or 1.0
    for kind, values in scores.items():
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        filled = np.where(np.isnan(values), known.min(), values)
        spread = float(filled.std())
        total += weights[kind] / whole * ((filled - filled.mean()) / spread if spread > 1e-9 else 0.0)
    return total


def best_first(ids: Sequence[str], scores: NDArray[np.float64], limit: int) -> list[int]:
    """Return the positions of the ``limit`` best scores, ties by id."""
    return sorted(range(len(ids)), key=lambda i: (-scores[i], ids[i]))[:limit]
