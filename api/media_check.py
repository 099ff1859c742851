"""Say whether photo, voice and words agree, and what Content Credentials tell; nothing is recommended, kept or logged as shown."""

from __future__ import annotations

from pydantic import Field

from ..core.errors import InvalidRequestError
from ..core.schemas import Degradation, Evidence, Frozen, RecommendRequest, Verdict
from .service import Service


class MediaCheck(Frozen):
    """What was seen and heard, and whether it agrees."""

    consistency: Verdict = Field(description="Do the media agree, and are they authentic?")
    evidence: tuple[Evidence, ...] = Field(default=(), description="What was read, seen and heard.")
    degraded: tuple[Degradation, ...] = Field(default=(), description="Parts that were missing, and why.")


async def check_media(service: Service, request: RecommendRequest) -> MediaCheck:
    """Check the media of a request against each other and against its words.

    Raises:
        InvalidRequestError: there is no medium, or one breaks a limit.
    """
    if not (request.images or request.audio or request.video):
        raise InvalidRequestError("images", "give at least one photo, voice clip or video clip to check")
    quiet = {"n": 1, "words": False, "route": "direct", "llm_rank": [], "thread_id": None, "user_id": None}
    answer = await service.recommend(request.model_copy(update=quiet), allow_paths=False, shows=False)
    return MediaCheck(consistency=answer.consistency, evidence=answer.evidence, degraded=answer.degraded)
