"""Make the packaged projection, its calibration and its card: ``python -m tastemaker.models.alignment.packaged_projection DATA``.

DATA is the benchmark folder with ``flickr8k``, ``fashion`` and ``coco_cc``. Figures come from a run that holds 1,000 photos
and 1,000 products back; the shipped weights are then trained on all of them. ``coco_cc`` is never trained on.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.settings import load_settings
from ..captions.calibration import calibration_error, fit_calibration, mentions
from ..captions.vocabulary import DATA, packaged_vocabulary, word_vectors
from ..image_text.embedded import PROJECTION, EmbeddedImageText
from ..image_text.onnx_graph import write_atomically
from ..image_text.towers import FEATURE_DIM
from .align import FROM_SCRATCH, PairSet, Recalls, embed_pairs, held_out_recalls, subset
from .resumable_rows import KeptRows, kept_head
from .train import Indices, TrainingData, Weights, project
from .versions import packed

SEED, HELD_OUT = 0, 1000
COMMAND = "python -m tastemaker.models.alignment.packaged_projection ../shared/data"
LIMITS = """## Limits
Small towers, few thousand pairs: common things and scenes, clothes and colours work; text in pictures, counting, faces, rare
things and fine-grained names do not. English only. Recall falls with the size of the catalogue.
"""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Image paths, captions, and for each caption the position of its image, one set after the other."""

    paths: list[str]
    captions: list[str]
    owners: list[int]

    def add(self, path: Path, captions: list[str]) -> None:
        """Append one image."""
        self.owners.extend([len(self.paths)] * len(captions))
        self.paths.append(str(path))
        self.captions.extend(captions)


def main(data_folder: Path, say: Say) -> None:
    """Train, measure, calibrate and write the packaged files."""
    model = EmbeddedImageText(load_settings().cache)
    pairs, sizes = read_sets(data_folder)
    data = embed_sets(model, pairs, sizes, say)
    photos, products, unseen = split(sizes)
    sets = {"Flickr8k": photos[:HELD_OUT], "products": products[:HELD_OUT], "coco_cc": unseen}
    part = held_back(model, data, sizes, say)
    whole = subset(data, np.concatenate([photos, products]))
    shipped = kept_head(model.cache / "bench" / "heads", whole, FROM_SCRATCH, SEED, say)
    first = f"{len(photos) - HELD_OUT:,} photos and {len(products) - HELD_OUT:,} products"
    last = f"shipped: all {len(photos):,} photos and {len(products):,} products"
    lines = [
        *(_row(first, name, len(held), held_out_recalls(part, data, held)) for name, held in sets.items()),
        _row(last, "coco_cc", len(unseen), held_out_recalls(shipped, data, unseen)),
    ]
    write_atomically(PROJECTION, packed(shipped))
    note = _calibrate(model, part, data, pairs, photos[:HELD_OUT])
    card = _card(lines, note, (PROJECTION).stat().st_size)
    write_atomically(PROJECTION.with_suffix(".md"), card.encode())
    say(card)


def split(sizes: tuple[int, int, int]) -> tuple[Indices, Indices, Indices]:
    """Return the places of the photos and the products, the held-out ones first, and of coco_cc."""
    photos, products, unseen = _ranges(sizes)
    mixed_photos = np.random.default_rng(SEED).permutation(photos)
    return mixed_photos, np.random.default_rng(SEED + 1).permutation(products), unseen


def embed_sets(model: EmbeddedImageText, pairs: Pairs, sizes: tuple[int, int, int], say: Say) -> TrainingData:
    """Return the features and caption vectors of the three sets; only photos have a mirrored view of their own."""
    kept = KeptRows(model.cache / "bench" / "vision", say)
    parts = []
    for mirrored, places in zip((True, False, False), _ranges(sizes), strict=True):
        first, last = int(places[0]), int(places[-1])
        mine = [row for row, owner in enumerate(pairs.owners) if first <= owner <= last]
        own = PairSet(
            pairs.paths[first : last + 1], [pairs.captions[r] for r in mine], [pairs.owners[r] - first for r in mine]
        )
        parts.append(embed_pairs(model, own, kept, mirrored=mirrored))
    views = tuple(np.concatenate([part.views[min(v, len(part.views) - 1)] for part in parts]) for v in range(2))
    starts = np.cumsum([0, *(len(part.captions) for part in parts)])
    rows = tuple(rows + start for part, start in zip(parts, starts, strict=False) for rows in part.rows)
    return TrainingData(views, np.concatenate([part.captions for part in parts]), rows)


def held_back(model: EmbeddedImageText, data: TrainingData, sizes: tuple[int, int, int], say: Say) -> Weights:
    """Return weights trained on all photos and products but the held-out ones, kept in the cache once they are made."""
    photos, products, _ = split(sizes)
    seen = subset(data, np.concatenate([photos[HELD_OUT:], products[HELD_OUT:]]))
    return kept_head(model.cache / "bench" / "heads", seen, FROM_SCRATCH, SEED, say)


