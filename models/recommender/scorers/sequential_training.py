"""Train the sequential scorer with torch on the CPU; see ``scorers/sequential.py`` for what it learns and how it is used.

Every item of a user is predicted from those before it, against ``sequential_net.NEGATIVES`` items drawn uniformly for the whole batch (sampled
softmax): uniform draws need no correction and, unlike one negative per event, do not make the model overconfident (Petrov and
Macdonald 2023). Users of like length share a batch, so that little is padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ....core.learning.interactions import Interactions, ItemTable
from .array_files import read_arrays, write_arrays
from .base import Progress
from .item_words import ItemWords
from .sequential_network import Net
from .sequential_shape import LENGTH

EPOCHS, MOST_EPOCHS, MIN_STEPS = 5, 20, 1_000
"""Few events make few steps, so they are read more often."""
EVENTS_PER_BATCH, MIN_BATCHES = 2_048, 40
RATE, WARM_STEPS = 2e-3, 100
MORE_EPOCHS, MORE_RATE = 1, 5e-4
SEED = 0
THREADS = 1
"""Matrices this small gain little from a second thread, and lose much when other work wants the core it waits on."""


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """Let torch use ``n`` threads within the block, and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@_threads(THREADS)
def train(
    items: ItemTable,
    described: ItemWords,
    events: Interactions,
    progress: Progress,
    *,
    start: Mapping[str, NDArray[Any]] | None = None,
    checkpoint: Path | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the trained weights by name.

    From ``start``, weights trained before on fewer events, it takes fewer epochs. After every epoch all that is needed to go on
    is written to ``checkpoint``, from where the same call goes on.
    """
    torch.manual_seed(SEED)
    sequences = _sequences(events)
    net = Net(items, described)
    batches = sum(1 for _ in _batches(sequences, np.random.default_rng(SEED)))
    epochs, rate = min(max(EPOCHS, MIN_STEPS // max(1, batches)), MOST_EPOCHS), RATE
    if start is not None:
        net.take(start)
        epochs, rate = MORE_EPOCHS, MORE_RATE
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    for epoch in range(_resume(checkpoint, net, optimiser), epochs):
        torch.manual_seed(SEED + epoch)
        total = 0.0
        for done, batch in enumerate(_batches(sequences, np.random.default_rng([SEED, epoch]))):
            share = (epoch + done / batches) / epochs
            optimiser.param_groups[0]["lr"] = rate * _slowed(share, epoch * batches + done)
            loss = net.loss(batch)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            total += float(loss.detach())
            if done % 50 == 0:
                progress(f"sequential: epoch {epoch + 1} of {epochs}, loss {total / (done + 1):.3f}", min(1.0, share))
        _keep(checkpoint, net, optimiser, epoch + 1)
    return net.arrays()


def _keep(checkpoint: Path | None, net: Net, optimiser: torch.optim.Optimizer, epoch: int) -> None:
    """Write weights and the optimiser's averages to ``checkpoint``."""
    if checkpoint is None:
        return
    arrays: dict[str, NDArray[Any]] = {"epoch": np.array(epoch)}
    for name, parameter in net.named_parameters():
        arrays[f"weight:{name}"] = parameter.detach().numpy()
        arrays |= {f"{key}:{name}": value.numpy() for key, value in optimiser.state[parameter].items()}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(checkpoint, arrays)


def _resume(checkpoint: Path | None, net: Net, optimiser: torch.optim.Optimizer) -> int:
    """Take what ``_keep`` wrote, if it fits, and return how many epochs are done."""
    if checkpoint is None or not checkpoint.is_file():
        return 0
    arrays = read_arrays(checkpoint)
    named = dict(net.named_parameters())
    shapes = {name: array.shape for name, array in arrays.items()}
    if any(shapes.get(f"weight:{name}") != tuple(value.shape) for name, value in named.items()):
        return 0
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(torch.from_numpy(arrays[f"weight:{name}"]))
            state = {key: arrays[f"{key}:{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            optimiser.state[parameter] = {key: torch.from_numpy(np.array(value)) for key, value in state.items()}
    return int(arrays["epoch"])


def _sequences(events: Interactions) -> list[NDArray[np.int64]]:
    """Return the last ``LENGTH + 1`` wanted items of every user who has two."""
    kept = events.keep(events.weight > 0)
    found = [kept.item[kept.of(user)][-LENGTH - 1 :].astype(np.int64) for user in range(events.n_users)]
    return [items for items in found if len(items) > 1]


def _batches(sequences: list[NDArray[np.int64]], rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield users of like length, in random order, as (b, l) items padded on the left with -1."""
    sizes = np.array([len(items) for items in sequences])
    order = np.argsort(sizes + rng.random(len(sizes)) * 2)
    events = min(EVENTS_PER_BATCH, max(64, int(sizes.sum()) // MIN_BATCHES))
    bounds = np.flatnonzero(np.diff(np.cumsum(sizes[order]) // events)) + 1
    for chosen in rng.permutation(np.array([*np.split(order, bounds), None], dtype=object)[:-1]):
        batch = np.full((len(chosen), int(sizes[chosen].max())), -1, np.int64)
        for row, number in enumerate(chosen):
            batch[row, -sizes[number] :] = sequences[number]
        yield batch


def _slowed(share: float, step: int) -> float:
    """Return the share of the learning rate: a short rise, then half a cosine down to 2 %."""
    return min(1.0, (step + 1) / WARM_STEPS) * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
