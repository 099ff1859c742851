"""Hold the words a zero-shot captioner looks for, their vectors and the calibration of its confidences."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache as memoised
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from ...core.protocols import ImageTextModel, Vectors
from ..image_text.onnx_graph import write_atomically

DATA = Path(__file__).parent / "data"
MAX_WORD_CHARACTERS = 60
MAX_ADDED_WORDS = 1000
CLIP_LOGIT_SCALE = 100.0


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    words: list[str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    templates: list[str]
    groups: dict[str, _Group]
    no_article: list[str]


class Calibration(BaseModel):
    """How a similarity becomes a confidence for one image-text model; ``fitted`` says on what and how well.

    Confidence is ``1 / (1 + exp(-(slope * similarity + intercept)))``.
    """

    model_config = ConfigDict(extra="forbid")
    model: str
    slope: float
    intercept: float
    fitted: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words with their kind (``thing``, ``scene``, ``action``, ``look``, ``added``), and templates to embed them in."""

    words: tuple[str, ...]
    kinds: tuple[str, ...]
    templates: tuple[str, ...]
    no_article: frozenset[str] = frozenset()

    def with_added(self, values: Sequence[str]) -> Vocabulary:
        """Return the vocabulary with at most 1,000 further short words of kind ``added``."""
        known = {word.casefold() for word in self.words}
        fresh: dict[str, str] = {}
        for value in values:
            word = " ".join(value.split())
            if word and len(word) <= MAX_WORD_CHARACTERS and word.casefold() not in known:
                fresh.setdefault(word.casefold(), word)
        added = tuple(fresh.values())[:MAX_ADDED_WORDS]
        return replace(self, words=self.words + added, kinds=self.kinds + ("added",) * len(added))

    def phrase(self, word: str) -> str:
        """Return ``word`` with its indefinite article, if it takes one."""
        if word in self.no_article:
            return word
        return f"{'an' if word[:1].lower() in 'aeiou' and not word.startswith('uni') else 'a'} {word}"


class _Chinese(BaseModel):
    model_config = ConfigDict(extra="forbid")
    labels: dict[str, str]
    queries: dict[str, str]


@memoised
def chinese_labels() -> dict[str, str]:
    """Return English word -> Chinese word for the packaged vocabulary, from ``data/vocabulary_zh.json``."""
    return _Chinese.model_validate_json((DATA / "vocabulary_zh.json").read_bytes()).labels


@memoised
def _english_of() -> dict[str, str]:
    file = _Chinese.model_validate_json((DATA / "vocabulary_zh.json").read_bytes())
    return {**{chinese: english for english, chinese in file.labels.items()}, **file.queries}


def gloss(text: str) -> str:
    """Return the English words for the things that a Chinese text names, longest match first; empty if none is known."""
    words, found, at = _english_of(), [], 0
    longest = max(map(len, words))
    while at < len(text):
        size = next((n for n in range(min(longest, len(text) - at), 0, -1) if text[at : at + n] in words), 0)
        if size:
            found.append(words[text[at : at + size]])
        at += size or 1
    return " ".join(dict.fromkeys(found))


def from_groups(groups: Mapping[str, Sequence[str]]) -> Vocabulary:
    """Return a vocabulary of your own: kind -> words."""
    base = packaged_vocabulary()
    pairs = [(word, kind) for kind, words in groups.items() for word in words]
    return replace(base, words=tuple(w for w, _ in pairs), kinds=tuple(k for _, k in pairs))


@memoised
def packaged_vocabulary() -> Vocabulary:
    """Return the words of ``data/vocabulary.json``."""
    file = _File.model_validate_json((DATA / "vocabulary.json").read_bytes())
    pairs = [(word, group.kind) for group in file.groups.values() for word in group.words]
    words, kinds = tuple(word for word, _ in pairs), tuple(kind for _, kind in pairs)
    return Vocabulary(words, kinds, tuple(file.templates), frozenset(file.no_article))


@memoised
def packaged_calibration(model: str) -> Calibration | None:
    """Return the calibration fitted for the image-text model called ``model``, if there is one; alignments keep that one's."""
    path = DATA / "calibration.json"
    if not path.is_file():
        return None
    calibration = Calibration.model_validate_json(path.read_bytes())
    return calibration if calibration.model == model.partition("@")[0] else None


async def word_vectors(vocabulary: Vocabulary, model: ImageTextModel, cache: Path | None) -> Vectors:
    """Return one unit row per word, (words, dim): the mean over the templates. Kept on disk under ``cache``.

    Added words are kept apart, so that another catalogue's values do not have all words embedded again.
    """
    packaged = sum(kind != "added" for kind in vocabulary.kinds)
    parts = [part for part in (vocabulary.words[:packaged], vocabulary.words[packaged:]) if part]
    return np.concatenate([await _kept_vectors(words, vocabulary.templates, model, cache) for words in parts])


async def _kept_vectors(
    words: Sequence[str], templates: Sequence[str], model: ImageTextModel, cache: Path | None
) -> Vectors:
    key = json.dumps([model.name, words, templates]).encode()
    path = cache / "vocabulary" / f"{hashlib.sha256(key).hexdigest()[:16]}.npy" if cache else None
    if path and path.is_file():
        kept: Vectors = np.load(path, allow_pickle=False)
        return kept
    texts = [template.format(word) for template in templates for word in words]
    rows = (await model.embed_texts(texts)).reshape(len(templates), len(words), -1).mean(axis=0)
    vectors: Vectors = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    if path:
        buffer = io.BytesIO()
        np.save(buffer, vectors, allow_pickle=False)
        write_atomically(path, buffer.getvalue())
    return vectors


def confidences(image: Vectors, words: Vectors, calibration: Calibration | None) -> Vectors:
    """Return for one picture vector (dim,) a confidence per word, 0 to 1.

    With a calibration: the probability that a person would mention the word. Without one: CLIP's softmax over all words.
    """
    similarity = words @ image
    if calibration is None:
        scaled = CLIP_LOGIT_SCALE * (similarity - similarity.max())
        return np.asarray(np.exp(scaled) / np.exp(scaled).sum(), np.float32)
    return np.asarray(1 / (1 + np.exp(-(calibration.slope * similarity + calibration.intercept))), np.float32)
