"""Keep trained versions of one tenant in folders, put one to use atomically, go back, and tell a broken one.

A version holds a model's files, its card and ``manifest.json`` (sha256 of every file); see ``core.versions``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from ..core.errors import ConfigurationError, InvalidRequestError, StoreError
from ..core.learning.model_card import ModelCard
from ..core.versions import Versions

MANIFEST, CARD, CARD_TEXT, CURRENT = "manifest.json", "card.json", "card.md", "current"
KEEP = 5
_CHUNK = 1 << 20


class Artefacts(Versions):
    """The trained versions under ``root``; at least the newest ``keep`` and the one in use stay."""

    def __init__(self, root: Path, keep: int = KEEP) -> None:
        super().__init__(root, MANIFEST, CURRENT, "`tastemaker train --rollback VERSION` puts one to use")
        self._keep = max(1, keep)

    @property
    def work(self) -> Path:
        """Return the folder of unfinished work."""
        return self.root / "work"

    def current(self) -> str | None:
        """Return the version in use, if any. Raises as ``chosen``."""
        return self.chosen()

    def before(self, version: str) -> str | None:
        """Return the newest version that is older than ``version``."""
        return next((v for v in reversed(self.versions()) if v < version), None)

    def card(self, version: str) -> ModelCard:
        """Return a version's card.

        Raises:
            InvalidRequestError: there is no such version.
            StoreError: it cannot be read.
        """
        self._check(version)
        try:
            return ModelCard.model_validate_json((self.root / version / CARD).read_bytes())
        except (OSError, ValidationError) as error:
            raise StoreError(f"the card of version {version} cannot be read; train again") from error

    def folder(self, version: str, without: Collection[str] = ()) -> Path:
        """Return the folder of ``version`` after checking every file of it but those in ``without``.

        Raises:
            StoreError: a file is missing or was changed; names it.
        """
        folder = self.root / version
        for name in self._digests(version):
            if name not in without:
                self.file(version, name)
        return folder

    def file(self, version: str, name: str) -> Path:
        """Return one file of ``version`` after checking it.

        Raises:
            StoreError: it is missing or was changed.
        """
        path = self.root / version / name
        try:
            if _sha256(path) == self._digests(version)[name]:
                return path
        except (OSError, KeyError) as error:
            raise StoreError(f"version {version} is not whole: {name} is missing") from error
        raise StoreError(f"{name} of version {version} was changed")

    def _digests(self, version: str) -> Mapping[str, str]:
        try:
            read = json.loads((self.root / version / MANIFEST).read_text(encoding="utf-8"))
            return {str(name): str(digest) for name, digest in read["files"].items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise StoreError(f"version {version} is not whole") from error

    @contextmanager
    def training(self) -> Iterator[None]:
        """Hold the right to train; what a killed process left half-made is removed.

        Raises:
            ConfigurationError: another process trains.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "training.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(f"another training runs in {self.root}; wait for it or stop it") from None
            for left in self.root.glob("half-*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def begin(self) -> tuple[str, Path]:
        """Return the name of a new version, later than every other, and an empty folder for its files."""
        version = self.new_name()
        folder = self.root / f"half-{version}"
        folder.mkdir(parents=True)
        return version, folder

    def publish(self, folder: Path, card: ModelCard) -> None:
        """Make the files in ``folder`` the version that ``card`` describes; it is not in use yet.

        Raises:
            StoreError: the disk refused.
        """
        try:
            (folder / CARD).write_text(card.model_dump_json(indent=2), encoding="utf-8")
            (folder / CARD_TEXT).write_text(card.markdown(), encoding="utf-8")
            files = sorted(p for p in folder.rglob("*") if p.is_file())
            digests = {p.relative_to(folder).as_posix(): _sha256(p) for p in files}
            (folder / MANIFEST).write_text(json.dumps({"files": digests}, indent=1), encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {self.root}: {error.strerror}; make room and train again") from error
        self.move_in(folder, card.version)
        self._prune()

    def switch(self, version: str) -> None:
        """Put ``version`` to use for every process.

        Raises:
            InvalidRequestError: there is no such version.
            StoreError: it is broken, or the disk refused.
        """
        self._check(version)
        self.folder(version)
        self.point_to(version)

    def roll_back(self, version: str | None = None) -> str:
        """Put ``version``, or the one before the one in use, to use; return its name.

        Raises:
            InvalidRequestError: there is none.
            StoreError: it is broken.
        """
        current = None if version else self.current()
        chosen = version or (self.before(current) if current else None)
        if chosen is None:
            raise InvalidRequestError("version", "there is no earlier version to go back to")
        self.switch(chosen)
        return chosen

    def _check(self, version: str) -> None:
        if version not in self.versions():
            known = ", ".join(self.versions()) or "none; run `tastemaker train`"
            raise InvalidRequestError("version", f"there is no version {version!r}; there are: {known}")

    def _prune(self) -> None:
        current = self.in_use()
        for version in self.versions()[: -self._keep]:
            if version != current and not (current and version == self.before(current)):
                shutil.rmtree(self.root / version, ignore_errors=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
