"""Ask the language model to read what rules could not, and keep only what a check against text and schema confirms."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict, ValidationError

from ...core.errors import BackEndError, BackEndUnavailable, ConfigurationError
from ...core.protocols import ChatModel
from ...core.redaction import public_reason
from ...core.schemas import CatalogueField, CatalogueSchema, Constraint, Frozen, Operator, Understanding, Usage
from ...core.schemas.chat import ChatRequest
from ...core.text.field_names import field_names
from ...core.text.words import shorten
from ..prompt_files.library import Prompt, PromptLibrary, render
from .constraint_merge import merge
from .numbers_and_money import find_numbers, normalise

MAX_CONSTRAINTS = 4
MAX_VALUES_SHOWN = 30
MAX_CHARACTERS = 600
MODEL_CONFIDENCE = 0.6
_OPS: dict[str, tuple[Operator, ...]] = {
    "number": ("<=", ">=", "<", ">", "="),
    "text": ("=", "!="),
    "list": ("contains", "not contains"),
    "bool": ("=",),
}


class Claim(Frozen):
    """One requirement as the model states it; ``quote`` must be a span of the text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    field: str
    op: Operator
    value: str
    quote: str


def needs_model(understanding: Understanding, schema: CatalogueSchema) -> bool:
    """Tell whether rules left a requirement that names a catalogue field."""
    words = {w for phrase in understanding.unparsed for w in re.findall(r"\w+", phrase.lower())}
    return bool(words & set(field_names(schema)))


class ModelReading(Frozen):
    """What came of asking the model: ``prompt`` is None if it was not asked, ``problem`` says why there is no answer."""

    understanding: Understanding
    usage: Usage = Usage()
    prompt: str | None = None
    problem: str = ""


async def understand_with_model(
    model: ChatModel,
    library: PromptLibrary,
    text: str,
    understanding: Understanding,
    schema: CatalogueSchema,
    *,
    timeout_s: float,
) -> ModelReading:
    """Return the understanding with constraints the model read from what rules could not, source ``model``.

    Makes no call unless ``needs_model``. Every constraint must quote the unread words and fit its field, else it is
    dropped; an answer that is not JSON, or none within ``timeout_s`` seconds, leaves the understanding as it was.
    """
    unchanged = ModelReading(understanding=understanding)
    if not needs_model(understanding, schema):
        return unchanged
    usage = Usage(llm_calls=1)
    try:
        prompt = library.get("understand")
        async with asyncio.timeout(timeout_s):
            reply = await model.complete(_request(prompt, text, understanding.unparsed, schema, timeout_s))
    except (BackEndUnavailable, ConfigurationError) as error:
        return unchanged.model_copy(update={"problem": public_reason(error, "llm")})
    except (BackEndError, TimeoutError) as error:
        return unchanged.model_copy(update={"usage": usage, "problem": public_reason(error, "llm")})
    confirmed = confirm(reply.text, text, understanding.unparsed, schema)
    constraints, _ = merge((), (*understanding.constraints, *(c for c, _ in confirmed)))
    quotes = [q for _, q in confirmed]
    rest = tuple(p for p in understanding.unparsed if not any(q in normalise(p) for q in quotes))
    read = understanding.model_copy(update={"constraints": constraints, "unparsed": rest})
    spent = usage.model_copy(update=reply.usage.model_dump())
    return ModelReading(understanding=read, usage=spent, prompt=prompt.ref)


def confirm(answer: str, text: str, unparsed: Sequence[str], schema: CatalogueSchema) -> list[tuple[Constraint, str]]:
    """Return (constraint, quote) of every claim that the text and the schema bear out."""
    try:
        claims = [Claim.model_validate(c) for c in json.loads(answer)["constraints"][:MAX_CONSTRAINTS]]
    except (ValueError, KeyError, TypeError, ValidationError):
        return []
    confirmed = []
    for claim in claims:
        quote, about = normalise(claim.quote).strip(), schema.field(claim.field)
        is_said = len(quote) > 1 and quote in normalise(text) and any(quote in normalise(p) for p in unparsed)
        if about is None or not is_said or claim.op not in _OPS[about.type]:
            continue
        value = _value(claim.value, about, quote)
        if value is not None:
            constraint = Constraint(
                field=about.name, op=claim.op, value=value, source="model", confidence=MODEL_CONFIDENCE
            )
            confirmed.append((constraint, quote))
    return confirmed


def _value(raw: str, about: CatalogueField, quote: str) -> float | bool | str | None:
    """Return the typed value: a number must be in the quote, a word must be one of the field's values."""
    if about.type == "number":
        wanted = [n.value for n in find_numbers(normalise(raw))]
        said = [n.value for n in find_numbers(quote)]
        return wanted[0] if wanted and wanted[0] in said else None
    if about.type == "bool":
        return {"true": True, "false": False}.get(raw.strip().lower())
    return next((v for v in about.values if v.lower() == raw.strip().lower()), None)


def _request(
    prompt: Prompt, text: str, unparsed: Sequence[str], schema: CatalogueSchema, timeout_s: float
) -> ChatRequest:
    messages = render(
        prompt,
        fields="\n".join(_line(f) for f in schema.fields),
        request=shorten(text, MAX_CHARACTERS),
        unread="; ".join(shorten(u, 80) for u in unparsed[:6]),
    )
    return ChatRequest(
        messages=messages,
        json_schema=answer_schema(schema),
        max_tokens=prompt.config.max_tokens,
        temperature=prompt.config.temperature,
        timeout_s=timeout_s,
    )


def _line(of: CatalogueField) -> str:
    if of.type == "number":
        return _numbers_line(of)
    return f"- {of.name}: {', '.join(of.values[:MAX_VALUES_SHOWN]) or of.type}"


def _numbers_line(of: CatalogueField) -> str:
    known = of.minimum is not None and of.maximum is not None
    return f"- {of.name}: number from {of.minimum:g} to {of.maximum:g}" if known else f"- {of.name}: number"


def answer_schema(schema: CatalogueSchema) -> dict[str, Any]:
    """Return the JSON schema of an answer: fields and operators are enums."""
    claim = {
        "type": "object",
        "properties": {
            "field": {"type": "string", "enum": [f.name for f in schema.fields]},
            "op": {"type": "string", "enum": sorted({op for f in schema.fields for op in _OPS[f.type]})},
            "value": {"type": "string", "maxLength": 80},
            "quote": {"type": "string", "maxLength": 120},
        },
        "required": ["field", "op", "value", "quote"],
        "additionalProperties": False,
    }
    listed = {"type": "array", "items": claim, "maxItems": MAX_CONSTRAINTS}
    return {
        "type": "object",
        "properties": {"constraints": listed},
        "required": ["constraints"],
        "additionalProperties": False,
    }
