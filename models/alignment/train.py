"""Train the projection head on frozen features with CLIP's contrastive loss, in NumPy.

The head is open_clip's ``timm_proj: mlp``: linear, GELU, linear without bias, unit length. Several heads trained from
different seeds are folded into one wider head of the same form, and so is a head that is trained beside another one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Vectors
from ..image_text.towers import POOLED_DIM, TEXT_DIM
from .contrastive_loss import NO_LABELS, Floats, Kinship, Labels, contrastive, softened

Indices = NDArray[np.int64]
Weights = dict[str, Vectors]
MIN_BATCH, MAX_BATCH, WARMUP_STEPS = 32, 512, 50
START_SCALE = 20.0
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
STAGE_SPREAD, SMALL_SPREAD = 0.2, 0.01
BESIDE_WEIGHT = np.float32(1.5)
"""How much more the head beside counts than in training: keeps more of what it knows (as in Wortsman et al. 2022)."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a head is fitted on.

    Args:
        views: features (images, 2912) of the pictures as they are, and of changed copies such as mirrored ones.
        captions: unit rows (captions, 384).
        rows: for each image the rows of its captions.
        labels: for each image the number of its value in each of the shop's fields, (images, fields), -1 where unknown.
    """

    views: tuple[Vectors, ...]
    captions: Vectors
    rows: tuple[Indices, ...]
    labels: Labels = field(default_factory=lambda: NO_LABELS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained.

    ``soft`` is the share of the target that goes by the similarity of the captions, ``kin`` that by the labels' kinship.
    """

    epochs: int = 40
    hidden: int = 768
    members: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    feature_dropout: float = 0.4
    hidden_dropout: float = 0.4
    soft: float = 0.0
    soft_scale: float = 15.0
    kin: float = 0.0
    kin_scale: float = 8.0
    patience: int = 10


