"""Keep versions of something in folders, one of them in use: each appears whole or not at all, and one rename switches.

``ROOT/VERSION/`` holds a version's files; a file of ``ROOT`` names the one in use. Several processes may read while one writes; a
process killed half-way leaves nothing that looks whole.
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from .errors import StoreError

_VERSION = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6,8}")


class Versions:
    """The versions under ``root``, named by the time they were made.

    Args:
        root: the folder.
        mark: a file that every whole version holds.
        pointer: the file that names the one in use.
        advice: what to do where that file is broken, for messages.
    """

    def __init__(self, root: Path, mark: str, pointer: str, advice: str) -> None:
        self.root = root
        self._mark, self._pointer, self._advice = mark, pointer, advice

    def versions(self) -> list[str]:
        """Return every finished version, oldest first."""
        found = self.root.glob(f"*/{self._mark}")
        return sorted(path.parent.name for path in found if _VERSION.fullmatch(path.parent.name))

    def chosen(self) -> str | None:
        """Return the version that is to be used, if any.

        Raises:
            StoreError: the file that names it cannot be read or names none.
        """
        try:
            name = (self.root / self._pointer).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeError) as error:
            raise StoreError(f"the file {self._pointer!r} of the versions cannot be read; {self._advice}") from error
        if not _VERSION.fullmatch(name):
            raise StoreError(f"the file {self._pointer!r} names no version; {self._advice}")
        return name

    def in_use(self) -> str | None:
        """Return as ``chosen``; None, too, where what names it is broken, so that another can be put to use."""
        try:
            return self.chosen()
        except StoreError:
            return None

    def new_name(self, suffix: str | None = None) -> str:
        """Return the name of a new version, later than every other, with ``suffix`` (hexadecimal) where that is so."""
        newest = max(self.versions(), default="")
        stamp = max(datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), newest[:15])
        name = f"{stamp}-{suffix or secrets.token_hex(3)}"
        return name if name > newest else f"{stamp}-{min(int(newest[16:22], 16) + 1, 0xFFFFFF):06x}"

    def move_in(self, folder: Path, version: str) -> None:
        """Make the files of a folder beside the versions a version, by one rename after all of it is on disk.

        Raises:
            StoreError: the disk refused.
        """
        try:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                _to_disk(path)
            folder.rename(self.root / version)
            _to_disk(self.root)
        except OSError as error:
            raise StoreError(f"cannot write {self.root}: {error.strerror}; make room and start again") from error

    def point_to(self, version: str) -> None:
        """Name the version to be used, for every process.

        Raises:
            StoreError: the disk refused.
        """
        temporary = self.root / f"{self._pointer}.{os.getpid()}.{secrets.token_hex(3)}.tmp"
        try:
            temporary.write_text(f"{version}\n", encoding="utf-8")
            _to_disk(temporary)
            temporary.replace(self.root / self._pointer)
            _to_disk(self.root)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"cannot switch in {self.root}: {error.strerror}") from error


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
