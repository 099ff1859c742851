"""Run every method of examination on a medium; a method that fails is said to have found no evidence.

A new method is one file with a ``Method`` and a line in ``photo_methods``; ``tests/trust/test_trust_methods.py`` then holds it to the contract.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.errors import ToolError
from ...core.schemas import Check, MediaFile
from .clip import ClipMethod, read_clip
from .copied_region import COPIED_REGION
from .file_history import FILE_HISTORY
from .method import Finding, Method, Photo, When
from .spliced_region import spliced_region
from .unsafe_photo import unsafe_photo

MOST_AT_ONCE = 2
_LOG = logging.getLogger(__name__)


def photo_methods(cache: Path, *, safety: bool = False) -> tuple[Method, ...]:
    """Return every method for photos, with their weights in the user's cache folder; that for unsafe photos only for ``safety``."""
    methods = (FILE_HISTORY, COPIED_REGION, spliced_region(cache))
    return (*methods, unsafe_photo(cache)) if safety else methods


class Examiner:
    """Examine photos by the methods that apply, off the event loop, at most ``MOST_AT_ONCE`` at once.

    Args:
        methods: ways to examine photos.
        clip_methods: ways to examine video clips, where a check is asked for.
    """

    def __init__(self, methods: Sequence[Method] = (), clip_methods: Sequence[ClipMethod] = ()) -> None:
        self._methods, self._clip_methods = tuple(methods), tuple(clip_methods)
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, medium: MediaFile, when: When = "request") -> list[tuple[Check, Finding]]:
        """Return a check for each method, with its finding, which holds the map of suspicion.

        ``when`` as in ``Method``. Never raises for a bad file.
        """
        if medium.kind in {"video", "audio"} and when == "asked":
            return await self._clip(medium)
        if medium.kind != "image":
            return []
        photo = _photo(medium, when)
        methods = [m for m in self._methods if when == "asked" or m.when == "request"]
        async with self._room:
            found = [await asyncio.to_thread(_examine, method, photo) for method in methods]
        return [(_check(m, f, medium), f) for m, f in zip(methods, found, strict=True)]

    async def _clip(self, medium: MediaFile) -> list[tuple[Check, Finding]]:
        methods = [m for m in self._clip_methods if m.sound_alone or medium.kind == "video"]
        async with self._room:
            try:
                clip = await read_clip(medium) if methods else None
            except ToolError as error:
                found = [Finding("no evidence", f"Not examined: {error}.")] * len(methods)
            else:
                found = [await asyncio.to_thread(_examine, method, clip) for method in methods]
        return [(_check(m, f, medium), f) for m, f in zip(methods, found, strict=True)]


def _photo(medium: MediaFile, when: When) -> Photo:
    return Photo(Path(medium.sent_path or medium.path), medium.mime, Path(medium.path), when)


def _examine(method: Method | ClipMethod, medium: Any) -> Finding:
    """Return what ``method`` finds; a file or a library that fails is no evidence, and the log says which."""
    try:
        return method.examine(medium)
    except ToolError as error:
        return Finding("no evidence", f"Not examined: {error}.")
    except Exception:  # noqa: BLE001  # a plug-in's fault is its own: the request goes on
        _LOG.warning("the method %s failed", method.name, exc_info=True)
        return Finding("no evidence", "Not examined: the method failed on this file.")


def _check(method: Method | ClipMethod, found: Finding, medium: MediaFile) -> Check:
    return Check(
        check=method.name,
        state=found.state,
        reason=found.reason,
        about=(medium.media_id,),
        score=None if found.score is None else round(found.score, 4),
        region=found.region,
        shift_s=found.shift_s,
        source=method.source,
        limits=method.limits,
    )
