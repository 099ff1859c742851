"""Make tiny photos, sounds and videos for tests."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image


def image_bytes(fmt: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """Return a picture with a gradient in it."""
    row = np.linspace(0, 255, size[0], dtype=np.uint8)
    pixels = np.stack([np.tile(row, (size[1], 1))] * 3, axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, fmt, **options)
    return buffer.getvalue()


def wav_bytes(seconds: float = 1.0, hz: float = 440.0, volume: float = 0.3, rate: int = 16_000) -> bytes:
    """Return a mono sine as WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        samples = [int(32767 * volume * math.sin(2 * math.pi * hz * i / rate)) for i in range(int(seconds * rate))]
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return buffer.getvalue()


def encoded_sound(path: Path, codec: str, fmt: str, seconds: float = 1.0, rate: int = 48_000) -> Path:
    """Write a sine with the given codec and container."""
    with av.open(str(path), "w", format=fmt) as container:
        _write_sound(container, container.add_stream(codec, rate=rate), seconds, rate)
    return path


def _write_sound(container: av.container.OutputContainer, stream: Any, seconds: float, rate: int) -> None:
    samples = (0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = rate
    fifo = av.AudioFifo()
    resampler = av.AudioResampler(format=stream.format.name, layout=stream.layout.name, rate=rate)
    for out in (*resampler.resample(frame), *resampler.resample(None)):
        fifo.write(out)
    size = stream.codec_context.frame_size or 1024
    while (piece := fifo.read(size, partial=True)) is not None:
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))


def video_file(
    path: Path,
    seconds: float = 2.0,
    *,
    fps: int = 10,
    sound: bool = True,
    size: tuple[int, int] = (64, 48),
    colours: tuple[tuple[int, int, int], ...] = ((200, 30, 30), (30, 200, 30)),
) -> Path:
    """Write a video whose shots, of equal length, are gradients in the given colours."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        audio = container.add_stream("aac", rate=48_000) if sound else None
        count = int(seconds * fps)
        for index in range(count):
            colour = np.array(colours[index * len(colours) // count])
            ramp = np.linspace(0.3, 1.0, size[0]).reshape(1, -1, 1)
            pixels = np.repeat(ramp * colour, size[1], axis=0).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
        if audio is not None:
            _write_sound(container, audio, seconds, 48_000)
    return path
