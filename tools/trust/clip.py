"""Read a video clip for methods that compare its picture with its sound."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ToolError
from ...core.media.containers import CONTAINERS, HEAD_BYTES, container_of
from ...core.schemas import MediaFile
from ..media.sandbox import read_av
from .method import Finding, Pixels

MAX_S, MAX_FPS, SIDE_PX = 12.0, 30.0, 288
"""Raw pictures of so many seconds stay below the bytes that the process which decodes may write."""
MAX_PX = 50_000_000
TIMEOUT_S = 60.0
SOUND_HZ = 16_000


@dataclass(frozen=True)
class Clip:
    """The first seconds of a video: pictures (n, height, width, 3), when each is shown in seconds, and sound at 16 kHz from -1 to 1."""

    frames: Pixels
    times: NDArray[np.float64]
    sound: NDArray[np.float32]


@dataclass(frozen=True)
class ClipMethod:
    """A way to examine a clip; as ``Method`` for photos, and only ever run where a check is asked for.

    ``sound_alone``: it also examines sound without a picture, of which the clip then has no frames.
    """

    name: str
    examine: Callable[[Clip], Finding]
    source: str
    limits: str
    sound_alone: bool = False


async def read_clip(medium: MediaFile) -> Clip:
    """Return the first seconds of a video or of sound alone, decoded in a process of its own.

    Raises:
        ToolError: it cannot be read; the message says why.
    """
    path = Path(medium.path)
    with tempfile.TemporaryDirectory(prefix="tastemaker-") as folder:
        out = str(Path(folder) / "clip")
        if medium.kind == "audio":
            alone = await _read("sound", path, out=out, max_s=MAX_S)
            return Clip(np.zeros((0, 0, 0, 3), np.uint8), np.zeros(0), _samples(alone["path"]))
        moving = await _read("moving", path, out=out, max_s=MAX_S, max_fps=MAX_FPS, side_px=SIDE_PX, max_px=MAX_PX)
        sound = await _read("sound", path, out=out, max_s=MAX_S)
        shape = (len(moving["times"]), moving["height_px"], moving["width_px"], 3)
        frames = np.fromfile(moving["path"], np.uint8).reshape(shape)
        return Clip(frames, np.array(moving["times"]), _samples(sound["path"]))


async def _read(task: str, path: Path, **job: Any) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            name = container_of(stream.read(HEAD_BYTES))
    except OSError as error:
        raise ToolError(f"the file of {path.name} is gone") from error
    if name is None:
        raise ToolError("it is of no known container")
    result = await read_av(task, path, CONTAINERS[name].demuxer, timeout_s=TIMEOUT_S, **job)
    if "refused" in result:
        raise ToolError(str(result["refused"]))
    return result


def _samples(path: str | None) -> NDArray[np.float32]:
    if path is None:
        return np.zeros(0, np.float32)
    with wave.open(path, "rb") as stream:
        whole = np.frombuffer(stream.readframes(stream.getnframes()), np.int16)
    return np.asarray(whole / np.float32(32768), np.float32)
