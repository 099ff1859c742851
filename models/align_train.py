"""Train open_clip's MLP head on frozen features with CLIP's contrastive loss (needs the extra ``train``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BackEndUnavailable
from ..core.protocols import Vectors
from .towers import TEXT_DIM

Indices = NDArray[np.int64]
MIN_BATCH, MAX_BATCH = 32, 512
LEARNING_RATE, WEIGHT_DECAY, WARMUP_STEPS = 1e-3, 0.1, 50
FEATURE_DROPOUT, HIDDEN_DROPOUT = 0.4, 0.4
START_SCALE, MAX_SCALE = 20.0, 100.0


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Features (images, 1280), caption vectors (captions, 384), and for each image the rows of its captions."""

    features: Vectors
    captions: Vectors
    rows: tuple[Indices, ...]


def open_clip_head() -> Any:
    """Return the untrained head of open_clip's ``timm_proj: mlp``: linear 1280-768, GELU, dropout, linear 768-384.

    Raises:
        BackEndUnavailable: torch, timm or open_clip is not installed.
    """
    try:
        from open_clip.timm_model import TimmModel
    except ImportError as error:
        raise BackEndUnavailable(
            f"training needs torch, timm and open_clip ({error}): pip install 'tastemaker[train]'", back_end="align"
        ) from error
    return TimmModel("tf_efficientnet_lite0", TEXT_DIM, 224, pool="", proj="mlp", drop=HIDDEN_DROPOUT).head.mlp


def head_weights(head: Any) -> dict[str, Vectors]:
    """Return the head's weights as float32 arrays: ``fc1.weight``, ``fc1.bias``, ``fc2.weight``."""
    return {name: value.detach().float().numpy().copy() for name, value in head.state_dict().items()}


def load_head(head: Any, weights: Mapping[str, Vectors]) -> None:
    """Set the head's weights."""
    import torch

    head.load_state_dict({name: torch.tensor(values.astype(np.float32)) for name, values in weights.items()})


def train_head(
    head: Any,
    data: TrainingData,
    *,
    epochs: int,
    seed: int,
    score: Callable[[dict[str, Vectors]], float] | None = None,
    patience: int = 10,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Train ``head`` in place and return the number of the epoch whose weights were kept.

    Every epoch shows each image once with one of its captions by chance. With ``score`` (higher is better, of weights) the
    best epoch is kept and training stops after ``patience`` epochs without a better one; else the last epoch is kept.
    """
    trainer = _Trainer(head, data, epochs, seed)
    best, kept, weights = -math.inf, epochs, head_weights(head)
    for epoch in range(1, epochs + 1):
        loss = trainer.epoch()
        current = score(head_weights(head)) if score else float(epoch)
        if current > best:
            best, kept, weights = current, epoch, head_weights(head)
        if progress:
            figure = f", validation R@10 {current:.3f}" if score else ""
            progress(f"epoch {epoch}/{epochs}: loss {loss:.3f}{figure}")
        if epoch - kept >= patience:
            break
    load_head(head, weights)
    return kept


class _Trainer:
    """The optimiser, its schedule (warm-up, then half a cosine to zero) and the learnt logit scale."""

    def __init__(self, head: Any, data: TrainingData, epochs: int, seed: int) -> None:
        import torch
        from open_clip.loss import ClipLoss

        torch.manual_seed(seed)
        self._head, self._loss = head, ClipLoss()
        self._chance = np.random.default_rng(seed)
        self._features, self._captions, self._rows = torch.tensor(data.features), torch.tensor(data.captions), data.rows
        self._scale = torch.nn.Parameter(torch.tensor(math.log(START_SCALE)))
        groups = [
            {"params": list(head.parameters()), "weight_decay": WEIGHT_DECAY},
            {"params": [self._scale], "weight_decay": 0.0},
        ]
        self._optimiser = torch.optim.AdamW(groups, lr=LEARNING_RATE)
        self._batch = min(MAX_BATCH, max(MIN_BATCH, len(data.rows) // 4))
        total = epochs * math.ceil(len(data.rows) / self._batch)
        warm_up = max(1, min(WARMUP_STEPS, total // 5))
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda step: min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * step / total)),
        )

    def epoch(self) -> float:
        """Show every image once and return the mean loss.

        One thread is used: the products are small, and on a busy machine several threads wait for each other.
        """
        import torch

        order = self._chance.permutation(len(self._rows))
        batches = [order[start : start + self._batch] for start in range(0, len(order), self._batch)]
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self._head.train()
        try:
            return float(np.mean([self._step(batch) for batch in batches if len(batch) > 1]))
        finally:
            self._head.eval()
            torch.set_num_threads(threads)

    def _step(self, batch: Indices) -> float:
        from torch.nn.functional import dropout, normalize

        places = self._chance.random(len(batch))
        texts = self._captions[[self._rows[i][int(p * len(self._rows[i]))] for i, p in zip(batch, places, strict=True)]]
        images = normalize(self._head(dropout(self._features[batch], FEATURE_DROPOUT)), dim=-1)
        loss = self._loss(images, texts, self._scale.exp().clamp(max=MAX_SCALE))
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        self._schedule.step()
        return float(loss.detach())
