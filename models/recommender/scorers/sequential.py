"""Score items with a small transformer over the user's last items; trained with torch, run with NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BackEndUnavailable
from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .item_words import ItemWords
from .sequential_shape import LENGTH, centred

WORDS = "vocabulary"


class Sequential:
    """Self-attention over the last items, as SASRec (Kang and McAuley 2018), with items described by more than their ids.

    An item's vector is the sum of a vector of its own, of its words' and of a projection of its text vector, so that a rare or
    new item is near those it resembles. Attention is biased by how many items lie between (as in T5) instead of by positions.
    Training (``sequential_train``) needs torch; scoring does not.
    """

    name = "sequential"

    def __init__(self) -> None:
        self.checkpoint: Path | None = None
        self._learnt: dict[str, NDArray[Any]] = {}
        self._vectors = np.zeros((0, 1), np.float32)
        self._bias = np.zeros(0, np.float32)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Train. Raises BackEndUnavailable without torch."""
        return self._train(items, ItemWords.learn(items), events, progress)

    def go_on(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Train a little more, on events of which the earlier ones were learnt before. Raises as ``fit``."""
        vocabulary = [str(word) for word in self._learnt[WORDS]]
        return self._train(items, ItemWords.again(items, vocabulary), events, progress, self._learnt)

    def _train(
        self,
        items: ItemTable,
        described: ItemWords,
        events: Interactions,
        progress: Progress,
        start: Arrays | None = None,
    ) -> Self:
        try:
            from .sequential_training import train
        except ImportError as error:
            raise BackEndUnavailable(
                f"the sequential scorer trains with torch ({error}); install tastemaker[train]", back_end=self.name
            ) from error
        self._learnt = {
            **train(items, described, events, progress, start=start, checkpoint=self.checkpoint),
            WORDS: np.array(described.vocabulary, dtype=np.str_),
        }
        self._build(items, described)
        return self

    def applies(self, user: UserState) -> bool:
        """Tell whether there is a history to read."""
        return len(user.items) > 0 and len(self._vectors) > 0

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the logits of the next item, shape (m,)."""
        state = self.state(user.items[-LENGTH:]) * self._learnt["scale"]
        scores: Floats = np.einsum("ij,j->i", self._vectors[items], state) + self._bias[items]
        return scores.astype(np.float32)

    def state(self, history: Rows) -> Floats:
        """Return the vector after the last item of ``history``, shape (d,)."""
        learnt = self._learnt
        h = self._vectors[history] * learnt["input_scale"] + learnt["start"]
        age = np.arange(len(history))[:, None] - np.arange(len(history))[None]
        future = age < 0
        for number in range(int(learnt["blocks"])):
            h = _block({k.split(".", 1)[1]: v for k, v in learnt.items() if k.startswith(f"{number}.")}, h, age, future)
        last: Floats = _norm(h[-1:], learnt["norm.weight"], learnt["norm.bias"])[0]
        return last

    def save(self) -> Arrays:
        """Return the weights and the words they belong to."""
        return self._learnt

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the weights; an item that came later is known by its words and text."""
        self._learnt = dict(arrays)
        self._build(items, ItemWords.again(items, [str(word) for word in arrays[WORDS]]))
        return self

    def _build(self, items: ItemTable, described: ItemWords) -> None:
        own, learnt = self._learnt["item"], self._learnt
        vectors = np.zeros((len(items), own.shape[1]), np.float32)
        vectors[: len(own)] = own
        table = described.padded()
        known = (table < len(described.vocabulary)).sum(axis=1, keepdims=True)
        words = np.concatenate([learnt["word"], np.zeros((1, own.shape[1]), np.float32)])
        for column in range(table.shape[1]):
            vectors += words[table[:, column]] / np.sqrt(np.maximum(known, 1))
        if items.text_vectors is not None and "text" in learnt:
            vectors += centred(items.text_vectors, learnt["text_mean"]) @ learnt["text"].T
        self._vectors = vectors.astype(np.float32)
        self._bias = np.zeros(len(items), np.float32)
        self._bias[: len(own)] = learnt["bias"]
        self._bias[len(own) :] = np.median(learnt["bias"])


def _block(w: dict[str, NDArray[Any]], h: Floats, age: NDArray[np.int64], future: NDArray[np.bool_]) -> Floats:
    heads, width = len(w["age"]), h.shape[1] // len(w["age"])
    x = _norm(h, w["norm1.weight"], w["norm1.bias"])
    q, k, v = (x @ w["qkv.weight"].T + w["qkv.bias"]).reshape(len(h), 3, heads, width).transpose(1, 2, 0, 3)
    attention = q @ k.transpose(0, 2, 1) / np.sqrt(width) + w["age"][:, np.clip(age, 0, w["age"].shape[1] - 1)]
    attention = np.where(future, -1e9, attention)
    attention = np.exp(attention - attention.max(axis=-1, keepdims=True))
    attention /= attention.sum(axis=-1, keepdims=True)
    h = h + (attention @ v).transpose(1, 0, 2).reshape(h.shape) @ w["out.weight"].T + w["out.bias"]
    x = _norm(h, w["norm2.weight"], w["norm2.bias"])
    inner = np.maximum(x @ w["inner.weight"].T + w["inner.bias"], 0)
    result: Floats = h + inner @ w["outer.weight"].T + w["outer.bias"]
    return result


def _norm(x: Floats, weight: Floats, bias: Floats) -> Floats:
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    result: Floats = (x - mean) / np.sqrt(variance + 1e-5) * weight + bias
    return result
