"""Turn an admitted video into captions of a few frames and a transcript of its sound track."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import ToolError
from ...core.media.containers import CONTAINERS, HEAD_BYTES, container_of
from ...core.protocols import Captioner, Transcriber
from ...core.schemas import Evidence, MediaFile
from ...core.settings import LimitSettings
from ..media.sandbox import read_av
from .audio_transcriber import AudioTranscriber
from .image_captioner import ImageCaptioner

READ_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class VideoReading:
    """What a video showed and said. ``frames`` are photos called ``video-1-frame-1``, ... in the order of time."""

    evidence: tuple[Evidence, ...]
    frames: tuple[MediaFile, ...]


class VideoReader:
    """Look at the frames of a video that differ most and listen to its sound.

    Args:
        captioner: describes the frames.
        transcriber: writes down the sound track.
        limits: how many frames and seconds are looked at.
    """

    def __init__(self, captioner: Captioner, transcriber: Transcriber, limits: LimitSettings) -> None:
        self._caption = ImageCaptioner(captioner)
        self._transcribe = AudioTranscriber(transcriber)
        self._limits = limits

    async def __call__(self, media: MediaFile, workdir: Path) -> VideoReading:
        """Return the evidence in ``media``; frames and sound are written to ``workdir``.

        A video without sound, or without speech, has captions only; one whose captioner or transcriber fails has the other half.

        Raises:
            ToolError: the medium is no video, cannot be read, or nothing could be learnt from it.
        """
        if media.kind != "video":
            raise ToolError(f"{media.media_id} is no video but {media.kind}")
        seen, heard = await asyncio.gather(
            self._look(media, workdir), self._listen(media, workdir), return_exceptions=True
        )
        failures = [part for part in (seen, heard) if isinstance(part, BaseException)]
        for failure in failures:
            if not isinstance(failure, ToolError):
                raise failure
        if isinstance(seen, BaseException) and (isinstance(heard, BaseException) or not heard):
            raise seen
        frames, captions = ((), ()) if isinstance(seen, BaseException) else seen
        spoken = () if isinstance(heard, BaseException) else heard
        return VideoReading((*captions, *spoken), frames)

    async def _look(self, media: MediaFile, workdir: Path) -> tuple[tuple[MediaFile, ...], tuple[Evidence, ...]]:
        result = await self._read(
            "frames",
            media,
            workdir,
            max_frames=self._limits.max_video_frames,
            seconds=media.seconds or 0.0,
            max_px=self._limits.max_image_px,
        )
        frames = tuple(
            MediaFile(
                media_id=f"{media.media_id}-frame-{number}",
                kind="image",
                path=frame["path"],
                mime="image/jpeg",
                width_px=frame["width_px"],
                height_px=frame["height_px"],
                seconds=frame["seconds"],
                share=frame["share"],
            )
            for number, frame in enumerate(result["frames"], start=1)
        )
        return frames, tuple(await asyncio.gather(*(self._caption(frame) for frame in frames)))

    async def _listen(self, media: MediaFile, workdir: Path) -> tuple[Evidence, ...]:
        result = await self._read("sound", media, workdir, max_s=self._limits.max_video_s)
        if not result["seconds"]:
            return ()
        track = media.model_copy(update={"path": result["path"], "mime": "audio/wav", "seconds": result["seconds"]})
        transcript = await self._transcribe(track)
        return (transcript,) if transcript.content else ()

    async def _read(self, task: str, media: MediaFile, workdir: Path, **job: Any) -> dict[str, Any]:
        path = Path(media.path)
        name = await asyncio.to_thread(_container, path)
        if name is None:
            raise ToolError(f"{media.media_id} is of no known container")
        result = await read_av(
            task,
            path,
            CONTAINERS[name].demuxer,
            timeout_s=READ_TIMEOUT_S,
            out=str(workdir / media.media_id),
            **job,
        )
        if "refused" in result:
            raise ToolError(f"{media.media_id} could not be read: {result['refused']}")
        return result


def _container(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return container_of(stream.read(HEAD_BYTES))
    except OSError as error:
        raise ToolError(f"the file of {path.name} is gone") from error
