"""The network of the sequential scorer in torch, for training; ``scorers/sequential.py`` is the same in NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ....core.learning.interactions import Floats, ItemTable
from .item_words import ItemWords
from .sequential_shape import LENGTH, centred

WIDTH, HEADS, BLOCKS = 64, 2, 2
NEGATIVES = 512
DROPOUT = 0.2
ID_DROPOUT = 0.1
"""So often an item is shown without the vector of its own, so that words and text learn to stand in for it."""


class Block(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """One layer of self-attention and one hidden layer, both after a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.inner, self.outer = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.age = nn.Parameter(torch.zeros(HEADS, LENGTH))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, h: Tensor, age: Tensor, hidden: Tensor) -> Tensor:
        """Return the next state of (b, l, d); ``hidden`` (b, l, l) says what may not be seen."""
        b, length, _ = h.shape
        q, k, v = self.qkv(self.norm1(h)).view(b, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        attention = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS) + self.age[:, age]
        attention = self.drop(attention.masked_fill(hidden[:, None], -1e9).softmax(-1))
        h = h + self.drop(self.out((attention @ v).transpose(1, 2).reshape(b, length, WIDTH)))
        return h + self.drop(self.outer(functional.relu(self.inner(self.norm2(h)))))


class Net(nn.Module):  # type: ignore[misc]  # likewise
    """Items' vectors and the transformer over them; item n is the padding."""

    def __init__(self, items: ItemTable, described: ItemWords) -> None:
        super().__init__()
        n = self.n = len(items)
        table = described.padded()
        self.pad = len(described.vocabulary)
        self.words = torch.from_numpy(np.concatenate([table, np.full((1, table.shape[1]), self.pad, np.int32)])).long()
        self.share = (self.words < self.pad).sum(1, keepdim=True).clamp(min=1).rsqrt()
        self.item, self.word = nn.Embedding(n + 1, WIDTH), nn.Embedding(self.pad + 1, WIDTH)
        for embedding in (self.item, self.word):
            nn.init.normal_(embedding.weight, std=0.02)
        with torch.no_grad():
            self.item.weight[n] = 0
        self.text_mean, self.texts = _texts(items)
        self.text = nn.Linear(self.texts.shape[1], WIDTH, bias=False)
        nn.init.normal_(self.text.weight, std=0.02)
        self.start = nn.Parameter(torch.zeros(WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.norm, self.drop = nn.LayerNorm(WIDTH), nn.Dropout(DROPOUT)
        self.bias, self.scale = nn.Parameter(torch.zeros(n + 1)), nn.Parameter(torch.tensor(1.0))

    def vectors(self, rows: Tensor) -> Tensor:
        """Return the vectors of items, shape (..., d)."""
        own = self.item(rows)
        if self.training:
            own = own * (torch.rand(rows.shape) >= ID_DROPOUT).unsqueeze(-1)
        told = functional.embedding_bag(self.words[rows], self.word.weight, mode="sum", padding_idx=self.pad)
        return own + told * self.share[rows] + self.text(self.texts[rows])

    def forward(self, rows: Tensor) -> Tensor:
        """Return the state after each of (b, l) items, padded on the left, shape (b, l, d)."""
        length = rows.shape[1]
        distinct, place = torch.unique(rows, return_inverse=True)
        h = self.drop(self.vectors(distinct)[place] * math.sqrt(WIDTH) / 4 + self.start)
        age = torch.arange(length)[:, None] - torch.arange(length)[None]
        hidden = (age < 0)[None] | ((rows == self.n)[:, None, :] & (age != 0)[None])
        for block in self.blocks:
            h = block(h, age.clamp(0, LENGTH - 1), hidden)
        return self.norm(h)

    def loss(self, batch: NDArray[np.int64]) -> Tensor:
        """Return the mean cross-entropy of the next items of (b, l + 1) rows."""
        rows = torch.from_numpy(np.where(batch < 0, self.n, batch))
        wanted = rows[:, 1:]
        known = rows[:, :-1] != self.n
        state, wanted = self(rows[:, :-1])[known], wanted[known]
        drawn = torch.randint(0, self.n, (NEGATIVES,))
        distinct, place = torch.unique(wanted, return_inverse=True)
        right = (state * self.vectors(distinct)[place]).sum(-1) * self.scale + self.bias[wanted]
        wrong = state @ self.vectors(drawn).T * self.scale + self.bias[drawn]
        wrong = wrong.masked_fill(drawn[None] == wanted[:, None], -1e9)
        return (torch.logsumexp(torch.cat([right[:, None], wrong], dim=1), dim=1) - right).mean()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all weights under the names that ``Sequential`` reads."""
        found = {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}
        result = {name.removeprefix("blocks."): value for name, value in found.items()}
        result["item"], result["word"] = result.pop("item.weight")[: self.n], result.pop("word.weight")[: self.pad]
        result["bias"], result["text"] = result["bias"][: self.n], result.pop("text.weight")
        result["text_mean"] = self.text_mean
        return {**result, "blocks": np.int64(BLOCKS).reshape(()), "input_scale": np.float32(math.sqrt(WIDTH) / 4)}

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take weights that ``arrays`` returned; items that came since start from zero."""
        own = self.state_dict()
        given = {f"blocks.{name}" if name[0].isdigit() else name: value for name, value in arrays.items()}
        given |= {f"{name}.weight": arrays[name] for name in ("item", "word", "text")}
        with torch.no_grad():
            own["item.weight"].zero_()
            for name, value in own.items():
                part = torch.from_numpy(np.array(given[name]))
                if value.dim():
                    value[: len(part)] = part
                else:
                    value.copy_(part)


def _texts(items: ItemTable) -> tuple[Floats, Tensor]:
    vectors = items.text_vectors if items.text_vectors is not None else np.zeros((len(items), 1), np.float32)
    known = vectors.any(axis=1)
    mean = np.zeros(vectors.shape[1], np.float32)
    if known.any():
        mean += vectors[known].mean(axis=0)
    padded = np.concatenate([centred(vectors, mean), np.zeros((1, vectors.shape[1]), np.float32)])
    return mean, torch.from_numpy(padded)
