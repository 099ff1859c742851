"""Name what an OpenAI client sends and gets, and put our errors into OpenAI's shape."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.schemas import RecommendRequest

MODEL = "tastemaker"
PREFIX = "/v1/"
MAX_MESSAGES = 200
MAX_PARTS = 64
MAX_CHARS = 200_000
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 404: "model_not_found", 413: "request_too_large", 429: "rate_limit_exceeded"}

Text = Annotated[str, StringConstraints(max_length=MAX_CHARS)]


class ChatMessage(BaseModel):
    """One message; what is not named here, such as tool calls, is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"] = Field(description="Who speaks.")
    content: Text | Annotated[list[dict[str, Any]], Field(max_length=MAX_PARTS)] | None = Field(
        default=None,
        description="Words, or parts: `text`, `image_url` (a data or https address), `input_audio` and `video_url`.",
    )


class StreamOptions(BaseModel):
    """What a stream ends with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    include_usage: bool = Field(default=False, description="Send a last chunk with the usage.")


class ChatRequest(BaseModel):
    """A chat completion as OpenAI's clients ask for it; parameters of language models that a recommender has not are named as ignored."""

    model_config = ConfigDict(frozen=True, extra="allow")

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        default=MODEL, description=f"`{MODEL}`.", examples=[MODEL]
    )
    messages: list[ChatMessage] = Field(
        min_length=1,
        max_length=MAX_MESSAGES,
        description="The conversation, the last message from the user; system messages are data, not obeyed.",
        examples=[[{"role": "user", "content": "a dog outdoors, under 40 euros"}]],
    )
    stream: bool | None = Field(default=False, description="Answer as server-sent events.")
    stream_options: StreamOptions | None = Field(default=None, description="What a stream ends with.")
    n: Literal[1] | None = Field(
        default=1, description="Completions; there is one. The length of the list is `tastemaker.n`."
    )
    user: str | None = Field(default=None, max_length=128, description="Who asks; omit for a stranger.")
    metadata: dict[str, Any] | None = Field(
        default=None, description="`thread_id` names a conversation that the service keeps."
    )
    tastemaker: dict[str, Any] = Field(
        default_factory=dict,
        description="Further fields of a request of `/recommend`, such as `n`, `constraints`, `corrections`, `words`.",
        examples=[{"n": 3}],
    )

    @property
    def wants_usage(self) -> bool:
        """Tell whether a stream ends with the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


class ModelCard(BaseModel):
    """A model that can be asked for."""

    id: str = Field(default=MODEL, description="What to send as `model`.")
    object: Literal["model"] = Field(default="model", description="Always `model`.")
    created: int = Field(default=1_767_225_600, description="Seconds since 1970.")
    owned_by: str = Field(default="tastemaker", description="Who made it.")


class ModelList(BaseModel):
    """The models; there is one."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: tuple[ModelCard, ...] = Field(default=(ModelCard(),), description="The models.")


TAKEN = frozenset(RecommendRequest.model_fields) - {"text", "images", "audio", "video", "user_id", "thread_id"}
"""Fields of a request that ``tastemaker`` may hold; the messages, ``user`` and ``metadata`` give the others."""


class OpenAIErrorDetail(BaseModel):
    """What went wrong, as OpenAI tells it."""

    message: str = Field(description="What is wrong and what to do.")
    type: str = Field(description="Kind of the error, such as `invalid_request_error`.")
    param: str | None = Field(description="The field that is wrong, if one is.")
    code: str | None = Field(description="A name for programs, if the kind has one.")


class OpenAIErrorBody(BaseModel):
    """The body of every answer of this door that is not a success."""

    error: OpenAIErrorDetail = Field(description="The error.")


def openai_error(status: int, ours: dict[str, Any]) -> dict[str, Any]:
    """Return the body of OpenAI's errors from ours, ``{"error": {"message", "field", "type"}}``."""
    error = ours.get("error")
    about: dict[str, Any] = error if isinstance(error, dict) else {}
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    message = str(about.get("message") or "the request could not be answered")
    if field := about.get("field"):
        message = f"{field}: {message}"
    return {"error": {"message": message, "type": kind, "param": field, "code": _CODES.get(status)}}


class OpenAIErrors:
    """Answer every error under ``PREFIX`` in OpenAI's shape, whichever part of the service it comes from; 422 becomes 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def send_shaped(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and message["status"] >= 400:
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            status = 400 if start["status"] == 422 else start["status"]
            shaped = json.dumps(openai_error(status, _parsed(body)), ensure_ascii=False).encode()
            headers = MutableHeaders(scope=start)
            headers["content-length"], headers["content-type"] = str(len(shaped)), "application/json"
            await send({**start, "status": status})
            await send({"type": "http.response.body", "body": shaped})

        await self.app(scope, receive, send_shaped)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
