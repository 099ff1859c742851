"""Describe a picture by the words of a vocabulary that are nearest to it (zero-shot tags made into a sentence)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...core.errors import ConfigurationError
from ...core.protocols import ImageTextModel, Vectors
from ...core.schemas import Caption, Tag
from ...core.settings import Settings
from .colours import dominant_colours
from .vocabulary import Vocabulary, confidences, from_groups, packaged_calibration, packaged_vocabulary, word_vectors

MAX_TAGS = 8
MAX_NAMED = 3
MAX_UNSURE = 2
MAX_COLOURS = 2
MIN_TAG = 0.05
MIN_NAMED = 0.2
SAME_THING = 0.6
NAMED_KINDS = frozenset({"thing", "added"})


class ZeroShotCaptioner:
    """Tag a picture with calibrated confidences and make a plain sentence of the surest tags. Implements Captioner.

    Args:
        model: the image-text model that embeds words and pictures.
        vocabulary: kind -> words in place of the packaged ones; kinds are ``thing``, ``scene``, ``action``, ``look``.
        cache: folder in which the words' vectors are kept.
    """

    def __init__(
        self, model: ImageTextModel, vocabulary: Mapping[str, Sequence[str]] | None = None, cache: Path | None = None
    ) -> None:
        self.name = "zero-shot:default"
        self.vocabulary = from_groups(vocabulary) if vocabulary else packaged_vocabulary()
        self._model, self._cache = model, cache
        self._vectors: Vectors | None = None

    def with_vocabulary(self, values: Sequence[str]) -> ZeroShotCaptioner:
        """Return a captioner that also looks for ``values``, such as the catalogue's attribute values."""
        other = ZeroShotCaptioner(self._model, cache=self._cache)
        other.vocabulary = self.vocabulary.with_added(values)
        return other

    async def prepare(self) -> Vectors:
        """Embed the words, unless they are known or kept in the cache, and return their vectors."""
        if self._vectors is None:
            self._vectors = await word_vectors(self.vocabulary, self._model, self._cache)
        return self._vectors

    async def caption(self, path: str) -> Caption:
        """Return tags, surest first, and a sentence of them; ``confidence`` is that of the surest tag.

        Raises:
            BackEndError: the file is no picture, or the image-text model is missing.
        """
        vectors = await self.prepare()
        image, colours = await asyncio.gather(
            self._model.embed_images([path]), asyncio.to_thread(dominant_colours, path)
        )
        scores = confidences(image[0], vectors, packaged_calibration(self._model.name))
        order = [int(i) for i in np.argsort(-scores)]
        named = distinct(vectors, [i for i in order if self.vocabulary.kinds[i] in NAMED_KINDS], MAX_NAMED)
        tags = [Tag(label=self.vocabulary.words[i], confidence=float(scores[i])) for i in order[:MAX_TAGS]]
        tags = [tag for tag in tags if tag.confidence >= MIN_TAG] or tags[:1]
        seen = [Tag(label=name, confidence=min(1.0, share)) for name, share in colours[:MAX_COLOURS]]
        return Caption(
            text=sentence(self.vocabulary, scores, named, colours),
            tags=tuple(tags + seen),
            colours=tuple(Tag(label=name, confidence=min(1.0, share)) for name, share in colours),
            confidence=tags[0].confidence,
            back_end=self.name,
        )


def distinct(vectors: Vectors, order: Sequence[int], limit: int) -> list[int]:
    """Return the first ``limit`` of ``order`` whose words do not mean nearly the same (cosine below 0.6)."""
    chosen: list[int] = []
    for i in order:
        if all(float(vectors[i] @ vectors[j]) < SAME_THING for j in chosen):
            chosen.append(i)
        if len(chosen) == limit:
            break
    return chosen


def sentence(
    vocabulary: Vocabulary, scores: Vectors, named: Sequence[int], colours: Sequence[tuple[str, float]]
) -> str:
    """Return such as ``a photo of a dog and a ball; running, grass; mostly green``; unsure things are told as such."""
    sure = [i for i in named if scores[i] >= MIN_NAMED]
    phrases = [_phrase(vocabulary, vocabulary.words[i]) for i in sure or named[:MAX_UNSURE]]
    parts = [f"a photo of {_listed(phrases)}" if sure else f"a photo, perhaps of {' or '.join(phrases)}"]
    if not phrases:
        parts = ["a photo"]
    best = [_surest(vocabulary, scores, kind) for kind in ("action", "scene", "look")]
    around = [vocabulary.words[i] for i in best if i is not None and i not in sure]
    if around:
        parts.append(", ".join(around))
    if colours:
        parts.append(f"mostly {_listed([name for name, _ in colours[:MAX_COLOURS]])}")
    return "; ".join(parts)


def _phrase(vocabulary: Vocabulary, word: str) -> str:
    """Return a word with its article; a plural, as catalogues call their themes, takes none."""
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "lens"))
    return word if plural else vocabulary.phrase(word)


def _surest(vocabulary: Vocabulary, scores: Vectors, kind: str) -> int | None:
    ranked = [i for i, k in enumerate(vocabulary.kinds) if k == kind and scores[i] >= MIN_NAMED]
    return max(ranked, key=lambda i: float(scores[i]), default=None)


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def open_zero_shot(name: str, settings: Settings, image_text: ImageTextModel) -> ZeroShotCaptioner:
    """Return the zero-shot captioner; the only name is ``default``.

    Raises:
        ConfigurationError: another name.
    """
    if name != "default":
        raise ConfigurationError(f"models.captioner: there is no zero-shot:{name}; use zero-shot:default")
    return ZeroShotCaptioner(image_text, cache=settings.cache)
