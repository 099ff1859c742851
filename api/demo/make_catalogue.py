"""Build the bundled print shop from the 51 redistributable photos: ``python -m tastemaker.api.demo.make_catalogue COCO_FOLDER``.

Titles, descriptions, themes and rooms are written by hand in ``api/demo/source/prints.csv``; subjects are COCO's object
annotations plus hand-written ones; colours and orientation come from the pixels; formats, frames and prices are invented
by a seeded draw. The output in ``api/demo/data`` is committed, so users never run this.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

SEED = 20262533  # chosen so that every theme has prints under 40 euros
DATA = Path(__file__).parent / "data"
SOURCE = Path(__file__).parent / "source" / "prints.csv"
MAX_PX = 480
JPEG_QUALITY = 80
FORMATS = {  # long side x short side in cm -> price range in euros before the frame
    "small": ((30, 20), (12, 19)),
    "medium": ((45, 30), (22, 32)),
    "large": ((60, 40), (38, 52)),
    "extra large": ((90, 60), (66, 89)),
}
FORMAT_WEIGHTS = (4, 4, 3, 1)
FRAMES = {"unframed": 0, "black": 12, "oak": 16, "white": 12}
FRAME_WEIGHTS = (5, 2, 2, 2)
HUES = ((15, "red"), (42, "orange"), (62, "yellow"), (165, "green"), (255, "blue"), (320, "purple"), (345, "pink"))
Row = dict[str, str]


def build(coco: Path, out: Path = DATA) -> list[Row]:
    """Write photos, ``catalogue.csv`` and ``ATTRIBUTION.csv`` under ``out``; return the catalogue's rows."""
    photos = {row["id"]: row for row in _read(coco / "photos.csv")}
    rng = random.Random(SEED)  # noqa: S311  # an invented price list, not a secret
    catalogue: list[Row] = []
    attribution: list[Row] = []
    for facts in _read(SOURCE):
        photo = photos[facts["id"]]
        name, changes = _copy_photo(coco / photo["image"], facts, out)
        attribution.append(_credit(facts, photo, name, changes))
        if facts["role"] == "catalogue":
            catalogue.append(_print(facts, photo, out / name, rng))
    _write(out / "catalogue.csv", catalogue)
    _write(out / "ATTRIBUTION.csv", attribution)
    return catalogue


def _copy_photo(source: Path, facts: Mapping[str, str], out: Path) -> tuple[str, str]:
    role, _, request_name = facts["role"].partition(":")
    name = f"request/{request_name}" if role == "request" else f"photos/{facts['id']}.jpg"
    target = out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as image:
        small = image.convert("RGB")
        small.thumbnail((MAX_PX, MAX_PX))
        small.save(target, "JPEG", quality=JPEG_QUALITY, optimize=True)
    if target.stat().st_size < source.stat().st_size:
        return name, f"scaled to at most {MAX_PX} px, JPEG quality {JPEG_QUALITY}, metadata removed"
    target.write_bytes(source.read_bytes())
    return name, f"scaled to at most {MAX_PX} px"


def _credit(facts: Mapping[str, str], photo: Mapping[str, str], name: str, changes: str) -> Row:
    return {
        "file": name,
        "coco_id": facts["id"],
        "licence": photo["licence"],
        "source_url": photo["source_url"],
        "changes": changes,
    }


def _print(facts: Mapping[str, str], photo: Mapping[str, str], image: Path, rng: random.Random) -> Row:
    subjects = dict.fromkeys([*photo["objects"].split("|"), *facts["extra_subjects"].split("|")])
    colours, grey = colours_of(image)
    with Image.open(image) as picture:
        width, height = picture.size
    return {
        "item_id": f"print-{facts['id']}",
        "title": facts["title"],
        "description": facts["description"],
        "theme": facts["theme"],
        "subjects": "|".join(subject for subject in subjects if subject),
        "colour": "|".join(colours),
        "black_and_white": str(grey).lower(),
        "setting": facts["setting"],
        "room": facts["room"],
        **_offer(width, height, rng),
        "url": photo["source_url"],
        "image": f"photos/{image.name}",
    }


def _offer(width: int, height: int, rng: random.Random) -> Row:
    """Draw an invented format, frame and price that suit the picture's shape."""
    size = rng.choices(list(FORMATS), FORMAT_WEIGHTS)[0]
    frame = rng.choices(list(FRAMES), FRAME_WEIGHTS)[0]
    (long, short), (low, high) = FORMATS[size]
    ratio = width / height
    orientation = "square" if 0.9 < ratio < 1.1 else "landscape" if ratio > 1 else "portrait"
    sides = {"square": (short, short), "landscape": (long, short), "portrait": (short, long)}[orientation]
    return {
        "price": f"{rng.randint(low, high) + FRAMES[frame] - 0.1:.2f}",
        "currency": "EUR",
        "size": size,
        "format": f"{sides[0]} x {sides[1]} cm",
        "frame": frame,
        "orientation": orientation,
    }


def colours_of(path: Path) -> tuple[list[str], bool]:
    """Name the colours that cover at least 12 % of a picture, most frequent first, and say whether it is grey.

    Pixels are sorted into twelve names by hue, saturation and value; a picture counts as black and white when fewer than
    2 % of its pixels have a saturation above 0.2.
    """
    with Image.open(path) as image:
        small = image.convert("RGB").resize((96, 96), Image.Resampling.BILINEAR)
    hsv = np.asarray(small.convert("HSV"), dtype=np.float32).reshape(-1, 3)
    hue, saturation, value = hsv[:, 0] * 360 / 255, hsv[:, 1] / 255, hsv[:, 2] / 255
    names = np.array([_name(h, s, v) for h, s, v in zip(hue, saturation, value, strict=True)])
    found, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts)
    colours = [str(found[i]) for i in order if counts[i] >= 0.12 * len(names)]
    return colours or [str(found[order[0]])], bool(((saturation > 0.2) & (value > 0.2)).mean() < 0.02)


def _name(hue: float, saturation: float, value: float) -> str:
    if value < 0.2:
        return "black"
    if saturation < 0.15:
        return "white" if value > 0.8 else "grey"
    name = next((name for bound, name in HUES if hue < bound), "red")
    if name in {"orange", "yellow"} and saturation < 0.35 and value > 0.6:
        return "beige"
    if name == "orange" and value < 0.65:
        return "brown"
    if name == "yellow" and value < 0.5:
        return "green" if hue > 50 else "brown"
    return name


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("coco", type=Path, help="folder with photos.csv and images/")
    build(parser.parse_args().coco)
