"""Slots of a recommender and the back-end that each profile puts in them, as ``kind:name``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ..core.errors import ConfigurationError
from ..core.settings import Settings

Slot = Literal["image_text", "captioner", "transcriber", "llm"]


DEFAULTS: Mapping[str, Mapping[Slot, str]] = MappingProxyType(
    {
        "embedded": {
            "image_text": "embedded:efficientnet-lite0-minilm",
            "captioner": "zero-shot:default",
            "transcriber": "whisper:tiny",
            "llm": "vllm:smollm2-135m",
        },
        "hub": {
            "image_text": "open_clip:ViT-B-32/laion2b_s34b_b79k",
            "captioner": "hf:Salesforce/blip-image-captioning-base",
            "transcriber": "whisper:small",
            "llm": "vllm:Qwen/Qwen3-4B",
        },
        "gpu": {
            "image_text": "open_clip:ViT-L-14/laion2b_s32b_b82k",
            "captioner": "vllm:Qwen/Qwen2.5-VL-3B-Instruct",
            "transcriber": "whisper:large-v3",
            "llm": "vllm:Qwen/Qwen3-8B",
        },
    }
)


def slot_id(settings: Settings, slot: Slot) -> str:
    """Return the ``kind:name`` that serves ``slot``: the setting, or the profile's default when it is empty."""
    chosen = settings.llm.model if slot == "llm" else str(getattr(settings.models, slot))
    return chosen or DEFAULTS[settings.profile][slot]


def split_id(value: str, slot: Slot) -> tuple[str, str]:
    """Split ``kind:name``.

    Raises:
        ConfigurationError: there is no kind or no name.
    """
    kind, colon, name = value.partition(":")
    if not (kind and colon and name):
        example = DEFAULTS["embedded"][slot]
        raise ConfigurationError(f"{_setting(slot)}: {value!r} must be written as kind:name, such as {example!r}")
    return kind, name


def _setting(slot: Slot) -> str:
    return "llm.model" if slot == "llm" else f"models.{slot}"
