"""Build the examples shown in the API's documentation; the tiny photo and voice clip in them are real files."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
import zlib
from typing import Any

from fastapi.sse import format_sse_event

from ...core.schemas import (
    Check,
    Constraint,
    Evidence,
    Reason,
    Recommendation,
    RecommendResponse,
    Route,
    SourceScore,
    StepTime,
    StreamEvent,
    Tag,
    Understanding,
    Usage,
    Verdict,
)
from ..auth.gate import is_open
from ..openai.wire import PREFIX as OPENAI
from ..openai.wire import OpenAIErrorBody

DESCRIPTION = """\
Text, photos and voice in; grounded recommendations out.

* `POST /recommend` answers at once, `POST /recommend/stream` as it happens (server-sent events), `POST /recommend/form`
  takes files, for `curl -F`.
* Send the response's `thread_id` back to continue: *cheaper*, *not that one*, *more like the second*.
* What was missing or late is labelled in `degraded`; prices, titles and links always come from the catalogue record.
* Every error has the form `{"error": {"type", "message", "field"}}`; 422 names the field, 401 and 403 what is `missing`.
* Where keys are asked for, send one as `Authorization: Bearer tm_...` or `X-API-Key`; the tenant comes from it.
"""

TAGS = [
    {"name": "recommend", "description": "Ask for recommendations."},
    {"name": "openai", "description": "The same for clients and chat front ends that speak to OpenAI's API."},
    {"name": "check", "description": "Examine photos, voice and video for forgery and contradiction."},
    {"name": "search", "description": "Find items by words, photos, voice or clips, without recommending."},
    {"name": "feedback", "description": "Tell what users did with them."},
    {"name": "catalogue", "description": "Delete items."},
    {"name": "users", "description": "See, forget and erase what is kept of a user."},
    {"name": "rules", "description": "The business rules that answers keep to."},
    {"name": "releases", "description": "Versions of prompts, phrases, rules and weights: try, release, roll back."},
    {"name": "evaluations", "description": "Versions over frozen cases, real answers made again, rollouts compared."},
    {"name": "reviews", "description": "Items held back until a person has looked at them."},
    {"name": "operations", "description": "Is the process up, and is every part of it ready?"},
]


def tiny_photo(red: int = 40, green: int = 110, blue: int = 160, side_px: int = 32) -> str:
    """Return a plain-coloured square PNG, base64-encoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\x00" + bytes((red, green, blue)) * side_px) * side_px
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return base64.b64encode(png).decode("ascii")


