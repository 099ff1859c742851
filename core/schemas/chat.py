"""What goes to a language model and comes from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .catalogue import Frozen


class ChatMessage(Frozen):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(Frozen):
    """A call to a language model; ``json_schema`` constrains the output."""

    messages: tuple[ChatMessage, ...]
    json_schema: dict[str, Any] | None = None
    max_tokens: int = 256
    temperature: float = 0.0
    timeout_s: float | None = None


class ChatUsage(Frozen):
    """Tokens of one call."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class ChatReply(Frozen):
    """A complete answer; ``reasoning`` is the model's thinking, kept apart from ``text``."""

    text: str
    reasoning: str = ""
    usage: ChatUsage = Field(default_factory=ChatUsage)


class ChatDelta(Frozen):
    """A piece of a streamed answer; the last one carries ``usage``."""

    text: str = ""
    reasoning: str = ""
    usage: ChatUsage | None = None


class ScoreRequest(Frozen):
    """Ask how likely a label follows each of ``items`` put after ``query``; nothing is generated.

    ``labels`` are the words for and against, each one token where it follows the prompt: ``(" yes", " no")``.
    """

    query: str
    items: tuple[str, ...]
    labels: tuple[str, str]
    timeout_s: float | None = None


class ScoreReply(Frozen):
    """The share of the first label against the second for each item, from 0 to 1, in the order of the items."""

    scores: tuple[float, ...]
    usage: ChatUsage = Field(default_factory=ChatUsage)
