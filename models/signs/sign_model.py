"""Tell for each value that a text names whether it is wanted, refused, or neither: a small transformer, run with NumPy.

The tokens around a value decide; the values themselves are masked. About 0.1 million weights a network beside the rows of words: for so
little NumPy takes tenths of a millisecond, and needs no session that is opened first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ...core.errors import ConfigurationError
from ...core.language.tokens import german_stem, stem
from ...core.protocols import Vectors
from .phrasings import UNKNOWN

PACKAGED = Path(__file__).parent / "data" / "signs.safetensors"
FARTHEST = 12
"""Tokens from which on a distance is one to the network."""
AROUND = 2
"""Neighbours on either side that the first layer sees at once."""
MOST_TOKENS = 120
EPSILON, WORDS_KEPT = 1e-5, 16_384


class SignModel:
    """Networks that differ by the seed they were trained from, and their words; what they say is averaged.

    Args:
        networks: one or more.
        places: the row of each word.
        vectors: (words, dimensions) what each is like, as int8.
        scales: (words,) of these.
    """

    def __init__(
        self, networks: Sequence[SignNetwork], places: Mapping[str, int], vectors: NDArray[np.int8], scales: Vectors
    ) -> None:
        self._networks, self._places = networks, places
        self._vectors, self._scales = vectors, scales[:, None]
        self._unknown = places[UNKNOWN]
        self._place = lru_cache(WORDS_KEPT)(self._found)

    def __call__(self, tokens: Sequence[str], places: Sequence[int]) -> Vectors:
        """Return the probabilities of being wanted, refused and neither (places, 3) for the values at ``places``."""
        start = max(0, min(places[0] - MOST_TOKENS // 2, len(tokens) - MOST_TOKENS)) if places else 0
        ids = [self._place(t) for t in tokens[start : start + MOST_TOKENS]]
        seen = [min(max(p - start, 0), len(ids) - 1) for p in places]
        like = self._vectors[ids] * self._scales[ids]
        return np.asarray(sum(network(like, ids, seen) for network in self._networks) / len(self._networks))

    def _found(self, token: str) -> int:
        """Return the row of a word, or of another one with its stem."""
        found = self._places.get(token)
        for cut in () if found is not None or not token.isalpha() else (stem, german_stem):
            found = self._places.get(f"~{cut(token)}") if found is None else found
        return self._unknown if found is None else found


class SignNetwork:
    """One transformer.

    Args:
        weights: by name: ``own`` rows (words, width) of the first words and, last, of all others, ``like`` that maps what words are like, and those
            of the layers.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self._w = {k: v.astype(np.float32) for k, v in weights.items()}
        self._layers = sum(name.endswith(".near") for name in weights)

    def __call__(self, like: Vectors, ids: Sequence[int], seen: Sequence[int]) -> Vectors:
        """Return (places, 3) for the places ``seen`` among tokens that are ``like`` (tokens, dimensions) and whose rows are ``ids``."""
        own = self._w["own"]
        x = self._beside(like @ self._w["like"] + own[np.minimum(ids, len(own) - 1)])
        for layer in range(self._layers):
            x = self._attended(x, layer)
        return _softmax(self._linear(self._norm(x[seen], "last"), "out"))

    def _norm(self, x: Vectors, name: str) -> Vectors:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=1, keepdims=True) + EPSILON)
        return np.asarray(centred / spread * self._w[f"{name}_scale"] + self._w[f"{name}_bias"])

    def _linear(self, x: Vectors, name: str) -> Vectors:
        return np.asarray(x @ self._w[name] + self._w[f"{name}_bias"])

    def _beside(self, x: Vectors) -> Vectors:
        n, width = x.shape
        padded = np.zeros((n + 2 * AROUND, width), np.float32)
        padded[AROUND : AROUND + n] = x
        wide = sliding_window_view(padded, 2 * AROUND + 1, axis=0).transpose(0, 2, 1).reshape(n, -1)
        return np.asarray(x + np.maximum(self._linear(wide, "beside"), 0))

    def _attended(self, x: Vectors, layer: int) -> Vectors:
        n, width = x.shape
        near = self._w[f"{layer}.near"]
        said = self._linear(self._norm(x, f"{layer}.first"), f"{layer}.qkv")
        q, k, v = said.reshape(n, 3, len(near), -1).transpose(1, 2, 0, 3)
        scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(width / len(near))) + near[:, _away(n)]
        seen = (_softmax(scores) @ v).transpose(1, 0, 2).reshape(n, width)
        x = x + self._linear(seen, f"{layer}.mix")
        inner = np.maximum(self._linear(self._norm(x, f"{layer}.second"), f"{layer}.up"), 0)
        return np.asarray(x + self._linear(inner, f"{layer}.down"))


@cache
def _away(n: int) -> NDArray[np.int64]:
    steps = np.arange(n)
    return np.asarray(np.clip(steps[None] - steps[:, None], -FARTHEST, FARTHEST) + FARTHEST, np.int64)


def _softmax(x: Vectors) -> Vectors:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


@cache
def packaged_sign_model(path: Path = PACKAGED) -> SignModel:
    """Return the model that came along, or another file of that kind.

    Raises:
        ConfigurationError: the file is missing, or no such model.
    """
    from safetensors import SafetensorError

    try:
        return unpacked(path.read_bytes())
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"the model of signs {path} cannot be read: {error}") from error


def unpacked(content: bytes) -> SignModel:
    """Return the model that ``packed`` made the content of."""
    from safetensors.numpy import load

    held = load(content)
    words = held.pop("words").tobytes().decode().split("\n")
    places = dict(zip(words, held.pop("places").tolist(), strict=True))
    vectors, scales = held.pop("vectors"), held.pop("scales")
    networks: dict[str, dict[str, NDArray[Any]]] = {}
    for key, value in held.items():
        network, _, name = key.partition("/")
        networks.setdefault(network, {})[name] = value
    return SignModel([SignNetwork(w) for w in networks.values()], places, vectors, scales)


def packed(trained: Sequence[Mapping[str, Vectors]], words: Sequence[str], vectors: Vectors) -> bytes:
    """Return the content of a file: the networks in float16, the words with their stems, and what they are like (words, dimensions) in int8."""
    from safetensors.numpy import save

    places = {word: n for n, word in enumerate(words)}
    for cut in (stem, german_stem):
        for n, word in enumerate(words):
            places.setdefault(f"~{cut(word)}", n)
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    kept: dict[str, NDArray[Any]] = {
        f"{n}/{k}": np.ascontiguousarray(v, np.float16) for n, weights in enumerate(trained) for k, v in weights.items()
    }
    kept["vectors"], kept["scales"] = np.round(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)
    kept["words"] = np.frombuffer("\n".join(places).encode(), np.uint8)
    kept["places"] = np.array(list(places.values()), np.int32)
    content: bytes = save(kept)
    return content
