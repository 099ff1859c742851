"""Turn a folder of MovieLens-100k into a catalogue and interactions; fetch it from an address the user gives.

The data are GroupLens's, for research and without redistribution: nothing of them is bundled, and what is made from them
stays in the user's own folder. Posters and plots are used where the folder holds ``items.csv`` and ``posters/``.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from ...core.errors import BackEndUnavailable, InvalidRequestError
from .scripts import DATA, Ask, Demonstration, media

NEEDED = ("u.item", "u.data")
WANTED = (*NEEDED, "u.user", "u.genre", "README")
GENRES = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Film-Noir|Horror|Musical|"
    "Mystery|Romance|Sci-Fi|Thriller|War|Western"
)
_ARTICLE = re.compile(r"(?P<name>[^()]+), (?P<article>The|An?)(?P<rest>(?: \(.*\))?)")
KNOWN_USER = "1"
MAX_ZIP_BYTES = 100_000_000
MAX_FILE_BYTES = 50_000_000
TIMEOUT_S = 60.0
PHOTO_ITEM = "71"  # The Lion King, whose poster is shown as the request's photo where there are posters


def convert(folder: Path, out: Path) -> Demonstration:
    """Write ``catalogue.csv`` and ``interactions.csv`` under ``out`` from the files in ``folder``.

    Raises:
        InvalidRequestError: a needed file is missing or has another form; names ``folder``.
    """
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise InvalidRequestError("folder", f"{folder} holds no {' and no '.join(missing)}: it must be MovieLens-100k")
    out.mkdir(parents=True, exist_ok=True)
    try:
        _write(out / "catalogue.csv", film_rows(folder))
        _write(out / "interactions.csv", _ratings(folder))
    except (ValueError, IndexError, KeyError, csv.Error) as error:
        raise InvalidRequestError("folder", f"{folder} is not MovieLens-100k: {error}") from error
    return Demonstration(
        name="ml100k",
        note="MovieLens-100k: films and ratings by GroupLens (F. M. Harper, J. A. Konstan, 2015), for research only.",
        catalogue=out / "catalogue.csv",
        interactions=out / "interactions.csv",
        media=folder,
        asks=_asks(folder),
    )


def film_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the films in ``folder`` as rows of a catalogue file, genres joined by ``|``."""
    extra = _extra(folder / "items.csv")
    for line in (folder / "u.item").read_text(encoding="latin-1").splitlines():
        item_id, title, released, _, url, *flags = line.split("|")
        more = extra.get(item_id, {})
        name, year = _title_and_year(title, released)
        poster = more.get("poster", "")
        yield {
            "item_id": item_id,
            "title": name,
            "text": more.get("description") or more.get("abstract") or "",
            "year": year,
            "genres": "|".join(g for g, flag in zip(GENRES.split("|")[1:], flags[1:], strict=True) if flag == "1"),
            "url": url,
            "image": poster if poster and (folder / poster).is_file() else "",
        }


def _ratings(folder: Path) -> Iterator[dict[str, str]]:
    for line in (folder / "u.data").read_text(encoding="ascii").splitlines():
        user_id, item_id, rating, seconds = line.split("\t")
        at = datetime.fromtimestamp(int(seconds), UTC)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield {"user_id": user_id, "item_id": item_id, "kind": "rating", "at": stamp, "value": rating}


def _extra(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["item_id"]: row for row in csv.DictReader(file)}


def _title_and_year(title: str, released: str) -> tuple[str, str]:
    """Split ``Big Blue, The (Grand bleu, Le) (1988)`` into ``The Big Blue (Grand bleu, Le)`` and ``1988``."""
    name, bracket, year = title.strip().rpartition(" (")
    year = year.rstrip(")")
    if not (bracket and year.isdigit()):
        name, year = title.strip(), released[-4:]
    turned = _ARTICLE.fullmatch(name)
    if turned:
        name = f"{turned['article']} {turned['name']}{turned['rest']}"
    return name, year if year.isdigit() else ""


def _asks(folder: Path) -> tuple[Ask, ...]:
    poster = next((p for p in folder.glob(f"posters/{PHOTO_ITEM}.*")), None)
    shown = {"images": [media(poster)]} if poster else {}
    spoken = {"audio": [media(DATA / "voice" / "voice-film.ogg")]}
    return (
        Ask(
            f"User {KNOWN_USER} of the data types{', shows a poster' if poster else ''} and speaks",
            {"user_id": KNOWN_USER, "text": "A comedy like this one.", "n": 5, **shown, **spoken},
        ),
        Ask(
            "The same user goes on in the same thread",
            {"user_id": KNOWN_USER, "text": "Not the first one. Only films before 1990.", "n": 5},
            follows=True,
        ),
        Ask("A stranger types and speaks", {"text": "A comedy from the nineties.", "n": 5, **spoken}),
    )


def _write(path: Path, rows: Iterator[dict[str, str]]) -> None:
    first = next(rows)
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    partial.replace(path)


def download(url: str, folder: Path) -> Path:
    """Fetch the zip file at ``url`` (https, http or file) and put MovieLens's files into ``folder``.

    Raises:
        InvalidRequestError: the address is not usable, or what it gives is not MovieLens-100k; names ``url``.
        BackEndUnavailable: it cannot be fetched.
    """
    if urlsplit(url).scheme not in {"https", "http", "file"}:
        raise InvalidRequestError("url", f"{url!r} must start with https://, http:// or file://")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        _unpack(_fetch(url), Path(temporary), url)
        for file in Path(temporary).iterdir():
            shutil.move(file, folder / file.name)
    return folder


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  # scheme checked by the caller
            content: bytes = answer.read(MAX_ZIP_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise BackEndUnavailable(f"{url} cannot be fetched: {error}", back_end="download") from error
    if len(content) > MAX_ZIP_BYTES:
        raise InvalidRequestError("url", f"the file is larger than {MAX_ZIP_BYTES:,} bytes")
    return content


def _unpack(content: bytes, folder: Path, url: str) -> None:
    """Write the wanted members, by their last name only, so that no path in the archive is followed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {Path(m.filename).name: m for m in archive.infolist() if m.file_size <= MAX_FILE_BYTES}
            missing = [name for name in NEEDED if name not in members]
            if missing:
                raise InvalidRequestError("url", f"the archive at {url} holds no {' and no '.join(missing)}")
            for name in WANTED:
                if name in members:
                    (folder / name).write_bytes(archive.read(members[name]))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InvalidRequestError("url", f"{url} is not a zip file: {error}") from error