def read_sets(folder: Path) -> tuple[Pairs, tuple[int, int, int]]:
    """Return the pairs of Flickr8k, the products and coco_cc, one after the other, and how many images each has."""
    pairs, sizes = Pairs([], [], []), []
    grouped: dict[str, list[str]] = {}
    for row in _rows(folder / "flickr8k" / "captions.csv"):
        grouped.setdefault(row["image"], []).append(row["caption"])
    for image, captions in grouped.items():
        pairs.add(folder / "flickr8k" / image, captions)
    sizes.append(len(pairs.paths))
    for row in _rows(folder / "fashion" / "products.csv"):
        described = f"{row['baseColour']} {row['articleType']} for {row['gender']}".lower()
        pairs.add(folder / "fashion" / row["image"], [row["productDisplayName"], described])
    sizes.append(len(pairs.paths) - sizes[0])
    for row in _rows(folder / "coco_cc" / "photos.csv"):
        pairs.add(folder / "coco_cc" / row["image"], [row[f"caption{n}"] for n in range(1, 6)])
    return pairs, (sizes[0], sizes[1], len(pairs.paths) - sum(sizes))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _ranges(sizes: tuple[int, int, int]) -> list[Indices]:
    ends = np.cumsum(sizes)
    return [np.arange(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _calibrate(
    model: EmbeddedImageText,
    measured: Weights,
    data: TrainingData,
    pairs: Pairs,
    held: Indices,
) -> str:
    """Fit on one half of the photos that ``measured`` never saw, check on the other, and write ``calibration.json``."""
    vocabulary = packaged_vocabulary()
    words = asyncio.run(word_vectors(vocabulary, model, None))
    mentioned = mentions(vocabulary.words, [[pairs.captions[row] for row in data.rows[i]] for i in held])
    images, half = project(measured, data.views[0][held]), len(held) // 2
    fitted = f"logistic regression on {half} Flickr8k photos that the weights of the first run never saw"
    calibration = fit_calibration(model.name, images[:half], words, mentioned[:half], fitted)
    error, first = calibration_error(images[half:], words, mentioned[half:], calibration)
    rest = f"on the other {len(held) - half} the expected calibration error is {error:.4f}"
    note = f"{fitted}; {rest} and the surest word is mentioned for {first:.3f} of them"
    final = calibration.model_copy(update={"fitted": note})
    write_atomically(DATA / "calibration.json", final.model_dump_json().encode() + b"\n")
    return note


def _row(run: str, name: str, images: int, figures: Recalls | None) -> str:
    values = [*figures.text_to_image, *figures.image_to_text] if figures else []
    return f"| {run} | {name}, {images:,} unseen | " + " | ".join(f"{value:.3f}" for value in values) + " |"


def _card(lines: list[str], note: str, size: int) -> str:
    table = "\n".join(lines)
    return f"""# Projection of the embedded image-text model

`projection.safetensors` ({size:,} bytes, float16): the head that takes the {FEATURE_DIM:,} features of EfficientNet-Lite0 (the
pooled output, and the mean and spread of every channel of eight stages) into the 384-d text space of all-MiniLM-L6-v2: linear,
GELU, linear without bias, unit length, the form of open_clip's `timm_proj: mlp` head. It is {FROM_SCRATCH.members} heads of
{FROM_SCRATCH.hidden} hidden units folded into one. The towers are frozen, come from packages, and are not in this folder.

## Data
- Flickr8k: photos with five human captions each (squashed to 224x224), non-commercial research terms.
- Product photos (224x224) with their name and "colour type for gender" as captions; the data set's page says MIT, the
  photos are the shop's.
- `coco_cc` (51 COCO photos, CC BY / CC BY-SA) is used for figures only.

No photo and no caption is in this folder: only the weights fitted on them. Whoever needs weights free of
non-commercial data trains their own with `tastemaker align --from-scratch` and sets `models.image_text` to `embedded:PATH`.

## Why it is not fitted on free photos
`coco_cc` is all there is of photos with captions whose licence allows commercial use. Tried on 1,000 photos of Flickr8k as a test
only, text to image R@10 (the recipe above on 3,500 other photos of Flickr8k and 3,000 products: 0.624): the recipe on the 51 free photos
0.08, the tower's own 1,000 ImageNet classes by their WordNet names and definitions (Norouzi et al. 2014, ConSE) 0.29, both
together 0.30 (95 % 0.28 to 0.32). A few thousand free photos with captions would do.

## Method
CLIP's contrastive loss on frozen features, photos mirrored or not by chance, one caption by chance per image and epoch,
{FROM_SCRATCH.epochs} epochs, batches of 512, AdamW {FROM_SCRATCH.learning_rate:g} with warm-up and half a cosine, weight decay
{FROM_SCRATCH.weight_decay:g}, dropout {FROM_SCRATCH.feature_dropout:g} on the features and {FROM_SCRATCH.hidden_dropout:g} on the
hidden layer, seed {SEED}, in NumPy. Figures come from a run with {HELD_OUT:,} photos and {HELD_OUT:,} products held back; the
shipped weights are trained on all of them. `tastemaker bench vision` measures photos and products apart.

## Figures
Recall at 1, 5 and 10. Made by `{COMMAND}`.

| trained on | searched | text to image @1 | @5 | @10 | image to text @1 | @5 | @10 |
|---|---|---|---|---|---|---|---|
{table}

Every caption counts as a query; only its own image is right, although several products share a name.

## Calibration of the zero-shot tags (`calibration.json`)
A confidence is the probability that one of five people would mention the word.
Fit: {note}.
It comes from everyday photos; on other material it is a ranking more than a probability.

{LIMITS}"""


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), _to_stderr)
