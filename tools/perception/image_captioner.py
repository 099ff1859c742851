"""Turn an admitted photo into caption evidence."""

from __future__ import annotations

import unicodedata

from ...core.errors import BackEndError, ToolError
from ...core.protocols import Captioner
from ...core.schemas import Caption, Evidence, MediaFile

_NO_WRITING = {"Cc", "Cn", "Co", "Cs"}


def evidence_id(kind: str, media_id: str) -> str:
    """Name the evidence that a medium gives: ``caption-1`` for ``image-1``, ``caption-video-1-frame-2`` for a frame."""
    return f"{kind}-{media_id.removeprefix('image-').removeprefix('audio-')}"


def check_writing(text: str, media: MediaFile) -> None:
    """Refuse what cannot be what somebody sees or says: a model or its server that is broken, which is then left out and named.

    Raises:
        ToolError: there are characters that no writing has: of control, of no known meaning, or put for bytes that could not be read.
    """
    if any(c == "\ufffd" or (unicodedata.category(c) in _NO_WRITING and not c.isspace()) for c in text):
        raise ToolError(f"{media.media_id} got an answer that is no writing")


class ImageCaptioner:
    """Describe one photo with a captioning back-end."""

    def __init__(self, captioner: Captioner) -> None:
        self._captioner = captioner

    async def __call__(self, media: MediaFile) -> Evidence:
        """Return the caption of ``media``, with the tags seen and their confidence.

        Raises:
            ToolError: the medium is no image, or the back-end failed.
        """
        if media.kind != "image":
            raise ToolError(f"{media.media_id} is no photo but {media.kind}")
        try:
            caption = await self._captioner.caption(media.path)
        except BackEndError as error:
            raise ToolError(f"{media.media_id} could not be captioned: {error}") from error
        check_writing(caption.text, media)
        return Evidence(
            evidence_id=evidence_id("caption", media.media_id),
            kind="caption",
            source=media.media_id,
            content=_content(caption),
            confidence=caption.confidence,
            back_end=caption.back_end or self._captioner.name,
            tags=caption.tags,
        )


def _content(caption: Caption) -> str:
    """Return the sentence, with the text in the picture quoted behind it."""
    if not caption.written:
        return caption.text
    quoted = " / ".join(line.label.replace('"', "'") for line in caption.written)
    return f'{caption.text}; text in it: "{quoted}"'
