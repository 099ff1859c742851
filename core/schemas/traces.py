"""What is kept of an answer so that it can be made again: the request without personal data and media, and what came of it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from .cases import AnsweredItem
from .catalogue import Frozen
from .request import RecommendRequest


class Trace(Frozen):
    """One answer. The words are masked; of media only what was seen and heard in them is kept, in words."""

    request_id: str = Field(description="Identifier of the answer.")
    at: datetime = Field(description="When it was given.")
    user_id: str | None = Field(default=None, description="Who asked, as in the events; erased with them.")
    request: RecommendRequest = Field(
        description="What was asked, without media; earlier turns' conditions are stated."
    )
    seen: tuple[str, ...] = Field(default=(), description="What was seen in photos, in words.")
    heard: tuple[str, ...] = Field(default=(), description="What was said in clips, masked.")
    continues: bool = Field(default=False, description="It was not the first turn of its conversation.")
    message: str = Field(default="", description="The opening words.")
    items: tuple[AnsweredItem, ...] = Field(default=(), description="The list with its reasons.")
    conditions: tuple[str, ...] = Field(default=(), description="The conditions in force, as a person writes them.")
    prompts: tuple[str, ...] = Field(default=(), description="The prompts that were used.")


class Answered(Frozen):
    """An answer as far as it is compared."""

    message: str = Field(default="", description="The opening words.")
    items: tuple[AnsweredItem, ...] = Field(default=(), description="The list with its reasons.")
    conditions: tuple[str, ...] = Field(default=(), description="The conditions in force.")
    prompts: tuple[str, ...] = Field(default=(), description="The prompts that were used.")
    seconds: float = Field(default=0.0, description="How long it took.")
    tokens: int = Field(default=0, description="Tokens of the language model.")
    degraded: tuple[str, ...] = Field(default=(), description="What was missing.")


class Replayed(Frozen):
    """A trace answered again: as it was then, as it is with what serves now, and with other versions."""

    trace: Trace = Field(description="The answer of that time.")
    now: Answered = Field(description="With what serves now.")
    other: Answered = Field(description="With the versions asked for.")
    since: tuple[str, ...] = Field(default=(), description="What is different now from then, in words.")
    changed: tuple[str, ...] = Field(default=(), description="What the other versions change, in words.")
    notes: tuple[str, ...] = Field(default=(), description="What could not be repeated as it was.")
