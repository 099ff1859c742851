"""Give every captioner's answer the same fields: sentence, tags, text in the picture, dominant colours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ...core.background import close_each
from ...core.protocols import Captioner, Teachable
from ...core.schemas import Caption, Tag
from ...core.settings import Settings
from .calibration import mentions
from .colours import dominant_colours
from .text_in_pictures import PictureText
from .vocabulary import packaged_vocabulary

MAX_TAGS = 8


class FullCaptioner:
    """A captioner with what it leaves out filled in. Implements Captioner.

    Tags that it does not give are the words of the packaged vocabulary in its sentence, with the sentence's confidence.

    Args:
        inner: writes the sentence.
        words: reads the text in the picture, if that is wanted.
    """

    def __init__(self, inner: Captioner, words: PictureText | None) -> None:
        self.name = inner.name
        self._inner, self._words = inner, words

    async def caption(self, path: str) -> Caption:
        """Return the caption with every field. Raises as the captioner inside."""
        caption, colours, written = await asyncio.gather(
            self._inner.caption(path), asyncio.to_thread(dominant_colours, path), self._written(path)
        )
        seen = tuple(Tag(label=name, confidence=min(1.0, share)) for name, share in colours)
        return caption.model_copy(
            update={
                "tags": caption.tags or _named(caption),
                "colours": caption.colours or seen,
                "written": caption.written or written,
            }
        )

    def with_vocabulary(self, values: Sequence[str]) -> FullCaptioner:
        """Return a captioner that also looks for ``values``, if the one inside can be taught them."""
        if not isinstance(self._inner, Teachable):
            return self
        return FullCaptioner(self._inner.with_vocabulary(values), self._words)

    async def prepare(self) -> None:
        """Let the captioner inside embed its words, if it has any."""
        if isinstance(self._inner, Teachable):
            await self._inner.prepare()

    async def aclose(self) -> None:
        """Close the captioner inside, if it has connections."""
        await close_each(self._inner)

    async def _written(self, path: str) -> tuple[Tag, ...]:
        return await self._words(path) if self._words else ()


def complete(captioner: Captioner, settings: Settings) -> FullCaptioner:
    """Return the captioner with every field; text in pictures is read if the settings say so."""
    return FullCaptioner(captioner, PictureText(threads=settings.models.threads) if settings.models.ocr else None)


def _named(caption: Caption) -> tuple[Tag, ...]:
    words = packaged_vocabulary().words
    named = mentions(words, [[caption.text]])[0]
    found = [word for word, there in zip(words, named, strict=True) if there][:MAX_TAGS]
    return tuple(Tag(label=word, confidence=caption.confidence) for word in found)
