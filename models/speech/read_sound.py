"""Decode the sound of any container we accept to 16 kHz mono, at most so many seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndError
from ...core.media.containers import CONTAINERS, HEAD_BYTES, container_of
from ...core.schemas import SoundKind

SOUND_HZ = 16_000
SILENT_RMS = 1e-3  # -60 dB below full scale
FRAME = 512
BAND_HZ = (100.0, 7000.0)
NOISE_FLATNESS = 0.1  # white noise has 0.56, pink noise 0.33, instruments and tones well below 0.1


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


def sound_kind(samples: NDArray[np.float32]) -> SoundKind:
    """Return what samples without speech are, shape (samples,): silence, noise, or music or tones.

    Noise has a flat spectrum: the geometric mean of the power between 100 and 7,000 Hz over its arithmetic mean (spectral
    flatness, Johnston 1988), median over the frames that are not silent, tells it from music and tones.
    """
    if len(samples) < FRAME or float(np.sqrt(np.mean(np.square(samples)))) < SILENT_RMS:
        return "silence"
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    frames = frames[np.sqrt(np.mean(np.square(frames), axis=1)) >= SILENT_RMS]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)) ** 2 + 1e-12
    hz = np.fft.rfftfreq(FRAME, 1 / SOUND_HZ)
    band = power[:, (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])]
    flatness = np.exp(np.log(band).mean(axis=1)) / band.mean(axis=1)
    return "noise" if float(np.median(flatness)) > NOISE_FLATNESS else "music or tones"


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
