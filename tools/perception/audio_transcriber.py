"""Turn an admitted voice clip into transcript evidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...core.errors import BackEndError, ToolError
from ...core.protocols import PartialTranscriber, Transcriber
from ...core.schemas import Evidence, MediaFile, SpokenSegment, Transcript
from .image_captioner import check_writing, evidence_id

Told = Callable[[str, SpokenSegment], None]
"""Called with the id of the evidence to come and each stretch of speech as soon as it is read."""


class AudioTranscriber:
    """Write down one voice clip with a transcription back-end."""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    async def __call__(self, media: MediaFile, told: Told | None = None) -> Evidence:
        """Return what is said in ``media``; ``content`` is empty and ``confidence`` 0 when no speech was understood.

        ``sound`` then says what the clip holds instead. ``told`` hears of each stretch while the rest is still read.

        Raises:
            ToolError: the medium has no sound, or the back-end failed.
        """
        if media.kind == "image":
            raise ToolError(f"{media.media_id} is a photo and has no sound")
        name = evidence_id("transcript", media.media_id)
        try:
            heard = await self._hear(media.path, name, told)
        except BackEndError as error:
            raise ToolError(f"{media.media_id} could not be transcribed: {error}") from error
        check_writing(heard.text, media)
        return Evidence(
            evidence_id=name,
            kind="transcript",
            source=media.media_id,
            content=heard.text.strip(),
            confidence=heard.confidence,
            back_end=heard.back_end or self._transcriber.name,
            language=heard.language,
            sound=heard.sound,
            segments=heard.segments,
        )

    async def _hear(self, path: str, name: str, told: Told | None) -> Transcript:
        if told is None or not isinstance(self._transcriber, PartialTranscriber):
            return await self._transcriber.transcribe(path)
        return await self._transcriber.transcribe_parts(path, partial(told, name))
