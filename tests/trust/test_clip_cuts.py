"""Cuts of the picture and changes of the sound are told, with their moment and the track they are in; nothing is held against a clip for them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from tastemaker.core.schemas import MediaFile
from tastemaker.tools.trust.clip import SOUND_HZ, Clip
from tastemaker.tools.trust.clip_cuts import CHANGED, CLIP_CUTS, picture_cuts, sound_change
from tastemaker.tools.trust.examiner import Examiner


def voice(seed: int, seconds: float, pitch_hz: float, bright: float) -> np.ndarray:
    """Return syllables of a voice-like sound, whose colour is that of one speaker."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * SOUND_HZ)) / SOUND_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * n * at) / n**bright for n in range(1, 30))
    syllables = np.repeat(rng.random(int(seconds * 6) + 1) > 0.25, SOUND_HZ // 6)[: len(at)]
    grain = rng.normal(0, 0.02, len(at))
    return np.asarray(0.1 * tone * syllables + grain, np.float32)


def frames(cut_at: int | None, count: int = 100) -> np.ndarray:
    """Return pictures that slowly grow lighter and, from ``cut_at`` on, show another place."""
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 200, (8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1) for _ in range(2))
    shown = [first if cut_at is None or n < cut_at else second for n in range(count)]
    return np.stack([(place + n // 4).astype(np.uint8) for n, place in enumerate(shown)])


def clip(sound: np.ndarray, cut_at: int | None = None) -> Clip:
    return Clip(frames(cut_at), np.arange(100) / 25, sound)


ONE = voice(0, 8, 110, 1.2)
TWO = np.concatenate([ONE[: 4 * SOUND_HZ], voice(1, 4, 210, 0.6)])


def test_another_voice_is_told_with_its_moment() -> None:
    clear, moment = sound_change(TWO)
    assert clear > CHANGED
    assert abs(moment - 4) < 0.4
    assert sound_change(ONE)[0] < CHANGED
    assert sound_change(ONE * 0) == (0.0, 0.0)
    assert sound_change(ONE[: SOUND_HZ // 2]) == (0.0, 0.0)


def test_a_cut_of_the_picture_alone_is_told_as_such() -> None:
    assert picture_cuts(clip(ONE)) == []
    assert picture_cuts(clip(ONE, 50)) == [2.0]
    found = CLIP_CUTS.examine(clip(ONE, 50))
    assert (found.state, found.reason) == ("no evidence", "The picture cuts at 2.0 seconds while the sound goes on.")


def test_a_change_of_the_sound_alone_is_told_as_such() -> None:
    alone, both = CLIP_CUTS.examine(clip(TWO)), CLIP_CUTS.examine(clip(TWO, 99))
    assert "and the picture goes on" in alone.reason
    assert both.state == alone.state == "no evidence"
    quiet = CLIP_CUTS.examine(clip(ONE))
    assert quiet.reason == "No cut and no change of voice was found."


async def test_sound_without_a_picture_is_examined_too(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SOUND_HZ)
        out.writeframes((TWO / np.abs(TWO).max() * 30_000).astype(np.int16).tobytes())
    medium = MediaFile(media_id="audio-1", kind="audio", path=str(path), mime="audio/wav")
    [(check, _)] = await Examiner(clip_methods=[CLIP_CUTS])(medium, "asked")
    assert (check.check, check.state) == ("clip_cuts", "no evidence")
    assert "another voice" in check.reason
    assert await Examiner(clip_methods=[CLIP_CUTS])(medium, "request") == []
