"""Run texts through a tower in batches of like length, shared among threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ...core.protocols import Vectors
from .onnx_graph import Array
from .towers import TEXT_DIM

TEXT_TOKENS = 256
"""Tokens in a batch of texts, so that they stay in a core's caches: long texts eight at a time took two fifths more processor time each."""


def run_in_batches(tokens: Sequence[Sequence[int]], run: Callable[[Array, Array], Vectors], threads: int) -> Vectors:
    """Return one row per text, (n, 384); ``run`` gets the padded tokens of some of them and their mask, int32 (batch, tokens)."""
    rows = np.zeros((len(tokens), TEXT_DIM), np.float32)

    def fill(chosen: Sequence[int]) -> None:
        mine = [tokens[i] for i in chosen]
        rows[chosen] = run(_padded(mine), _padded([[1] * len(one) for one in mine]))

    batches = batches_of([len(text) for text in tokens])
    if len(batches) == 1 or threads == 1:
        for batch in batches:
            fill(batch)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, reversed(batches)))  # the longest first, so that no thread is left alone with them
    return rows


def batches_of(lengths: Sequence[int]) -> list[list[int]]:
    """Return the positions of ``lengths``, those of like length together and the longest last, padded to at most ``TEXT_TOKENS`` a batch."""
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and (len(batches[-1]) + 1) * lengths[position] <= TEXT_TOKENS:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches


def _padded(rows: Sequence[Sequence[int]]) -> Array:
    table = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return table
