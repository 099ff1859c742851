"""Train the projection from the image tower into the text space on image-caption pairs, with figures on unseen images."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from ..core.errors import ConfigurationError
from ..core.protocols import Vectors
from ..core.schemas import Frozen
from .align_train import Indices, TrainingData, head_weights, load_head, open_clip_head, train_head
from .image_text import EmbeddedImageText, load_projection
from .onnx_graph import open_session, write_atomically
from .towers import projection_head

Progress = Callable[[str], None]
MIN_IMAGES = 20
VALIDATION_SHARE = 0.08
TOP = (1, 5, 10)


class Recalls(Frozen):
    """Share of queries whose match is among the first 1, 5 and 10: text to image and image to text."""

    text_to_image: tuple[float, float, float]
    image_to_text: tuple[float, float, float]


class AlignReport(Frozen):
    """What a training run saw and reached; ``before`` are the starting weights' figures on the same held-out images."""

    pairs: int = Field(description="Rows of the CSV file.")
    images: int = Field(description="Distinct images.")
    trained_on: int = Field(description="Images the weights were fitted on.")
    validation: int = Field(description="Images that chose the epoch to keep.")
    held_out: int = Field(description="Images kept for the figures, seen by nothing else.")
    epoch: int = Field(description="The epoch that was kept.")
    seed: int
    seconds: float = Field(description="Wall-clock seconds, embedding included.")
    before: Recalls | None
    after: Recalls | None
    projection: str = Field(description="File the weights were written to.")


def align(
    pairs: Path,
    out: Path,
    *,
    cache: Path,
    epochs: int = 50,
    holdout: float = 0.1,
    seed: int = 0,
    start: Path | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> AlignReport:
    """Train open_clip's MLP head on frozen features and write ``projection.safetensors`` and ``card.json`` into ``out``.

    Args:
        pairs: CSV with the columns ``image`` (path relative to the file's folder) and ``caption``; an image may have many.
        out: folder to write into.
        cache: folder with the towers' weights.
        epochs: passes over the images.
        holdout: share of the images kept for the figures; 0 trains on all of them, with no figures and no early stop.
        seed: of the split, the batches and the starting weights.
        start: a projection to go on from, in place of chance.
        threads: inference threads; 0 takes the number of cores.
        progress: called with one line of text per step.

    Raises:
        ConfigurationError: the CSV file is wrong or holds fewer than 20 images.
        BackEndUnavailable: the extra ``train`` or the towers' weights are missing.
        BackEndError: an image cannot be read.
    """
    began, say = time.perf_counter(), progress or (lambda _: None)
    head = open_clip_head()
    paths, captions, owners = read_pairs(pairs, holdout)
    data = embed_pairs(EmbeddedImageText(cache, threads), paths, captions, owners, say)
    order = np.random.default_rng(seed).permutation(len(paths))
    held = order[: round(holdout * len(paths))]
    rest = order[len(held) :]
    chosen = rest[: round(VALIDATION_SHARE * len(rest)) if holdout else 0]
    fitted = rest[len(chosen) :]
    reset_head(head, seed, start)
    before = held_out_recalls(head_weights(head), data, held)
    kept = train_head(
        head,
        subset(data, fitted),
        epochs=epochs,
        seed=seed,
        score=(lambda weights: _validation_score(weights, data, chosen)) if len(chosen) else None,
        progress=progress,
    )
    report = AlignReport(
        pairs=len(captions),
        images=len(paths),
        trained_on=len(fitted),
        validation=len(chosen),
        held_out=len(held),
        epoch=kept,
        seed=seed,
        seconds=round(time.perf_counter() - began, 1),
        before=before,
        after=held_out_recalls(head_weights(head), data, held),
        projection=str(out / "projection.safetensors"),
    )
    save_projection(head_weights(head), out / "projection.safetensors")
    write_atomically(out / "card.json", report.model_dump_json(indent=2).encode())
    return report


def read_pairs(pairs: Path, holdout: float) -> tuple[list[str], list[str], list[int]]:
    """Return image paths, captions, and for each caption the position of its image.

    Raises:
        ConfigurationError: no such file, missing columns or values, too few images or a share outside 0 to 0.5.
    """
    if not 0 <= holdout <= 0.5:
        raise ConfigurationError(f"holdout must be between 0 and 0.5, not {holdout}")
    if not pairs.is_file():
        raise ConfigurationError(f"no file of pairs at {pairs}")
    positions: dict[str, int] = {}
    captions, owners = [], []
    with pairs.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            image, caption = row.get("image"), row.get("caption")
            if not image or not caption:
                raise ConfigurationError(f"{pairs}, line {line}: the columns image and caption must both have a value")
            captions.append(caption)
            owners.append(positions.setdefault(str(pairs.parent / image), len(positions)))
    if len(positions) < MIN_IMAGES:
        raise ConfigurationError(f"{pairs} holds {len(positions)} images; training needs at least {MIN_IMAGES}")
    return list(positions), captions, owners


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


def embed_pairs(
    model: EmbeddedImageText, paths: Sequence[str], captions: Sequence[str], owners: Sequence[int], say: Progress
) -> TrainingData:
    """Return the frozen features and caption vectors of pairs as ``read_pairs`` returns them."""
    say(f"embedding {len(captions)} captions")
    texts = model.encode_texts(captions)
    parts = []
    for start in range(0, len(paths), 256):
        say(f"reading images {start + 1} to {min(start + 256, len(paths))} of {len(paths)}")
        parts.append(model.features(paths[start : start + 256]))
    of = np.asarray(owners)
    sorted_rows = np.argsort(of, kind="stable")
    rows = np.split(sorted_rows, np.cumsum(np.bincount(of, minlength=len(paths)))[:-1])
    return TrainingData(np.concatenate(parts), texts, tuple(rows))


def reset_head(head: object, seed: int, start: Path | None = None) -> None:
    """Set the head's weights by chance from ``seed``, or to those of the file ``start``."""
    import torch

    torch.manual_seed(seed)
    for layer in ("fc1", "fc2"):
        getattr(head, layer).reset_parameters()
    if start:
        load_head(head, load_projection(start))


def subset(data: TrainingData, chosen: Indices) -> TrainingData:
    """Return the data of the images at ``chosen``."""
    return TrainingData(data.features[chosen], data.captions, tuple(data.rows[i] for i in chosen))


def held_out_recalls(weights: dict[str, Vectors], data: TrainingData, chosen: Indices) -> Recalls | None:
    """Return the recalls of a head's weights among the images at ``chosen`` and their captions; None for no images."""
    if not len(chosen):
        return None
    images = project(weights, data.features[chosen])
    own = [data.rows[i] for i in chosen]
    positions = np.split(np.arange(sum(map(len, own))), np.cumsum([len(rows) for rows in own])[:-1])
    return recalls(images, data.captions[np.concatenate(own)], positions)


def project(weights: dict[str, Vectors], features: Vectors) -> Vectors:
    """Return features (n, 1280) in the shared space under a head's weights, unit rows (n, 384)."""
    rows: Vectors = open_session(projection_head(weights), 1).run(None, {"feature": features})[0]
    return rows


def _validation_score(weights: dict[str, Vectors], data: TrainingData, chosen: Indices) -> float:
    figures = held_out_recalls(weights, data, chosen)
    return figures.text_to_image[2] if figures else 0.0


def save_projection(weights: dict[str, Vectors], path: Path) -> None:
    """Write a head's weights as float16."""
    from safetensors.numpy import save

    write_atomically(path, save({name: values.astype(np.float16) for name, values in weights.items()}))
