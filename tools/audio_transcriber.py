"""Turn an admitted voice clip into transcript evidence."""

from __future__ import annotations

from ..core.errors import BackEndError, ToolError
from ..core.protocols import Transcriber
from ..core.schemas import Evidence, MediaFile
from .image_captioner import evidence_id


class AudioTranscriber:
    """Write down one voice clip with a transcription back-end."""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    async def __call__(self, media: MediaFile) -> Evidence:
        """Return what is said in ``media``; ``content`` is empty and ``confidence`` 0 when no speech was understood.

        Raises:
            ToolError: the medium has no sound, or the back-end failed.
        """
        if media.kind == "image":
            raise ToolError(f"{media.media_id} is a photo and has no sound")
        try:
            heard = await self._transcriber.transcribe(media.path)
        except BackEndError as error:
            raise ToolError(f"{media.media_id} could not be transcribed: {error}") from error
        return Evidence(
            evidence_id=evidence_id("transcript", media.media_id),
            kind="transcript",
            source=media.media_id,
            content=heard.text.strip(),
            confidence=heard.confidence,
            back_end=heard.back_end or self._transcriber.name,
            language=heard.language,
        )
