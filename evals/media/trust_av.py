"""Measure the check of sound against picture on talking heads through ``Recommender.check``: ``tastemaker bench trust-av``.

Each clip is made again with its sound shifted by known times, the sound track encoded anew and the pictures left as they are, and with the
sound of every other clip, shifted too. The clips' own lip sync is not known, so an offset is right where it is that of the clip with its own
sound, as far as that was found, plus the shift; of a clip whose own offset was not found, any offset that is said counts as wrong.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.schemas import Check
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ...models.weights.fetch import ensure_weights
from ..reporting.intervals import auc
from ..reporting.report import report

SHIFTS_S = (0.04, 0.08, 0.12, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0)
SIGNED = tuple(sign * shift for shift in SHIFTS_S for sign in (-1, 1))
NEAR_S = 0.08
CHECK = "sound_picture"
SOUND_HZ = 16_000
ENCODER_DELAY = 1024
"""Samples of silence that the AAC encoder puts before the sound."""
TARGETS = {"swap_auc": 0.9, "offset_right_of_all": 0.8}
Say = Callable[[str], None]


class _Said(NamedTuple):
    """What was said of one made clip."""

    picture: str
    sound: str
    shift_s: float
    check: Check


async def av_run(settings: Settings, data: Path | None, say: Say) -> dict[str, Any]:
    """Return how well offsets and swapped sound are found.

    Raises:
        InvalidRequestError: there are no videos in the data folder.
        BackEndUnavailable: the weights of the face cannot be fetched.
    """
    folder = Path(data or settings.data or ".") / "video"
    clips = sorted(folder.glob("*.mp4"))
    if len(clips) < 2:
        raise InvalidRequestError("--data", f"there are not two videos in {folder}")
    await asyncio.to_thread(ensure_weights, "face-landmarks", settings.cache, progress=say)
    said: list[_Said] = []
    with tempfile.TemporaryDirectory() as work:
        async with Recommender(settings) as recommender:
            for picture, sound in itertools.product(clips, clips):
                for shift in (0.0, *SIGNED):
                    made = Path(work) / "made.mp4"
                    await asyncio.to_thread(remake, picture, sound, shift, made)
                    found = await recommender.check(video=[{"path": str(made)}])
                    check = next(c for c in found.media[0].checks if c.check == CHECK)
                    said.append(_Said(picture.stem, sound.stem, shift, check))
                say(f"{picture.stem} with the sound of {sound.stem}")
    figures = {clip.stem: _offsets([s for s in said if s.picture == s.sound == clip.stem]) for clip in clips}
    own = [s for s in said if s.picture == s.sound]
    shifted = [one for clip in clips for one in _shifted([s for s in own if s.picture == clip.stem])]
    spoken = [right for told, right in shifted if told]
    swapped = [s for s in said if s.picture != s.sound]
    scores = np.array([s.check.score or 0.0 for s in (*own, *swapped)])
    return report(
        "trust-av",
        {
            "clips": figures,
            "offset_right_of_all": _share([right for _, right in shifted]),
            "offset_right_where_said": _share(spoken),
            "no_evidence": _share([not told for told, _ in shifted]),
            "swap_auc": round(auc(scores, np.arange(len(scores)) < len(own)), 3),
            "swapped_called_in_time_or_shifted": _share([s.check.state != "no evidence" for s in swapped]),
        },
        n=len(clips),
        targets=TARGETS,
    )


def _offsets(said: list[_Said]) -> dict[str, Any]:
    own = next(s for s in said if s.shift_s == 0)
    return {
        "own_offset_s": own.check.shift_s,
        "own_score": own.check.score,
        "said": {f"{s.shift_s:+.2f}": s.check.shift_s for s in said},
        "right": _share([right for _, right in _shifted(said)]),
    }


def _shifted(said: list[_Said]) -> list[tuple[bool, bool]]:
    """Return for each shifted clip whether an offset is said, and whether it is right."""
    own = next(s for s in said if s.shift_s == 0).check.shift_s
    pairs = [(s.check.shift_s, s.shift_s) for s in said if s.shift_s]
    return [
        (told is not None, told is not None and own is not None and abs(told - own - shift) <= NEAR_S + 1e-6)
        for told, shift in pairs
    ]


def _share(hits: list[bool]) -> dict[str, float | None]:
    return {"share": round(float(np.mean(hits)), 3) if hits else None, "n": len(hits)}


def remake(picture: Path, sound: Path, shift_s: float, out: Path) -> None:
    """Write the pictures of one clip, copied as they are, with the sound of another, later by ``shift_s`` and as long as before."""
    import av

    samples = _samples(sound)
    moved = int(shift_s * SOUND_HZ) - ENCODER_DELAY
    quiet = np.zeros(abs(moved), np.float32)
    shifted = np.concatenate([quiet, samples[: len(samples) - moved]] if moved > 0 else [samples[-moved:], quiet])
    with av.open(str(picture)) as source, av.open(str(out), "w") as target:
        video = source.streams.video[0]
        copied = target.add_stream_from_template(video)
        track = target.add_stream("aac", rate=SOUND_HZ, layout="mono")
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
        frame = av.AudioFrame.from_ndarray(shifted[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = SOUND_HZ
        for packet in (*track.encode(frame), *track.encode(None)):
            target.mux(packet)


def _samples(path: Path) -> NDArray[np.float32]:
    import av

    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SOUND_HZ)
    with av.open(str(path)) as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts)
