"""Tell a media file's container from its first bytes, never from its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..schemas import MediaKind

HEAD_BYTES = 64


class Container(NamedTuple):
    """A file format we read: its MIME type, FFmpeg demuxer (empty for images) and file suffix."""

    mime: str
    demuxer: str
    suffix: str
    kinds: frozenset[MediaKind]


_IMAGE: frozenset[MediaKind] = frozenset({"image"})
_AUDIO: frozenset[MediaKind] = frozenset({"audio"})
_BOTH: frozenset[MediaKind] = frozenset({"audio", "video"})
CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        "jpeg": Container("image/jpeg", "", ".jpg", _IMAGE),
        "png": Container("image/png", "", ".png", _IMAGE),
        "webp": Container("image/webp", "", ".webp", _IMAGE),
        "gif": Container("image/gif", "", ".gif", _IMAGE),
        "bmp": Container("image/bmp", "", ".bmp", _IMAGE),
        "tiff": Container("image/tiff", "", ".tiff", _IMAGE),
        "heic": Container("image/heic", "", ".heic", _IMAGE),
        "avif": Container("image/avif", "", ".avif", _IMAGE),
        "wav": Container("audio/wav", "wav", ".wav", _AUDIO),
        "flac": Container("audio/flac", "flac", ".flac", _AUDIO),
        "mp3": Container("audio/mpeg", "mp3", ".mp3", _AUDIO),
        "aac": Container("audio/aac", "aac", ".aac", _AUDIO),
        "ogg": Container("audio/ogg", "ogg", ".ogg", _AUDIO),
        "m4a": Container("audio/mp4", "mov", ".m4a", _BOTH),
        "mp4": Container("video/mp4", "mov", ".mp4", _BOTH),
        "mov": Container("video/quicktime", "mov", ".mov", _BOTH),
        "webm": Container("video/webm", "matroska", ".webm", _BOTH),
    }
)
_PREFIXES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)
_RIFF = MappingProxyType({b"WAVE": "wav", b"WEBP": "webp"})
_BRANDS = MappingProxyType({b"M4A ": "m4a", b"M4B ": "m4a", b"qt  ": "mov"})
_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})
_SYNONYMS = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "image/x-ms-bmp": "image/bmp",
        "image/heif": "image/heic",
        "image/heic-sequence": "image/heic",
        "image/heif-sequence": "image/heic",
        "image/tif": "image/tiff",
        "audio/x-wav": "audio/wav",
        "audio/wave": "audio/wav",
        "audio/vnd.wave": "audio/wav",
        "audio/x-flac": "audio/flac",
        "audio/mp3": "audio/mpeg",
        "audio/x-m4a": "audio/mp4",
        "audio/m4a": "audio/mp4",
        "audio/aacp": "audio/aac",
        "audio/opus": "audio/ogg",
        "video/ogg": "audio/ogg",
        "application/ogg": "audio/ogg",
        "audio/webm": "video/webm",
        "video/x-matroska": "video/webm",
        "audio/x-matroska": "video/webm",
        "video/x-m4v": "video/mp4",
    }
)
_ISO = frozenset({"audio/mp4", "video/mp4", "video/quicktime"})


def container_of(head: bytes) -> str | None:
    """Return the key of ``CONTAINERS`` that ``head``, a file's first ``HEAD_BYTES`` bytes, belongs to, or None."""
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] in {b"RIFF", b"RF64"}:
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        if head[8:12] not in _STILL_BRANDS:
            return _BRANDS.get(head[8:12], "mp4")
        brands = {head[at : at + 4] for at in (8, *range(16, min(len(head), int.from_bytes(head[:4], "big")) - 3, 4))}
        return "avif" if brands & {b"avif", b"avis"} else "heic"
    if head[4:8] in {b"moov", b"mdat", b"wide"}:
        return "mov"
    return _mpeg_audio(head)


def same_container(declared: str, actual: str) -> bool:
    """Say whether the MIME type ``declared`` may name the container ``actual`` (a key of ``CONTAINERS``).

    Sound-only and picture variants of one container count as the same, so ``audio/webm`` may name WebM and
    ``video/mp4`` an M4A file. An empty type or ``application/octet-stream`` declares nothing.
    """
    claim = declared.split(";", 1)[0].strip().lower()
    if claim in {"", "application/octet-stream"}:
        return True
    claim = _SYNONYMS.get(claim, claim)
    mime = CONTAINERS[actual].mime
    return claim == mime or {claim, mime} <= _ISO


def _mpeg_audio(head: bytes) -> str | None:
    if len(head) < 2 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 else None
