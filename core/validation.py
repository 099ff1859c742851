"""Say what is wrong with input, by the path of its field, from pydantic's errors; what was sent is never repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .errors import InvalidRequestError

M = TypeVar("M", bound=BaseModel)
_UNION_TAGS = {"float", "bool", "str", "int"}


def field_path(location: Sequence[str | int], *, exact: bool = False) -> str:
    """Join a pydantic location to a path such as ``constraints[1].op``.

    The names pydantic adds for the members of a union are left out unless ``exact`` (for unknown keys).
    """
    path = ""
    for part in location[1:] if location and location[0] in ("body", "query", "path", "header") else location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif path and not exact and (part in _UNION_TAGS or not part.isidentifier()):
            break
        else:
            name = "".join(c for c in part[:64] if c.isprintable())
            path += f".{name}" if path else name
    return path or "body"


def problems(errors: Sequence[Mapping[str, Any] | str]) -> dict[str, list[str]]:
    """Return path -> messages, each once; a plain sentence is about the body."""
    messages: dict[str, list[str]] = {}
    for error in errors:
        if isinstance(error, str):
            messages.setdefault("body", []).append(error)
            continue
        if error["type"] == "json_invalid":
            path, message = "body", f"is not valid JSON: {error.get('ctx', {}).get('error', '')}".rstrip(": ")
        else:
            path = field_path(error["loc"], exact=error["type"] == "extra_forbidden")
            message = str(error["msg"]).removeprefix("Value error, ")
        known = messages.setdefault(path, [])
        if message not in known:
            known.append(message)
    return messages


def checked(model: type[M], given: Mapping[str, Any]) -> M:
    """Return the value of a model.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid_request(error) from error


def invalid_request(error: ValidationError, default: str = "request") -> InvalidRequestError:
    """Return our error about the first wrong field; ``default`` names the whole."""
    path, messages = next(iter(problems(error.errors(include_input=False, include_url=False)).items()))
    return InvalidRequestError(default if path == "body" else path, "; or ".join(messages))
