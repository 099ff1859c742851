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
from torch import Tensor, nn
from torch.nn import functional

from ....core.learning.interactions import Floats, Interactions, ItemTable
from .array_files import read_arrays, write_arrays
from .base import Progress
from .item_words import ItemWords
from .sequential_shape import LENGTH, centred

EPOCHS, MOST_EPOCHS, MIN_STEPS = 5, 20, 1_000
"""Few events make few steps, so they are read more often."""
EVENTS_PER_BATCH, MIN_BATCHES = 2_048, 40
RATE, WARM_STEPS = 2e-3, 100
MORE_EPOCHS, MORE_RATE = 1, 5e-4
SEED = 0
THREADS = 1
"""Matrices this small gain little from a second thread, and lose much when other work wants the core it waits on."""
WIDTH, HEADS, BLOCKS = 64, 2, 2
NEGATIVES = 512
DROPOUT = 0.2
ID_DROPOUT = 0.1
"""So often an item is shown without the vector of its own, so that words and text learn to stand in for it."""


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
