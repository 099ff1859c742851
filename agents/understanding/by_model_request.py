"""Ask the reasoning model to read a whole request into conditions over a catalogue's fields: one call, its output bound by a schema.

The fields come first, the same for every request, so that the server's prefix cache holds them; the request comes last, fenced as
data. Fields with few values offer all of them, longer ones only those that the request's words come near to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from ...core.errors import BackEndError, BackEndUnavailable, ConfigurationError
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.value_entry import FieldTerms
from ...core.protocols import ChatModel
from ...core.redaction import public_reason
from ...core.schemas import Frozen, Usage
from ...core.schemas.chat import ChatRequest
from ...core.text.words import shorten
from ..prompt_files.library import PromptLibrary, render

S = TypeVar("S", bound=Frozen)
MAX_CONDITIONS = 6
MAX_CHARACTERS = 600
FEW = 24
"""A field with at most so many values shows them all in the prompt's static part."""
NEAR = 6
"""Values of a longer field that are offered, the nearest to the request's words."""
MAX_COMPARED = 5_000
NEARNESS = 80.0
NUMBER_OPS = ("<=", ">=", "<", ">", "=")
VALUE_OPS = ("is", "is not")


class Said(Frozen):
    """One condition as the model states it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: str
    field: str
    op: str
    value: bool | float | str


class SaidOrder(Frozen):
    """The order as the model states it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: str
    field: str
    direction: str


class ModelAnswer(Frozen):
    """What the model said, not yet checked; ``problem`` says why there is nothing, ``broke`` that it was not of the form asked for."""

    conditions: tuple[Said, ...] = ()
    order: tuple[SaidOrder, ...] = ()
    prompt: str = ""
    usage: Usage = Field(default_factory=Usage)
    problem: str = ""
    broke: bool = False


async def ask_to_read(
    model: ChatModel, library: PromptLibrary, text: str, language: CatalogueLanguage, *, timeout_s: float
) -> ModelAnswer:
    """Return the model's reading of ``text``; never raises what a model or a prompt can cause, but says it in ``problem``."""
    usage = Usage(llm_calls=1)
    try:
        request, prompt = reading_request(library, text, language, timeout_s)
        async with asyncio.timeout(timeout_s):
            reply = await model.complete(request)
    except (BackEndUnavailable, ConfigurationError) as error:
        return ModelAnswer(problem=public_reason(error, "llm"))
    except (BackEndError, TimeoutError) as error:
        return ModelAnswer(usage=usage, problem=public_reason(error, "llm"))
    spent = usage.model_copy(update=reply.usage.model_dump())
    return parsed(reply.text).model_copy(update={"prompt": prompt, "usage": spent})


def reading_request(
    library: PromptLibrary, text: str, language: CatalogueLanguage, timeout_s: float | None
) -> tuple[ChatRequest, str]:
    """Return the call and the prompt's name and version. Raises ConfigurationError where the prompt is missing."""
    prompt = library.get("read")
    near = near_values(text, language)
    names = "\n".join(f"- {name}: {', '.join(values)}" for name, values in near.items())
    messages = render(
        prompt, fields=field_lines(language), names=names or "none", request=shorten(text, MAX_CHARACTERS)
    )
    request = ChatRequest(
        messages=messages,
        json_schema=answer_schema(language, near),
        max_tokens=prompt.config.max_tokens,
        temperature=prompt.config.temperature,
        timeout_s=timeout_s,
    )
    return request, prompt.ref


def parsed(answer: str) -> ModelAnswer:
    """Return what an answer states; what is no condition by itself is left out, and what is no JSON object is a problem."""
    try:
        told = json.loads(answer)
        rows, orders = told["conditions"], told.get("order", [])
        if not isinstance(rows, list) or not isinstance(orders, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        return ModelAnswer(problem="The language model's reading was not of the form it was asked for.", broke=True)
    return ModelAnswer(
        conditions=tuple(said for row in rows[:MAX_CONDITIONS] if (said := _valid(Said, row))),
        order=tuple(order for row in orders[:1] if (order := _valid(SaidOrder, row))),
    )


def _valid(kind: type[S], row: Any) -> S | None:
    try:
        return kind.model_validate(row)
    except ValidationError:
        return None


def field_lines(language: CatalogueLanguage) -> str:
    """Return one line a field: its own values where they are few, the range of its numbers."""
    return "\n".join(f"- {term.field.name}: {_holds(term)}" for term in language.fields.values())


def _holds(term: FieldTerms) -> str:
    about = term.field
    if about.type == "bool":
        return "yes or no"
    if about.type == "number":
        known = about.minimum is not None and about.maximum is not None
        span = f" from {about.minimum:g} to {about.maximum:g}" if known else ""
        return (
            f"number{span}{', ' + about.unit if about.unit else ''}{', what it costs' if about.role == 'price' else ''}"
        )
    of = "some of" if about.type == "list" else "one of"
    if len(term.values) <= FEW:
        return f"{of} {', '.join(term.values)}"
    return f"{of} {len(term.values)} names such as {', '.join(term.values[:3])}"


def near_values(text: str, language: CatalogueLanguage) -> dict[str, tuple[str, ...]]:
    """Return the values of fields with many that the words of ``text`` come near to, the nearest first."""
    from rapidfuzz import fuzz, process, utils

    found = {}
    for name, term in language.fields.items():
        if term.field.type not in ("text", "list") or len(term.values) <= FEW:
            continue
        hits = process.extract(
            text,
            term.values[:MAX_COMPARED],
            scorer=fuzz.partial_ratio,
            processor=utils.default_process,
            limit=NEAR,
            score_cutoff=NEARNESS,
        )
        if near := tuple(value for value, *_ in hits if len(value) > 1):
            found[name] = near
    return found


def answer_schema(language: CatalogueLanguage, near: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the JSON schema of an answer: a field takes its own operators and its own values, or numbers."""
    kinds = [shape for term in language.fields.values() if (shape := _shape(term, near.get(term.field.name, ())))]
    numbers = [name for name, term in language.fields.items() if term.field.type == "number"]
    properties: dict[str, Any] = {
        "conditions": {"type": "array", "items": {"anyOf": kinds} if kinds else False, "maxItems": MAX_CONDITIONS}
    }
    if numbers:
        order = _object(field={"enum": numbers}, direction={"enum": ["highest", "lowest"]})
        properties["order"] = {"type": "array", "items": order, "maxItems": 1}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _shape(term: FieldTerms, near: tuple[str, ...]) -> dict[str, Any] | None:
    about = term.field
    name = {"enum": [about.name]}
    if about.type == "number":
        return _object(field=name, op={"enum": list(NUMBER_OPS)}, value={"type": "number"})
    if about.type == "bool":
        return _object(field=name, op={"enum": ["is"]}, value={"type": "boolean"})
    values = term.values if len(term.values) <= FEW else near
    return _object(field=name, op={"enum": list(VALUE_OPS)}, value={"enum": list(values)}) if values else None


def _object(**properties: Any) -> dict[str, Any]:
    quoted = {"words": {"type": "string", "maxLength": 80}, **properties}
    return {"type": "object", "properties": quoted, "required": list(quoted), "additionalProperties": False}
