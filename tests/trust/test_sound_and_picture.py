"""Sound and picture are compared by what the lips do; what does not carry the comparison is no evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tastemaker.core.schemas import MediaFile
from tastemaker.models.faces.landmarks import LEFT_EYE, POINTS, RIGHT_EYE, FaceLandmarks, Points
from tastemaker.tools.trust import sound_and_picture as module
from tastemaker.tools.trust.clip import SOUND_HZ, Clip, ClipMethod
from tastemaker.tools.trust.examiner import Examiner
from tastemaker.tools.trust.method import Finding
from tastemaker.tools.trust.sound_and_picture import examine, sound_and_picture

from ..media_samples import video_file

SECONDS, FPS = 8.0, 25


def talking(seed: int) -> NDArray[np.float64]:
    """Return how open a mouth is, a hundred times a second, as of somebody who speaks four syllables a second."""
    noise = np.random.default_rng(seed).normal(size=int(SECONDS * 100))
    window = np.hanning(17) / np.hanning(17).sum()
    return np.asarray(np.clip(np.convolve(noise, window, "same") * 4, 0, None), np.float64)


class Face:
    """A face whose lower lip moves as it is told."""

    missing = ""

    def __init__(self, mouth: NDArray[np.float64], seen: float = 1.0) -> None:
        self.mouth, self.seen = mouth, seen

    def follow(self, frames: NDArray[np.uint8]) -> Points:
        rng = np.random.default_rng(1)
        points = np.repeat(rng.uniform(50, 200, (1, POINTS, 2)), len(frames), axis=0)
        points[:, LEFT_EYE], points[:, RIGHT_EYE] = (150, 100), (100, 100)
        points[:, (14, 17), 1] += 6 * self.mouth[:: 100 // FPS][: len(frames), None]
        points += rng.normal(0, 0.2, points.shape)
        points[int(self.seen * len(frames)) :] = np.nan
        return points.astype(np.float32)


def clip(voice: NDArray[np.float64], shift_s: float = 0.0, loud: float = 1.0, seconds: float = SECONDS) -> Clip:
    count = int(seconds * FPS)
    envelope = np.repeat(np.roll(voice, round(shift_s * 100)), SOUND_HZ // 100)[: int(seconds * SOUND_HZ)]
    noise = np.random.default_rng(2).normal(0, 0.1, len(envelope))
    sound = loud * (0.02 + envelope) * noise
    return Clip(np.zeros((count, 8, 8, 3), np.uint8), np.arange(count) / FPS, sound.astype(np.float32))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SHIFT_S", 0.8)


@pytest.mark.parametrize(("shift_s", "state"), [(0.0, "verified"), (0.48, "conflict"), (-0.36, "conflict")])
def test_the_shift_of_a_voice_is_found(shift_s: float, state: str) -> None:
    found = examine(clip(talking(0), shift_s), Face(talking(0)))  # type: ignore[arg-type]
    assert found.state == state
    assert found.shift_s == pytest.approx(shift_s, abs=0.08)
    assert ("earlier" in found.reason, "later" in found.reason) == (shift_s < 0, shift_s > 0)


@pytest.mark.parametrize(
    ("made", "face", "why"),
    [
        (clip(talking(3)), Face(talking(0)), "cannot be told"),
        (clip(talking(0)), Face(talking(0), seen=0.5), "No face"),
        (clip(talking(0), loud=0.0), Face(talking(0)), "silent"),
        (clip(talking(0), seconds=3), Face(talking(0)), "shorter"),
        (
            Clip(np.zeros((50, 8, 8, 3), np.uint8), np.arange(50) / FPS, np.zeros(0, np.float32)),
            Face(talking(0)),
            "no sound",
        ),
    ],
    ids=["another voice", "hardly seen", "silent", "short", "mute"],
)
def test_what_cannot_be_compared_is_no_evidence(made: Clip, face: Face, why: str) -> None:
    found = examine(made, face)  # type: ignore[arg-type]
    assert (found.state, found.shift_s) == ("no evidence", None)
    assert why in found.reason


def test_missing_weights_are_no_evidence_and_say_how_to_get_them(tmp_path: Path) -> None:
    found = sound_and_picture(tmp_path).examine(clip(talking(0)))
    assert (found.state, "tastemaker setup --weights face-landmarks" in found.reason) == ("no evidence", True)
    assert FaceLandmarks(tmp_path).missing


async def test_clips_are_read_for_their_methods_where_a_check_is_asked_for(tmp_path: Path) -> None:
    seen: list[Clip] = []

    def look(one: Clip) -> Finding:
        seen.append(one)
        return Finding("verified", "Looked at.")

    path = video_file(tmp_path / "clip.mp4")
    medium = MediaFile(media_id="video-1", kind="video", path=str(path), mime="video/mp4")
    examiner = Examiner(clip_methods=[ClipMethod("look", look, "here", "all")])
    [(check, _)] = await examiner(medium, "asked")
    assert (check.check, check.state) == ("look", "verified")
    assert seen[0].frames.shape[0] == len(seen[0].times) > 1
    assert await examiner(medium) == [], "a request does not wait for it"
    path.write_bytes(b"\0\0\0\x18ftypmp42 no video")
    [(check, _)] = await examiner(medium, "asked")
    assert (check.state, check.reason.startswith("Not examined")) == ("no evidence", True)
