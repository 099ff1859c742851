"""Read one untrusted sound, video or picture file in a process of its own; run by ``tools/media/sandbox.py``, never imported.

Takes one JSON object as its only argument and prints one JSON object: the result, or ``{"refused": reason}``. It imports
nothing of the project but ``core/media/pictures.py``, so that it starts in about 0.1 s. Sound and video are opened as a stream
with a named demuxer: no other file and no network address that the file may mention is ever opened.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import wave
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import av
from av.container import InputContainer

SOUND_HZ = 16_000
MIN_SOUND_S = 0.02
THUMB_PX = 16
MAX_SIDE_PX = 1280
SAME_PICTURE = 10.0
MAX_PACKETS = 1_000_000
LOOK_EVERY_S = 0.25
LOOK_CPU_S = 2.0
Job = dict[str, Any]
Scene = tuple[float, bytes, Any]


class Refused(Exception):
    """Say why a file is not accepted."""


def main() -> None:
    """Run the job given as the first argument and print its result."""
    job: Job = json.loads(sys.argv[1])
    _confine(int(job["memory_bytes"]), int(job["cpu_s"]), int(job["file_bytes"]))
    if job["task"] == "picture":
        sys.stdout.write(json.dumps(picture(job)))
        return
    try:
        with open(job["path"], "rb") as stream, av.open(stream, format=job["demuxer"]) as container:
            result = TASKS[job["task"]](container, job)
    except Refused as error:
        result = {"refused": str(error)}
    except (av.error.FFmpegError, OSError, ValueError, LookupError, ArithmeticError, EOFError, MemoryError) as error:
        result = {"refused": f"it cannot be decoded ({type(error).__name__})"}
    sys.stdout.write(json.dumps(result))


def picture(job: Job) -> dict[str, Any]:
    """Write the picture upright as a JPEG of at most ``max_side_px`` a side; return its path and its size as displayed."""
    sys.path.insert(0, job["package_root"])
    pictures = import_module("tastemaker.core.media.pictures")
    try:
        with pictures.open_picture(job["path"]) as image:
            whole = image.size
            problem = pictures.size_problem(*whole, job["max_px"])
            if problem:
                return {"refused": problem}
            most = job["max_side_px"]
            image.draft("RGB", (most, most))
            image.load()
            scale = max(image.size) // most if image.mode in {"L", "LA", "RGB", "RGBA"} else 1
            upright = pictures.to_rgb(image.reduce(scale) if scale > 1 else image)
            size = sorted(whole, reverse=upright.width > upright.height)
            upright.thumbnail((most, most))
            upright.save(job["out"], "JPEG", quality=95, subsampling=0)
    except (pictures.TooLarge, *pictures.BROKEN) as error:
        return {"refused": f"the picture is truncated or damaged and cannot be decoded ({type(error).__name__})"}
    return {"path": job["out"], "width_px": size[0], "height_px": size[1]}


def probe(container: InputContainer, job: Job) -> dict[str, Any]:
    """Return seconds, codec-level size and which streams there are, believing what decodes and not the header."""
    video = _picture_stream(container)
    if job["kind"] == "video":
        if video is None:
            raise Refused("it has no moving picture")
        return _probe_video(container, video, job)
    if not container.streams.audio:
        raise Refused("it has no sound")
    seconds = 0.0
    for frame in _sound(container):
        seconds += frame.samples / SOUND_HZ
        if seconds > job["max_s"]:
            raise Refused(f"it is longer than {job['max_s']:g} seconds")
    if seconds < MIN_SOUND_S:
        raise Refused("it holds no sound that can be decoded")
    return {"seconds": round(seconds, 3), "video": video is not None, "audio": True}


def _probe_video(container: InputContainer, video: Any, job: Job) -> dict[str, Any]:
    context = video.codec_context
    if context.width * context.height > job["max_px"]:
        raise Refused(f"its picture has {context.width} x {context.height} pixels; at most {job['max_px']} are allowed")
    first = next(container.decode(video), None)
    if first is None:
        raise Refused("it holds no picture that can be decoded")
    container.seek(0)
    end = start = None
    for count, packet in enumerate(container.demux(video)):
        if packet.pts is None:
            continue
        at = float(packet.pts * packet.time_base)
        start = at if start is None else min(start, at)
        end = max(end or at, at + float((packet.duration or 0) * packet.time_base))
        if end - start > job["max_s"] or count > MAX_PACKETS:
            raise Refused(f"it is longer than {job['max_s']:g} seconds")
    seconds = (end - start) if end is not None and start is not None else 0.0
    turned = abs(int(first.rotation)) % 180 == 90
    width, height = (first.height, first.width) if turned else (first.width, first.height)
    sound = bool(container.streams.audio)
    return {"seconds": round(seconds, 3), "width_px": width, "height_px": height, "video": True, "audio": sound}


def frames(container: InputContainer, job: Job) -> dict[str, Any]:
    """Write one upright JPEG for each of at most ``max_frames`` scenes that differ most; return paths, seconds and sizes.

    ``share`` is the part of the pictures looked at, 0 to 1, that are nearer to this one than to the others.
    """
    kept, thumbs = _scenes(container, job)
    chosen = [kept[index] for index in _most_different([thumb for _, thumb, _ in kept], job["max_frames"])]
    shares = _shares([thumb for _, thumb, _ in chosen], thumbs)
    written = []
    for number, ((at, _, image), share) in enumerate(zip(chosen, shares, strict=True), start=1):
        path = f"{job['out']}-frame-{number}.jpg"
        image.save(path, quality=90)
        size = {"width_px": image.width, "height_px": image.height}
        written.append({"path": path, "seconds": round(at, 3), "share": round(share, 4), **size})
    return {"frames": written}


def _scenes(container: InputContainer, job: Job) -> tuple[list[Scene], list[bytes]]:
    """Return (seconds, thumbnail, picture) of at most three times ``max_frames`` scenes, and every thumbnail, by time.

    Encoders put key frames where the picture changes, so key frames are looked at where there are enough of them; else every
    frame that others are predicted from. A picture that is nearly the one before is the same scene. Decoding ends after
    ``LOOK_CPU_S`` processor seconds, with what was seen until then.
    """
    kept: list[Scene] = []
    thumbs: list[bytes] = []
    for at, frame in _looked_at(container, job):
        thumb = bytes(frame.reformat(THUMB_PX, THUMB_PX, "gray").to_ndarray().tobytes())
        thumbs.append(thumb)
        if kept and _difference(thumb, kept[-1][1]) < SAME_PICTURE:
            continue
        kept.append((at, thumb, _picture(frame)))
        if len(kept) > 3 * job["max_frames"]:
            gaps = [_difference(a[1], b[1]) for a, b in itertools.pairwise(kept)]
            del kept[gaps.index(min(gaps)) + 1]
    return kept, thumbs


def _looked_at(container: InputContainer, job: Job) -> Iterator[tuple[float, Any]]:
    video = _picture_stream(container)
    if video is None:
        raise Refused("it has no moving picture")
    video.thread_type = "AUTO"
    video.codec_context.skip_frame = "NONKEY"
    keys = sum(1 for _ in itertools.islice(container.decode(video), job["max_frames"]))
    container.seek(0)
    if keys < job["max_frames"]:
        video.codec_context.skip_frame = "NONREF"
    due, began = 0.0, time.process_time()
    for frame in container.decode(video):
        at = float(frame.time or 0.0)
        if at + 1e-6 >= due and frame.width * frame.height <= job["max_px"]:
            yield at, frame
            due = at + LOOK_EVERY_S
        if time.process_time() - began > LOOK_CPU_S:
            return


def _picture(frame: Any) -> Any:
    scale = min(1.0, MAX_SIDE_PX / max(frame.width, frame.height))
    size = {"width": max(1, round(frame.width * scale)), "height": max(1, round(frame.height * scale))}
    return frame.to_image(**size).rotate(int(frame.rotation), expand=True)


def _shares(chosen: list[bytes], thumbs: list[bytes]) -> list[float]:
    counts = [0] * len(chosen)
    for thumb in thumbs:
        counts[min(range(len(chosen)), key=lambda i: _difference(thumb, chosen[i]))] += 1
    return [count / len(thumbs) for count in counts]


def _most_different(thumbs: list[bytes], limit: int) -> list[int]:
    """Return indices in order of time: the richest picture, then always the one farthest from those chosen.

    Distance is the mean absolute difference of 16 x 16 grey thumbnails (0 to 255); nearly equal pictures are left out.
    """
    if not thumbs:
        return []
    chosen = [max(range(len(thumbs)), key=lambda i: _spread(thumbs[i]))]
    distance = [_difference(thumb, thumbs[chosen[0]]) for thumb in thumbs]
    while len(chosen) < limit:
        index = max(range(len(thumbs)), key=distance.__getitem__)
        if distance[index] < SAME_PICTURE:
            break
        chosen.append(index)
        distance = [min(d, _difference(t, thumbs[index])) for d, t in zip(distance, thumbs, strict=True)]
    return sorted(chosen)


def _spread(thumb: bytes) -> float:
    return _difference(thumb, bytes([sum(thumb) // len(thumb)]) * len(thumb))


def _difference(left: bytes, right: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(left, right, strict=True)) / len(left)


def moving(container: InputContainer, job: Job) -> dict[str, Any]:
    """Write every picture of the first ``max_s`` seconds, small, as raw RGB one after the other; return path, size and times.

    No side is longer than ``side_px``; of more than ``max_fps`` pictures a second some are left out.
    """
    video = _picture_stream(container)
    if video is None:
        raise Refused("it has no moving picture")
    video.thread_type = "AUTO"
    path, size = f"{job['out']}-moving.rgb", (0, 0)
    times: list[float] = []
    with open(path, "wb") as output:
        for frame in container.decode(video):
            at = float(frame.time or 0.0)
            if at > job["max_s"]:
                break
            if frame.width * frame.height > job["max_px"] or (times and at - times[-1] < 0.9 / job["max_fps"]):
                continue
            scale = min(1.0, job["side_px"] / max(frame.width, frame.height))
            size = size if times else (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
            image = frame.to_image(width=size[0], height=size[1]).rotate(int(frame.rotation), expand=True)
            output.write(image.tobytes())
            times.append(round(at, 4))
            upright = image.size
    if not times:
        raise Refused("it holds no picture that can be decoded")
    return {"path": path, "times": times, "width_px": upright[0], "height_px": upright[1]}


def sound(container: InputContainer, job: Job) -> dict[str, Any]:
    """Write the sound track as 16 kHz mono WAV, at most ``max_s`` seconds; return path and seconds (0: no sound)."""
    if not container.streams.audio:
        return {"path": None, "seconds": 0.0}
    path, written, limit = f"{job['out']}-sound.wav", 0, int(job["max_s"] * SOUND_HZ)
    with wave.open(path, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(SOUND_HZ)
        for frame in _sound(container):
            samples = min(frame.samples, limit - written)
            output.writeframes(bytes(frame.planes[0])[: 2 * samples])
            written += samples
            if written >= limit:
                break
    return {"path": path, "seconds": round(written / SOUND_HZ, 3)}


def _sound(container: InputContainer) -> Iterator[Any]:
    """Yield the first sound track as 16 kHz mono 16-bit frames; a damaged tail ends the sound."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_HZ)
    try:
        for frame in container.decode(container.streams.audio[0]):
            frame.pts = None
            yield from resampler.resample(frame)
        yield from resampler.resample(None)
    except (av.error.InvalidDataError, EOFError):
        return


def _picture_stream(container: InputContainer) -> Any:
    """Return the first video stream that is not a cover picture, or None."""
    covers = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & covers), None)


def _confine(memory_bytes: int, cpu_s: int, file_bytes: int) -> None:
    """Bound this process; systems without resource limits keep only the caller's timeout."""
    try:
        import resource
    except ImportError:
        return
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            continue


TASKS = {"probe": probe, "frames": frames, "moving": moving, "sound": sound}

if __name__ == "__main__":
    main()
