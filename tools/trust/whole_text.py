"""Tell whether a photo shows what a whole text says, and not only the things that it names.

The fit of photo and text is measured against how near other photos are to the text and other texts to the photo, and turned into the
probability that the text is the photo's own and not a random one; the limits were set on photos that nothing was fitted on. It takes half a
second and runs where a check is asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ...core.errors import BackEndError
from ...core.protocols import ImageTextModel
from ...core.schemas import VerdictState
from ...models.image_text.clip_photo import ClipPhoto

SOURCE = "CLIP ViT-B/16 (Radford et al. 2021), local scaling (Conneau et al. 2018)"
LIMITS = (
    "Sees what a photo is of; hardly counts, names, sizes and brands, and texts that are true of a similar photo, too."
)
TEXT_SPACE = "embedded:"
"""Models whose texts lie in the space that was fitted."""


@dataclass(frozen=True)
class WholeText:
    """Compare whole texts with photos.

    Args:
        tower: sees the photos.
        model: embeds the texts.
    """

    tower: ClipPhoto
    model: ImageTextModel

    async def probability(self, path: str, text: str) -> float | None:
        """Return the probability that the text is the photo's own; none without the weights, or where one of them cannot be read."""
        if self.tower.missing or not self.model.name.startswith(TEXT_SPACE):
            return None
        try:
            texts, features = await asyncio.gather(
                self.model.embed_texts([text]), asyncio.to_thread(self.tower.features, [path])
            )
        except BackEndError:
            return None
        space = self.tower.space.get()
        return space.probability(float(space.fit(space.place(features), texts)[0, 0]))

    def judge(self, probability: float, state: VerdictState, *, named: bool) -> tuple[VerdictState, str]:
        """Return state and reason, empty where what the named things said stays; a conflict needs a text that names a thing."""
        space = self.tower.space.get()
        if probability >= space.sure and state != "conflict":
            return "verified", "The photo shows what the text as a whole says."
        if probability <= space.unlike and state == "verified":
            return "no evidence", "The photo shows a thing that the text names, but hardly what it says as a whole."
        if probability <= space.unlike and named:
            return (
                "conflict",
                f"The photo fits the text no better than a random one ({probability:.0%} that it is its own).",
            )
        return state, ""
