"""The network of the model of signs, in torch, to be trained; ``sign_model.py`` runs what it learnt."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as f

from ...core.protocols import Vectors
from .sign_model import AROUND, FARTHEST

SPECIAL, UNKNOWN_ROW = 4, 1
"""Rows of tokens that are no words, and of the one that stands for words without a row."""


class Layer(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """Attention by content and by distance, then two maps.

    Args:
        width: numbers of a token.
        heads: parts that attend apart.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.near = nn.Parameter(torch.zeros(heads, 2 * FARTHEST + 1))

    def forward(self, x: torch.Tensor, hidden: torch.Tensor, away: torch.Tensor) -> torch.Tensor:
        """Return tokens (batch, n, width) that have seen each other; ``hidden`` (batch, n) is -inf where there is none, ``away`` (n, n) how far."""
        batch, n, width = x.shape
        q, k, v = self.qkv(self.first(x)).view(batch, n, 3, len(self.near), -1).permute(2, 0, 3, 1, 4)
        bias = self.near[:, away][None] + hidden[:, None, None]
        seen = f.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.mix(seen.transpose(1, 2).reshape(batch, n, width))
        return x + self.down(torch.relu(self.up(self.second(x))))


class Network(nn.Module):  # type: ignore[misc]  # likewise
    """Give each token three numbers, for being wanted, refused and neither.

    Args:
        vectors: (words, dimensions) what the words are like.
        own: so many of the first words have rows of their own.
        width: numbers of a token.
        layers: layers of attention.
        heads: parts of each that attend apart.
        left_out: share of the words whose own row is left out in training.
        unknown: share of the words that are made unknown in training.
    """

    def __init__(
        self, vectors: Vectors, own: int, *, width: int, layers: int, heads: int, left_out: float, unknown: float
    ) -> None:
        super().__init__()
        self.vectors = nn.Buffer(torch.tensor(vectors), persistent=False)
        self.like = nn.Linear(vectors.shape[1], width, bias=False)
        self.own = nn.Embedding(own + 1, width, padding_idx=own)
        self.beside = nn.Linear((2 * AROUND + 1) * width, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.last, self.out = nn.LayerNorm(width), nn.Linear(width, 3)
        self._left_out, self._unknown = left_out, unknown

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return (batch, n, 3) for the rows ``ids`` (batch, n) of tokens, 0 where there is none."""
        n = ids.shape[1]
        x = self._rows(ids)
        padded = f.pad(x, (0, 0, AROUND, AROUND))
        wide = torch.cat([padded[:, m : m + n] for m in range(2 * AROUND + 1)], dim=-1)
        x = x + torch.relu(self.beside(wide))
        hidden = torch.where(ids > 0, 0.0, -1e9)
        steps = torch.arange(n)
        away = (steps[None] - steps[:, None]).clamp(-FARTHEST, FARTHEST) + FARTHEST
        for layer in self.layers:
            x = layer(x, hidden, away)
        return self.out(self.last(x))

    def _rows(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the rows of tokens; in training some words go without their own, and some are unknown."""
        own = self.own.num_embeddings - 1
        kept = torch.ones_like(ids, dtype=torch.bool)
        if self.training:
            chance = torch.rand(ids.shape)
            kept = (ids < SPECIAL) | (chance > self._left_out)
            ids = ids.masked_fill((ids >= SPECIAL) & (chance > 1 - self._unknown), UNKNOWN_ROW)
        rows = self.own(ids.clamp(max=own)) * kept[..., None] + self.like(self.vectors[ids])
        return rows * (ids > 0)[..., None]

    def weights(self) -> dict[str, Vectors]:
        """Return the weights as ``sign_model.packed`` takes them."""
        found = {"like": self.like.weight.T, "own": self.own.weight, **_linear("beside", self.beside)}
        for n, layer in enumerate(self.layers):
            found |= {f"{n}.near": layer.near}
            for name in ("qkv", "mix", "up", "down"):
                found |= _linear(f"{n}.{name}", getattr(layer, name))
            for name in ("first", "second"):
                found |= _normed(f"{n}.{name}", getattr(layer, name))
        found |= {**_normed("last", self.last), **_linear("out", self.out)}
        return {name: value.detach().numpy().copy() for name, value in found.items()}


def _linear(name: str, module: Any) -> dict[str, Any]:
    return {name: module.weight.T, f"{name}_bias": module.bias}


def _normed(name: str, module: Any) -> dict[str, Any]:
    return {f"{name}_scale": module.weight, f"{name}_bias": module.bias}
