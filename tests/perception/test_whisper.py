"""Speech is written down, and what is no speech gives no words."""

from __future__ import annotations

import asyncio
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import BackEndError, BackEndUnavailable
from tastemaker.core.protocols import Transcriber
from tastemaker.core.schemas import SpokenSegment
from tastemaker.core.settings import load_settings
from tastemaker.core.text.chinese import is_chinese
from tastemaker.evals.media.speech import sounds
from tastemaker.models.speech.decoding import WINDOW_S, Heard, confidence, repeats, windows
from tastemaker.models.speech.faster_whisper import FasterWhisper, open_whisper, speech_spans
from tastemaker.models.speech.read_sound import SOUND_HZ, read_sound, sound_kind
from tastemaker.models.speech.served import as_wav
from tastemaker.models.weights.fetch import weights_status

from ..media_samples import encoded_sound, image_bytes, video_file, wav_bytes

DATA = Path(os.environ.get("TASTEMAKER_DATA", "../shared/data"))
SETTINGS = load_settings({})
needs_tiny = pytest.mark.skipif(
    not weights_status(SETTINGS.cache).get("whisper-tiny", False), reason="the weights of whisper:tiny are not cached"
)
needs_base = pytest.mark.skipif(
    not weights_status(SETTINGS.cache).get("whisper-base", False), reason="the weights of whisper:base are not cached"
)
needs_speech = pytest.mark.skipif(not (DATA / "speech").is_dir(), reason=f"no benchmark data at {DATA}")


def heard(text: str = "a red dress", logprob: float = -0.2, no_speech: float = 0.0, cut: bool = False) -> Heard:
    return Heard(text, logprob, no_speech, len(text.split()), cut)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drop the two when you add the figures. Drop the two when you add the figures.", True),
        ("no no no no no no", True),
        ("thank you thank you thank you thank you", True),
        ("no, no, something cheaper", False),
        ("a very very nice dress", False),
        ("the dog and the cat and the bird", False),
        ("", False),
    ],
)
def test_repeats(text: str, expected: bool) -> None:
    assert repeats(text) is expected


def test_windows_join_near_speech_and_stay_short() -> None:
    second = SOUND_HZ
    assert windows([(0, second), (2 * second, 3 * second)]) == [(0, 3 * second)]
    assert windows([(0, second), (5 * second, 6 * second)]) == [(0, second), (5 * second, 6 * second)]
    long = windows([(i * second, (i + 1) * second) for i in range(60)])
    assert all(end - start <= WINDOW_S * second for start, end in long)
    assert sum(end - start for start, end in long) == 60 * second
    assert windows([]) == []


def test_made_up_text_is_noise() -> None:
    assert not heard().noise
    assert heard("you you you you you you").noise
    assert heard(logprob=-1.4).noise
    assert heard(no_speech=0.9).noise
    assert heard("...").noise
    assert heard(cut=True).doubtful
    assert not heard().doubtful


def test_confidence_is_a_probability() -> None:
    assert confidence([]) == 0.0
    assert confidence([heard(logprob=0.0)]) == 1.0
    assert confidence([heard(logprob=math.log(0.5), no_speech=0.5)]) == pytest.approx(0.25)


def test_sound_is_decoded_from_any_container(tmp_path: Path) -> None:
    for codec, fmt in (("flac", "flac"), ("libopus", "webm"), ("aac", "ipod"), ("libmp3lame", "mp3")):
        samples = read_sound(encoded_sound(tmp_path / fmt, codec, fmt), 10)
        assert samples.dtype == np.float32
        assert len(samples) / SOUND_HZ == pytest.approx(1.0, abs=0.1)
        assert 0.15 < np.abs(samples).max() < 0.45
    assert len(read_sound(video_file(tmp_path / "mute.mp4", sound=False), 10)) == 0


def test_sound_is_capped(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(3.0))
    assert len(read_sound(path, 1.0)) == SOUND_HZ


def test_what_is_no_sound_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "photo.wav"
    path.write_bytes(image_bytes())
    for wrong in (path, tmp_path / "none.wav"):
        with pytest.raises(BackEndError):
            read_sound(wrong, 10)


def test_silence_and_tones_hold_no_speech() -> None:
    time_axis = np.arange(2 * SOUND_HZ) / SOUND_HZ
    noise = np.random.default_rng(0).normal(0, 0.05, 2 * SOUND_HZ)
    for sound in (np.zeros(2 * SOUND_HZ), 0.3 * np.sin(2 * np.pi * 440 * time_axis), noise, np.zeros(0)):
        assert speech_spans(sound.astype(np.float32)) == []


