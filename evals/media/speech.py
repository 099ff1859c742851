"""Measure transcription on ``data/speech``: word error rate and real-time factor, as recorded and with noise at 10 dB.

The baseline is faster-whisper's own ``transcribe`` in its plain setting: the same weights, one beam, no voice activity detection,
told that the language is English. Both are scored with both normalisers of ``word_errors``. Noise is white and Gaussian, 10 dB
below each clip's mean power, drawn anew for each clip from the seed. Sounds without speech must give no words. The real-time
factor is seconds on the clock per second of sound; ``cpu_s_per_s`` is processor seconds per second of sound, which other work on
the same machine does not lengthen.
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.learning import metrics
from ...core.settings import Settings
from ...models.speech.decoding import Samples
from ...models.speech.faster_whisper import PACKAGED, open_whisper, plain_whisper
from ...models.speech.read_sound import SOUND_HZ, read_sound
from ...models.speech.served import as_wav
from ...models.weights.fetch import ensure_weights
from ..reporting.report import report
from .word_errors import Errors, errors, normal, rate, simple

SIZES = ("tiny", "base")
SNR_DB = 10.0
MAX_S = 60.0
TARGETS = {"tiny": {"wer": 0.09}, "base": {"wer": 0.06}, "rtf": 0.15}
SOUNDS = ("silence", "white noise", "pink noise", "tone", "chords")
Hear = Callable[[Samples], str]
Clips = list[tuple[str, Samples]]


async def speech_run(settings: Settings, data: Path | None, sizes: Sequence[str], seed: int) -> dict[str, Any]:
    """Return the figures of ``bench speech`` for each packaged Whisper size.

    Raises:
        InvalidRequestError: ``speech/manifest.csv`` is not in the data folder, or a size is not packaged.
    """
    clips = read_clips((data or settings.data) / "speech")
    wrong = [size for size in sizes if size not in PACKAGED]
    if wrong:
        raise InvalidRequestError("--size", f"no packaged Whisper {wrong[0]!r}; there are {', '.join(PACKAGED)}")
    noisy = with_noise(clips, seed)
    figures: dict[str, Any] = {}
    for size in sizes:
        hear = await asyncio.to_thread(_ours, settings, size)
        plain = await asyncio.to_thread(_plain, settings, size)
        for hearer in (hear, plain):
            await asyncio.to_thread(hearer, clips[0][1])
        figures[size] = {
            "clean": await asyncio.to_thread(measure, hear, clips, seed),
            "noise_10db": await asyncio.to_thread(measure, hear, noisy, seed),
            "baseline": {
                "clean": await asyncio.to_thread(measure, plain, clips, seed),
                "noise_10db": await asyncio.to_thread(measure, plain, noisy, seed),
            },
            "words_from_no_speech": await asyncio.to_thread(_made_up, hear, plain, seed),
        }
    figures["seconds"] = round(sum(len(audio) for _, audio in clips) / SOUND_HZ, 1)
    return report("speech", figures, n=len(clips), seed=seed, targets=TARGETS)


def read_clips(folder: Path) -> Clips:
    """Return (transcript, samples) of every clip whose transcript is known.

    Raises:
        InvalidRequestError: there is no manifest.
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise InvalidRequestError("--data", f"{path} is not there; name the folder that holds speech/")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["transcript"].strip()]
    return [(row["transcript"], read_sound(folder / row["file"], MAX_S)) for row in rows]


def with_noise(clips: Clips, seed: int, snr_db: float = SNR_DB) -> Clips:
    """Return the clips with white Gaussian noise ``snr_db`` below the mean power of each."""
    found: Clips = []
    for number, (text, audio) in enumerate(clips):
        noise = np.random.default_rng([seed, number]).normal(0.0, 1.0, len(audio))
        level = np.sqrt(np.mean(np.square(audio)) / 10 ** (snr_db / 10))
        found.append((text, (audio + level * noise).astype(np.float32)))
    return found


def measure(hear: Hear, clips: Clips, seed: int) -> dict[str, Any]:
    """Return word error rate by both normalisers, a 95 % interval over clips, and the cost of hearing."""
    clock, processor = time.perf_counter(), time.process_time()
    heard = [hear(audio) for _, audio in clips]
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    seconds = sum(len(audio) for _, audio in clips) / SOUND_HZ
    counts = [errors(said, text, normal) for (said, _), text in zip(clips, heard, strict=True)]
    plainly = [errors(said, text, simple) for (said, _), text in zip(clips, heard, strict=True)]
    return {
        "wer": round(rate(counts), 4),
        "wer_95": interval(counts, seed),
        "wer_simple": round(rate(plainly), 4),
        "rtf": round(clock / seconds, 4),
        "cpu_s_per_s": round(processor / seconds, 4),
    }


def interval(counts: Sequence[Errors], seed: int) -> list[float]:
    """Return the 95 % bootstrap interval of the word error rate, clips drawn with replacement."""
    wrong, words = (
        np.array(column, dtype=np.float64) for column in zip(*((c.wrong, c.words) for c in counts), strict=True)
    )
    return [round(edge, 4) for edge in metrics.interval(wrong, seed, per=words)]


def sounds(seed: int, seconds: float = 5.0) -> dict[str, Samples]:
    """Return made-up sounds that hold no speech, by the names in ``SOUNDS``."""
    count = int(seconds * SOUND_HZ)
    at = np.arange(count) / SOUND_HZ
    white = np.random.default_rng(seed).normal(0.0, 1.0, count)
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(1.0, np.arange(count // 2 + 1)))
    pink = np.fft.irfft(spectrum, count)
    roots = 220.0 * 2 ** (np.array([0, 5, 7, 0])[(at // 1.25).astype(int) % 4] / 12)
    chords = sum(np.sin(2 * np.pi * np.cumsum(roots * ratio) / SOUND_HZ) for ratio in (1.0, 1.25, 1.5)) / 3
    made = (np.zeros(count), 0.1 * white, 0.2 * pink / np.abs(pink).max(), np.sin(2 * np.pi * 440 * at), chords)
    return {name: (0.5 * sound).astype(np.float32) for name, sound in zip(SOUNDS, made, strict=True)}


def _made_up(hear: Hear, plain: Hear, seed: int) -> dict[str, int]:
    """Return how many words were made up over all sounds without speech: here and in the plain setting."""
    made = sounds(seed).values()
    return {
        "words": sum(len(hear(s).split()) for s in made),
        "baseline_words": sum(len(plain(s).split()) for s in made),
    }


def _ours(settings: Settings, size: str) -> Hear:
    whisper = open_whisper(size, settings)

    def hear(audio: Samples) -> str:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(as_wav(audio))
            file.flush()
            return asyncio.run(whisper.transcribe(file.name)).text

    return hear


def _plain(settings: Settings, size: str) -> Hear:
    return plain_whisper(str(ensure_weights(PACKAGED[size], settings.cache)), settings.models.threads)