def train(
    data: TrainingData,
    recipe: Recipe,
    *,
    seed: int,
    beside: Mapping[str, Vectors] | None = None,
    score: Callable[[Weights], float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Weights, int]:
    """Return a head's weights and the epoch that was kept.

    Every epoch shows each image once, in one of its views and with one of its captions by chance. With ``score`` (higher is
    better, of weights) the best epoch is kept and training stops after ``patience`` epochs without a better one; else the
    last epoch is kept.

    Args:
        data: what to fit.
        recipe: how.
        seed: of the starting weights, the order, the dropout.
        beside: a head that stays as it is: the new one learns what to add to its unit output, and both are folded together.
        score: tells which epoch to keep; only the first member is scored, the others stop at its epoch.
        progress: called with one line per epoch.
    """
    first, kept = _train_one(_Trainer(data, recipe, seed, beside), recipe.epochs, score=score, progress=progress)
    others = [
        _train_one(_Trainer(data, recipe, seed + member, beside), kept, progress=progress)[0]
        for member in range(1, recipe.members)
    ]
    return (folded([first, *others], data.views[0]) if others else first), kept


def _train_one(
    trainer: _Trainer,
    epochs: int,
    *,
    score: Callable[[Weights], float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Weights, int]:
    best, kept, weights = -math.inf, epochs, trainer.weights()
    for epoch in range(1, epochs + 1):
        loss = trainer.epoch()
        current = score(trainer.weights()) if score else 0.0
        if score and current > best:
            best, kept, weights = current, epoch, trainer.weights()
        if progress:
            figure = f", validation R@10 {current:.3f}" if score else ""
            progress(f"epoch {epoch}/{epochs}: loss {loss:.3f}{figure}")
        if score and epoch - kept >= trainer.patience:
            break
    return (weights if score else trainer.weights()), kept


def project(weights: Mapping[str, Vectors], features: Vectors) -> Vectors:
    """Return features (n, 2912) in the shared space under a head's weights, unit rows (n, 384)."""
    return _unit(_raw(weights, features))[0]


def folded(heads: Sequence[Mapping[str, Vectors]], features: Vectors, shares: Sequence[float] = ()) -> Weights:
    """Return one head whose output is the mean of the heads' outputs, each scaled to unit length on average.

    ``features`` are pictures on which the lengths are measured; ``shares`` weight the heads, equally by default.
    """
    shares = shares or [1.0] * len(heads)
    sample = features[:1024]
    scaled = [
        np.float32(share / np.linalg.norm(_raw(head, sample), axis=1).mean())
        for head, share in zip(heads, shares, strict=True)
    ]
    return {
        "fc1.weight": np.concatenate([head["fc1.weight"] for head in heads]),
        "fc1.bias": np.concatenate([head["fc1.bias"] for head in heads]),
        "fc2.weight": np.concatenate([head["fc2.weight"] * s for head, s in zip(heads, scaled, strict=True)], axis=1),
    }


def _raw(weights: Mapping[str, Vectors], features: Vectors) -> Floats:
    w = {name: np.asarray(values, np.float32) for name, values in weights.items()}
    hidden, _ = _gelu(features @ w["fc1.weight"].T + w["fc1.bias"])
    return np.asarray(hidden @ w["fc2.weight"].T, np.float32)


class _Trainer:
    """The head's weights, AdamW (Loshchilov and Hutter 2019), warm-up then half a cosine to zero, the learnt logit scale."""

    def __init__(self, data: TrainingData, recipe: Recipe, seed: int, beside: Mapping[str, Vectors] | None) -> None:
        self._data, self._recipe = data, recipe
        self.patience = recipe.patience
        self._chance = np.random.default_rng(seed)
        dim = data.views[0].shape[1]
        self._shift, self._gain = _scaling(data.views[0])
        self._kinship = Kinship.of(data.labels) if data.labels.size else None
        self._counts = np.array([len(rows) for rows in data.rows])
        self._views = [(view - self._shift) * self._gain for view in data.views]
        self._w: dict[str, Floats] = {
            "fc1.weight": self._start((recipe.hidden, dim), dim),
            "fc1.bias": self._start((recipe.hidden,), dim),
            "fc2.weight": self._start((TEXT_DIM, recipe.hidden), recipe.hidden),
            "scale": np.array([math.log(START_SCALE)], np.float32),
        }
        self._beside = dict(beside) if beside else None
        self._others = [project(beside, view) for view in data.views] if beside else []
        if beside:
            self._w["fc2.weight"][:] = 0
        self._first = {name: np.zeros_like(values) for name, values in self._w.items()}
        self._second = {name: np.zeros_like(values) for name, values in self._w.items()}
        self._batch = min(MAX_BATCH, max(MIN_BATCH, len(data.rows) // 4))
        self._total = recipe.epochs * math.ceil(len(data.rows) / self._batch)
        self._step_number = 0

    def _start(self, shape: tuple[int, ...], fan_in: int) -> Floats:
        bound = 1 / math.sqrt(fan_in)
        return self._chance.uniform(-bound, bound, shape).astype(np.float32)

    def weights(self) -> Weights:
        """Return a copy of the head, with the one beside it folded in."""
        own = {name: values.copy() for name, values in self._w.items() if name != "scale"}
        own["fc1.weight"] *= self._gain
        own["fc1.bias"] -= own["fc1.weight"] @ self._shift
        if self._beside is None:
            return own
        return _joined(self._beside, own, self._data.views[0])

    def epoch(self) -> float:
        """Show every image once and return the mean loss."""
        order = self._chance.permutation(len(self._data.rows))
        parts = np.array_split(order, math.ceil(len(order) / self._batch))
        return float(np.mean([self._step(part) for part in parts if len(part) > 1]))

    def _step(self, chosen: Indices) -> float:
        data, w = self._data, self._w
        views = self._chance.integers(len(data.views), size=len(chosen))
        features = _of_views(self._views, views, chosen)
        features *= self._kept(features.shape, self._recipe.feature_dropout)
        places = (self._chance.random(len(chosen)) * self._counts[chosen]).astype(np.int64)
        texts = data.captions[[data.rows[i][place] for i, place in zip(chosen, places, strict=True)]]
        hidden, slope = _gelu(features @ w["fc1.weight"].T + w["fc1.bias"])
        mask = self._kept(hidden.shape, self._recipe.hidden_dropout)
        hidden *= mask
        out = hidden @ w["fc2.weight"].T
        if self._others:
            out += _of_views(self._others, views, chosen)
        images, length = _unit(out)
        loss, d_images, d_scale = self._loss(images, texts, chosen)
        d_out = (d_images - images * (images * d_images).sum(axis=1, keepdims=True)) / length
        d_hidden = (d_out @ w["fc2.weight"]) * mask * slope
        self._update(
            {
                "fc1.weight": d_hidden.T @ features,
                "fc1.bias": d_hidden.sum(axis=0),
                "fc2.weight": d_out.T @ hidden,
                "scale": np.array([d_scale], np.float32),
            }
        )
        return loss

    def _kept(self, shape: tuple[int, ...], dropped: float) -> Floats:
        kept = self._chance.random(shape, dtype=np.float32) >= dropped
        return kept * np.float32(1 / (1 - dropped))

    def _loss(self, images: Floats, texts: Floats, chosen: Indices) -> tuple[float, Floats, float]:
        """Return the contrastive loss both ways, its gradient by the images and by the logarithm of the scale.

        The target is each image's own text, softened by the similarity of the texts and by what the pictures' labels share.
        """
        recipe, target = self._recipe, np.eye(len(images), dtype=np.float32)
        if recipe.soft:
            target = softened(target, recipe.soft, texts @ texts.T, recipe.soft_scale)
        if recipe.kin and self._kinship is not None:
            target = softened(target, recipe.kin, self._kinship.among(chosen), recipe.kin_scale)
        return contrastive(images, texts, float(self._w["scale"][0]), target)

    def _update(self, gradients: dict[str, Floats]) -> None:
        rate = self._rate()
        self._step_number += 1
        for name, gradient in gradients.items():
            values, first, second = self._w[name], self._first[name], self._second[name]
            first += np.float32(1 - BETA_1) * (gradient - first)
            second += np.float32(1 - BETA_2) * (gradient * gradient - second)
            if name != "scale":
                values *= np.float32(1 - rate * self._recipe.weight_decay)
            step = np.float32(rate / (1 - BETA_1**self._step_number))
            values -= step * first / (np.sqrt(second / np.float32(1 - BETA_2**self._step_number)) + EPSILON)

    def _rate(self) -> float:
        warm_up = max(1, min(WARMUP_STEPS, self._total // 5))
        decay = 0.5 * (1 + math.cos(math.pi * min(self._step_number / self._total, 1.0)))
        return self._recipe.learning_rate * min(1.0, (self._step_number + 1) / warm_up) * decay


def _joined(beside: Mapping[str, Vectors], own: Weights, features: Vectors) -> Weights:
    """Return one head that adds ``own`` to the output of ``beside``, whose length is made ``BESIDE_WEIGHT`` on average."""
    length = np.float32(np.linalg.norm(_raw(beside, features[:1024]), axis=1).mean())
    wide = {name: np.asarray(values, np.float32) for name, values in beside.items()}
    return {
        "fc1.weight": np.concatenate([wide["fc1.weight"], own["fc1.weight"]]),
        "fc1.bias": np.concatenate([wide["fc1.bias"], own["fc1.bias"]]),
        "fc2.weight": np.concatenate([wide["fc2.weight"] * (BESIDE_WEIGHT / length), own["fc2.weight"]], axis=1),
    }


def _of_views(views: Sequence[Vectors], which: Indices, chosen: Indices) -> Floats:
    """Return one row per chosen image, taken from the view that ``which`` says."""
    rows = np.empty((len(chosen), views[0].shape[1]), np.float32)
    for number, view in enumerate(views):
        rows[which == number] = view[chosen[which == number]]
    return rows


def _scaling(features: Vectors) -> tuple[Floats, Floats]:
    """Return what is subtracted from and multiplied with each feature: the stages' statistics are brought to one scale."""
    shift, gain = np.zeros(features.shape[1], np.float32), np.ones(features.shape[1], np.float32)
    stages = features[:, POOLED_DIM:]
    if stages.size:
        shift[POOLED_DIM:] = stages.mean(axis=0)
        gain[POOLED_DIM:] = STAGE_SPREAD / (stages.std(axis=0) + SMALL_SPREAD)
    return shift, gain


def _unit(rows: Floats) -> tuple[Floats, Floats]:
    length = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))
    return rows / length, length


def _gelu(x: Floats) -> tuple[Floats, Floats]:
    """Return the exact GELU (Hendrycks and Gimpel 2016) and its slope."""
    from scipy.special import erf

    half = np.float32(0.5) * (1 + erf(x * np.float32(math.sqrt(0.5))))
    return x * half, half + x * np.exp(np.float32(-0.5) * x * x) * np.float32(1 / math.sqrt(2 * math.pi))
