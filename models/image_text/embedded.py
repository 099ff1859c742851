"""Embed texts and pictures into one 384-d space with the packaged towers on ONNX Runtime."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BackEndError, BackEndUnavailable, ConfigurationError
from ...core.language.foreign import is_foreign
from ...core.protocols import TextReader, Vectors
from ..weights.fetch import ensure_weights
from .batching import Joiner
from .onnx_graph import BUILDER_VERSION, Array, cached, open_session
from .other_languages import OtherLanguages
from .pixels import to_pixels
from .text_batches import run_in_batches
from .text_tower import Precision, text_tower
from .towers import FEATURE_DIM, TEXT_DIM, image_tower, projection_head
from .vector_cache import Once, VectorMemo

MODEL_NAME = "efficientnet-lite0-minilm"
PROJECTION = Path(__file__).parent / "data" / "projection.safetensors"
MAX_TOKENS, LAYERS = 256, 6
IMAGE_BATCH, BULK = 2, 4
MEMO_ENTRIES = 4096
JOINED_TEXTS, JOINED_IMAGES = 256, 64


@dataclass(frozen=True, slots=True)
class _TextTower:
    """The opened tokenizer and session."""

    tokenizer: Any
    session: Any


class EmbeddedImageText:
    """MiniLM for English texts and, by way of a matrix, multilingual-e5-small for others; EfficientNet-Lite0 and a trained projection for pictures. Implements ImageTextModel.

    Weights are fetched and each tower is opened at its first use, by one thread. Texts are cut at 256 tokens. Concurrent
    requests are joined into batches. ``projection`` names the head's weights as `tastemaker align` writes them, the
    packaged ones by default; ``version`` tells the vectors of one alignment from those of another by the model's name.
    ``precision`` is that of the text tower's products.
    """

    def __init__(
        self,
        cache: Path,
        threads: int = 0,
        projection: Path | None = None,
        version: str = "",
        precision: Precision = "int8",
    ) -> None:
        self.dim = TEXT_DIM
        self.projection = projection or PROJECTION
        self.name = f"embedded:{MODEL_NAME}@{version}" if version else f"embedded:{projection or MODEL_NAME}"
        self.precision = precision
        self.revision = _revision(self.projection, precision)
        self.cache, self._threads = cache, threads or os.cpu_count() or 1
        self._texts, self._images = VectorMemo(MEMO_ENTRIES, TEXT_DIM), VectorMemo(MEMO_ENTRIES, TEXT_DIM)
        self._text_requests = Joiner(self.encode_texts, JOINED_TEXTS, self.name)
        self._image_requests = Joiner(self.encode_images, JOINED_IMAGES, self.name)
        self._text = Once(lambda: _open_text(cache, precision))
        self._others = OtherLanguages(cache, precision, self._threads)
        self._image = Once(lambda: _open_image(cache, self._threads))
        self._bulk = Once(lambda: _open_image(cache, 1)) if self._threads > 1 else self._image
        self._head = Once(lambda: open_session(projection_head(load_projection(self.projection)), self._threads))

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, (n, 384).

        Raises:
            BackEndOverloaded: too many texts wait already.
        """
        known = self._texts.known(texts)
        return await self._text_requests.rows(texts) if known is None else known

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Return one unit row per picture, (n, 384).

        Raises:
            BackEndOverloaded: too many pictures wait already.
            BackEndError: a file is missing or is no picture.
        """
        return await self._image_requests.rows(paths)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, (n, 384), from the memo where it holds the text."""
        return self._texts.rows(list(texts), lambda new: self._run_texts([texts[i] for i in new]))

    def encode_images(self, paths: Sequence[str]) -> Vectors:
        """Return one unit row per picture, (n, 384), from the memo where it holds the unchanged file.

        Raises:
            BackEndError: a file is missing or is no picture.
        """
        keys = [file_key(path) for path in paths]
        return self._images.rows(keys, lambda new: self.project(self.features([paths[i] for i in new])))

    def features(self, paths: Sequence[str], *, mirrored: bool = False) -> Vectors:
        """Return the image tower's features, (n, 2912), not of unit length; of the mirror images if ``mirrored``.

        A few pictures are run one after the other on every thread; many are shared among the threads, each of which
        decodes and runs its own. Raises as ``encode_images``.
        """
        if not paths:
            return np.zeros((0, FEATURE_DIM), np.float32)
        size = IMAGE_BATCH if len(paths) >= BULK * self._threads else 1
        session = (self._bulk if size > 1 else self._image).get()
        batches = [paths[start : start + size] for start in range(0, len(paths), size)]

        def run(batch: Sequence[str]) -> Vectors:
            pixels = np.stack([to_pixels(path) for path in batch])
            if mirrored:
                pixels = np.ascontiguousarray(pixels[..., ::-1])
            rows: Vectors = session.run(None, {"pixels": pixels})[0]
            return rows

        if size == 1:
            return np.concatenate([run(batch) for batch in batches])
        with ThreadPoolExecutor(self._threads) as pool:
            return np.concatenate(list(pool.map(run, batches)))

    def project(self, features: Vectors) -> Vectors:
        """Return features (n, 2912) in the shared space, unit rows (n, 384)."""
        rows: Vectors = self._head.get().run(None, {"feature": features})[0]
        return rows

    def under(self, projection: Path, version: str) -> EmbeddedImageText:
        """Return this model with the head of an alignment; the towers are shared.

        Raises:
            ConfigurationError: the file does not hold this head.
        """
        other = EmbeddedImageText(self.cache, self._threads, projection, version, self.precision)
        other._texts, other._text_requests = self._texts, self._text_requests
        other._text, other._image, other._bulk = self._text, self._image, self._bulk
        other._others = self._others
        other._head.get()
        return other

    def is_sound(self) -> bool:
        """Tell whether the head gives finite unit vectors."""
        rows = self.project(np.ones((1, FEATURE_DIM), np.float32))
        return bool(np.isfinite(rows).all() and abs(float(np.linalg.norm(rows)) - 1) < 0.01)

    def reader_of(self, text: str, *, fetch: bool = False) -> TextReader:
        """Return what embeds a text; see ReadsOtherLanguages."""
        if not is_foreign(text):
            return TextReader()
        problem = self._others.fetch() if fetch else self._others.problem
        return TextReader("" if problem else self._others.revision, problem)

    def _run_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed new texts, those of other languages by way of the larger network where it is here."""
        foreign = [i for i, text in enumerate(texts) if is_foreign(text)]
        if not foreign or self._others.problem:
            return self.encode_english(texts)
        rows = np.zeros((len(texts), TEXT_DIM), np.float32)
        rows[foreign] = self._others.rows([texts[i] for i in foreign])
        english = [i for i in range(len(texts)) if i not in set(foreign)]
        if english:
            rows[english] = self.encode_english([texts[i] for i in english])
        return rows

    def encode_english(self, texts: Sequence[str]) -> Vectors:
        """Return what MiniLM makes of texts, whatever their language: unit rows, (n, 384)."""
        tower = self._text.get()

        def run(ids: Array, mask: Array) -> Vectors:
            rows: Vectors = tower.session.run(None, {"ids": ids, "mask": mask})[0]
            return rows

        return run_in_batches([text.ids for text in tower.tokenizer.encode_batch(list(texts))], run, self._threads)


def load_projection(path: Path) -> dict[str, Vectors]:
    """Return the head's weights ``fc1.weight``, ``fc1.bias`` and ``fc2.weight``.

    Raises:
        BackEndUnavailable: no such file.
        ConfigurationError: the file does not hold this head.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        raise BackEndUnavailable(f"no projection at {path}; train one with `tastemaker align`", back_end="embedded")
    try:
        weights: dict[str, Vectors] = load_file(path)
        shapes = [weights[name].shape for name in ("fc1.weight", "fc1.bias", "fc2.weight")]
    except (SafetensorError, KeyError) as error:
        raise ConfigurationError(f"{path} does not hold a projection: {error}") from error
    hidden = shapes[1][0]
    if shapes != [(hidden, FEATURE_DIM), (hidden,), (TEXT_DIM, hidden)]:
        raise ConfigurationError(
            f"{path} holds a projection of other shapes, {shapes}; train it anew with `tastemaker align`"
        )
    return weights


