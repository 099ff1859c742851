"""Photos, voices and videos become evidence; what fails is a tool error."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tastemaker.core.errors import BackEndUnavailable, ToolError
from tastemaker.core.schemas import (
    Caption,
    MediaFile,
    MediaInput,
    MediaKind,
    RecommendRequest,
    SpokenSegment,
    Tag,
    Transcript,
)
from tastemaker.core.settings import LimitSettings
from tastemaker.models.speech.read_sound import read_sound
from tastemaker.tools.media.admission import MediaAdmitter
from tastemaker.tools.perception.audio_transcriber import AudioTranscriber
from tastemaker.tools.perception.image_captioner import ImageCaptioner
from tastemaker.tools.perception.video_reader import VideoReader

from ..media_samples import video_file, wav_bytes


class Seeing:
    name = "seeing"

    def __init__(self, fail: bool = False) -> None:
        self.paths: list[str] = []
        self.fail = fail

    async def caption(self, path: str) -> Caption:
        if self.fail:
            raise BackEndUnavailable("no captioner")
        self.paths.append(path)
        return Caption(text=f"a picture {len(self.paths)}", tags=(Tag(label="dog", confidence=0.7),), confidence=0.7)


class Hearing:
    name = "hearing"

    def __init__(self, text: str = "hello", fail: bool = False) -> None:
        self.text, self.fail = text, fail
        self.seconds: list[float] = []

    async def transcribe(self, path: str) -> Transcript:
        if self.fail:
            raise BackEndUnavailable("no transcriber")
        self.seconds.append(len(read_sound(path, 60)) / 16_000)
        return Transcript(text=self.text, language="en", confidence=0.8)


async def admitted(path: Path, work: Path) -> MediaFile:
    os.makedirs(work, exist_ok=True)
    request = RecommendRequest(video=[MediaInput(path=str(path))])
    return (await MediaAdmitter(LimitSettings()).admit(request, work))[0]


def photo(media_id: str = "image-2", kind: MediaKind = "image") -> MediaFile:
    return MediaFile(media_id=media_id, kind=kind, path="/p.png", mime="image/png")


async def test_a_photo_becomes_caption_evidence() -> None:
    evidence = await ImageCaptioner(Seeing())(photo())
    assert (evidence.evidence_id, evidence.kind, evidence.source) == ("caption-2", "caption", "image-2")
    assert evidence.tags == (Tag(label="dog", confidence=0.7),)
    assert evidence.back_end == "seeing"
    with pytest.raises(ToolError, match="image-2"):
        await ImageCaptioner(Seeing(fail=True))(photo())
    with pytest.raises(ToolError, match="no photo"):
        await ImageCaptioner(Seeing())(photo("audio-1", "audio"))


async def test_a_voice_becomes_transcript_evidence(tmp_path: Path) -> None:
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.3))
    media = MediaFile(media_id="audio-1", kind="audio", path=str(path), mime="audio/wav")
    evidence = await AudioTranscriber(Hearing(" hi "))(media)
    assert (evidence.evidence_id, evidence.kind, evidence.source) == ("transcript-1", "transcript", "audio-1")
    assert (evidence.content, evidence.language, evidence.confidence) == ("hi", "en", 0.8)
    with pytest.raises(ToolError, match="audio-1"):
        await AudioTranscriber(Hearing(fail=True))(media)
    with pytest.raises(ToolError, match="no sound"):
        await AudioTranscriber(Hearing())(photo())


async def test_stretches_are_told_with_the_id_of_their_evidence(tmp_path: Path) -> None:
    class Telling(Hearing):
        async def transcribe_parts(self, path: str, told: Callable[[SpokenSegment], None]) -> Transcript:
            told(SpokenSegment(start_s=0.5, end_s=1.5, text="hello"))
            return await self.transcribe(path)

    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.3))
    media = MediaFile(media_id="audio-1", kind="audio", path=str(path), mime="audio/wav")
    told: list[tuple[str, SpokenSegment]] = []
    evidence = await AudioTranscriber(Telling())(media, lambda name, segment: told.append((name, segment)))
    assert [(name, segment.text) for name, segment in told] == [(evidence.evidence_id, "hello")]
    assert (await AudioTranscriber(Hearing())(media, lambda *_: None)).content == "hello"


async def test_a_video_becomes_frames_and_a_transcript(tmp_path: Path) -> None:
    shots = ((220, 30, 30), (30, 30, 220), (240, 240, 240))
    media = await admitted(video_file(tmp_path / "v.mp4", 3.0, colours=shots), tmp_path / "work")
    hearing = Hearing()
    reading = await VideoReader(Seeing(), hearing, LimitSettings())(media, tmp_path / "work")
    assert len(reading.frames) == 3, "one frame of each shot"
    assert [frame.media_id for frame in reading.frames] == [f"video-1-frame-{i}" for i in (1, 2, 3)]
    assert [int(frame.seconds or 0) for frame in reading.frames] == [0, 1, 2]
    assert {(frame.width_px, frame.height_px) for frame in reading.frames} == {(64, 48)}
    ids = [(e.evidence_id, e.source) for e in reading.evidence]
    assert ids[0] == ("caption-video-1-frame-1", "video-1-frame-1")
    assert ids[-1] == ("transcript-video-1", "video-1")
    assert hearing.seconds == [pytest.approx(3.0, abs=0.2)]
    assert all(Path(frame.path).parent == tmp_path / "work" for frame in reading.frames)


async def test_frames_are_bounded(tmp_path: Path) -> None:
    shots = tuple((i * 40 % 256, i * 90 % 256, i * 130 % 256) for i in range(8))
    media = await admitted(video_file(tmp_path / "v.mp4", 4.0, colours=shots), tmp_path / "work")
    reading = await VideoReader(Seeing(), Hearing(), LimitSettings(max_video_frames=2))(media, tmp_path / "work")
    assert len(reading.frames) == 2


async def test_a_still_video_gives_one_frame_and_a_mute_one_no_transcript(tmp_path: Path) -> None:
    path = video_file(tmp_path / "v.mp4", 1.0, sound=False, colours=((90, 90, 200),))
    media = await admitted(path, tmp_path / "work")
    reading = await VideoReader(Seeing(), Hearing(fail=True), LimitSettings())(media, tmp_path / "work")
    assert [e.kind for e in reading.evidence] == ["caption"]


async def test_half_a_video_is_better_than_none(tmp_path: Path) -> None:
    work = tmp_path / "work"
    media = await admitted(video_file(tmp_path / "v.mp4"), work)
    reading = await VideoReader(Seeing(), Hearing(fail=True), LimitSettings())(media, work)
    assert {e.kind for e in reading.evidence} == {"caption"}
    reading = await VideoReader(Seeing(fail=True), Hearing(), LimitSettings())(media, work)
    assert {e.kind for e in reading.evidence} == {"transcript"}
    with pytest.raises(ToolError, match="caption"):
        await VideoReader(Seeing(fail=True), Hearing(fail=True), LimitSettings())(media, work)


async def test_no_speech_is_no_evidence(tmp_path: Path) -> None:
    media = await admitted(video_file(tmp_path / "v.mp4"), tmp_path / "work")
    reading = await VideoReader(Seeing(), Hearing(""), LimitSettings())(media, tmp_path / "work")
    assert {e.kind for e in reading.evidence} == {"caption"}


@pytest.mark.slow
async def test_a_minute_costs_at_most_three_seconds_on_two_cores(tmp_path: Path) -> None:
    """Processor seconds of both reading processes, admission included; captions and transcription are not video's."""
    shots = tuple((i * 37 % 256, i * 91 % 256, i * 139 % 256) for i in range(20))
    path = video_file(tmp_path / "v.mp4", 59.0, fps=25, size=(640, 360), colours=shots)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    media = await admitted(path, tmp_path / "work")
    reading = await VideoReader(Seeing(), Hearing(), LimitSettings())(media, tmp_path / "work")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(reading.frames) == LimitSettings().max_video_frames
    assert sum(frame.share for frame in reading.frames) == pytest.approx(1.0, abs=0.01)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 6.0


async def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    reader = VideoReader(Seeing(), Hearing(), LimitSettings())
    with pytest.raises(ToolError, match="no video"):
        await reader(photo(), tmp_path)
    with pytest.raises(ToolError):
        await reader(MediaFile(media_id="video-1", kind="video", path=str(tmp_path / "x"), mime="video/mp4"), tmp_path)
