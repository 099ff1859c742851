"""Turn the messages of a chat into one request: the words and media of its last turn, and the name of the conversation before it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import InvalidRequestError
from .wire import ChatMessage

MAX_REREAD = 6
"""Earlier turns that are read again where the service does not know the conversation."""
MAX_TEXT = 4_000
_DATA_URL = re.compile(r"data:(?P<kind>image|audio|video)/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
_MEDIA = {"image_url": "images", "video_url": "video"}


@dataclass
class Turn:
    """What one turn of the user says and shows; media are as in a request, by its field."""

    texts: list[str] = field(default_factory=list)
    media: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """Return the words, or None."""
        return "\n".join(self.texts).strip() or None


@dataclass(frozen=True)
class Conversation:
    """A chat: its last turn, the words of the turns before, the messages that stand before it, and what was not looked at."""

    turn: Turn
    earlier: tuple[str, ...]
    before: tuple[ChatMessage, ...]
    notes: tuple[str, ...]


def read_messages(messages: Sequence[ChatMessage]) -> Conversation:
    """Return the conversation that the messages tell; several messages of the user at its end are one turn.

    Raises:
        InvalidRequestError: the last message is not the user's, or a part of the last turn is none that is known.
    """
    if messages[-1].role != "user":
        raise InvalidRequestError(f"messages[{len(messages) - 1}].role", "the last message must be the user's")
    start = len(messages)
    while start and messages[start - 1].role == "user":
        start -= 1
    turn = Turn()
    for position in range(start, len(messages)):
        _read_into(turn, messages[position], f"messages[{position}].content")
    if len(turn.text or "") > MAX_TEXT:
        raise InvalidRequestError(f"messages[{len(messages) - 1}].content", f"at most {MAX_TEXT:,} characters")
    notes = [f"messages[{i}]: {m.role} messages are not obeyed" for i, m in enumerate(messages) if _is_not_talk(m)]
    earlier = tuple(text[:MAX_TEXT] for m in messages[:start] if m.role == "user" and (text := _plain(m)))
    return Conversation(turn, earlier, tuple(messages[:start]), tuple(notes))


def conversation_name(tenant: str, user_id: str | None, messages: Sequence[ChatMessage]) -> str:
    """Return the thread id of what user and assistant have said so far; who says the same is where they are."""
    said = [[m.role, " ".join(_plain(m).split()), _media_digest(m)] for m in messages if not _is_not_talk(m)]
    whole = json.dumps([tenant, user_id, said], ensure_ascii=False)
    return f"chat-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _is_not_talk(message: ChatMessage) -> bool:
    return message.role not in ("user", "assistant")


def _plain(message: ChatMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    texts = (part.get("text") for part in message.content or () if part.get("type") == "text")
    return "\n".join(text for text in texts if isinstance(text, str))


def _media_digest(message: ChatMessage) -> str:
    parts = [p for p in message.content if p.get("type") != "text"] if isinstance(message.content, list) else []
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest() if parts else ""


def _read_into(turn: Turn, message: ChatMessage, where: str) -> None:
    if isinstance(message.content, str):
        turn.texts.append(message.content)
        return
    for number, part in enumerate(message.content or ()):
        _read_part(turn, part, f"{where}[{number}]")


def _read_part(turn: Turn, part: dict[str, Any], where: str) -> None:
    kind = part.get("type")
    if kind == "text":
        turn.texts.append(_string(part.get("text"), f"{where}.text"))
    elif kind in _MEDIA:
        given = part.get(kind)
        address = given.get("url") if isinstance(given, dict) else given
        turn.media.setdefault(_MEDIA[kind], []).append(
            _medium(_string(address, f"{where}.{kind}.url"), f"{where}.{kind}.url")
        )
    elif kind == "input_audio":
        given = part.get("input_audio")
        data = given.get("data") if isinstance(given, dict) else None
        turn.media.setdefault("audio", []).append({"data": _without_head(_string(data, f"{where}.input_audio.data"))})
    else:
        raise InvalidRequestError(f"{where}.type", "must be text, image_url, input_audio or video_url")


def _medium(address: str, where: str) -> dict[str, str]:
    if address.startswith("data:"):
        if not _DATA_URL.match(address):
            raise InvalidRequestError(where, "a data address must be data:image/...;base64,... (or video)")
        return {"data": _without_head(address)}
    if not address.startswith("https://"):
        raise InvalidRequestError(where, "must be a data address or begin with https://")
    return {"url": address}


def _without_head(data: str) -> str:
    head = _DATA_URL.match(data)
    return data[head.end() :] if head else data


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequestError(where, "must be a string")
    return value
