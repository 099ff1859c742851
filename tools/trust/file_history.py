"""Read what a photo's file says of its own past: the preview kept from the camera, the programs and the dates it names.

Cameras store a small preview beside the picture, and many editors leave it as it was: where the two differ, the picture was changed after
it was taken. What a file says of itself can be written by anybody, so the rest is told and never counted.

Source: Kee and Farid 2010, "Digital image authentication from thumbnails"; EXIF 2.32; IPTC digital source types.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from .method import Finding, Method, Photo, region_of

PREVIEW_PX = 48
SAME_SHAPE = 0.04
SAME_PREVIEW = 0.9
CHANGED_GREY = 40.0
MOST_NAME = 60
GENERATED = (b"trainedAlgorithmicMedia", b"compositeWithTrainedAlgorithmicMedia")


def examine(photo: Photo) -> Finding:
    """Return a conflict where the preview shows another picture; else what the file says of itself, which is no evidence."""
    preview = _preview(photo.image)
    if preview is not None:
        alike, changed = _compare(photo.image, preview)
        if alike < SAME_PREVIEW:
            reason = "The preview that the camera kept in the file shows something else than the picture: it was changed since."
            return Finding("conflict", reason, 1 - alike, region_of(changed), changed.astype(np.float32))
    said = " ".join(_said(photo)) or "The file says nothing of its past."
    return Finding("no evidence", said, 0.0)


def _preview(image: Image.Image) -> Image.Image | None:
    """Return the preview in the file's EXIF data; none where there is none, it cannot be read, or it has other sides (a cropped picture)."""
    block = image.info.get("exif", b"")
    facts = image.getexif().get_ifd(ExifTags.IFD.IFD1)
    start, length = facts.get(ExifTags.Base.JpegIFOffset), facts.get(ExifTags.Base.JpegIFByteCount)
    if not (isinstance(start, int) and isinstance(length, int) and block):
        return None
    try:
        preview = Image.open(BytesIO(block[6 + start : 6 + start + length]))
        preview.load()
    except (OSError, ValueError, SyntaxError):
        return None
    grey = preview.convert("L")
    wanted = image.width / image.height
    return next((p for p in (grey, _without_bars(grey)) if abs(p.width / p.height / wanted - 1) <= SAME_SHAPE), None)


def _without_bars(preview: Image.Image) -> Image.Image:
    """Cut the black bars that fill a preview up to 4 by 3."""
    grey = np.asarray(preview)
    rows, columns = np.flatnonzero(grey.max(axis=1) > 24), np.flatnonzero(grey.max(axis=0) > 24)
    if not (len(rows) and len(columns)):
        return preview
    return preview.crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))


def _compare(image: Image.Image, preview: Image.Image) -> tuple[float, NDArray[np.bool_]]:
    """Return the correlation of picture and preview, -1 to 1, and where they differ (rows, columns)."""
    size = (PREVIEW_PX, PREVIEW_PX)
    left, right = (
        np.asarray(one.convert("L").resize(size, Image.Resampling.BOX), np.float32) for one in (image, preview)
    )
    if left.std() < 1 or right.std() < 1:
        return 1.0, np.zeros(size, bool)
    alike = float(np.corrcoef(left.ravel(), right.ravel())[0, 1])
    fitted = (right - right.mean()) / right.std() * left.std() + left.mean()
    return alike, np.abs(left - fitted) > CHANGED_GREY


def _said(photo: Photo) -> list[str]:
    """Return sentences about what the file declares."""
    exif = photo.image.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    program, camera = _plain(exif.get(ExifTags.Base.Software)), _plain(exif.get(ExifTags.Base.Model))
    taken, changed = _plain(detail.get(ExifTags.Base.DateTimeOriginal)), _plain(exif.get(ExifTags.Base.DateTime))
    sentences = [
        f"The file names the camera {camera}." if camera else "",
        f"It was last saved by {program}." if program else "",
    ]
    if taken and changed and taken[:10] != changed[:10]:
        sentences.append(
            f"It was taken on {taken[:10].replace(':', '-')} and changed on {changed[:10].replace(':', '-')}."
        )
    if any(mark in photo.data for mark in GENERATED):
        sentences.append("It declares that generative AI made it.")
    return [sentence for sentence in sentences if sentence]


def _plain(value: object) -> str:
    """Keep a text from a file as short, printable data."""
    return "".join(c for c in str(value or "") if c.isprintable())[:MOST_NAME].strip()


FILE_HISTORY = Method(
    "file_history",
    examine,
    "Kee and Farid 2010, previews in EXIF data",
    "Sees only what the file kept; most shops and messengers strip it.",
)
