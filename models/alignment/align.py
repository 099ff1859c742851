"""Align the projection from the image tower into the text space to pictures and their words, with figures on unseen ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import Field

from ...core.errors import ConfigurationError, InvalidRequestError
from ...core.protocols import Vectors
from ...core.schemas import Frozen
from ..image_text.embedded import PROJECTION, EmbeddedImageText, load_projection
from ..image_text.onnx_graph import BUILDER_VERSION, write_atomically
from .contrastive_loss import NO_LABELS, UNKNOWN, Labels
from .resumable_rows import KeptRows
from .train import Indices, Recipe, TrainingData, Weights, project, train
from .versions import packed

Progress = Callable[[str], None]
MIN_IMAGES = 20
VALIDATION_SHARE = 0.08
IMAGE_TOWER, TEXT_TOWER = f"efficientnet-lite0-{BUILDER_VERSION}", f"minilm-{BUILDER_VERSION}"
TOP = (1, 5, 10)
FROM_SCRATCH = Recipe(epochs=24, hidden=512, learning_rate=2e-3)
"""How the shipped weights are trained, from nothing."""
BESIDE = replace(FROM_SCRATCH, epochs=60, patience=20, kin=0.8)
"""How a head is trained beside the shipped one, which keeps what that one knows; products of a kind are kept together."""


class Recalls(Frozen):
    """Share of queries whose match is among the first 1, 5 and 10: text to image and image to text."""

    text_to_image: tuple[float, float, float]
    image_to_text: tuple[float, float, float]


class AlignReport(Frozen):
    """What a training run saw and reached; ``before`` are the starting weights' figures on the same held-out images."""

    captions: int = Field(description="Captions of all images.")
    images: int = Field(description="Distinct images.")
    trained_on: int = Field(description="Images the weights were fitted on.")
    validation: int = Field(description="Images that chose the epoch to keep.")
    held_out: int = Field(description="Images kept for the figures, seen by nothing else.")
    epoch: int = Field(description="The epoch that was kept.")
    seed: int
    seconds: float = Field(description="Wall-clock seconds, embedding included.")
    before: Recalls | None = Field(description="Figures of the packaged weights; none without held-out images.")
    after: Recalls | None = Field(description="Figures of the new weights.")

    @property
    def better(self) -> bool:
        """Tell whether the new weights find more than the ones before, or whether nothing was held out to tell."""
        return not (self.before and self.after) or self.after.text_to_image[2] > self.before.text_to_image[2]


@dataclass(frozen=True, slots=True)
class PairSet:
    """Paths of pictures, captions, for each caption the position of its picture, and for each picture its values by field."""

    paths: Sequence[str]
    captions: Sequence[str]
    owners: Sequence[int]
    labels: Sequence[Sequence[str]] = ()


def align(
    pairs: PairSet,
    model: EmbeddedImageText,
    *,
    holdout: float = 0.1,
    seed: int = 0,
    epochs: int = 0,
    from_scratch: bool = False,
    work: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Weights, AlignReport]:
    """Train a head on frozen features and return its weights and what was reached.

    The head is trained beside the packaged one, which stays as it is, so that what that one knows is kept.

    Args:
        pairs: an image may have many captions.
        model: gives the frozen features and the captions' vectors.
        holdout: share of the images kept for the figures; 0 trains on all of them, with no figures and no early stop.
        seed: of the split, the batches and the starting weights.
        epochs: passes over the images at most; 0 takes the recipe's number.
        from_scratch: leave the packaged head out.
        work: folder for features, kept until the end so that a run that was ended goes on; under the cache by default.
        progress: called with one line of text per step.

    Raises:
        InvalidRequestError: fewer than 20 images, or a hold-out outside 0 to 0.5.
        BackEndUnavailable: the towers' weights are missing.
        BackEndError: an image cannot be read.
    """
    began, say = time.perf_counter(), progress or (lambda _: None)
    _check(pairs, holdout)
    kept = KeptRows(work or model.cache / "align", say)
    data = embed_pairs(model, pairs, kept)
    held, chosen, fitted = _split(len(pairs.paths), holdout, seed)
    start = None if from_scratch else load_projection(PROJECTION)
    recipe = FROM_SCRATCH if from_scratch else BESIDE
    weights, epoch = train(
        subset(data, fitted),
        replace(recipe, epochs=epochs or recipe.epochs),
        seed=seed,
        beside=start,
        score=(lambda head: _validation_score(head, data, chosen)) if len(chosen) else None,
        progress=progress,
    )
    kept.clear()
    report = AlignReport(
        captions=len(pairs.captions),
        images=len(pairs.paths),
        trained_on=len(fitted),
        validation=len(chosen),
        held_out=len(held),
        epoch=epoch,
        seed=seed,
        seconds=round(time.perf_counter() - began, 1),
        before=held_out_recalls(load_projection(PROJECTION), data, held),
        after=held_out_recalls(weights, data, held),
    )
    return weights, report


