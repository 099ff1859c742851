"""Read the research sets of forged photos, by the honest photos they come from, and change photos as messengers and shops do."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

CHANGES = ("as is", "JPEG 70", "75 %")


class SetPhoto(NamedTuple):
    """A photo of a set: its kind (authentic, copy_move, splice), the family of photos it shares pixels with, its mask and its original."""

    path: Path
    kind: str
    family: str
    mask: Path | None = None
    original: Path | None = None


def part_of(family: str, parts: int) -> int:
    """Return which of ``parts`` a family belongs to, the same on every machine."""
    return int(hashlib.sha256(family.encode()).hexdigest(), 16) % parts


def casia(folder: Path) -> list[SetPhoto]:
    """Return CASIA v1: honest photos, then forged ones. A forged photo is of the family of both photos that it was made of."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    families = _families((_casia_name(r["authentic_parent"]), *r["tampered"].split("_")[-3:-1]) for r in rows)
    forged = [
        SetPhoto(
            folder / r["tampered"],
            r["kind"],
            families[_casia_name(r["authentic_parent"])],
            folder / r["mask"],
            folder / r["authentic_parent"],
        )
        for r in rows
    ]
    honest = [
        SetPhoto(path, "authentic", families.get(_casia_name(path.name), _casia_name(path.name)))
        for path in sorted((folder / "authentic").iterdir())
    ]
    return [*honest, *forged]


def comofod(folder: Path) -> list[SetPhoto]:
    """Return CoMoFoD: honest photos, then those with a copied part."""
    honest = [SetPhoto(p, "authentic", f"comofod-{p.stem}") for p in sorted((folder / "authentic").iterdir())]
    return honest + [
        SetPhoto(
            folder / "tampered" / p.path.name,
            "copy_move",
            p.family,
            folder / "masks" / f"{p.path.stem}.png",
            p.path,
        )
        for p in honest
    ]


def _casia_name(path: str) -> str:
    """Return ``ani0053`` for ``authentic/Au_ani_0053.jpg``."""
    return Path(path).stem.removeprefix("Au_").replace("_", "")


def _families(linked: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return a family for each name such that linked names share theirs."""
    family: dict[str, str] = {}
    for names in linked:
        joined = {family.get(name, name) for name in names}
        first = min(joined)
        family |= dict.fromkeys(names, first)
        family |= {name: first for name, old in family.items() if old in joined}
    return family


def after(image: Image.Image, change: str) -> bytes:
    """Return a photo, encoded, after ``JPEG 70`` (or another quality) or resizing to ``75 %``; ``as is`` loses nothing."""
    out, photo = BytesIO(), image.convert("RGB")
    if change.startswith("JPEG"):
        photo.save(out, "JPEG", quality=int(change.split()[1]))
        return out.getvalue()
    if change.endswith("%"):
        share = int(change.split(maxsplit=1)[0]) / 100
        photo = photo.resize((int(photo.width * share), int(photo.height * share)), Image.Resampling.BICUBIC)
    photo.save(out, "PNG")
    return out.getvalue()


def saved_like(original: Image.Image, forged: Image.Image) -> Image.Image:
    """Return an honest photo saved just as a forged one was: the control against judging by how a file was saved.

    ``forged`` is as it was opened; where it is no JPEG the original is returned.
    """
    tables = getattr(forged, "quantization", None)
    if not tables:
        return original
    sampling = {1: 0, 2: 2}[forged.layer[0][1]]  # type: ignore[attr-defined]
    out = BytesIO()
    original.convert("RGB").save(out, "JPEG", qtables=tables, subsampling=sampling)
    return Image.open(BytesIO(out.getvalue()))
