"""Teach the captioner each shop's own attribute values, in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from ...core.errors import TastemakerError
from ...core.protocols import Captioner
from ...core.redaction import redact
from ...core.schemas import CatalogueSchema
from ...models.lazy import LazyCaptioner
from ...tools.perception.image_captioner import ImageCaptioner
from .shop import Shop

log = logging.getLogger("tastemaker.shop")
MAX_WORDS, MAX_PER_FIELD, MAX_CHARACTERS = 200, 80, 30


class CaptionVocabulary:
    """Hold for each tenant a captioner that knows the shop's values; a captioner that cannot be taught stays as it is."""

    def __init__(self, captioner: Captioner) -> None:
        self._captioner = captioner
        self._taught: dict[str, ImageCaptioner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def captioner(self, shop: Shop) -> ImageCaptioner | None:
        """Return the shop's captioner; None until it is ready, which the first call sets off."""
        if shop.tenant not in self._tasks and isinstance(self._captioner, LazyCaptioner):
            self._tasks[shop.tenant] = asyncio.create_task(self._teach(self._captioner, shop))
        return self._taught.get(shop.tenant)

    async def close(self) -> None:
        """Stop what is going on."""
        for task in self._tasks.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def _teach(self, captioner: LazyCaptioner, shop: Shop) -> None:
        try:
            words = values_to_see(await shop.catalogue.schema())
            if words:
                self._taught[shop.tenant] = ImageCaptioner(await captioner.knowing(words))
        except TastemakerError as error:
            log.warning("the captioner does not know the values of %s: %s", shop.tenant, redact(str(error)))


def values_to_see(schema: CatalogueSchema) -> list[str]:
    """Return short wordy values of the text and list fields that have few distinct ones, the most frequent of each first."""
    fields = [f for f in schema.fields if f.type in ("text", "list") and 1 < len(f.values) <= MAX_PER_FIELD]
    wordy = [
        value.lower()
        for field in fields
        for value in field.values
        if len(value) <= MAX_CHARACTERS and value.replace(" ", "").replace("-", "").isalpha()
    ]
    return list(dict.fromkeys(wordy))[:MAX_WORDS]
