"""Embed texts and pictures with an open_clip model (needs the extra ``hub``)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BackEndUnavailable, ConfigurationError
from ...core.protocols import Vectors
from ...core.settings import Settings
from .embedded import MEMO_ENTRIES, file_key
from .pixels import read_image
from .vector_cache import VectorMemo

BATCH = 32
EXTRA = "pip install 'tastemaker[hub]'"


class OpenClipImageText:
    """An open_clip model, on the GPU where there is one. Implements ImageTextModel; weights are read at the first use.

    Args:
        name: ``MODEL/PRETRAINED`` as open_clip lists them, or the path of a folder with ``open_clip_config.json`` and weights.
        threads: torch threads; 0 leaves torch's choice.

    Raises:
        BackEndUnavailable: open_clip is not installed.
        ConfigurationError: open_clip knows no such model.
    """

    def __init__(self, name: str, threads: int = 0) -> None:
        self.name = f"open_clip:{name}"
        local = Path(name).expanduser()
        self._model_id, self._tag = (f"local-dir:{local}", "") if local.is_dir() else _split(name)
        self.dim = _dimension(self._model_id, self.name)
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, Any, str] | None = None
        self._texts, self._images = VectorMemo(MEMO_ENTRIES, self.dim), VectorMemo(MEMO_ENTRIES, self.dim)

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, (n, dim)."""
        return await asyncio.to_thread(
            self._texts.rows, list(texts), lambda new: self._run_texts([texts[i] for i in new])
        )

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Return one unit row per picture, (n, dim).

        Raises:
            BackEndError: a file is missing or is no picture.
        """
        keys = [file_key(path) for path in paths]
        return await asyncio.to_thread(self._images.rows, keys, lambda new: self._run_images([paths[i] for i in new]))

    def _run_texts(self, texts: Sequence[str]) -> Vectors:
        import torch

        model, _, tokenizer, device = self._load()
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        with torch.inference_mode():
            rows = [model.encode_text(tokenizer(list(b)).to(device), normalize=True).float().cpu() for b in batches]
        return np.asarray(torch.cat(rows).numpy(), np.float32)

    def _run_images(self, paths: Sequence[str]) -> Vectors:
        import torch

        model, preprocess, _, device = self._load()
        batches = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
        with torch.inference_mode():
            stacks = (torch.stack([preprocess(read_image(path)) for path in b]).to(device) for b in batches)
            rows = [model.encode_image(pixels, normalize=True).float().cpu() for pixels in stacks]
        return np.asarray(torch.cat(rows).numpy(), np.float32)

    def _load(self) -> tuple[Any, Any, Any, str]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._read()
            return self._loaded

    def _read(self) -> tuple[Any, Any, Any, str]:
        import open_clip
        import torch

        if self._threads:
            torch.set_num_threads(self._threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model, _, preprocess = open_clip.create_model_and_transforms(
                self._model_id, pretrained=self._tag or None, device=device
            )
            return model.eval(), preprocess, open_clip.get_tokenizer(self._model_id), device
        except Exception as error:  # hub clients raise classes of their own
            raise BackEndUnavailable(
                f"{self.name} could not be loaded: {error}; connect to the model hub once or give a local folder",
                back_end=self.name,
            ) from error


def open_open_clip(name: str, settings: Settings) -> OpenClipImageText:
    """Return the open_clip model called ``name``. Raises as ``OpenClipImageText``."""
    return OpenClipImageText(name, settings.models.threads)


def _split(name: str) -> tuple[str, str]:
    model, slash, tag = name.partition("/")
    if not (model and slash and tag):
        raise ConfigurationError(
            f"models.image_text: open_clip:{name} must be open_clip:MODEL/PRETRAINED or an existing local folder"
        )
    return model, tag


def _dimension(model_id: str, name: str) -> int:
    try:
        import open_clip
    except ImportError as error:
        raise BackEndUnavailable(f"{name} needs open_clip and torch: {EXTRA}", back_end=name) from error
    try:
        config = open_clip.get_model_config(model_id)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"models.image_text: {name} has no readable open_clip_config.json: {error}") from error
    if config is None:
        raise ConfigurationError(f"models.image_text: open_clip knows no model {model_id!r}")
    return int(config["embed_dim"])