def test_sound_without_speech_is_named() -> None:
    made = {name: sound_kind(sound) for name, sound in sounds(0).items()}
    assert made == {
        "silence": "silence",
        "white noise": "noise",
        "pink noise": "noise",
        "tone": "music or tones",
        "chords": "music or tones",
    }
    assert sound_kind(np.zeros(10, np.float32)) == "silence"


def test_names_become_back_ends(tmp_path: Path) -> None:
    for name in ("tiny", "whisper:tiny"):
        made = open_whisper(name, SETTINGS)
        assert made.name == "whisper:tiny"
        assert isinstance(made, Transcriber)


async def test_missing_weights_are_unavailable(tmp_path: Path) -> None:
    broken = FasterWhisper("whisper:x", lambda: str(tmp_path), threads=1, max_s=10, cache=tmp_path)
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.2))
    with pytest.raises(BackEndUnavailable, match="whisper:x"):
        await broken.transcribe(str(path))


@needs_tiny
async def test_a_folder_called_tiny_is_not_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.makedirs(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.5, volume=0.0))
    assert (await open_whisper("tiny", SETTINGS).transcribe(str(path))).text == ""


@needs_tiny
async def test_silence_gives_no_words(tmp_path: Path) -> None:
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(2.0, volume=0.0))
    transcript = await open_whisper("tiny", SETTINGS).transcribe(str(path))
    assert (transcript.text, transcript.confidence, transcript.speech_s) == ("", 0.0, 0.0)


@needs_tiny
async def test_noise_and_music_give_no_words_but_their_name(tmp_path: Path) -> None:
    whisper = open_whisper("tiny", SETTINGS)
    for name, sound in sounds(1, 3.0).items():
        path = tmp_path / "v.wav"
        path.write_bytes(as_wav(sound))
        transcript = await whisper.transcribe(str(path))
        assert (transcript.text, transcript.segments) == ("", ()), name
        assert transcript.sound in {"silence", "noise", "music or tones", "unclear"}, name


@pytest.mark.shared
@pytest.mark.slow
@needs_tiny
@needs_speech
async def test_a_long_clip_is_told_in_parts(tmp_path: Path) -> None:
    clip = read_sound(DATA / "speech" / "jfk.flac", 11)
    pause = np.zeros(4 * SOUND_HZ, np.float32)
    path = tmp_path / "long.wav"
    path.write_bytes(as_wav(np.concatenate([clip, pause, clip])))
    told: list[SpokenSegment] = []
    whisper = open_whisper("tiny", SETTINGS)
    transcript = await whisper.transcribe_parts(str(path), told.append)
    assert tuple(told) == transcript.segments
    assert transcript.sound == "speech"
    starts = [segment.start_s for segment in told]
    assert starts == sorted(starts)
    assert any(start >= 14.0 for start in starts), "times count from the start of the clip"


@pytest.mark.shared
@needs_tiny
@needs_speech
async def test_speech_is_written_down_and_clips_queue() -> None:
    whisper = open_whisper("tiny", SETTINGS)
    paths = [str(DATA / "speech" / name) for name in ("jfk.flac", "spk1_snt1.flac", "jfk.flac")]
    first, second, third = await asyncio.gather(*map(whisper.transcribe, paths))
    assert "ask not what your country can do for you" in first.text.lower()
    assert "small dog" in second.text.lower()
    assert first.text == third.text
    assert first.language == "en"
    assert 0.5 < first.confidence <= 1
    assert first.back_end == "whisper:tiny"


@pytest.mark.shared
@needs_tiny
@needs_speech
async def test_another_language_gives_no_made_up_english() -> None:
    whisper = open_whisper("tiny", SETTINGS)
    transcript = await whisper.transcribe(str(DATA / "speech" / "bus_chinese_untranscribed.flac"))
    assert transcript.speech_s > 2
    assert transcript.text == ""


@pytest.mark.shared
@pytest.mark.slow
@needs_base
@needs_speech
async def test_chinese_is_written_in_chinese() -> None:
    whisper = open_whisper("base", SETTINGS)
    for name in ("bus_chinese_untranscribed.flac", "chinese_news_untranscribed.flac"):
        transcript = await whisper.transcribe(str(DATA / "speech" / name))
        assert transcript.language == "zh", name
        assert is_chinese(transcript.text), name
        assert transcript.confidence > 0.3, name


@pytest.mark.shared
@pytest.mark.slow
@needs_tiny
@needs_speech
async def test_voice_is_faster_than_real_time() -> None:
    whisper = open_whisper("tiny", SETTINGS)
    path = str(DATA / "speech" / "jfk.flac")
    await whisper.transcribe(path)
    started = time.monotonic()
    await whisper.transcribe(path)
    assert time.monotonic() - started < 11.0 / 2
