"""Write down speech with a transformers speech model such as Whisper, from a hub or a local folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...core.errors import BackEndError
from ...core.schemas import SpokenSegment, Transcript
from ...core.settings import Settings
from ..weights.hub_checkpoint import load_checkpoint
from .decoding import Heard, Samples, confidence, segment_of, windows
from .faster_whisper import speech_spans
from .read_sound import SOUND_HZ, read_sound, sound_kind

MAX_NEW_TOKENS = 220


class HuggingFaceWhisper:
    """A PartialTranscriber over ``AutoModelForSpeechSeq2Seq``: silence removed first, one window of speech after another.

    The weights are read at the first clip; one clip at a time.

    Args:
        model: name on the hub, or a local folder.
        max_s: seconds of a clip that are listened to.
    """

    def __init__(self, model: str, *, max_s: float) -> None:
        self.name = f"hf:{model}"
        self._model_id, self._max_s = model, max_s
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    async def transcribe(self, path: str) -> Transcript:
        """Return what is said in the sound or video file at ``path``; empty text when nobody speaks.

        ``confidence`` is the mean probability of the decoded tokens.

        Raises:
            BackEndUnavailable: transformers or the weights are missing.
            BackEndError: the file cannot be decoded, or the model failed.
        """
        return await self.transcribe_parts(path, lambda _: None)

    async def transcribe_parts(self, path: str, told: Callable[[SpokenSegment], None]) -> Transcript:
        """As ``transcribe``, and call ``told`` in this event loop with every window of speech as soon as it is read."""
        loop = asyncio.get_running_loop()

        def tell(segment: SpokenSegment) -> None:
            loop.call_soon_threadsafe(told, segment)

        return await asyncio.to_thread(self._transcribe, path, tell)

    def _transcribe(self, path: str, tell: Callable[[SpokenSegment], None]) -> Transcript:
        audio = read_sound(path, self._max_s)
        spans = speech_spans(audio)
        heard: list[Heard] = []
        language = ""
        with self._lock:
            for start, end in windows(spans):
                window, spoken = self._window(audio[start:end])
                if not window.noise:
                    heard.append(replace(window, start_s=start / SOUND_HZ, end_s=end / SOUND_HZ))
                    language = language or spoken
                    tell(segment_of(heard[-1]))
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

    def _window(self, piece: Samples) -> tuple[Heard, str]:
        """Return what is heard in one window, and its language where the model names it."""
        if self._loaded is None:
            self._loaded = load_checkpoint("AutoModelForSpeechSeq2Seq", self._model_id, self.name)
        import torch

        processor, model = self._loaded
        features = processor(piece, sampling_rate=SOUND_HZ, return_tensors="pt", return_attention_mask=True)
        try:
            with torch.inference_mode():
                out = model.generate(
                    **features.to(model.device),
                    max_new_tokens=MAX_NEW_TOKENS,
                    do_sample=False,
                    num_beams=1,
                    output_scores=True,
                    return_dict_in_generate=True,
                )
        except (RuntimeError, ValueError) as error:
            raise BackEndError(f"{self.name} failed on this clip: {error}", back_end=self.name) from error
        count = len(out.scores)
        chosen = out.sequences[0][-count:]
        logprobs = [float(step[0].log_softmax(-1)[token]) for step, token in zip(out.scores, chosen, strict=True)]
        written = processor.decode(out.sequences[0], skip_special_tokens=False)
        return Heard(
            text=" ".join(processor.decode(chosen, skip_special_tokens=True).split()),
            logprob=sum(logprobs) / max(1, count),
            no_speech=0.0,
            tokens=count,
            cut=count >= MAX_NEW_TOKENS,
        ), _language(written)


def _language(written: str) -> str:
    """Return the ISO 639-1 code among the special tokens of a Whisper transcript, such as ``<|zh|>``."""
    marks = [mark.split("|>")[0] for mark in written.split("<|")[1:]]
    return next((mark for mark in marks if len(mark) == 2 and mark.isalpha()), "")


def open_hugging_face_whisper(name: str, settings: Settings) -> HuggingFaceWhisper:
    """Return the transcriber ``hf:NAME``, a name on the hub or a folder; its weights are read at the first clip."""
    return HuggingFaceWhisper(name, max_s=max(settings.limits.max_audio_s, settings.limits.max_video_s))
