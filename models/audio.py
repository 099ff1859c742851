"""Decode the sound of any container we accept to 16 kHz mono, at most so many seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.containers import CONTAINERS, HEAD_BYTES, container_of
from ..core.errors import BackEndError

SOUND_HZ = 16_000


def read_sound(path: str | Path, max_s: float) -> NDArray[np.float32]:
    """Return the first sound track as float32 samples in -1..1, shape (samples,), at 16 kHz; empty if there is none.

    The file is opened as a stream with the demuxer its first bytes call for, so nothing it refers to is opened. A
    damaged tail ends the sound.

    Raises:
        BackEndError: the file is unreadable or of no known container.
    """
    import av

    pieces: list[NDArray[np.int16]] = []
    limit = int(max_s * SOUND_HZ)
    try:
        with open(path, "rb") as stream:
            name = container_of(stream.read(HEAD_BYTES))
            stream.seek(0)
            demuxer = CONTAINERS[name].demuxer if name else ""
            if not demuxer:
                raise BackEndError(f"{Path(path).name} is no sound file", back_end="audio")
            with av.open(stream, format=demuxer) as container:
                _collect(av, container, pieces, limit)
    except (OSError, ValueError, LookupError, EOFError) as error:
        if not pieces:
            raise BackEndError(f"{Path(path).name} cannot be decoded: {error}", back_end="audio") from error
    samples = np.concatenate(pieces)[:limit] if pieces else np.zeros(0, np.int16)
    return samples.astype(np.float32) / 32768.0


def _collect(av: Any, container: Any, pieces: list[NDArray[np.int16]], limit: int) -> None:
    if not container.streams.audio:
        return
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_HZ)
    total = 0
    for frame in container.decode(container.streams.audio[0]):
        frame.pts = None
        for out in resampler.resample(frame):
            pieces.append(out.to_ndarray().reshape(-1))
            total += out.samples
        if total >= limit:
            return
    pieces.extend(out.to_ndarray().reshape(-1) for out in resampler.resample(None))
