"""Read the photos and products of ``bench vision`` and keep their frozen features in the cache, a piece at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import InvalidRequestError
from ...core.protocols import Vectors
from ...models.alignment.align import PairSet, embed_pairs
from ...models.alignment.resumable_rows import KeptRows
from ...models.alignment.train import Indices, TrainingData
from ...models.image_text.embedded import EmbeddedImageText
from ...stores.ingest.picture_text_pairs import read_pairs


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures with their captions and features; for products the article types, and the vector of each type's name."""

    paths: list[str]
    captions: list[str]
    data: TrainingData
    types: tuple[str, ...] = ()
    kinds: Mapping[str, Vectors] = field(default_factory=dict)

    @property
    def names(self) -> list[Indices]:
        """Return for each picture the row of its first caption, which is a product's name."""
        return [rows[:1] for rows in self.data.rows]


def photos(folder: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None]) -> Pictures:
    """Return Flickr8k: photos with five captions each."""
    source = folder / "flickr8k" / "captions.csv"
    return _pictures(source, model, cache, say, mirrored=True)


def products(folder: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None]) -> Pictures:
    """Return the fashion catalogue as `tastemaker align` reads it."""
    source = folder / "fashion" / "products.csv"
    found = _pictures(source, model, cache, say)
    with source.open(encoding="utf-8", newline="") as file:
        types = tuple(row["articleType"] for row in csv.DictReader(file))
    if len(types) != len(found.paths):
        raise InvalidRequestError("--data", f"{source}: {len(types) - len(found.paths)} products have no picture")
    kinds = sorted(set(types))
    vectors = model.encode_texts([kind.lower() for kind in kinds])
    return Pictures(found.paths, found.captions, found.data, types, dict(zip(kinds, vectors, strict=True)))


def _pictures(
    source: Path, model: EmbeddedImageText, cache: Path, say: Callable[[str], None], *, mirrored: bool = False
) -> Pictures:
    if not source.is_file():
        raise InvalidRequestError("--data", f"{source} is not there; name the folder that holds flickr8k/ and fashion/")
    read = read_pairs(source)
    pairs = PairSet(read.paths, read.captions, read.owners, read.labels)
    data = embed_pairs(model, pairs, KeptRows(cache / "bench" / "vision", say), mirrored=mirrored)
    return Pictures(read.paths, read.captions, data)
