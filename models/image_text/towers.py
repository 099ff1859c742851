"""Build the image tower and its projection as ONNX graphs from the packaged weights, without torch.

- Image: EfficientNet-Lite0 (Tan and Le 2019, Lite variant): no squeeze-and-excitation, ReLU6, TensorFlow's SAME padding.
- Features: the pooled output, and the mean and spread of every channel of eight stages, which keep colours and textures that
  the last layer forgets (style statistics as in Huang and Belongie 2017).
- Projection: the form of open_clip's ``timm_proj: mlp`` head, linear, GELU, linear without bias, unit length.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .onnx_graph import Graph
from .torch_file import read_state

Array = NDArray[Any]
BATCH_NORM_EPS = 1e-3
STRIDED_BLOCKS = frozenset({1, 3, 5, 11})
STAGE_ENDS = (0, 2, 4, 7, 10, 14, 15)
"""Blocks after which the channels' means and spreads are taken, besides the stem."""
STAGE_CHANNELS = (32, 16, 24, 40, 80, 112, 192, 320)
IMAGE_PX = 224
POOLED_DIM = 1280
FEATURE_DIM = POOLED_DIM + 2 * sum(STAGE_CHANNELS)
TEXT_DIM = 384
CELL_PX, CELL_STAGE_ENDS = 16, (0, 2, 4, 7, 10)
CELL_CHANNELS = 2 * (32 + 16 + 24 + 40) + 80 + 112
"""What is told of each cell of a picture: mean and spread of the channels of the stem and three stages, the mean of two more."""


def unit_rows(g: Graph, x: str) -> Graph:
    """Add the division of rows by their lengths, as the output ``embedding``."""
    norm = g.add("ReduceL2", [x, g.weight(np.array([1], np.int64))], keepdims=1)
    g.add("Div", [x, g.add("Max", [norm, g.weight(np.array([1e-12], np.float32))])], output="embedding")
    return g


def image_tower(path: Path) -> bytes:
    """Return the image graph: ``pixels`` float (batch, 3, 224, 224) -> ``feature`` float (batch, 2912).

    The first 1280 features are the pooled output; per stage follow the channels' means and their standard deviations.
    """
    w = read_state(path)
    g = Graph("efficientnet-lite0")
    x = _convolution(g, w, "_conv_stem", "_bn0", "pixels", stride=2)
    stages = [*_statistics(g, x)]
    blocks = 1 + max(int(name.split(".")[1]) for name in w if name.startswith("_blocks."))
    for block in range(blocks):
        x = _inverted_residual(g, w, f"_blocks.{block}.", x, 2 if block in STRIDED_BLOCKS else 1)
        if block in STAGE_ENDS:
            stages += _statistics(g, x)
    x = _convolution(g, w, "_conv_head", "_bn1", x)
    pooled = g.add("Flatten", [g.add("GlobalAveragePool", [x])], axis=1)
    g.add("Concat", [pooled, *stages], axis=1, output="feature")
    shape: list[str | int] = ["batch", 3, IMAGE_PX, IMAGE_PX]
    return g.serialise({"pixels": ("float", shape)}, "feature", ["batch", FEATURE_DIM])


