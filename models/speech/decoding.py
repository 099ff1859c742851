"""Write down windows of speech with a CTranslate2 Whisper model, encoding only as much sound as there is.

Whisper was trained on 30 s windows, and its encoder costs the same for one second as for thirty when every window is padded.
Here a window is padded by ``MARGIN_S`` seconds of silence only. Short windows now and then make the decoder say a phrase over and
over; that is noticed (``repeats``, token limit, low probability) and such a window is decoded again padded to 30 s.

A window is decoded greedily first. Where the mean log-probability of its tokens says that the model was not sure, the same encoding
is decoded again by a beam search over ``BEAMS`` hypotheses, which costs more than twice the time and helps most in noise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.schemas import SpokenSegment
from .read_sound import SOUND_HZ

Samples = NDArray[np.float32]
WINDOW_S = 24.0
MARGIN_S = 6.0
FULL_S = 30.0
GAP_S = 2.0
BEAMS = 5
SURE_LOGPROB = -0.5
TOKENS_PER_S = 10
SPARE_TOKENS = 16
MAX_TOKENS = 220
MIN_LOGPROB = -1.0
HOPELESS_LOGPROB = -1.3
NO_SPEECH = 0.6
MIN_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class Heard:
    """One decoded window: text, mean log-probability of its tokens, probability of no speech, number of tokens, seconds."""

    text: str
    logprob: float
    no_speech: float
    tokens: int
    cut: bool
    start_s: float = 0.0
    end_s: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Say whether the window deserves a second, full-length look."""
        return self.cut or repeats(self.text) or HOPELESS_LOGPROB < self.logprob < MIN_LOGPROB

    @property
    def noise(self) -> bool:
        """Say whether this is no speech, or a text made up for something else than speech."""
        silent = self.no_speech > NO_SPEECH and self.logprob < MIN_LOGPROB
        weak = silent or self.logprob < HOPELESS_LOGPROB or confidence([self]) < MIN_CONFIDENCE
        return weak or repeats(self.text) or not re.search(r"\w", self.text)


def windows(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans of speech, in samples, into windows of at most ``WINDOW_S`` seconds, split at gaps over ``GAP_S``."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and end - joined[-1][0] <= WINDOW_S * SOUND_HZ and start - joined[-1][1] <= GAP_S * SOUND_HZ:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def repeats(text: str) -> bool:
    """Say whether a phrase of two words or more comes three times in a row, or one of four or more twice."""
    words = re.findall(r"[\w']+", text.lower())
    for size in range(1, len(words) // 2 + 1):
        needed = 5 if size == 1 else 3 if size < 4 else 2
        run = 0
        for left, right in zip(words, words[size:], strict=False):
            run = run + 1 if left == right else 0
            if run >= size * (needed - 1):
                return True
    return False


def confidence(heard: Sequence[Heard]) -> float:
    """Return the mean token probability, weighted by tokens and by the probability that there was speech; 0 to 1."""
    tokens = sum(h.tokens for h in heard)
    if not tokens:
        return 0.0
    total = sum(h.tokens * math.exp(min(h.logprob, 0.0)) * (1.0 - h.no_speech) for h in heard)
    return round(min(max(total / tokens, 0.0), 1.0), 3)


def segment_of(heard: Heard) -> SpokenSegment:
    """Return a window's words with their time."""
    return SpokenSegment(
        start_s=round(heard.start_s, 3), end_s=round(heard.end_s, 3), text=heard.text, confidence=confidence([heard])
    )


class WindowDecoder:
    """Decode windows with one loaded ``faster_whisper.WhisperModel``; not safe to use from two threads at once.

    Language is detected on the first window and kept; English-only models always report ``en``.
    """

    def __init__(self, model: Any) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = model
        self._tokenizer = Tokenizer
        plain = Tokenizer(model.hf_tokenizer, False, task=None, language=None)
        self._suppressed = list(get_suppressed_tokens(plain, [-1]))

    def decode(
        self, audio: Samples, spans: Sequence[tuple[int, int]], told: Callable[[SpokenSegment], None] | None = None
    ) -> tuple[list[Heard], str]:
        """Return what was heard in every window of speech, made-up text left out, and the language (ISO 639-1).

        ``told`` gets every window as soon as it is decoded.
        """
        heard: list[Heard] = []
        language = "" if self._model.model.is_multilingual else "en"
        for start, end in windows(spans):
            piece = audio[start : min(end, start + int(FULL_S * SOUND_HZ))]
            encoded = self._encode(piece, MARGIN_S)
            language = language or self._language(encoded)
            best = self._window(encoded, len(piece), language, beams=1)
            if best.logprob < SURE_LOGPROB:
                best = self._window(encoded, len(piece), language, beams=BEAMS)
            if best.doubtful:
                again = self._window(self._encode(piece, FULL_S), len(piece), language, beams=BEAMS)
                best = min(best, again, key=lambda h: (h.noise, h.cut, -h.logprob))
            if not best.noise:
                heard.append(replace(best, start_s=start / SOUND_HZ, end_s=end / SOUND_HZ))
                if told is not None:
                    told(segment_of(heard[-1]))
        return heard, language

    def _encode(self, piece: Samples, margin_s: float) -> Any:
        wanted = min(len(piece) + int(margin_s * SOUND_HZ), int(FULL_S * SOUND_HZ))
        padded = np.pad(piece, (0, max(0, wanted - len(piece))))
        features = self._model.feature_extractor(padded, padding=0)
        frames = min(features.shape[-1], int(FULL_S * 100)) // 2 * 2
        return self._model.encode(np.ascontiguousarray(features[:, :frames]))

    def _language(self, encoded: Any) -> str:
        return str(self._model.model.detect_language(encoded)[0][0][0]).strip("<|>")

    def _window(self, encoded: Any, samples: int, language: str, beams: int) -> Heard:
        many = self._model.model.is_multilingual
        tokenizer = self._tokenizer(
            self._model.hf_tokenizer, many, task="transcribe" if many else None, language=language if many else None
        )
        limit = min(MAX_TOKENS, SPARE_TOKENS + int(TOKENS_PER_S * samples / SOUND_HZ))
        prompt = list(tokenizer.sot_sequence)
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=beams,
            max_length=len(prompt) + limit,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        count = len(result.sequences_ids[0])
        return Heard(
            text=tokenizer.decode(tokens).strip(),
            logprob=result.scores[0] * count / (count + 1),
            no_speech=result.no_speech_prob,
            tokens=len(tokens),
            cut=count >= limit,
        )