def _revision(projection: Path, precision: Precision) -> str:
    """Return what changes with the weights behind a name, so that a catalogue of older ones is recognised."""
    content = projection.read_bytes() if projection.is_file() else b""
    revision = f"{BUILDER_VERSION}-{hashlib.sha256(content).hexdigest()[:8]}"
    return revision if precision == "fp32" else f"{revision}-{precision}"


def _open_text(cache: Path, precision: Precision) -> _TextTower:
    """Open the text tower for one thread: a text is too short to be shared, and batches are shared among threads instead."""
    from tokenizers import Tokenizer

    folder = ensure_weights("minilm", cache)
    graph = cached(cache, f"minilm-{precision}", folder.name, lambda: _built(folder, precision))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return _TextTower(tokenizer, open_session(graph, 1))


def _built(folder: Path, precision: Precision) -> bytes:
    from safetensors.numpy import load_file

    return text_tower(load_file(folder / "model.safetensors"), LAYERS, precision)


def _open_image(cache: Path, threads: int) -> Any:
    folder = ensure_weights("efficientnet-lite0", cache)
    graph = cached(cache, "efficientnet-lite0", folder.name, lambda: image_tower(next(folder.glob("*.pth"))))
    return open_session(graph, threads)


def file_key(path: str) -> tuple[str, int, int]:
    """Return what identifies an unchanged file: path, modification time in nanoseconds, bytes.

    Raises:
        BackEndError: no such file.
    """
    try:
        stat = os.stat(path)
    except OSError as error:
        raise BackEndError(
            f"{Path(path).name} cannot be read as a picture: {error.strerror}", back_end="embedded"
        ) from error
    return path, stat.st_mtime_ns, stat.st_size
