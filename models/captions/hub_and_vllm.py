"""Describe a picture with a captioning model of the hub, or with a vision-language model behind a vLLM server."""

from __future__ import annotations

import asyncio
import base64
import io
import math
import threading
from pathlib import Path
from typing import Any

from ...core.errors import BadBackEndResponse
from ...core.protocols import ImageTextModel
from ...core.schemas import Caption
from ...core.settings import Settings
from ..image_text.pixels import read_image
from ..llm.openai_errors import server_errors
from ..weights.hub_checkpoint import load_checkpoint

MAX_NEW_TOKENS = 40
MAX_SIDE_PX = 768
MAX_CAPTION_CHARACTERS = 1000
PROMPT = "Describe this picture in one short factual sentence. Name objects, colours and materials. Write nothing else."


class HuggingFaceCaptioner:
    """A transformers captioning model such as BLIP. Implements Captioner; weights are read at the first use."""

    def __init__(self, model: str) -> None:
        self.name = f"hf:{model}"
        self._model_id = model
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    async def caption(self, path: str) -> Caption:
        """Return one sentence; ``confidence`` is the geometric mean of its tokens' probabilities.

        Raises:
            BackEndUnavailable: transformers or the weights are missing.
            BackEndError: the file is no picture.
        """
        return await asyncio.to_thread(self._caption, path)

    def _caption(self, path: str) -> Caption:
        processor, model = self._load()
        import torch

        inputs = processor(images=read_image(path), return_tensors="pt").to(model.device)
        with torch.inference_mode():
            out = model.generate(
                **inputs,
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                output_scores=True,
                return_dict_in_generate=True,
            )
            scores = model.compute_transition_scores(out.sequences, out.scores, normalize_logits=True)
        text = " ".join(processor.decode(out.sequences[0], skip_special_tokens=True).split())
        confidence = math.exp(float(scores[0].mean())) if scores.numel() else 0.0
        return Caption(text=text, confidence=min(1.0, confidence), back_end=self.name)

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = load_checkpoint("AutoModelForImageTextToText", self._model_id, self.name)
            return self._loaded


class VLMCaptioner:
    """A vision-language model behind an OpenAI-compatible server such as vLLM. Implements Captioner.

    Args:
        base_url: the server's address, ending in ``/v1``.
        model: the name it serves the model under.
        api_key: its key, or an empty string.
        timeout_s: seconds to wait for one caption.
        max_retries: retries of a retryable failure.
    """

    def __init__(
        self, base_url: str, model: str, api_key: str = "", *, timeout_s: float = 60.0, max_retries: int = 1
    ) -> None:
        self.name = f"vllm:{model}"
        self._model = model
        self._base_url, self._api_key = base_url, api_key or "none"
        self._timeout_s, self._max_retries = timeout_s, max_retries
        self._client: Any = None

    async def caption(self, path: str) -> Caption:
        """Return one sentence; ``confidence`` is the geometric mean of its tokens' probabilities, 0 if the server gives none.

        Raises:
            BackEndError: the server failed, or the file is no picture.
        """
        url = await asyncio.to_thread(data_uri, path)
        reply = await self._ask(caption_messages(url))
        return parse_caption(reply, self.name)

    async def _ask(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        import openai

        if self._client is None:
            self._client = openai.AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key,
                timeout=self._timeout_s,
                max_retries=self._max_retries,
            )
        with server_errors(self.name):
            reply = await self._client.chat.completions.create(
                model=self._model, messages=messages, max_tokens=MAX_NEW_TOKENS * 2, temperature=0.0, logprobs=True
            )
        answer: dict[str, Any] = reply.model_dump()
        return answer


def data_uri(path: str | Path) -> str:
    """Return the picture as a JPEG data URI of at most 768 px a side. Raises BackEndError if it is no picture."""
    image = read_image(path, MAX_SIDE_PX)
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def caption_messages(url: str) -> list[dict[str, Any]]:
    """Return the chat messages that ask for a caption of the picture at ``url``."""
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [picture, {"type": "text", "text": PROMPT}]}]


def parse_caption(reply: dict[str, Any], back_end: str) -> Caption:
    """Return the caption in a chat completion.

    Raises:
        BadBackEndResponse: there is no text in it.
    """
    try:
        choice = reply["choices"][0]
        text = " ".join(choice["message"]["content"].split())[:MAX_CAPTION_CHARACTERS]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadBackEndResponse(f"{back_end} gave no caption", back_end=back_end) from error
    if not text:
        raise BadBackEndResponse(f"{back_end} gave an empty caption", back_end=back_end)
    chances = [token["logprob"] for token in (choice.get("logprobs") or {}).get("content") or []]
    confidence = math.exp(sum(chances) / len(chances)) if chances else 0.0
    return Caption(text=text, confidence=min(1.0, confidence), back_end=back_end)


def open_hugging_face(name: str, settings: Settings, image_text: ImageTextModel) -> HuggingFaceCaptioner:
    """Return the hub's captioning model called ``name``, or one in a local folder."""
    return HuggingFaceCaptioner(name)


def open_vlm(name: str, settings: Settings, image_text: ImageTextModel) -> VLMCaptioner:
    """Return the vision-language model ``name`` behind ``models.captioner_url``, else behind the reasoning model's server."""
    llm = settings.llm
    url = settings.models.captioner_url or llm.base_url or f"http://{llm.host}:{llm.port}/v1"
    return VLMCaptioner(
        url, name, llm.api_key.get_secret_value(), timeout_s=settings.timeouts.caption_s, max_retries=llm.max_retries
    )
