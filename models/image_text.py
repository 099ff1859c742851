"""Embed texts and pictures into one 384-d space with the packaged towers on ONNX Runtime."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import BackEndError, BackEndUnavailable, ConfigurationError
from ..core.protocols import Vectors
from ..core.settings import Settings
from .memo import VectorMemo
from .onnx_graph import cached, open_session
from .pixels import to_pixels
from .towers import FEATURE_DIM, TEXT_DIM, image_tower, projection_head, text_tower
from .weights import ensure_weights

MODEL_NAME = "efficientnet-lite0-minilm"
PROJECTION = Path(__file__).parent / "data" / "projection.safetensors"
MAX_TOKENS = 256
TEXT_BATCH, IMAGE_BATCH, DECODE_BATCH = 32, 4, 16
MEMO_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class _Towers:
    """The opened tokenizer and sessions."""

    tokenizer: Any
    text: Any
    image: Any


class EmbeddedImageText:
    """MiniLM for texts; EfficientNet-Lite0 and a trained projection for pictures. Implements ImageTextModel.

    Weights are fetched and graphs built at the first use, by one thread. Texts are cut at 256 tokens. ``projection``
    names the head's weights as `tastemaker align` writes them; the packaged ones by default.
    """

    def __init__(self, cache: Path, threads: int = 0, projection: Path | None = None) -> None:
        self.dim = TEXT_DIM
        self.projection = projection or PROJECTION
        self.name = f"embedded:{projection or MODEL_NAME}"
        self._cache, self._threads = cache, threads or os.cpu_count() or 1
        self._texts, self._images = VectorMemo(MEMO_ENTRIES, TEXT_DIM), VectorMemo(MEMO_ENTRIES, TEXT_DIM)
        self._lock = threading.Lock()
        self._towers: _Towers | None = None
        self._head: Any = None

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, (n, 384)."""
        return await asyncio.to_thread(self.encode_texts, texts)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Return one unit row per picture, (n, 384). Raises as ``encode_images``."""
        return await asyncio.to_thread(self.encode_images, paths)

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

    def features(self, paths: Sequence[str]) -> Vectors:
        """Return the image tower's pooled features, (n, 1280), not of unit length. Raises as ``encode_images``."""
        with ThreadPoolExecutor(self._threads) as pool:
            batches = (paths[start : start + DECODE_BATCH] for start in range(0, len(paths), DECODE_BATCH))
            rows = [self._run_image(np.stack(list(pool.map(to_pixels, batch)))) for batch in batches]
        return np.concatenate(rows) if rows else np.zeros((0, FEATURE_DIM), np.float32)

    def project(self, features: Vectors) -> Vectors:
        """Return features (n, 1280) in the shared space, unit rows (n, 384)."""
        with self._lock:
            if self._head is None:
                self._head = open_session(projection_head(load_projection(self.projection)), self._threads)
        rows: Vectors = self._head.run(None, {"feature": features})[0]
        return rows

    def _run_image(self, pixels: Vectors) -> Vectors:
        session = self._open().image
        slices = (pixels[start : start + IMAGE_BATCH] for start in range(0, len(pixels), IMAGE_BATCH))
        return np.concatenate([session.run(None, {"pixels": part})[0] for part in slices])

    def _run_texts(self, texts: Sequence[str]) -> Vectors:
        towers = self._open()
        encoded = towers.tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        rows = np.zeros((len(texts), TEXT_DIM), np.float32)
        for start in range(0, len(order), TEXT_BATCH):
            chosen = order[start : start + TEXT_BATCH]
            ids = _padded([encoded[i].ids for i in chosen])
            mask = _padded([encoded[i].attention_mask for i in chosen])
            rows[chosen] = towers.text.run(None, {"ids": ids, "mask": mask})[0]
        return rows

    def _open(self) -> _Towers:
        with self._lock:
            if self._towers is None:
                self._towers = _open_towers(self._cache, self._threads)
            return self._towers


def open_embedded(name: str, settings: Settings) -> EmbeddedImageText:
    """Return the embedded model; ``name`` is ``efficientnet-lite0-minilm`` or the path of a projection of your own.

    Raises:
        ConfigurationError: no such model or file.
    """
    if name == MODEL_NAME:
        return EmbeddedImageText(settings.cache, settings.models.threads)
    path = Path(name).expanduser()
    if path.suffix != ".safetensors" or not path.is_file():
        raise ConfigurationError(
            f"models.image_text: embedded:{name} is neither embedded:{MODEL_NAME} nor a projection.safetensors file"
        )
    return EmbeddedImageText(settings.cache, settings.models.threads, path)


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
        raise ConfigurationError(f"{path} holds a projection of other shapes: {shapes}")
    return weights


def _open_towers(cache: Path, threads: int) -> _Towers:
    from tokenizers import Tokenizer

    text_folder, image_folder = ensure_weights("minilm", cache), ensure_weights("efficientnet-lite0", cache)
    weights_file = next(image_folder.glob("*.pth"))
    text = cached(cache, "minilm", text_folder.name, lambda: text_tower(text_folder))
    image = cached(cache, "efficientnet-lite0", image_folder.name, lambda: image_tower(weights_file))
    tokenizer = Tokenizer.from_file(str(text_folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return _Towers(tokenizer, open_session(text, threads), open_session(image, threads))


def _padded(rows: Sequence[Sequence[int]]) -> Any:
    table = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return table


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
