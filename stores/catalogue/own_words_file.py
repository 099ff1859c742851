"""Keep a shop's own words in a file beside its catalogue, which no ingest touches."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from ...core.errors import StoreError
from ...core.language.own_words import OwnWords


class OwnWordsFile:
    """The own words of one catalogue; a catalogue in an object store has none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: tuple[int, OwnWords] = 0, OwnWords()

    def read(self) -> OwnWords:
        """Return the words, read again only where the file changed.

        Raises:
            StoreError: the file cannot be read or is none of ours.
        """
        changed = self._changed()
        if changed != self._known[0]:
            self._known = changed, self._parsed() if changed else OwnWords()
        return self._known[1]

    def write(self, words: OwnWords) -> None:
        """Keep ``words``, in one step.

        Raises:
            StoreError: the catalogue is in an object store, or the file cannot be written.
        """
        if self._path is None:
            raise StoreError("own words are kept for catalogues in a folder only; this one is in an object store")
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(words.model_dump_json(indent=2), encoding="utf-8")
            os.replace(fresh, self._path)
        except OSError as error:
            raise StoreError(f"cannot write {self._path}") from error

    def _changed(self) -> int:
        try:
            return self._path.stat().st_mtime_ns if self._path else 0
        except FileNotFoundError:
            return 0

    def _parsed(self) -> OwnWords:
        assert self._path is not None
        try:
            return OwnWords.model_validate_json(self._path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise StoreError(f"{self._path} cannot be read as a shop's own words: mend or delete it") from error
