"""Name what an examination of media takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, model_validator

from ..schemas import Check, Degradation, Effect, Evidence, Frozen, Media, MediaKind, NoNul, TenantId, VerdictState
from ..validation import invalid_request


class CheckRequest(Frozen):
    """Media to examine, and the words they should agree with."""

    text: Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True), NoNul()] = Field(
        default="",
        description="A title, description or request, at most 4,000 characters.",
        examples=["red canvas shoes"],
    )
    images: Media = Field(default_factory=list, description="Photos (JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF).")
    audio: Media = Field(default_factory=list, description="Voice clips.")
    video: Media = Field(default_factory=list, description="Video clips.")
    maps: bool = Field(default=False, description="Also return the map of suspicion of each photo, as a PNG.")
    tenant: TenantId = Field(default="default", description="Whose policy says what a conflict leads to.")

    @model_validator(mode="after")
    def _something(self) -> CheckRequest:
        if not (self.images or self.audio or self.video):
            raise ValueError("give at least one photo, voice clip or video to examine")
        return self


class ExaminedMedium(Frozen):
    """What was found about one medium."""

    media_id: str = Field(description="`image-1`, `audio-1`, ...")
    kind: MediaKind = Field(description="image, audio or video.")
    state: VerdictState = Field(
        description="conflict if a check conflicts, verified if one verifies, else no evidence."
    )
    checks: tuple[Check, ...] = Field(default=(), description="Every check that ran on it alone.")
    forged_probability: float | None = Field(
        default=None,
        description="How surely the photo was forged, from 0 to 1, by the methods for copied and spliced parts together, calibrated where half of "
        "the photos are forged; none where neither found a conflict, for single traces are in honest photos, too.",
    )
    map_png: str = Field(
        default="", description="Base64 of a PNG, bright where the photo is suspicious; empty: nowhere."
    )


class TrustReport(Frozen):
    """What was found about each medium and each pair, and what the shop's policy makes of it."""

    state: VerdictState = Field(
        description="conflict if any check conflicts, verified if one verifies, else no evidence."
    )
    media: tuple[ExaminedMedium, ...] = Field(
        description="The media in the order they were sent: photos, voice, video."
    )
    pairs: tuple[Check, ...] = Field(default=(), description="Comparisons of text, photos and speech.")
    effects: tuple[Effect, ...] = Field(
        default=(), description="What a request with these media would do about each conflict."
    )
    evidence: tuple[Evidence, ...] = Field(default=(), description="What was seen and heard.")
    degraded: tuple[Degradation, ...] = Field(default=(), description="What was missing, and why.")


def as_check(request: CheckRequest | None, fields: Mapping[str, Any]) -> CheckRequest:
    """Return the request, built or changed from fields if need be.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    try:
        return CheckRequest.model_validate({**(request.model_dump() if request else {}), **fields})
    except ValidationError as error:
        raise invalid_request(error) from error