def cell_tower(path: Path) -> bytes:
    """Return the graph of what the first stages see in each cell: ``pixels`` float (1, 3, 16 * rows, 16 * columns) -> ``cells``.

    ``cells`` is (1, ``CELL_CHANNELS``, rows, columns): of the stem and of five stages the mean of each channel in a cell of 16 by 16 pixels and,
    where a cell has several places, the standard deviation. The picture is taken as large as it is, so that fine traces are not lost.
    """
    w = read_state(path)
    g = Graph("efficientnet-lite0-cells")
    x = _convolution(g, w, "_conv_stem", "_bn0", "pixels", stride=2)
    seen = [*_in_cells(g, x, CELL_PX // 2)]
    step = 2
    for block in range(CELL_STAGE_ENDS[-1] + 1):
        strided = block in STRIDED_BLOCKS
        step *= 2 if strided else 1
        x = _inverted_residual(g, w, f"_blocks.{block}.", x, 2 if strided else 1)
        if block in CELL_STAGE_ENDS:
            seen += _in_cells(g, x, CELL_PX // step)
    g.add("Concat", seen, axis=1, output="cells")
    return g.serialise({"pixels": ("float", [1, 3, "height", "width"])}, "cells", [1, CELL_CHANNELS, "rows", "columns"])


def _in_cells(g: Graph, x: str, side: int) -> list[str]:
    """Add the mean and the standard deviation of every channel in cells of ``side`` by ``side`` places; only the mean of single places."""
    if side == 1:
        return [x]
    sides = [side, side]
    mean = g.add("AveragePool", [x], kernel_shape=sides, strides=sides)
    square = g.add("AveragePool", [g.add("Mul", [x, x])], kernel_shape=sides, strides=sides)
    variance = g.add("Sub", [square, g.add("Mul", [mean, mean])])
    floor = g.weight(np.array(0.0, np.float32))
    return [mean, g.add("Sqrt", [g.add("Max", [variance, floor])])]


def _statistics(g: Graph, x: str) -> list[str]:
    """Add the mean and the standard deviation of every channel, each (batch, channels)."""
    axes = g.weight(np.array([2, 3], np.int64))
    mean = g.add("ReduceMean", [x, axes], keepdims=0)
    square = g.add("ReduceMean", [g.add("Mul", [x, x]), axes], keepdims=0)
    variance = g.add("Sub", [square, g.add("Mul", [mean, mean])])
    floor = g.weight(np.array(0.0, np.float32))
    return [mean, g.add("Sqrt", [g.add("Max", [variance, floor])])]


def _inverted_residual(g: Graph, w: Mapping[str, Array], prefix: str, x: str, stride: int) -> str:
    y = x
    expands = prefix + "_expand_conv.weight" in w
    names = iter(("_bn0", "_bn1", "_bn2") if expands else ("_bn1", "_bn2"))
    if expands:
        y = _convolution(g, w, prefix + "_expand_conv", prefix + next(names), y)
    y = _convolution(g, w, prefix + "_depthwise_conv", prefix + next(names), y, stride=stride, depthwise=True)
    y = _convolution(g, w, prefix + "_project_conv", prefix + next(names), y, activate=False)
    first = prefix + ("_expand_conv" if expands else "_depthwise_conv") + ".weight"
    channels = w[first].shape[1 if expands else 0]
    same = stride == 1 and channels == w[prefix + "_project_conv.weight"].shape[0]
    return g.add("Add", [x, y]) if same else y


def _convolution(
    g: Graph,
    w: Mapping[str, Array],
    conv: str,
    norm: str,
    x: str,
    *,
    stride: int = 1,
    depthwise: bool = False,
    activate: bool = True,
) -> str:
    """Add a convolution with its batch norm folded in, and ReLU6 if ``activate``."""
    kernel = w[conv + ".weight"]
    gain = w[norm + ".weight"] / np.sqrt(w[norm + ".running_var"] + BATCH_NORM_EPS)
    bias = w[norm + ".bias"] - w[norm + ".running_mean"] * gain
    group = kernel.shape[0] if depthwise else 1
    folded = (kernel * gain[:, None, None, None]).astype(np.float32)
    inputs = [x, g.weight(folded), g.weight(bias.astype(np.float32))]
    y = g.add("Conv", inputs, strides=[stride, stride], group=group, auto_pad="SAME_UPPER")
    return g.add("Clip", [y, *(g.weight(np.array(v, np.float32)) for v in (0.0, 6.0))]) if activate else y


def projection_head(weights: Mapping[str, Array]) -> bytes:
    """Return the head's graph: ``feature`` float (batch, 2912) -> ``embedding`` float (batch, 384), unit length.

    ``weights`` holds ``fc1.weight`` (hidden, 2912), ``fc1.bias`` (hidden,) and ``fc2.weight`` (384, hidden).
    """
    w = {name: values.astype(np.float32) for name, values in weights.items()}
    g = Graph("projection")
    x = g.add("Gemm", ["feature", g.weight(w["fc1.weight"]), g.weight(w["fc1.bias"])], transB=1)
    x = g.add("MatMul", [g.add("Gelu", [x]), g.weight(w["fc2.weight"].T)])
    dims: list[str | int] = ["batch", TEXT_DIM]
    return unit_rows(g, x).serialise({"feature": ("float", ["batch", FEATURE_DIM])}, "embedding", dims)
