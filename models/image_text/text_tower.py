"""Build a BERT with mean pooling and unit length as an ONNX graph from packaged weights: as they are, or with products of bytes.

all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020) is one, and so is multilingual-e5-small. Products of bytes scale every
token by its own greatest value and every column of a matrix by its own (LLM.int8(), Dettmers et al. 2022, without the outliers
kept apart), so that a text's vector does not depend on the texts beside it. A processor needs no instructions for that; with
them (VNNI) a text takes about half the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .onnx_graph import Graph
from .towers import TEXT_DIM, unit_rows

Array = NDArray[Any]
Precision = Literal["int8", "fp32"]
HEADS, LAYER_NORM_EPS = 12, 1e-12
BYTE, NEIGHBOURS = 127, 128
"""Greatest weight, and greatest sum of two neighbours in a column: 255 times it still fits the 16 bits that processors without VNNI add in."""


def text_tower(weights: Mapping[str, Array], layers: int, precision: Precision, *, words_given: bool = False) -> bytes:
    """Return the text graph: ``ids``, ``mask`` int32 (batch, tokens) -> ``embedding`` float (batch, 384), unit length.

    With ``words_given`` it takes ``words``, float (batch, tokens, 384), the rows of the word pieces, in place of ``ids``.
    """
    tower = _TextTower(weights, precision)
    x = tower.given_words() if words_given else tower.words()
    for layer in range(layers):
        x = tower.layer(f"encoder.layer.{layer}.", x)
    dims: list[str | int] = ["batch", "tokens"]
    first = ("words", ("float", [*dims, TEXT_DIM])) if words_given else ("ids", ("int32", dims))
    return _pooled(tower.graph, x).serialise(dict([first, ("mask", ("int32", dims))]), "embedding", ["batch", TEXT_DIM])


class _TextTower:
    """Add the parts of the network to a graph. Its own additions and ``LayerNormalization`` take a ninth of the time of ONNX Runtime's fused operator for both."""

    def __init__(self, weights: Mapping[str, Array], precision: Precision) -> None:
        self.graph, self._w = Graph("text"), weights
        self._product = self._of_bytes if precision == "int8" else self._of_floats

    def words(self) -> str:
        """Add the embeddings of words and places."""
        g = self.graph
        return self._placed(g.add("Gather", [g.weight(self._w["embeddings.word_embeddings.weight"]), "ids"]), "ids")

    def given_words(self) -> str:
        """Add the embeddings of places to the given rows of words."""
        return self._placed("words", "words")

    def _placed(self, words: str, counted: str) -> str:
        g, w, e = self.graph, self._w, "embeddings."
        positions = w[e + "position_embeddings.weight"] + w[e + "token_type_embeddings.weight"][0]
        length = g.add("Slice", [g.add("Shape", [counted]), *(g.weight(np.array([i], np.int64)) for i in (1, 2))])
        start, axis = (g.weight(np.array([0], np.int64)) for _ in range(2))
        x = g.add("Add", [words, g.add("Slice", [g.weight(positions), start, length, axis])])
        return self._norm(e, x)

    def layer(self, prefix: str, x: str) -> str:
        """Add one layer: attention and two dense products, each added to what came in."""
        g, w = self.graph, self._w
        heads = [f"{prefix}attention.self.{name}." for name in ("query", "key", "value")]
        each = self._product(x, np.concatenate([w[h + "weight"].T for h in heads], axis=1))
        parts = g.split(each, 3)
        bias = g.weight(np.concatenate([w[h + "bias"] for h in heads]))
        seen = g.contrib("MultiHeadAttention", [*parts, bias, "mask"], num_heads=HEADS)
        x = self._residual(prefix + "attention.output.", seen, x)
        wide = self._product(x, w[prefix + "intermediate.dense.weight"].T)
        wide = g.contrib("BiasGelu", [wide, g.weight(w[prefix + "intermediate.dense.bias"])])
        return self._residual(prefix + "output.", wide, x)

    def _residual(self, prefix: str, x: str, skip: str) -> str:
        g = self.graph
        dense = self._product(x, self._w[prefix + "dense.weight"].T)
        dense = g.add("Add", [dense, g.weight(self._w[prefix + "dense.bias"])])
        return self._norm(prefix, g.add("Add", [dense, skip]))

    def _norm(self, prefix: str, x: str) -> str:
        parts = (self.graph.weight(self._w[f"{prefix}LayerNorm.{part}"]) for part in ("weight", "bias"))
        return self.graph.add("LayerNormalization", [x, *parts], epsilon=LAYER_NORM_EPS)

    def _of_floats(self, x: str, matrix: Array) -> str:
        return self.graph.add("MatMul", [x, self.graph.weight(matrix)])

    def _of_bytes(self, x: str, matrix: Array) -> str:
        g = self.graph
        columns, scales = to_bytes(matrix)
        last, middle = g.weight(np.array([-1], np.int64)), g.weight(np.array(128, np.uint8))
        step = g.weight(np.array(1 / BYTE, np.float32))
        greatest = g.add("ReduceMax", [g.add("Abs", [x]), last], keepdims=1)
        rows = g.add("QuantizeLinear", [g.add("Div", [x, greatest]), step, middle])
        product = g.contrib("MatMulIntegerToFloat", [rows, g.weight(columns), step, g.weight(scales), middle])
        return g.add("Mul", [product, greatest])


def to_bytes(matrix: Array) -> tuple[Array, Array]:
    """Return a float matrix (n, m), n even, as int8 of the same shape and the scale of each column (m,), float32."""
    size = np.abs(matrix)
    neighbours = (size[0::2] + size[1::2]).max(axis=0) / (NEIGHBOURS - 1)  # less one for rounding
    scales = np.maximum(size.max(axis=0) / BYTE, neighbours).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales


def _pooled(g: Graph, x: str) -> Graph:
    """Add the mean over unmasked tokens and unit length."""
    one, two = (g.weight(np.array([axis], np.int64)) for axis in (1, 2))
    mask = g.add("Unsqueeze", [g.add("Cast", ["mask"], to=1), two])
    total = g.add("ReduceSum", [g.add("Mul", [x, mask]), one], keepdims=0)
    return unit_rows(g, g.add("Div", [total, g.add("ReduceSum", [mask, one], keepdims=0)]))
