"""Find an item's picture in the media folder and check it without trusting it: place, type, size, and that it decodes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...core.media.pictures import BROKEN, TooLarge, open_picture, size_problem
from ...core.schemas import Item, Variant

MAX_IMAGE_BYTES = 50_000_000
MAX_IMAGE_PX = 64_000_000
_BLOCK = 1 << 20
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic")


class ImageProblem(Exception):
    """Say why a picture cannot be used."""


class PictureAddress(ImageProblem):
    """The picture lies elsewhere."""


def named_by_id(item_id: str, media: Path) -> str:
    """Return the picture in ``media`` that is called by an item's id, also in a folder of its first digits, or nothing."""
    names = (f"{folder}{item_id}{suffix}" for folder in ("", f"{item_id[:3]}/", "images/") for suffix in _SUFFIXES)
    return next((name for name in names if "/" not in item_id and (media / name).is_file()), "")


def locate(name: str, media: Path) -> Path:
    """Return the file of the picture ``name`` in the folder ``media``; of an address, the file there of the same name.

    Raises:
        PictureAddress: an address, and no file of its name.
        ImageProblem: outside the folder, missing, or too large.
    """
    root = media.resolve()
    if "://" in name:
        name = unquote(urlsplit(name).path).rpartition("/")[2]
        if not name or not (root / name).is_file():
            raise PictureAddress("is an address; only files in the media folder are read, and none there has its name")
    try:
        path = (root / name.lstrip("/\\")).resolve()
        if not path.is_relative_to(root):
            raise ImageProblem("lies outside the media folder")
        if not path.is_file():
            raise ImageProblem("no such file in the media folder")
        size = path.stat().st_size
    except (OSError, ValueError, RuntimeError) as error:
        raise ImageProblem("cannot be read") from error
    if size > MAX_IMAGE_BYTES:
        raise ImageProblem(f"{size} bytes, at most {MAX_IMAGE_BYTES}")
    return path


def variant_pictures(item: Item, media: Path, warn: Callable[[str], None]) -> tuple[Variant, ...]:
    """Return the choices of ``item`` with their pictures in the folder ``media``; an address stays one, what is not there is told to ``warn``."""
    return tuple(v.model_copy(update={"image": _shown(v.image, media, warn)}) if v.image else v for v in item.variants)


def _shown(name: str, media: Path, warn: Callable[[str], None]) -> str | None:
    try:
        return locate(name, media).relative_to(media.resolve()).as_posix()
    except PictureAddress:
        return name
    except ImageProblem as problem:
        warn(f"of a variant: {name[:200]}: {problem}; left out")
        return None


def file_digest(path: Path) -> str:
    """Return a hash of the file's bytes.

    Raises:
        ImageProblem: the file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ImageProblem("cannot be read") from error
    return digest.hexdigest()


def check_image(path: Path, *, decode: bool) -> None:
    """Check a picture's header, and with ``decode`` every pixel.

    Raises:
        ImageProblem: not a picture, too many pixels, or damaged.
    """
    try:
        with open_picture(path) as image:
            if problem := size_problem(*image.size, MAX_IMAGE_PX):
                raise ImageProblem(problem)
            if decode:
                image.load()
    except TooLarge as error:
        raise ImageProblem(f"more than {MAX_IMAGE_PX} pixels") from error
    except BROKEN as error:
        raise ImageProblem("not a picture that can be decoded") from error
