"""What was taken from another tool's file, and what of it has no counterpart here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from ...errors import InvalidRequestError
from ...schemas.cases import Case
from ...schemas.catalogue import Frozen
from ...validation import invalid_request

TEXT_NAMES = ("text", "request", "query", "question", "input", "message", "prompt")
"""Under which other tools keep what a person says, the likeliest first."""
_PARTS = re.compile(r"\A(.*?^# system\n).*?(?=^# user$)(^# user\n).*\Z", re.MULTILINE | re.DOTALL)
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")


class Messages(Frozen):
    """A prompt's messages as another tool keeps them; placeholders are ``{{name}}`` everywhere."""

    name: str
    system: str
    user: str


class Taken(Frozen):
    """What a file held. ``left_out`` says in words what of it was not taken: nothing is dropped in silence."""

    cases: tuple[Case, ...] = ()
    prompts: tuple[Messages, ...] = ()
    left_out: tuple[str, ...] = Field(default=())


def case_from(data: Mapping[str, Any], where: str) -> Case:
    """Return a case of ours that another tool's file carries whole.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        return Case.model_validate(data)
    except ValidationError as error:
        raise InvalidRequestError("cases", f"{where}: {invalid_request(error, 'case')}") from error


def text_in(values: Mapping[str, Any]) -> str:
    """Return what a person says among another tool's variables; empty if none is a text."""
    named = [values[n] for n in TEXT_NAMES if isinstance(values.get(n), str)]
    return str((named or [v for v in values.values() if isinstance(v, str)] or [""])[0])


def id_of(given: object, number: int) -> str:
    """Return a case id made of another tool's name, or of a number."""
    plain = _ODD.sub("-", str(given or "")).strip("-.")[:100]
    return plain or f"case-{number:03}"


def with_messages(body: str, messages: Messages) -> str:
    """Return a prompt file with these messages in place of its own; its header stays.

    Raises:
        InvalidRequestError: the file has no system and user part.
    """
    found = _PARTS.match(body)
    if found is None:
        raise InvalidRequestError("body", "has no parts # system and # user")
    return f"{found[1]}{messages.system.strip()}\n\n{found[2]}{messages.user.strip()}\n"


def from_chat(name: str, chat: Sequence[Any]) -> tuple[Messages | None, list[str]]:
    """Return the system and the user message of a chat, and what else it held."""
    said: dict[str, list[str]] = {"system": [], "user": []}
    left = []
    for message in chat:
        role, content = (message.get("role"), message.get("content")) if isinstance(message, Mapping) else (None, None)
        if role in said and isinstance(content, str):
            said[role].append(content)
        else:
            left.append(f"{name}: a message of the role {role!r} has no place in a prompt here")
    if not said["user"]:
        return None, [*left, f"{name}: has no message of the user"]
    return Messages(name=name, system="\n\n".join(said["system"]), user="\n\n".join(said["user"])), left
