"""Make pairs of picture and words of a catalogue file, to align the image-text model to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.schemas import AttributeValue, Item
from .file_readers import column_names, read_records
from .file_survey import survey
from .pictures import ImageProblem, check_image, locate
from .plan import Choices
from .rows_to_items import RowError, to_item

SHORT_CHARS, TEXT_CHARS = 40, 200
SUBSETS, SUBSET_SIZE = 2, 2


@dataclass(slots=True)
class Pairs:
    """Paths of pictures, captions, and for each caption the position of its picture; ``skipped`` had no usable picture.

    ``labels`` are, for each picture of a catalogue, its short values by field, empty where it has none.
    """

    paths: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    skipped: int = 0

    def add(self, path: Path | str, captions: list[str]) -> None:
        """Append one picture with its captions, the most important one first."""
        self.owners.extend([len(self.paths)] * len(captions))
        self.paths.append(str(path))
        self.captions.extend(captions)


def read_pairs(
    source: Path,
    *,
    choices: Choices | None = None,
    media: Path | None = None,
    seed: int = 0,
) -> Pairs:
    """Return the pairs of a file: of a table with the columns ``image`` and ``caption``, or else of a catalogue.

    An item of a catalogue gives its title, its short attribute values together, some of them by chance, and the start of
    its text. Items without a picture that can be read are counted and left out.

    Raises:
        InvalidRequestError: the file or the mapping is not usable.
    """
    if not (choices and choices.mapping) and {"image", "caption"} <= set(column_names(source)):
        return _captioned(source, media or source.parent)
    found = survey(source, choices)
    if "image" not in found.plan.fields:
        raise InvalidRequestError("image", f"{source.name} has no column of pictures; name it with --map image=COLUMN")
    chance, pairs = np.random.default_rng(seed), Pairs()
    for record in found.records():
        try:
            item = to_item(record.values, found.plan) if not record.problem else None
        except RowError:
            item = None
        path = _picture(item.image if item else None, media or source.parent)
        if item is None or path is None:
            pairs.skipped += 1
            continue
        pairs.add(path, list(dict.fromkeys(_captions(item, chance))))
        pairs.labels.append(tuple(_label(item.attributes.get(column.target)) for column in found.plan.attributes()))
    return pairs


def _captioned(source: Path, media: Path) -> Pairs:
    """Return the pairs of a table with one caption a row; rows of the same picture are put together."""
    captions: dict[str, list[str]] = {}
    skipped = 0
    for record in read_records(source):
        image, caption = (str(record.values.get(name) or "").strip() for name in ("image", "caption"))
        if record.problem or not image or not caption:
            skipped += 1
            continue
        captions.setdefault(image, []).append(caption)
    pairs = Pairs(skipped=skipped)
    for image, own in captions.items():
        path = _picture(image, media)
        if path is None:
            pairs.skipped += len(own)
        else:
            pairs.add(path, own)
    return pairs


def _picture(name: str | None, media: Path) -> Path | None:
    try:
        path = locate(name, media) if name else None
        if path is not None:
            check_image(path, decode=False)
    except ImageProblem:
        return None
    return path


def _label(value: AttributeValue | None) -> str:
    """Return a short text, or the members of a list together; nothing for a number or a long text."""
    text = "|".join(sorted(value)) if isinstance(value, list) else value if isinstance(value, str) else ""
    return text if len(text) <= SHORT_CHARS else ""


def _captions(item: Item, chance: np.random.Generator) -> Iterator[str]:
    yield item.title
    values: list[str] = []
    for value in item.attributes.values():
        members = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        values += [member for member in members if len(member) <= SHORT_CHARS]
    if values:
        yield ", ".join(values)
        for _ in range(SUBSETS):
            chosen = sorted(chance.permutation(len(values))[:SUBSET_SIZE])
            yield " ".join(values[i] for i in chosen).lower()
    if item.text:
        yield item.text[:TEXT_CHARS]
