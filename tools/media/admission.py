"""Admit a request's media: exactly one source each, within limits, decoded once, written to the request's folder, which is removed afterwards."""

from __future__ import annotations

import asyncio
import base64
import binascii
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.media.containers import CONTAINERS, HEAD_BYTES, container_of, same_container
from ...core.schemas import MediaFile, MediaInput, MediaKind, RecommendRequest
from ...core.settings import LimitSettings
from .https_fetch import MediaFetcher
from .image_check import inspect_image
from .sandbox import read_av, read_picture

FOLDER_PREFIX = "tastemaker-media-"
LEFT_S = 86_400.0
"""No request takes so long: a folder that is older belongs to nobody any more."""
PROBE_TIMEOUT_S = 15.0
MAX_WORKERS = 2
STREAMED_BYTES = 0x7FFF0000
_ACCEPTED = {
    "image": "JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF and TIFF",
    "audio": "WAV, FLAC, MP3, AAC, OGG, M4A and WebM",
    "video": "MP4, MOV and WebM",
}


class _Slot(NamedTuple):
    """One medium of a request with the limits that apply to it."""

    kind: MediaKind
    field: str
    media_id: str
    given: MediaInput
    max_bytes: int


class MediaAdmitter:
    """Check, decode and store the media of a request.

    Args:
        limits: bytes, pixels, seconds and counts, and whether URLs are allowed.
        fetcher: downloads URLs; the default refuses addresses that are not public.
    """

    def __init__(self, limits: LimitSettings, fetcher: MediaFetcher | None = None) -> None:
        self._limits = limits
        self._fetcher = fetcher or MediaFetcher(timeout_s=limits.url_timeout_s)
        self._workers = asyncio.Semaphore(MAX_WORKERS)

    async def admit(
        self, request: RecommendRequest, workdir: Path, *, allow_paths: bool = True
    ) -> tuple[MediaFile, ...]:
        """Return the request's photos, voice clips and videos, in this order, as files under ``workdir``.

        Each file holds the bytes as they were sent, because Content Credentials cover them; only the name is ours. Of a heavy
        photo ``path`` is a smaller, upright copy and ``sent_path`` what was sent. The caller owns ``workdir`` and deletes it.

        Raises:
            InvalidRequestError: a medium breaks a limit or is not what it should be; names the field and the limit.
            ToolError: no process could be started to look at sound or video.
        """
        slots = list(self._slots(request))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._admit_one(slot, workdir, allow_paths)) for slot in slots]
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        return tuple(task.result() for task in tasks)

    def _slots(self, request: RecommendRequest) -> Iterable[_Slot]:
        limits = self._limits
        groups: tuple[tuple[MediaKind, str, list[MediaInput], int, int], ...] = (
            ("image", "images", request.images, limits.max_images, limits.max_image_bytes),
            ("audio", "audio", request.audio, limits.max_audio, limits.max_audio_bytes),
            ("video", "video", request.video, limits.max_video, limits.max_video_bytes),
        )
        for _, field, given, most, _ in groups:
            if len(given) > most:
                raise InvalidRequestError(field, f"at most {most} allowed, got {len(given)}")
        for kind, field, given, _, max_bytes in groups:
            for index, medium in enumerate(given):
                yield _Slot(kind, f"{field}[{index}]", f"{kind}-{index + 1}", medium, max_bytes)

    async def _admit_one(self, slot: _Slot, workdir: Path, allow_paths: bool) -> MediaFile:
        data, declared = await self._bytes(slot, allow_paths)
        if not data:
            raise InvalidRequestError(slot.field, "the file is empty")
        name = container_of(data[:HEAD_BYTES])
        if name is None or slot.kind not in CONTAINERS[name].kinds:
            found = f"this is {CONTAINERS[name].mime}" if name else "the bytes are of no known type"
            raise InvalidRequestError(slot.field, f"{found}; {_ACCEPTED[slot.kind]} are accepted")
        if not same_container(declared, name):
            raise InvalidRequestError(slot.field, f"declared as {declared!r} but the bytes are {CONTAINERS[name].mime}")
        if name == "wav" and _promises_more(data):
            raise InvalidRequestError(slot.field, "the WAV header promises more bytes than were sent; it is truncated")
        path = workdir / f"{slot.media_id}{CONTAINERS[name].suffix}"
        await asyncio.to_thread(path.write_bytes, data)
        if slot.kind == "image":
            return await self._admit_image(slot, data, path, CONTAINERS[name].mime)
        return await self._admit_av(slot, path, name)

    async def _admit_image(self, slot: _Slot, data: bytes, path: Path, mime: str) -> MediaFile:
        facts = await asyncio.to_thread(inspect_image, data, slot.field, self._limits.max_image_px)
        known = {"media_id": slot.media_id, "kind": "image", "mime": mime}
        if not facts.heavy:
            return MediaFile(path=str(path), width_px=facts.width_px, height_px=facts.height_px, **known)
        async with self._workers:
            copy = path.with_name(f"{slot.media_id}-copy.jpg")
            made = await read_picture(path, copy, max_px=self._limits.max_image_px, timeout_s=PROBE_TIMEOUT_S)
        if "refused" in made:
            raise InvalidRequestError(slot.field, made["refused"])
        size = {"width_px": made["width_px"], "height_px": made["height_px"]}
        return MediaFile(path=made["path"], sent_path=str(path), **size, **known)

    async def _admit_av(self, slot: _Slot, path: Path, name: str) -> MediaFile:
        max_s = self._limits.max_video_s if slot.kind == "video" else self._limits.max_audio_s
        async with self._workers:
            facts = await read_av(
                "probe",
                path,
                CONTAINERS[name].demuxer,
                timeout_s=PROBE_TIMEOUT_S,
                kind=slot.kind,
                max_s=max_s,
                max_px=self._limits.max_image_px,
            )
        if "refused" in facts:
            raise InvalidRequestError(slot.field, f"the {slot.kind} is refused: {facts['refused']}")
        mime = CONTAINERS[name].mime
        if slot.kind == "audio" and not facts["video"]:
            mime = mime.replace("video/", "audio/")
        return MediaFile(
            media_id=slot.media_id,
            kind=slot.kind,
            path=str(path),
            mime=mime,
            width_px=facts.get("width_px"),
            height_px=facts.get("height_px"),
            seconds=facts["seconds"],
        )

    async def _bytes(self, slot: _Slot, allow_paths: bool) -> tuple[bytes, str]:
        """Return the medium's bytes and the MIME type its sender declared, if any."""
        given, field = slot.given, slot.field
        sources = [name for name in ("data", "url", "path") if getattr(given, name) is not None]
        if len(sources) != 1:
            raise InvalidRequestError(field, "give exactly one of data, url and path")
        if given.data is not None:
            return decode_base64(given.data, field, slot.max_bytes)
        if given.url is not None:
            if not self._limits.allow_urls:
                raise InvalidRequestError(field, "URLs are switched off on this server (limits.allow_urls); send data")
            return await self._fetcher.fetch(given.url, field, slot.max_bytes), ""
        if not allow_paths:
            raise InvalidRequestError(field, "paths are accepted from in-process callers only; send data")
        return await asyncio.to_thread(_read_file, Path(given.path or ""), field, slot.max_bytes), ""