def _split(n: int, holdout: float, seed: int) -> tuple[Indices, Indices, Indices]:
    """Return which of ``n`` images are held out, which choose the epoch, and which are fitted."""
    order = np.random.default_rng(seed).permutation(n)
    held, rest = np.split(order, [round(holdout * n)])
    chosen, fitted = np.split(rest, [round(VALIDATION_SHARE * len(rest)) if holdout else 0])
    return held, chosen, fitted


def _check(pairs: PairSet, holdout: float) -> None:
    if not 0 <= holdout <= 0.5:
        raise InvalidRequestError("holdout", f"must be between 0 and 0.5, not {holdout}")
    if len(pairs.paths) < MIN_IMAGES:
        raise InvalidRequestError("pairs", f"{len(pairs.paths)} usable pictures; training needs at least {MIN_IMAGES}")


def embed_pairs(model: EmbeddedImageText, pairs: PairSet, kept: KeptRows, *, mirrored: bool = False) -> TrainingData:
    """Return the frozen features of the pictures, and with ``mirrored`` of their mirror images, and the captions' vectors."""
    distinct = list(dict.fromkeys(pairs.captions))
    place = {caption: row for row, caption in enumerate(distinct)}
    texts = kept.rows(f"captions {TEXT_TOWER}", distinct, distinct, model.encode_texts)
    names = [f"{path}:{Path(path).stat().st_mtime_ns}:{Path(path).stat().st_size}" for path in pairs.paths]
    what = f"pictures {IMAGE_TOWER}"
    views = [kept.rows(what, names, pairs.paths, model.features)]
    if mirrored:
        views.append(
            kept.rows(f"mirrored {what}", names, pairs.paths, lambda some: model.features(some, mirrored=True))
        )
    of = np.asarray(pairs.owners)
    rows = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of, minlength=len(pairs.paths)))[:-1])
    labels = numbered(pairs.labels)
    return TrainingData(tuple(views), texts[[place[caption] for caption in pairs.captions]], tuple(rows), labels)


def numbered(values: Sequence[Sequence[str]]) -> Labels:
    """Return the values, one row per picture, as numbers of their field, -1 for an empty one."""
    table = [np.unique(column, return_inverse=True) for column in zip(*values, strict=True)]
    if not table:
        return NO_LABELS
    return np.stack([np.where(names[place] == "", UNKNOWN, place) for names, place in table], axis=1).astype(np.int32)


def subset(data: TrainingData, chosen: Indices) -> TrainingData:
    """Return the data of the images at ``chosen``."""
    labels = data.labels[chosen] if data.labels.size else data.labels
    rows = tuple(data.rows[i] for i in chosen)
    return TrainingData(tuple(view[chosen] for view in data.views), data.captions, rows, labels)


def held_out_recalls(weights: Weights, data: TrainingData, chosen: Indices) -> Recalls | None:
    """Return the recalls of a head's weights among the images at ``chosen`` and their captions; None for no images."""
    if not len(chosen):
        return None
    images = project(weights, data.views[0][chosen])
    own = [data.rows[i] for i in chosen]
    positions = np.split(np.arange(sum(map(len, own))), np.cumsum([len(rows) for rows in own])[:-1])
    return recalls(images, data.captions[np.concatenate(own)], positions)


def recalls(images: Vectors, captions: Vectors, rows: Sequence[Indices]) -> Recalls:
    """Return recall at 1, 5 and 10 both ways; ``rows[i]`` are the captions of image i, all others count as wrong.

    Image to text counts the best-placed of an image's captions.
    """
    similarity = images @ captions.T
    text_ranks, image_ranks = [], []
    for image, mine in enumerate(rows):
        text_ranks += [int((similarity[:, row] > similarity[image, row]).sum()) for row in mine]
        others = np.delete(similarity[image], mine)
        image_ranks.append(int((others > similarity[image, mine].max()).sum()))
    return Recalls(text_to_image=_shares(text_ranks), image_to_text=_shares(image_ranks))


def _shares(ranks: Sequence[int]) -> tuple[float, float, float]:
    one, five, ten = (round(float(np.mean(np.asarray(ranks) < k)), 4) for k in TOP)
    return one, five, ten


def _validation_score(weights: Weights, data: TrainingData, chosen: Indices) -> float:
    figures = held_out_recalls(weights, data, chosen)
    return figures.text_to_image[2] if figures else 0.0


def write_projection(weights: Weights, report: AlignReport, folder: Path) -> Path:
    """Write a head's weights and the report into a folder of the caller's; returns the weights' file.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    target = folder / "projection.safetensors"
    try:
        write_atomically(target, packed(weights))
        write_atomically(folder / "card.json", report.model_dump_json(indent=2).encode())
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder}: {error.strerror}") from error
    return target
