"""Speech through an OpenAI-compatible server: its real forms over a real socket, its errors, and what is never sent."""

from __future__ import annotations

import asyncio
import importlib
import io
import math
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Form, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response

import tastemaker.api.demo
from tastemaker.core.errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
)
from tastemaker.core.protocols import Transcriber
from tastemaker.core.schemas import Transcript
from tastemaker.core.settings import LimitSettings, LLMSettings, ModelSettings, Settings, TimeoutSettings
from tastemaker.models import registry, slots
from tastemaker.models.lazy import LazyTranscriber
from tastemaker.models.speech.served import ServedTranscriber, open_vllm_audio, parse_transcript

from ..live_server import serving
from ..media_samples import wav_bytes

VOICE = Path(tastemaker.api.demo.__file__).parent / "data" / "voice" / "voice-animals.ogg"
SEGMENT = {  # as vLLM 0.32 writes it: protocol.py of its speech_to_text entry point
    "id": 0, "avg_logprob": math.log(0.5), "compression_ratio": 1.0, "end": 2.0, "no_speech_prob": None, "seek": 0,
    "start": 0.0, "temperature": 0.0, "text": " a red dress", "tokens": [50364, 257],
}  # fmt: skip
VERBOSE: dict[str, Any] = {
    "duration": 2.5, "language": "en", "text": " a red dress", "segments": [SEGMENT], "words": None
}  # fmt: skip
PLAIN: dict[str, Any] = {"text": "a red dress", "usage": {"type": "duration", "seconds": 3}}
REFUSED = {"error": {"message": "Currently do not support verbose_json for m", "type": "BadRequestError", "code": 400}}


class SpeechServer:
    """A stand-in for a speech model's server: remembers what it was sent and answers by the wanted format."""

    def __init__(self, answer: Callable[[str], Response]) -> None:
        self.sent: list[tuple[str, str, str, bytes]] = []
        self.answer = answer
        self.app = FastAPI()
        self.app.post("/v1/audio/transcriptions")(self.transcribe)

    async def transcribe(
        self,
        file: UploadFile,
        model: str = Form(),
        response_format: str = Form(),
        temperature: float = Form(),
    ) -> Response:
        assert temperature == 0
        self.sent.append((model, response_format, str(file.filename), await file.read()))
        return self.answer(response_format)


def always(body: Any, status: int = 200) -> Callable[[str], Response]:
    return lambda _form: JSONResponse(body, status)


def back_end(url: str, *, max_s: float = 30.0, timeout_s: float = 5.0) -> ServedTranscriber:
    settings = Settings(
        models=ModelSettings(transcriber_url=f"{url}/v1"),
        llm=LLMSettings(max_retries=0),
        limits=LimitSettings(max_audio_s=max_s, max_video_s=max_s),
        timeouts=TimeoutSettings(transcribe_s=timeout_s),
    )
    return open_vllm_audio("openai/whisper-small", settings)


async def ask(url: str, path: Path = VOICE, **options: float) -> Transcript:
    transcriber = back_end(url, **options)
    try:
        return await transcriber.transcribe(str(path))
    finally:
        await transcriber.aclose()


