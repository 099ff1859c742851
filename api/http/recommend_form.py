"""Define the HTTP route that answers a form with files; every field of a request has one of the form."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from ...core.errors import InvalidRequestError
from ...core.schemas import MediaInput, RecommendRequest, RecommendResponse
from .recommend import ANSWER, ASK_ERRORS
from .recommend import answer as answer_it

_LIST = TypeAdapter(list[Any])
_OBJECT = TypeAdapter(dict[str, Any])
_FORMS: Mapping[str, TypeAdapter[Any]] = {
    "constraints": _LIST,
    "corrections": _LIST,
    "llm_rank": _LIST,
    "context": _OBJECT,
    "diversity": _OBJECT,
    "preferences": _OBJECT,
    "profile": _OBJECT,
    "answer": _OBJECT,
}
"""Fields that are sent as JSON, and what it must be."""
_LIMITS = '[{"field": "price", "op": "<=", "value": 40}]'
_WISHES = '{"values": [{"field": "theme", "value": "sea"}]}'


def add_form_route(app: FastAPI) -> None:
    """Register the route of the form."""
    app.post(
        "/recommend/form",
        tags=["recommend"],
        summary="Recommend, from a form with files",
        responses={**ANSWER, **ASK_ERRORS},
    )(recommend_form)


async def recommend_form(
    request: Request,
    *,
    text: Annotated[str | None, Form(description="What they typed.", examples=["something like this"])] = None,
    user_id: Annotated[str | None, Form(description="Who asks; omit for a stranger.")] = None,
    thread_id: Annotated[str | None, Form(description="Conversation to continue.")] = None,
    n: Annotated[int, Form(description="How many items to return, 1 to 50.")] = 10,
    route: Annotated[str, Form(description="`auto`, `direct` or `deliberate`.")] = "auto",
    words: Annotated[bool, Form(description="Ask the language model for reasons.")] = True,
    constraints: Annotated[
        str | None, Form(description="Typed hard constraints, as a JSON list.", examples=[_LIMITS])
    ] = None,
    preferences: Annotated[
        str | None, Form(description="What they like, as stated, as JSON.", examples=[_WISHES])
    ] = None,
    answer: Annotated[
        str | None, Form(description="Answer to the question before, as JSON.", examples=['{"question_id": "q1"}'])
    ] = None,
    profile: Annotated[
        str | None, Form(description="Who they are, as JSON.", examples=['{"segment": "students"}'])
    ] = None,
    include_consumed: Annotated[bool, Form(description="Also offer items the user already has.")] = False,
    diversity: Annotated[
        str | None, Form(description="How varied the list is, as JSON.", examples=['{"strategy": "dpp"}'])
    ] = None,
    context: Annotated[
        str | None, Form(description="What is known of the moment, as JSON.", examples=['{"channel": "web"}'])
    ] = None,
    corrections: Annotated[
        str | None, Form(description="What to put right of the last answer, as a JSON list.")
    ] = None,
    max_ms: Annotated[int | None, Form(description="Time budget of the whole request in milliseconds.")] = None,
    max_cost: Annotated[float | None, Form(description="What language models may cost for the whole request.")] = None,
    llm_rank: Annotated[
        str | None, Form(description="How a language model may move the list, as a JSON list.", examples=['["score"]'])
    ] = None,
    tenant: Annotated[str, Form(description="Which shop's catalogue and history to use.")] = "default",
    images: Annotated[list[UploadFile], File(description="Photos.")] = [],  # noqa: B006 - FastAPI copies it
    audio: Annotated[list[UploadFile], File(description="Voice clips.")] = [],  # noqa: B006
    video: Annotated[list[UploadFile], File(description="Video clips.")] = [],  # noqa: B006
) -> RecommendResponse:
    """Answer a form with files, as `curl -F text=... -F images=@photo.jpg` sends it."""
    fields: dict[str, Any] = {"text": text, "user_id": user_id, "thread_id": thread_id, "n": n, "route": route}
    fields |= {
        "words": words,
        "include_consumed": include_consumed,
        "max_ms": max_ms,
        "max_cost": max_cost,
        "tenant": tenant,
    }
    sent = {"constraints": constraints, "preferences": preferences, "answer": answer, "profile": profile}
    sent |= {"diversity": diversity, "context": context, "corrections": corrections, "llm_rank": llm_rank}
    fields |= {name: _json(name, given) for name, given in sent.items()}
    fields |= {"images": await _media(images), "audio": await _media(audio), "video": await _media(video)}
    return await _answered(request, fields)


async def _answered(request: Request, fields: Mapping[str, Any]) -> RecommendResponse:
    try:
        asked = RecommendRequest.model_validate({k: v for k, v in fields.items() if v is not None})
        return await answer_it(request, asked)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False)) from error
    except InvalidRequestError as error:
        raise InvalidRequestError(error.field.removesuffix(".data"), error.message) from error


def _json(name: str, text: str | None) -> Any:
    if not text:
        return None
    try:
        return _FORMS[name].validate_json(text)
    except ValidationError as error:
        raise InvalidRequestError(name, f"must be a JSON {'list' if _FORMS[name] is _LIST else 'object'}") from error


async def _media(uploads: Sequence[UploadFile]) -> list[MediaInput]:
    media = []
    for upload in uploads:
        content = await upload.read()
        encoded = await asyncio.to_thread(base64.b64encode, content)
        media.append(MediaInput(data=encoded.decode("ascii")))
    return media