def decode_base64(text: str, field: str, max_bytes: int) -> tuple[bytes, str]:
    """Decode strict base64, or a ``data:`` URI, after checking its size; return bytes and declared MIME type or "".

    Raises:
        InvalidRequestError: not base64, or more than ``max_bytes`` bytes.
    """
    declared, body = "", text
    if text[:5].lower() == "data:":
        header, comma, body = text[5:].partition(",")
        if not comma or not header.lower().endswith(";base64"):
            raise InvalidRequestError(field, "a data URI must look like data:image/jpeg;base64,...")
        declared = header[: -len(";base64")]
    if len(body) // 4 * 3 - body[-2:].count("=") > max_bytes:
        raise _too_big(field, max_bytes)
    try:
        return base64.b64decode(body, validate=True), declared
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(field, "data is not valid base64 (no spaces or line breaks, = padding)") from error


def _read_file(path: Path, field: str, max_bytes: int) -> bytes:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise InvalidRequestError(field, "the path is not a file")
        if facts.st_size > max_bytes:
            raise _too_big(field, max_bytes)
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise InvalidRequestError(field, "there is no readable file at this path") from error
    if len(data) > max_bytes:
        raise _too_big(field, max_bytes)
    return data


def _promises_more(data: bytes) -> bool:
    """Say whether a WAV's header gives a length beyond its end; recorders write a huge one when they cannot know it."""
    promised = int.from_bytes(data[4:8], "little")
    return data[:4] == b"RIFF" and len(data) < promised + 8 < STREAMED_BYTES


def _too_big(field: str, max_bytes: int) -> InvalidRequestError:
    return InvalidRequestError(field, f"the file is larger than {max_bytes} bytes, the limit for this kind of media")


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first of our own errors in a group, else the first of all."""
    leaves = [e for e in errors.exceptions if isinstance(e, TastemakerError)]
    return leaves[0] if leaves else errors.exceptions[0]


@asynccontextmanager
async def media_folder() -> AsyncIterator[Path]:
    """Lend a new folder, which is removed afterwards with all that is in it."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=FOLDER_PREFIX))
    try:
        yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def remove_left() -> int:
    """Remove the folders that were left behind, and return how many of them are gone; what cannot be removed stays."""
    gone = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > LEFT_S:
                shutil.rmtree(folder)
                gone += 1
    return gone