async def test_speech_is_sent_as_wav_and_read_from_the_long_form() -> None:
    server = SpeechServer(always(VERBOSE))
    async with serving(server.app) as url:
        transcriber = back_end(url)
        heard = await transcriber.transcribe(str(VOICE))
        await transcriber.aclose()
    assert isinstance(transcriber, Transcriber)
    assert (heard.text, heard.language, heard.confidence) == ("a red dress", "en", 0.5)
    assert heard.speech_s > 0.5
    assert heard.back_end == transcriber.name == "vllm:openai/whisper-small"
    [(model, form, name, clip)] = server.sent
    assert (model, form, name) == ("openai/whisper-small", "verbose_json", "clip.wav")
    with wave.open(io.BytesIO(clip)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() > 16_000


async def test_a_clip_is_sent_only_up_to_the_limit() -> None:
    server = SpeechServer(always(VERBOSE))
    async with serving(server.app) as url:
        await ask(url, max_s=1.5)
    with wave.open(io.BytesIO(server.sent[0][3])) as sound:
        assert sound.getnframes() == 24_000


async def test_a_model_without_time_stamps_is_asked_for_the_short_form_from_then_on() -> None:
    server = SpeechServer(lambda form: JSONResponse(PLAIN) if form == "json" else JSONResponse(REFUSED, 400))
    async with serving(server.app) as url:
        transcriber = back_end(url)
        for _ in range(2):
            heard = await transcriber.transcribe(str(VOICE))
            assert (heard.text, heard.language, heard.confidence) == ("a red dress", "", 0.0)
        await transcriber.aclose()
    assert [form for _, form, *_ in server.sent] == ["verbose_json", "json", "json"]


async def test_silence_is_not_sent(tmp_path: Path) -> None:
    server = SpeechServer(always(VERBOSE))
    clip = tmp_path / "a.wav"
    clip.write_bytes(wav_bytes(volume=0.0))
    async with serving(server.app) as url:
        heard = await ask(url, clip)
    assert (heard.text, heard.speech_s, server.sent) == ("", 0.0, [])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (always({"error": "busy"}, 503), BackEndOverloaded),
        (always({"error": "busy"}, 429), BackEndOverloaded),
        (always({"error": "no"}, 404), BadBackEndResponse),
        (always(REFUSED, 400), BadBackEndResponse),
        (always({"segments": []}), BadBackEndResponse),
        (always({"text": 7}), BadBackEndResponse),
        (lambda _form: PlainTextResponse("a red dress"), BadBackEndResponse),
        (lambda _form: Response("{", media_type="application/json"), BadBackEndResponse),
    ],
)
async def test_a_server_that_fails(answer: Callable[[str], Response], kind: type[BackEndError]) -> None:
    async with serving(SpeechServer(answer).app) as url:
        with pytest.raises(kind) as caught:
            await ask(url)
    assert caught.value.back_end == "vllm:openai/whisper-small"
    assert url not in str(caught.value)


async def test_a_server_that_is_not_there_or_slow() -> None:
    with pytest.raises(BackEndUnavailable):
        await ask("http://127.0.0.1:9")
    app = FastAPI()

    @app.post("/v1/audio/transcriptions")
    async def slow() -> None:
        await asyncio.sleep(1)

    async with serving(app) as url:
        with pytest.raises(BackEndTimeout):
            await ask(url, timeout_s=0.3)


async def test_what_is_no_sound_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(BackEndError):
        await ask("http://127.0.0.1:9", tmp_path / "a.wav")


def test_confidence_weighs_segments_by_seconds_and_speech() -> None:
    long = {**SEGMENT, "start": 0.0, "end": 3.0, "avg_logprob": 0.0, "no_speech_prob": 0.2}
    short = {**SEGMENT, "start": 3.0, "end": 4.0, "avg_logprob": math.log(0.4), "no_speech_prob": 0.5}
    heard = parse_transcript({**VERBOSE, "segments": [long, short], "language": "english"}, "vllm:m", 4.0)
    assert heard.confidence == pytest.approx((3 * 0.8 + 1 * 0.2) / 4)
    assert heard.language == ""
    assert parse_transcript({**VERBOSE, "text": "  "}, "vllm:m", 0.1).confidence == 0.0


def test_the_address_is_the_slots_own_or_the_reasoning_models() -> None:
    models, llm = ModelSettings(transcriber="vllm:m", transcriber_url="http://a/v1"), LLMSettings(port=8123)
    own = registry.open_transcriber(Settings(models=models, llm=llm))
    assert isinstance(own, ServedTranscriber)
    assert own.name == "vllm:m"
    assert address(own) == "http://a/v1/"
    assert address(open_vllm_audio("m", Settings(llm=llm))) == "http://127.0.0.1:8123/v1/"
    assert address(open_vllm_audio("m", Settings(llm=LLMSettings(base_url="http://b/v1")))) == "http://b/v1/"


def address(of: ServedTranscriber) -> str:
    return str(of._client.base_url)


async def test_a_lazy_back_end_closes_what_it_opened() -> None:
    opened = back_end("http://127.0.0.1:9")
    lazy = LazyTranscriber(lambda: opened, "vllm:m")
    assert await lazy.get() is opened
    await lazy.aclose()
    assert opened._client.is_closed()
    assert lazy.state == "idle"


@pytest.mark.parametrize(("slot", "kind"), [(s, k) for s, kinds in registry.BACK_ENDS.items() for k in kinds])
def test_every_back_end_of_the_registry_exists(slot: slots.Slot, kind: str) -> None:
    module, _, name = registry.BACK_ENDS[slot][kind].partition(":")
    assert callable(getattr(importlib.import_module(module, "tastemaker.models"), name))


@pytest.mark.parametrize("profile", slots.DEFAULTS)
def test_every_default_names_a_back_end(profile: str) -> None:
    for slot, value in slots.DEFAULTS[profile].items():
        assert slots.split_id(value, slot)[0] in registry.BACK_ENDS[slot]
