"""Load prompts from Markdown files that anyone may edit, check them in plain words and fill them in safely.

A file is taken up when it changes on disk. A broken edit leaves the last good version in use and is reported by ``check``.
"""

from __future__ import annotations

import builtins
import copy
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import ConfigurationError
from ...core.personal_data import mask
from ...core.schemas.chat import ChatMessage
from .file_format import PLACEHOLDER, Prompt, read_prompt, split_name

__all__ = ["Prompt", "PromptLibrary", "harmless", "render"]

log = logging.getLogger("tastemaker.prompts")
SETTLED_NS = 2_000_000_000
"""A folder that changed this short a time ago may change again without a new time of change."""


@dataclass
class _Entry:
    """What was last read of a file: its stamp (mtime in ns, size), the last good prompt and today's problems."""

    stamp: tuple[int, int] = (0, 0)
    prompt: Prompt | None = None
    problems: list[str] = field(default_factory=list)


@dataclass
class _Listing:
    """The files that a folder held at its time of change ``stamp``, ns; trusted once that lies ``SETTLED_NS`` back."""

    stamp: int = 0
    settled: bool = False
    paths: tuple[Path, ...] = ()


class PromptLibrary:
    """The prompts of a folder, ``<name>.md`` or ``<name>@<version>.md``.

    Args:
        folder: where the files are; None takes the prompts of the package.
        live: prompt name -> version to use where a caller names none; otherwise the newest version is used.
    """

    def __init__(self, folder: Path | None, live: Mapping[str, str]) -> None:
        self.folder = folder or Path(__file__).resolve().parents[2] / "prompts"
        self.live = dict(live)
        self.released: Mapping[str, Prompt] = {}
        self._entries: dict[Path, _Entry] = {}
        self._listing = _Listing()

    def get(self, name: str, version: str | None = None) -> Prompt:
        """Return a prompt: the version of the file asked for, else the one released, else the live one, else the newest.

        Raises:
            ConfigurationError: no such prompt or version, or it never was in order; the message lists the problems.
        """
        released = self.released.get(name)
        if version is None and released is not None:
            return released
        found = [e.prompt for e in self._of(name) if e.prompt is not None]
        wanted = version or self.live.get(name)
        if wanted is not None:
            found = [p for p in found if p.version == wanted]
        if found:
            return max(found, key=lambda p: _order(p.version))
        problems = self.check(name)
        what = f"prompt {name!r}" + (f" version {wanted}" if wanted else "")
        raise ConfigurationError(
            f"{what} cannot be used from {self.folder}: " + "; ".join(problems or ["no such version"])
        )

    def pinned(self, versions: Mapping[str, str], released: Mapping[str, Prompt] | None = None) -> PromptLibrary:
        """Return this library with other live versions for some prompts, of files or released; both share what was read."""
        library = copy.copy(self)
        library.live = {**self.live, **versions}
        library.released = {} if released is None else released
        return library

    def list(self) -> tuple[Prompt, ...]:
        """Return every prompt that can be used, by name and version."""
        self._refresh()
        found = [e.prompt for e in self._entries.values() if e.prompt is not None]
        return tuple(sorted(found, key=lambda p: (p.name, _order(p.version))))

    def names(self) -> tuple[str, ...]:
        """Return the names of all prompt files, broken ones too."""
        self._refresh()
        return tuple(sorted({split_name(p)[0] for p in self._entries}))

    def check(self, name: str) -> builtins.list[str]:
        """Return what is wrong with the files of a prompt, in plain words; empty if all is well."""
        entries = self._of(name)
        problems = [problem for e in entries for problem in e.problems]
        if not entries:
            problems.append(
                f"there is no file {name}.md in {self.folder}; it holds: {', '.join(self.names()) or 'none'}"
            )
        wanted = self.live.get(name)
        versions = [e.prompt.version for e in entries if e.prompt]
        if wanted and entries and wanted not in versions:
            problems.append(
                f"the settings make version {wanted} live, but the versions are: {', '.join(versions) or 'none'}"
            )
        doubles = {v for v in versions if versions.count(v) > 1}
        return problems + [f"version {v} of {name} is in two files" for v in sorted(doubles)]

    def _of(self, name: str) -> builtins.list[_Entry]:
        self._refresh(name)
        return [self._entries[p] for p in sorted(p for p in self._entries if split_name(p)[0] == name)]

    def _refresh(self, name: str | None = None) -> None:
        """Take up what changed on disk: which files there are, and what those of one prompt, or of all, say."""
        present = self._present()
        for gone in self._entries.keys() - set(present):
            del self._entries[gone]
        for path in present:
            entry = self._entries.setdefault(path, _Entry())
            if name is None or split_name(path)[0] == name:
                self._take_up(path, entry)

    def _present(self) -> tuple[Path, ...]:
        listing = self._listing
        stamp = self.folder.stat().st_mtime_ns if self.folder.is_dir() else 0
        if not listing.settled or listing.stamp != stamp:
            listing.paths = tuple(p for p in self.folder.glob("*.md") if p.name != "README.md")
            listing.stamp, listing.settled = stamp, 0 < stamp < time.time_ns() - SETTLED_NS
        return listing.paths

    def _take_up(self, path: Path, entry: _Entry) -> None:
        try:
            found = path.stat()
        except FileNotFoundError:
            self._entries.pop(path, None)
            return
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != entry.stamp:
            entry.stamp = stamp
            self._read(path, entry)

    def _read(self, path: Path, entry: _Entry) -> None:
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            prompt, entry.problems = (
                None,
                [f"{path.name}: the file cannot be read as UTF-8 text ({type(error).__name__})"],
            )
        else:
            prompt, entry.problems = read_prompt(path, content)
        if prompt is not None:
            entry.prompt = prompt
        elif entry.prompt is not None:
            log.warning("kept %s: %s", entry.prompt.ref, "; ".join(entry.problems))


def render(prompt: Prompt, **inputs: str) -> tuple[ChatMessage, ...]:
    """Return the messages of ``prompt``, the shared system part first, placeholders filled in one pass.

    A value cannot inject a placeholder, close its data block or write a model's control tokens: angle brackets in it become
    typographic ones.

    Raises:
        ConfigurationError: the prompt asks for an input that the program does not have here.
    """
    missing = [n for n in prompt.used if n not in inputs]
    if missing:
        raise ConfigurationError(
            f"prompt {prompt.ref} asks for {{{{ {missing[0]} }}}}, which is not known here; known: {', '.join(sorted(inputs))}"
        )
    safe = {name: harmless(mask(value)) for name, value in inputs.items()}
    user = PLACEHOLDER.sub(lambda m: safe[m[1]], prompt.user)
    user = re.sub(r"\n{2,}", "\n", user)
    return ChatMessage(role="system", content=prompt.system), ChatMessage(role="user", content=user)


def harmless(value: str) -> str:
    """Return text that can neither close a data block nor write a model's control tokens."""
    return value.replace("<", "‹").replace(">", "›")


def _order(version: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", version)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)
