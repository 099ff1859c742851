"""Train plain SASRec (Kang and McAuley, ICDM 2018), a baseline: item ids only, two causal blocks, cross-entropy over all items.

The full cross-entropy in place of the paper's one negative makes it stronger (Klenitskiy and Vasilev, RecSys 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions

LENGTH = 50
WIDTH = 64
DROPOUT = 0.3
EPOCHS = 60
BATCH = 64
RATE = 1e-3
IGNORED = -100
Ask = Callable[[NDArray[Any]], NDArray[Any]]


def train_sasrec(events: Interactions, seed: int, epochs: int = EPOCHS) -> Ask:
    """Return a function from a user's items, oldest first, to a score of every item, shape (n_items,).

    Raises:
        ImportError: torch is missing.
    """
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = _network(events.n_items)
    forward = _forward(net)
    adam = torch.optim.Adam(net.parameters(), lr=RATE)
    histories = [events.item[events.of(user)] + 1 for user in range(events.n_users)]
    histories = [history for history in histories if len(history) > 1]
    for _ in range(epochs):
        order = rng.permutation(len(histories))
        for start in range(0, len(order), BATCH):
            batch = torch.from_numpy(_windows([histories[i] for i in order[start : start + BATCH]], rng))
            wanted = batch[:, 1:]
            scores = forward(batch[:, :-1])
            goal = torch.where(wanted == 0, IGNORED, wanted).reshape(-1)
            loss = torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), goal, ignore_index=IGNORED)
            adam.zero_grad()
            loss.backward()
            adam.step()
    net.eval()

    def ask(items: NDArray[Any]) -> NDArray[Any]:
        last = items[-LENGTH:].astype(np.int64) + 1
        if not len(last):
            return np.zeros(events.n_items, dtype=np.float32)
        with torch.no_grad():
            return np.asarray(forward(torch.from_numpy(last[None]))[0, -1, 1:].numpy())

    return ask


def _network(n_items: int) -> Any:
    import torch

    block = torch.nn.TransformerEncoderLayer(
        WIDTH, 2, 2 * WIDTH, DROPOUT, activation="gelu", batch_first=True, norm_first=True
    )
    net = torch.nn.ModuleDict(
        {
            "item": torch.nn.Embedding(n_items + 1, WIDTH, padding_idx=0),
            "place": torch.nn.Embedding(LENGTH, WIDTH),
            "blocks": torch.nn.TransformerEncoder(block, 2, enable_nested_tensor=False),
            "norm": torch.nn.LayerNorm(WIDTH),
            "drop": torch.nn.Dropout(DROPOUT),
        }
    )
    for name in ("item", "place"):
        torch.nn.init.normal_(net[name].weight, std=0.02)
    return net


def _forward(net: Any) -> Callable[[Any], Any]:
    import torch

    def forward(items: Any) -> Any:
        size = items.shape[1]
        barred = torch.triu(torch.full((size, size), float("-inf")), 1)
        hidden = net["drop"](net["item"](items) + net["place"](torch.arange(size)))
        return net["norm"](net["blocks"](hidden, mask=barred)) @ net["item"].weight.T

    return forward


def _windows(histories: list[NDArray[Any]], rng: np.random.Generator) -> NDArray[np.int64]:
    """Cut a random stretch of ``LENGTH`` + 1 items out of each history; shorter ones are filled up with zeros."""
    batch = np.zeros((len(histories), LENGTH + 1), dtype=np.int64)
    for row, history in enumerate(histories):
        end = int(rng.integers(min(LENGTH + 1, len(history)), len(history) + 1))
        part = history[max(0, end - LENGTH - 1) : end]
        batch[row, : len(part)] = part
    return batch
