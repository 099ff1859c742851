"""A transformers speech model serves the transcriber's slot; it is tested with a tiny one in its own file format."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.protocols import PartialTranscriber
from tastemaker.core.schemas import SpokenSegment
from tastemaker.core.settings import load_settings
from tastemaker.models import registry
from tastemaker.models.speech import transformers_whisper as whisper_hf
from tastemaker.models.speech.read_sound import SOUND_HZ
from tastemaker.models.speech.served import as_wav
from tastemaker.models.weights.fetch import weights_folder, weights_status

from ..media_samples import wav_bytes

SETTINGS = load_settings({})
pytestmark = pytest.mark.train
needs_vocabulary = pytest.mark.skipif(
    not weights_status(SETTINGS.cache).get("whisper-base", False), reason="the weights of whisper:base are not cached"
)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Write a Whisper of two thousand weights, untrained, with the real vocabulary."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    vocabulary = weights_folder("whisper-base", SETTINGS.cache) / "tokenizer.json"
    tokenizer = transformers.WhisperTokenizerFast(tokenizer_file=str(vocabulary))
    config = transformers.WhisperConfig(
        vocab_size=51865,
        d_model=8,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=1,
        decoder_attention_heads=1,
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config.max_length = 20
    folder = tmp_path / "whisper"
    model.save_pretrained(folder)
    transformers.WhisperProcessor(transformers.WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    return folder


def test_the_name_opens_it_and_nothing_is_loaded() -> None:
    made = registry.open_transcriber(load_settings({}, models={"transcriber": "hf:openai/whisper-tiny"}))
    assert made.name == "hf:openai/whisper-tiny"
    assert isinstance(made, PartialTranscriber)


async def test_silence_needs_no_model(tmp_path: Path) -> None:
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(1.0, volume=0.0))
    transcript = await whisper_hf.open_hugging_face_whisper("nowhere", SETTINGS).transcribe(str(path))
    assert (transcript.text, transcript.sound) == ("", "silence")


@pytest.mark.slow
@needs_vocabulary
async def test_a_local_checkpoint_writes_something_down(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper_hf, "speech_spans", lambda audio: [(0, len(audio))])
    path = tmp_path / "v.wav"
    path.write_bytes(as_wav(np.random.default_rng(0).normal(0, 0.1, SOUND_HZ).astype(np.float32)))
    told: list[SpokenSegment] = []
    whisper = whisper_hf.open_hugging_face_whisper(str(checkpoint), SETTINGS)
    window, _ = whisper._window(np.zeros(SOUND_HZ, np.float32))
    assert window.tokens > 0
    assert window.logprob < 0
    transcript = await whisper.transcribe_parts(str(path), told.append)
    assert transcript.back_end == f"hf:{checkpoint}"
    assert transcript.speech_s == 1.0
    assert tuple(told) == transcript.segments
    assert transcript.sound == ("speech" if transcript.text else "unclear")


async def test_missing_weights_are_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(whisper_hf, "speech_spans", lambda audio: [(0, len(audio))])
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.3))
    with pytest.raises(BackEndUnavailable, match="local folder"):
        await whisper_hf.open_hugging_face_whisper(str(tmp_path / "none"), SETTINGS).transcribe(str(path))


def test_the_language_is_read_from_the_marks() -> None:
    assert whisper_hf._language("<|startoftranscript|><|zh|><|transcribe|> x") == "zh"
    assert whisper_hf._language("<|startoftranscript|> x") == ""


async def test_without_torch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_hf, "speech_spans", lambda audio: [(0, len(audio))])
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "v.wav"
    path.write_bytes(wav_bytes(0.3))
    with pytest.raises(BackEndUnavailable, match=r"tastemaker\[hub\]"):
        await whisper_hf.open_hugging_face_whisper(str(tmp_path / "none"), SETTINGS).transcribe(str(path))
