"""A language model that plays a script, for tests: an unexpected call fails, and so do steps that nobody asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tastemaker.core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage


@dataclass(frozen=True)
class Step:
    """One expected call: what is answered, and how.

    ``expect`` must occur in the messages. ``error`` is raised, when streaming after ``error_after`` characters of ``text``.
    ``chunk`` characters come at a time, ``delay_s`` seconds before each piece.
    """

    text: str = ""
    expect: str = ""
    error: Exception | None = None
    error_after: int = 0
    chunk: int = 7
    delay_s: float = 0.0
    usage: ChatUsage = field(
        default_factory=lambda: ChatUsage(prompt_tokens=500, cached_tokens=400, completion_tokens=60)
    )


class ScriptedChat:
    """Implements ChatModel. ``calls`` holds the requests received so far."""

    name = "scripted"

    def __init__(self, *steps: Step | str | Exception) -> None:
        self._steps = [_step(s) for s in steps]
        self.calls: list[ChatRequest] = []

    async def complete(self, request: ChatRequest) -> ChatReply:
        step = self._next(request)
        await asyncio.sleep(step.delay_s)
        if step.error is not None:
            raise step.error
        return ChatReply(text=step.text, usage=step.usage)

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        step = self._next(request)
        text = step.text[: step.error_after] if step.error is not None else step.text
        for start in range(0, len(text), step.chunk):
            await asyncio.sleep(step.delay_s)
            yield ChatDelta(text=text[start : start + step.chunk])
        if step.error is not None:
            raise step.error
        await asyncio.sleep(step.delay_s)
        yield ChatDelta(usage=step.usage)

    async def health(self) -> bool:
        return True

    def assert_done(self) -> None:
        """Fail if a step of the script was not used."""
        left = self._steps[len(self.calls) :]
        assert not left, f"{len(left)} scripted steps were not used: {left}"

    def _next(self, request: ChatRequest) -> Step:
        number = len(self.calls)
        self.calls.append(request)
        assert number < len(self._steps), f"unexpected call {number + 1}: {request.messages[-1].content[:200]}"
        step = self._steps[number]
        spoken = "\n".join(m.content for m in request.messages)
        assert step.expect in spoken, f"call {number + 1} lacks {step.expect!r} in:\n{spoken}"
        return step


def composition(message: str | None, *reasons: str) -> str:
    """Return what a model answers to the prompt ``compose``: one reason for each of the first items, in order."""
    answer: dict[str, str] = {} if message is None else {"message": message}
    answer |= {str(i): reason for i, reason in enumerate(reasons, 1)}
    return json.dumps(answer)


def _step(step: Step | str | Exception) -> Step:
    if isinstance(step, str):
        return Step(text=step)
    return Step(error=step) if isinstance(step, Exception) else step
