"""Embed texts through a language-model server's ``POST /v1/embeddings``, OpenAI's format, as vLLM serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.background import close_each
from ...core.errors import BadBackEndResponse
from ...core.protocols import Vectors
from ...core.settings import Settings
from .client import OpenAICompatible, open_client
from .scoring import Posts
from .wire import BACK_END

EMBEDDINGS = "/v1/embeddings"
BATCH = 64


class ServedEmbeddings:
    """A TextEmbedder behind an OpenAI-compatible server."""

    def __init__(self, client: Posts) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """Return the served model's name."""
        return self._client.name

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return (n, dim), rows of unit length; ``BATCH`` texts go with each request.

        Raises:
            BadBackEndResponse: the server cannot embed, or answered in another form.
            BackEndError: as ``OpenAICompatible.complete``.
        """
        parts = []
        for start in range(0, len(texts), BATCH):
            batch = [t or " " for t in texts[start : start + BATCH]]
            answer = await self._client.post(EMBEDDINGS, {"input": batch, "encoding_format": "float"})
            parts.append(parse_embeddings(answer, len(batch)))
        return np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)

    async def aclose(self) -> None:
        """Close the connections."""
        await close_each(self._client)


def parse_embeddings(answer: Mapping[str, Any], n: int) -> Vectors:
    """Read ``n`` vectors, (n, dim), and give them unit length.

    Raises:
        BadBackEndResponse: there are not exactly ``n``, all of one size and finite.
    """
    rows = answer.get("data")
    found = {row.get("index"): row.get("embedding") for row in rows or [] if isinstance(row, dict)}
    try:
        vectors = np.array([found[i] for i in range(n)], dtype=np.float32)
    except (KeyError, ValueError, TypeError) as error:
        raise BadBackEndResponse("the server did not embed every text", back_end=BACK_END) from error
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True) if vectors.ndim == 2 else np.full(1, np.nan)
    if not np.isfinite(lengths).all():
        raise BadBackEndResponse("the server's embeddings are not vectors", back_end=BACK_END)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def open_embeddings(settings: Settings) -> ServedEmbeddings | None:
    """Return the embedder of ``llm.embeddings_model``; None where none is set."""
    llm = settings.llm
    if not llm.embeddings_model:
        return None
    url = llm.embeddings_url or llm.base_url or f"http://{llm.host}:{llm.port}/v1"
    return ServedEmbeddings(OpenAICompatible(partial(open_client, url, llm), llm.embeddings_model, llm))
