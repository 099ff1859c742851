"""Resolve a slot string such as ``whisper:tiny`` to the back-end that serves it.

Back-ends are found in a dict of import paths, then among installed entry points of the group ``tastemaker.models`` whose
name is ``<slot>.<kind>`` (``captioner.mine = mypackage.captioner:open_mine``); nothing registers itself on import. Factories:

- ``image_text`` and ``transcriber``: ``(name, settings) -> back-end``
- ``captioner``: ``(name, settings, image_text) -> Captioner``
- ``llm``: ``(settings) -> ChatModel``, with ``settings.llm.model`` filled in
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, cast

from ..core.errors import BackEndUnavailable, ConfigurationError
from ..core.protocols import Alignable, Captioner, ChatModel, Follows, ImageTextModel, Transcriber
from ..core.settings import Settings
from .captions.all_fields import complete
from .slots import Slot, _setting, slot_id, split_id

GROUP = "tastemaker.models"
BACK_ENDS: Mapping[Slot, Mapping[str, str]] = MappingProxyType(
    {
        "image_text": {
            "embedded": ".alignment.version_in_use:open_embedded",
            "open_clip": ".image_text.open_clip:open_open_clip",
        },
        "captioner": {
            "zero-shot": ".captions.zero_shot:open_zero_shot",
            "hf": ".captions.hub_and_vllm:open_hugging_face",
            "vllm": ".captions.hub_and_vllm:open_vlm",
        },
        "transcriber": {
            "whisper": ".speech.faster_whisper:open_whisper",
            "hf": ".speech.transformers_whisper:open_hugging_face_whisper",
            "vllm": ".speech.served:open_vllm_audio",
        },
        "llm": {"vllm": ".llm.client:open_chat_model"},
    }
)


def kinds(slot: Slot) -> dict[str, str]:
    """Return every kind known for ``slot`` with its import path, built-in ones first."""
    prefix = f"{slot}."
    added = {e.name.removeprefix(prefix): e.value for e in entry_points(group=GROUP) if e.name.startswith(prefix)}
    return {**added, **BACK_ENDS[slot]}


def open_image_text(settings: Settings, tenant: str = "") -> ImageTextModel:
    """Return the image-text model of ``settings``; weights are read at its first use.

    With ``tenant`` it is the one as that tenant has aligned it by now, which stays as it is; else it follows.

    Raises:
        ConfigurationError: no such kind or name.
        BackEndUnavailable: a library or weight file is missing.
    """
    factory, name = _factory(settings, "image_text")
    model = cast(ImageTextModel, factory(name, settings))
    if not tenant or not isinstance(model, Alignable):
        return model
    aligned = model.of_tenant(tenant)
    return aligned.current() if isinstance(aligned, Follows) else aligned


def open_captioner(settings: Settings, image_text: ImageTextModel) -> Captioner:
    """Return the captioner of ``settings``, which gives every field; ``image_text`` serves the zero-shot one.

    Raises as ``open_image_text``.
    """
    factory, name = _factory(settings, "captioner")
    return complete(cast(Captioner, factory(name, settings, image_text)), settings)


def open_transcriber(settings: Settings) -> Transcriber:
    """Return the transcriber of ``settings``. Raises as ``open_image_text``."""
    factory, name = _factory(settings, "transcriber")
    return cast(Transcriber, factory(name, settings))


def open_chat(settings: Settings) -> ChatModel:
    """Return the language model of ``settings``. Raises as ``open_image_text``."""
    factory, _ = _factory(settings, "llm")
    llm = settings.llm.model_copy(update={"model": slot_id(settings, "llm")})
    return cast(ChatModel, factory(settings.model_copy(update={"llm": llm})))


def _factory(settings: Settings, slot: Slot) -> tuple[Callable[..., Any], str]:
    kind, name = split_id(slot_id(settings, slot), slot)
    known = kinds(slot)
    if kind not in known:
        raise ConfigurationError(f"{_setting(slot)}: no kind {kind!r}; there are {', '.join(sorted(known))}")
    module, _, attribute = known[kind].partition(":")
    try:
        return cast(Callable[..., Any], getattr(importlib.import_module(module, __package__), attribute)), name
    except (ImportError, AttributeError) as error:
        raise BackEndUnavailable(
            f"{kind}:{name} cannot be loaded from {known[kind]}: {error}", back_end=f"{kind}:{name}"
        ) from error
