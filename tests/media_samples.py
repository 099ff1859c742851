"""Make tiny photos, sounds and videos for tests."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def image_bytes(fmt: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """Return a picture with a gradient in it."""
    row = np.linspace(0, 255, size[0], dtype=np.uint8)
    pixels = np.stack([np.tile(row, (size[1], 1))] * 3, axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, fmt, **options)
    return buffer.getvalue()


def png_header_of(width: int, height: int) -> bytes:
    """Return a PNG that says it has so many pixels and holds next to none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


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


def heic_bytes(pixels: NDArray[np.uint8], quarter_turns: int = 0) -> bytes:
    """Return a HEIC photo that is shown after ``quarter_turns`` to the left; FFmpeg encodes it, the boxes around it are ours."""
    out = io.BytesIO()
    options = {"x265-params": "log-level=none:keyint=1", "crf": "10"}
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx265", rate=1, options=options)
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], "yuv420p"
        stream.codec_context.codec_tag = "hvc1"
        for frame in (av.VideoFrame.from_ndarray(pixels, format="rgb24"), None):
            container.mux(stream.encode(frame))
    mp4 = out.getvalue()
    hvcc, sample = (
        mp4[(at := mp4.index(kind) - 4) :][: int.from_bytes(mp4[at : at + 4])] for kind in (b"hvcC", b"mdat")
    )
    sample = sample[8:]
    ftyp = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    head = len(ftyp) + len(_heic_meta(hvcc, pixels.shape, quarter_turns, 0, 0)) + 8
    return ftyp + _heic_meta(hvcc, pixels.shape, quarter_turns, head, len(sample)) + _box(b"mdat", sample)


def _heic_meta(hvcc: bytes, shape: tuple[int, ...], quarter_turns: int, offset: int, size: int) -> bytes:
    properties = _box(
        b"ipco", hvcc, _full(b"ispe", 0, struct.pack(">II", shape[1], shape[0])), _box(b"irot", bytes([quarter_turns]))
    )
    return _full(
        b"meta",
        0,
        _full(b"hdlr", 0, struct.pack(">I4s12xx", 0, b"pict")),
        _full(b"pitm", 0, struct.pack(">H", 1)),
        _full(b"iloc", 0, struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, size)),
        _full(b"iinf", 0, struct.pack(">H", 1), _full(b"infe", 2, struct.pack(">HH4sx", 1, 0, b"hvc1"))),
        _box(b"iprp", properties, _full(b"ipma", 0, struct.pack(">IHB3B", 1, 1, 3, 0x81, 2, 0x83))),
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, version: int, *parts: bytes) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]), *parts)