def tiny_voice(seconds: float = 0.05, rate_hz: int = 8000) -> str:
    """Return a silent 8-bit mono WAV, base64-encoded."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(rate_hz)
        writer.writeframes(b"\x80" * int(seconds * rate_hz))
    return base64.b64encode(file.getvalue()).decode("ascii")


def request_examples() -> dict[str, Any]:
    """Return the named request bodies of the documentation."""
    return {
        "text": {
            "summary": "Text only, a stranger",
            "value": {"text": "a calm picture of the sea for my kitchen, under 40", "n": 5},
        },
        "photo_and_voice": {
            "summary": "Text, photo and voice of a known shopper",
            "value": {
                "user_id": "ada",
                "text": "something like this",
                "images": [{"data": tiny_photo()}],
                "audio": [{"data": tiny_voice()}],
                "n": 5,
            },
        },
        "second_turn": {
            "summary": "Second turn of a conversation",
            "value": {"user_id": "ada", "thread_id": "kitchen-1", "text": "cheaper, and not the second one"},
        },
        "constraints": {
            "summary": "Typed constraints, no language model",
            "value": {
                "user_id": "ada",
                "constraints": [
                    {"field": "price", "op": "<=", "value": 40},
                    {"field": "theme", "op": "in", "value": ["sea", "boats"]},
                ],
                "words": False,
            },
        },
    }


def response_example() -> RecommendResponse:
    """Return a complete answer, as an illustration of the form; its figures were not measured."""
    return RecommendResponse(
        request_id="0f8e7c1d5a6b4c3d",
        thread_id="kitchen-1",
        user="known",
        route=Route(name="direct", why="One wish that the catalogue's fields express.", decided_by="rule"),
        evidence=(
            Evidence(
                evidence_id="caption-1",
                kind="caption",
                source="image-1",
                content="a photo of boats on the sea",
                confidence=0.71,
                back_end="zero-shot:default",
                tags=(Tag(label="boat", confidence=0.71),),
            ),
        ),
        consistency=Verdict(
            state="no evidence",
            checks=(
                Check(
                    check="content_credentials",
                    state="no evidence",
                    reason="The photo carries no Content Credentials.",
                    about=("image-1",),
                ),
            ),
        ),
        understanding=Understanding(
            query="a calm picture of the sea, boats on the sea",
            intent="recommend",
            constraints=(Constraint(field="price", op="<=", value=40, source="text"),),
        ),
        message="Two calm sea prints within your budget.",
        message_by="model",
        items=(
            Recommendation(
                item_id="print-17",
                rank=1,
                score=0.048,
                title="Boats at low tide",
                attributes={"price": 34.0, "theme": "sea"},
                image="photos/17.jpg",
                sources=(SourceScore(source="image", rank=1, score=0.83),),
                reason=Reason(text="Boats on calm water, like your photo.", by="model", evidence_ids=("caption-1",)),
            ),
        ),
        prompts=("compose@1#4be1d2",),
        usage=Usage(llm_calls=1, prompt_tokens=900, cached_tokens=700, completion_tokens=80),
        timings=(StepTime(step="retrieve_candidates", seconds=0.02),),
    )


def error_examples() -> dict[int, dict[str, Any]]:
    """Return what an error looks like, by HTTP status."""
    errors: dict[int, dict[str, Any]] = {
        404: {"type": "not_found", "message": "this item has no picture here"},
        408: {"type": "too_slow", "message": "the body came too slowly; send at least 50,000 bytes a second"},
        429: {"type": "overloaded", "message": "too many requests are waiting; try again shortly", "retryable": True},
        401: {"type": "unauthenticated", "message": "the API key is not known", "missing": "key"},
        403: {"type": "forbidden", "message": "this needs the scope read_users", "missing": "scope read_users"},
        409: {
            "type": "blocked",
            "message": "compose r3 cannot be released: 1 approval missing",
            "reasons": ["1 approval missing"],
        },
        413: {"type": "too_large", "message": "the body is larger than 140,000,000 bytes"},
        422: {"type": "invalid_request", "message": "is not a picture", "field": "images[0].data"},
        500: {"type": "internal", "message": "something failed here; see the server's log"},
        503: {"type": "store", "message": "the catalogue or history could not be used", "retryable": True},
    }
    return {status: {"error": error, "request_id": "0f8e7c1d5a6b4c3d"} for status, error in errors.items()}


def stream_example() -> str:
    """Return the beginning of a stream, in the wire format of server-sent events."""
    response = response_example()
    events = (
        StreamEvent(event="route", data=response.route.model_dump()),
        StreamEvent(event="step", data=response.timings[0].model_dump()),
        StreamEvent(event="words", data={"item_id": None, "text": response.message, "by": response.message_by}),
    )
    frames = (
        format_sse_event(data_str=json.dumps(event.data), event=event.event, id=str(number))
        for number, event in enumerate(events)
    )
    return b"".join(frames).decode()


def describe_errors_and_streams(openapi: dict[str, Any]) -> None:
    """Say of every operation who may call it and with which errors it answers, in whose shape; LangServe's streams are no JSON."""
    errors = openapi["paths"]["/recommend"]["post"]["responses"]
    components: dict[str, Any] = openapi.setdefault("components", {})
    schemes: dict[str, Any] = components.setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": "An API key, or a person's OpenID token."}
    schemes["key"] = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    shape = OpenAIErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**shape.pop("$defs"), "OpenAIErrorBody": shape}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            statuses = [] if is_open(path) else ["401", "403", "429", "500", "503"]
            statuses += ["408", "413", "422"] if method == "post" or "requestBody" in operation else []
            if not is_open(path):
                operation["security"] = [{"bearer": []}, {"key": []}]
            operation["responses"] |= {status: errors[status] for status in statuses}
            if path.startswith(OPENAI):
                operation["responses"] = _in_openai_shape(operation["responses"])
        if path.startswith("/langserve") and path.rsplit("/", 1)[-1].startswith("stream"):
            operations["post"]["responses"]["200"] = _LANGSERVE_STREAM


_LANGSERVE_STREAM: dict[str, Any] = {
    "description": "Events `data`, `metadata`, `error` and `end`, as LangServe's client reads them.",
    "content": {"text/event-stream": {"itemSchema": {"type": "object", "properties": {"data": {"type": "string"}}}}},
}


def _in_openai_shape(responses: dict[str, Any]) -> dict[str, Any]:
    """Return the responses with errors as ``OpenAIErrors`` shapes them: wrong input is a 400 there."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIErrorBody"}}}
    wrong = {
        "400" if status == "422" else status: {"description": told["description"], "content": content}
        for status, told in responses.items()
        if int(status) >= 400
    }
    return {"200": responses["200"], **wrong}
