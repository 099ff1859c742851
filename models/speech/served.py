"""Write down speech with a speech model behind an OpenAI-compatible server, such as Whisper served by vLLM."""

from __future__ import annotations

import asyncio
import io
import math
import wave
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...core.errors import BadBackEndResponse
from ...core.schemas import SpokenSegment, Transcript
from ...core.settings import Settings
from ..llm.client import open_client
from ..llm.openai_errors import server_errors
from .decoding import Samples
from .faster_whisper import speech_spans
from .read_sound import SOUND_HZ, read_sound, sound_kind

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FORMATS = ("verbose_json", "json")  # with segments and probabilities, and what every speech model can give
MAX_TRANSCRIPT_CHARACTERS = 20_000


class ServedTranscriber:
    """A speech model behind ``/v1/audio/transcriptions``. Implements Transcriber.

    Clips are decoded here and sent as 16 kHz mono WAV, so the server gets no file of unknown form; a clip in which nobody
    speaks is not sent.

    Args:
        client: at the server's address, with its timeout and retries.
        model: the name it serves the model under.
        max_s: seconds of a clip that are sent.
    """

    def __init__(self, client: AsyncOpenAI, model: str, *, max_s: float) -> None:
        self.name = f"vllm:{model}"
        self._client, self._model, self._max_s = client, model, max_s
        self._formats: tuple[str, ...] = FORMATS

    async def transcribe(self, path: str) -> Transcript:
        """Return what is said in the sound or video file at ``path``; empty text when nobody speaks.

        ``confidence`` is the mean probability of the tokens times that of there being speech, by segments; 0 if the server
        gives no segments.

        Raises:
            BackEndError: the server failed, or the file is no sound.
        """
        audio, spans = await asyncio.to_thread(self._listen, path)
        if not spans:
            return Transcript(text="", confidence=0.0, back_end=self.name, sound=sound_kind(audio))
        speech_s = round(sum(end - start for start, end in spans) / SOUND_HZ, 3)
        return parse_transcript(await self._ask(await asyncio.to_thread(as_wav, audio)), self.name, speech_s)

    def _listen(self, path: str) -> tuple[Samples, list[tuple[int, int]]]:
        audio = read_sound(path, self._max_s)
        return audio, speech_spans(audio)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask(self, clip: bytes) -> dict[str, Any]:
        while True:
            form = self._formats[0]
            try:
                with server_errors(self.name):
                    answer: Any = await self._client.audio.transcriptions.create(
                        file=("clip.wav", clip, "audio/wav"),
                        model=self._model,
                        response_format=cast(Any, form),
                        temperature=0.0,
                    )
            except BadBackEndResponse as error:
                if form == FORMATS[-1] or getattr(error.__cause__, "status_code", 0) != 400:
                    raise
                self._formats = FORMATS[1:]  # a model without time stamps: vLLM refuses the long form with status 400
                continue
            return dict(answer.model_dump(warnings=False)) if hasattr(answer, "model_dump") else {}


def as_wav(audio: Samples) -> bytes:
    """Return samples in -1..1, shape (samples,), as a 16-bit mono WAV file of 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SOUND_HZ)
        writer.writeframes((np.clip(audio, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def parse_transcript(answer: Mapping[str, Any], back_end: str, speech_s: float) -> Transcript:
    """Return the transcript in an answer of either form.

    Raises:
        BadBackEndResponse: there is no text in it.
    """
    text, language = answer.get("text"), answer.get("language")
    if not isinstance(text, str):
        raise BadBackEndResponse(f"{back_end} gave no transcript", back_end=back_end)
    text = " ".join(text.split())[:MAX_TRANSCRIPT_CHARACTERS]
    code = language if isinstance(language, str) and len(language) == 2 else ""  # others write names, not ISO 639-1
    return Transcript(
        text=text,
        language=code if text else "",
        confidence=confidence(answer.get("segments") or ()) if text else 0.0,
        speech_s=speech_s,
        back_end=back_end,
        sound="speech" if text else "unclear",
        segments=tuple(_segment(s) for s in answer.get("segments") or ()) if text else (),
    )


def _segment(segment: Mapping[str, Any]) -> SpokenSegment:
    start, end = max(0.0, float(segment["start"])), max(0.0, float(segment["end"]))
    return SpokenSegment(
        start_s=start, end_s=end, text=str(segment.get("text", "")).strip(), confidence=confidence([segment])
    )


def confidence(segments: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean over segments, weighted by seconds, of token probability times speech probability, 0 to 1."""
    total = weight = 0.0
    for segment in segments:
        seconds = max(1e-3, float(segment["end"]) - float(segment["start"]))
        spoken = 1.0 - float(segment.get("no_speech_prob") or 0.0)
        total += seconds * math.exp(min(0.0, float(segment["avg_logprob"]))) * max(0.0, spoken)
        weight += seconds
    return round(min(1.0, total / weight), 4) if weight else 0.0


def open_vllm_audio(name: str, settings: Settings) -> ServedTranscriber:
    """Return the speech model ``name`` behind ``models.transcriber_url``, else behind the reasoning model's server."""
    import httpx2

    llm, limits = settings.llm, settings.limits
    url = settings.models.transcriber_url or llm.base_url or f"http://{llm.host}:{llm.port}/v1"
    patience = httpx2.Timeout(settings.timeouts.transcribe_s, connect=llm.connect_timeout_s)
    client = open_client(url, llm).with_options(timeout=patience, max_retries=llm.max_retries)
    return ServedTranscriber(client, name, max_s=max(limits.max_audio_s, limits.max_video_s))
