"""Small deterministic stand-ins for models, for tests only."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tastemaker.core.protocols import Vectors


class HashImageText:
    """Embed texts as hashed bags of words and pictures as hashed coarse colours, in 384 dimensions."""

    name = "hash"
    dim = 384

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.texts = 0
        self.images = 0

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(self.delay_s)
        self.texts += len(texts)
        return _rows([text.casefold().split() for text in texts])

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        await asyncio.sleep(self.delay_s)
        words = [await asyncio.to_thread(_colours, path) for path in paths]
        self.images += len(paths)
        return _rows(words)


def _rows(bags: Sequence[Sequence[str]]) -> Vectors:
    rows = np.zeros((len(bags), HashImageText.dim), dtype=np.float32)
    for i, words in enumerate(bags):
        for word in words or ["?"]:
            seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
            rows[i] += np.random.default_rng(seed).standard_normal(HashImageText.dim).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _colours(path: str) -> list[str]:
    with Image.open(path) as image:
        small = image.convert("RGB").resize((4, 4))
        return [f"{i}:{r // 32},{g // 32},{b // 32}" for i, (r, g, b) in enumerate(np.asarray(small).reshape(-1, 3))]
