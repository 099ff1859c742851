"""Answer other agents by A2A's JSON-RPC: a card that says what this agent does, and messages; of versions 1.0 and 0.3 of the protocol.

A message is answered at once by a message, never by a task: it holds the answer as text and, as data, whole. A context is a
conversation of the recommender's by the same id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse

from ... import __version__
from ...agents.explaining.markdown import whole
from ...core.errors import InvalidRequestError
from ...core.schemas import MediaInput, RecommendRequest, RecommendResponse
from ...core.validation import invalid_request
from ..http.errors import failure_details
from ..http.json_body import parse_json
from ..service import Service

SEND = {"SendMessage": "1.0", "message/send": "0.3"}
MEDIA = ("image/jpeg", "image/png", "image/webp", "audio/wav", "audio/mpeg", "video/mp4")
ABOUT = "Recommends items of the shop for what a person says, shows or speaks; every condition named is kept."


class _File(BaseModel):
    """A file of a message in version 0.3."""

    data: str | None = Field(default=None, alias="bytes")
    uri: str | None = None
    mime: str = Field(default="", alias="mimeType")


class _Part(BaseModel):
    """A part of a message: words, or a file by its bytes (base64) or its address; what else it may be is not read."""

    model_config = ConfigDict(extra="ignore")
    text: str | None = None
    raw: str | None = None
    url: str | None = None
    media_type: str = Field(default="", alias="mediaType")
    file: _File | None = None

    def medium(self) -> tuple[str, MediaInput] | None:
        """Return kind and source of a photo, voice clip or video.

        Raises:
            InvalidRequestError: a file of another kind.
        """
        data, url, mime = self.raw, self.url, self.media_type
        if self.file is not None:
            data, url, mime = self.file.data, self.file.uri, self.file.mime
        if data is None and url is None:
            return None
        kind = mime.partition("/")[0]
        if kind not in ("image", "audio", "video"):
            raise InvalidRequestError("parts", f"a file needs a media type of image, audio or video, not {mime[:64]!r}")
        return kind, MediaInput(data=data, url=url)


class _Message(BaseModel):
    """What another agent says."""

    model_config = ConfigDict(extra="ignore")
    message_id: str = Field(alias="messageId", min_length=1, max_length=256)
    context_id: str | None = Field(default=None, alias="contextId")
    parts: list[_Part] = Field(min_length=1, max_length=64)


class _Params(BaseModel):
    message: _Message


class _Call(BaseModel):
    """A JSON-RPC call."""

    id: str | int | None = None
    method: str = Field(max_length=128)
    params: dict[str, Any] = Field(default_factory=dict)


def add_a2a(app: FastAPI, service: Callable[[], Service]) -> None:
    """Serve the card and the address that it names."""

    @app.get("/.well-known/agent-card.json", include_in_schema=False)
    async def agent_card(request: Request) -> JSONResponse:
        return JSONResponse(card(str(request.url_for("a2a"))))

    @app.post("/a2a", include_in_schema=False)
    async def a2a(request: Request) -> JSONResponse:
        return JSONResponse(await answer(await request.body(), service(), request))


def card(url: str) -> dict[str, Any]:
    """Return the agent's card for both versions of the protocol."""
    skill = {
        "id": "recommend",
        "name": "Recommend",
        "description": ABOUT,
        "tags": ["recommendation", "shopping", "search"],
        "examples": ["a calm picture of the sea under 40 euros", "cheaper", "not the second one"],
    }
    interfaces = [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": version} for version in SEND.values()]
    return {
        "name": "Tastemaker",
        "description": ABOUT,
        "version": __version__,
        "supportedInterfaces": interfaces,
        "url": url,
        "preferredTransport": "JSONRPC",
        "protocolVersion": "0.3.0",
        "capabilities": {"streaming": False, "pushNotifications": False},
        "defaultInputModes": ["text/plain", *MEDIA],
        "defaultOutputModes": ["text/markdown", "application/json"],
        "skills": [skill],
    }


async def answer(body: bytes, service: Service, request: Request) -> dict[str, Any]:
    """Return the JSON-RPC answer to a call; wrong calls and failures are errors of it."""
    asked: Any = None
    try:
        asked = parse_json(body)
        call = _Call.model_validate(asked)
    except json.JSONDecodeError as error:
        return _error(None, -32700, f"not JSON: {error.msg}")
    except ValidationError:
        return _error(asked.get("id") if isinstance(asked, dict) else None, -32600, "not a JSON-RPC call")
    if call.method not in SEND:
        return _error(call.id, -32601, f"there is no method {call.method!r}; messages are sent by {' or '.join(SEND)}")
    try:
        said = _Params.model_validate(call.params).message
        response = await service.recommend(request_of(said), allow_paths=False)
    except ValidationError as error:
        return _error(call.id, -32602, str(invalid_request(error)))
    except Exception as error:  # noqa: BLE001  told without internals
        status, detail = failure_details(error, str(getattr(request.state, "request_id", "")))
        message = f"{detail.field}: {detail.message}" if detail.field else detail.message
        return _error(call.id, -32602 if status < 500 else -32603, message)
    told = message_of(response, SEND[call.method])
    return {"jsonrpc": "2.0", "id": call.id, "result": told}


def request_of(said: _Message) -> RecommendRequest:
    """Return what a message asks.

    Raises:
        InvalidRequestError: a part is of no kind that is read, or breaks a limit.
    """
    given: dict[str, list[MediaInput]] = {"image": [], "audio": [], "video": []}
    for kind, medium in filter(None, (part.medium() for part in said.parts)):
        given[kind].append(medium)
    if len(given["audio"]) > 1 or len(given["video"]) > 1:
        raise InvalidRequestError("parts", "at most one voice clip and one video")
    fields: dict[str, Any] = {
        "text": "\n".join(part.text for part in said.parts if part.text) or None,
        "thread_id": said.context_id or None,
        "images": given["image"],
        **{kind: given[kind][0] for kind in ("audio", "video") if given[kind]},
    }
    try:
        return RecommendRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error) from error


def message_of(response: RecommendResponse, version: str) -> Mapping[str, Any]:
    """Return an answer as a message of the protocol's version."""
    data = response.model_dump(mode="json")
    told = {"messageId": response.request_id, "contextId": response.thread_id}
    if version == "0.3":
        parts = [{"kind": "text", "text": whole(response)}, {"kind": "data", "data": data}]
        return {**told, "kind": "message", "role": "agent", "parts": parts}
    whole_answer = [{"text": whole(response), "mediaType": "text/markdown"}, {"data": data}]
    return {"message": {**told, "role": "ROLE_AGENT", "parts": whole_answer}}


def _error(call: str | int | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call, "error": {"code": code, "message": message}}
