"""Examine media without recommending anything: admit them, see, hear and watch them, run every method, compare all with the text."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from ..core.errors import BackEndError, ToolError
from ..core.media.trust_report import CheckRequest, ExaminedMedium, TrustReport
from ..core.redaction import public_reason
from ..core.schemas import Check, Degradation, Evidence, MediaFile, RecommendRequest, VerdictState
from ..tools.media.admission import media_folder
from ..tools.perception.video_reader import VideoReading
from ..tools.trust.forgery_probability import FUSED, packaged_calibration
from ..tools.trust.method import Heat
from ..tools.trust.policy import combine
from .shop.services import Services

MAP_PX = 512
T = TypeVar("T")


async def check_media(services: Services, request: CheckRequest, *, allow_paths: bool) -> TrustReport:
    """Return what was found about each medium and each pair, in a temporary folder that is removed afterwards.

    Raises:
        InvalidRequestError: a medium breaks a limit; the message names the field.
        ToolError: no process could be started to look at sound or video.
    """
    async with media_folder() as workdir:
        return await _Examination(services, request, workdir).run(allow_paths=allow_paths)


class _Examination:
    """One examination; collects what was missing."""

    def __init__(self, services: Services, request: CheckRequest, workdir: Path) -> None:
        self._services, self._request, self._workdir = services, request, workdir
        self._degraded: list[Degradation] = []

    async def run(self, *, allow_paths: bool) -> TrustReport:
        services, request = self._services, self._request
        asked = RecommendRequest(images=request.images, audio=request.audio, video=request.video)
        media = await services.admitter.admit(asked, self._workdir, allow_paths=allow_paths)
        sensed = await asyncio.gather(*(self._sense(medium) for medium in media))
        evidence = [piece for reading in sensed for piece in reading.evidence]
        shown = [*media, *(frame for reading in sensed for frame in reading.frames)]
        maps: dict[str, Heat] = {}
        found = await services.check(request.text, shown, evidence, maps)
        verdict = combine(found.checks, shown, services.settings.trust.of_tenant(request.tenant))
        alone = {m.media_id: [c for c in found.checks if c.about == (m.media_id,)] for m in media}
        return TrustReport(
            state=verdict.state,
            media=tuple(
                ExaminedMedium(
                    media_id=m.media_id,
                    kind=m.kind,
                    state=_worst(alone[m.media_id]),
                    checks=tuple(alone[m.media_id]),
                    forged_probability=_probability(alone[m.media_id]),
                    map_png=_drawn(maps[m.media_id]) if request.maps and m.media_id in maps else "",
                )
                for m in media
            ),
            pairs=tuple(c for c in found.checks if len(c.about) > 1),
            effects=verdict.effects,
            evidence=tuple(evidence),
            degraded=tuple(self._degraded),
        )

    async def _sense(self, medium: MediaFile) -> VideoReading:
        """Return what is seen or heard in a medium; what fails is labelled."""
        if medium.kind == "video":
            return await self._try("video_reader", self._services.watch(medium, self._workdir), VideoReading((), ()))
        tool = self._services.caption if medium.kind == "image" else self._services.transcribe
        name = "captioner" if medium.kind == "image" else "transcriber"
        return VideoReading(evidence=await self._try(name, _alone(tool(medium)), ()), frames=())

    async def _try(self, what: str, work: Awaitable[T], fallback: T) -> T:
        try:
            return await work
        except (BackEndError, ToolError) as error:
            self._degraded.append(Degradation(what=what, why=public_reason(error, what)))
            return fallback


async def _alone(work: Awaitable[Evidence]) -> tuple[Evidence, ...]:
    return (await work,)


def _worst(checks: Sequence[Check]) -> VerdictState:
    return combine(checks, ()).state


def _probability(checks: Sequence[Check]) -> float | None:
    """Return how surely a photo was forged where one of the methods for forged parts found a conflict; none otherwise, and for other media."""
    if not any(c.state == "conflict" and c.check in FUSED for c in checks):
        return None
    found = packaged_calibration().probability({c.check: c.score for c in checks if c.score is not None})
    return None if found is None else round(found, 4)


def _drawn(heat: Heat) -> str:
    """Return a map of suspicion, (rows, columns) from 0 to 1, as base64 of a grey PNG of at most ``MAP_PX`` a side."""
    image = Image.fromarray((np.clip(heat, 0, 1) * 255).astype(np.uint8), "L")
    image.thumbnail((MAP_PX, MAP_PX))
    out = BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")
