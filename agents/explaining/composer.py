"""Write the words of a response: one streamed model call for the first items, checked; the rest rendered from data."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from ...core.errors import (
    BackEndError,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
    ConfigurationError,
    TastemakerError,
)
from ...core.protocols import ChatModel
from ...core.redaction import public_reason, redact
from ...core.schemas import Brief, Composition, Degradation, RankedItem, Usage, Words
from ...core.schemas.chat import ChatRequest, ChatUsage
from ...core.settings import LLMSettings
from ..prompt_files.library import Prompt, PromptLibrary, render
from .composer_prompt import MESSAGE_CHARACTERS, REASON_CHARACTERS, AnswerReader, answer_schema, guide, prompt_inputs
from .rendered import ReasonWriter, render_message, wording_for
from .sentence_check import best_part, check_message, check_words, cited_evidence, is_repeat

log = logging.getLogger("tastemaker.composer")
Emit = Callable[[Words], None]


class Composer:
    """Composes the message and one reason for every item.

    Args:
        chat: the language model.
        library: where the prompt ``compose`` comes from.
        settings: how many items the model writes about, and its limits.
        writes_message: the model writes the opening message too; else it is rendered and given out first.
        guided: the model chooses what stands in sentences of a given shape, which is what a small model can do.
    """

    def __init__(
        self,
        chat: ChatModel,
        library: PromptLibrary,
        settings: LLMSettings,
        *,
        writes_message: bool = True,
        guided: bool = False,
    ) -> None:
        self.chat = chat
        self.library = library
        self.settings = settings
        self.writes_message = writes_message
        self.guided = guided

    async def compose(
        self,
        brief: Brief,
        emit: Emit,
        *,
        timeout_s: float | None = None,
        library: PromptLibrary | None = None,
        stand_in: PromptLibrary | None = None,
    ) -> Composition:
        """Return the words for ``brief``; each is given to ``emit`` as soon as it passed its checks.

        A model that fails, refuses, breaks off or takes longer than ``timeout_s`` seconds costs only the words that it
        has not written yet: those are rendered, and the composition says so in ``degraded``. What is rendered in any case
        comes first: the message, unless the model writes it, and then the reasons beyond ``compose_items``.

        The prompt comes from ``library``, by default the composer's own; where the model breaks the form of the answer with it,
        the one of ``stand_in`` is asked for what is missing.
        """
        top = self._written_about(brief)
        desk = _Desk(brief, emit)
        asks_message = self.writes_message and bool(top) and brief.verdict.state != "conflict"
        if not asks_message:
            desk.render_message()
        desk.render(tuple(r for r in brief.items if r not in top))
        if not top:
            return desk.close(())
        degraded: tuple[Degradation, ...] = ()
        limit = self.settings.timeout_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(limit):
                try:
                    await self._write(library or self.library, desk, top, limit, message=asks_message)
                except (BadBackEndResponse, ConfigurationError) as error:
                    if stand_in is None:
                        raise
                    log.warning("the prompt in production stands in: %s", redact(str(error)))
                    desk.broke = True
                    await self._write(stand_in, desk, top, limit, message=asks_message)
        except TimeoutError:
            degraded = (_lost(BackEndTimeout(f"the words were not ready within {limit:g} s")),)
        except (BackEndError, ConfigurationError) as error:
            degraded = (_lost(error),)
            desk.calls -= isinstance(error, BackEndUnavailable) and not desk.answered
        return desk.close(degraded)

    def _written_about(self, brief: Brief) -> tuple[RankedItem, ...]:
        """Return the items that the model writes about: none in German, where nothing checks it; a guided one only where it has something to choose, in English."""
        top, language = brief.items[: self.settings.compose_items], wording_for(brief).language
        if language == "de":
            return ()
        if not self.guided:
            return top
        return () if language != "en" else tuple(r for r in top if guide(brief, r.item, 0))

    async def _write(
        self, library: PromptLibrary, desk: _Desk, top: tuple[RankedItem, ...], limit: float, *, message: bool
    ) -> None:
        """Let the model write with one prompt; what it wrote is on the desk, also where it fails."""
        desk.prompt = library.get("compose")
        request = self._request(desk.prompt, desk.brief, top, limit, message)
        desk.begin_call()
        async for name, value in self._answer(request, desk):
            desk.take(name, value, top)

    def _request(
        self, prompt: Prompt, brief: Brief, top: tuple[RankedItem, ...], timeout_s: float, message: bool
    ) -> ChatRequest:
        return ChatRequest(
            messages=render(prompt, **prompt_inputs(brief, top)),
            json_schema=answer_schema(brief, top, message=message, guided=self.guided),
            max_tokens=min(prompt.config.max_tokens, self.settings.max_tokens),
            temperature=prompt.config.temperature,
            timeout_s=timeout_s,
        )

    async def _answer(self, request: ChatRequest, desk: _Desk) -> AsyncIterator[tuple[str, Any]]:
        reader = AnswerReader()
        async with aclosing(self.chat.stream(request)) as deltas:  # type: ignore[type-var]  # every stream is a generator
            async for delta in deltas:
                desk.answered = True
                desk.used = delta.usage or desk.used
                for member in reader.feed(delta.text):
                    yield member
        for member in reader.finish():
            yield member


class _Desk:
    """Collects words, each given out once; what the model writes is checked here."""

    def __init__(self, brief: Brief, emit: Emit) -> None:
        self.brief = brief
        self.emit = emit
        self.prompt: Prompt | None = None
        self.broke = False
        self.calls = 0
        self.used = ChatUsage()
        self.usage = Usage()
        self.words: dict[str | None, Words] = {}
        self.answered = False
        self.writer = ReasonWriter(brief)

    def take(self, name: str, value: Any, top: tuple[RankedItem, ...]) -> None:
        """Check one member of the answer and give it out, or what is rendered in its place."""
        if name == "message":
            self._message(value)
        elif name.isdecimal() and 1 <= int(name) <= len(top):
            self._reason(top[int(name) - 1], str(value.get("reason", "") if isinstance(value, dict) else value))

    def render(self, items: tuple[RankedItem, ...]) -> None:
        """Give out rendered reasons for ``items`` that have none."""
        for item in items:
            if item.item.item_id not in self.words:
                self._give(self.writer.reason(item))

    def render_message(self) -> None:
        """Give out the rendered message, unless there is one."""
        self._give(render_message(self.brief))

    def begin_call(self) -> None:
        """Count another call of the model; what the one before used is kept."""
        self._count()
        self.calls, self.answered = self.calls + 1, False

    def _count(self) -> None:
        used, self.used = self.used, ChatUsage()
        self.usage = Usage(**{name: getattr(self.usage, name) + value for name, value in used.model_dump().items()})

    def close(self, degraded: tuple[Degradation, ...]) -> Composition:
        """Render what is missing and return everything in the order of the items."""
        if None not in self.words:
            self.render_message()
        self.render(self.brief.items)
        self._count()
        return Composition(
            message=self.words[None],
            reasons=tuple(self.words[r.item.item_id] for r in self.brief.items),
            usage=self.usage.model_copy(update={"llm_calls": max(self.calls, 0)}),
            prompt=self.prompt.ref if self.prompt else None,
            broke=self.broke,
            degraded=degraded,
        )

    def _message(self, value: Any) -> None:
        if None in self.words:
            return
        text, problem = best_part(str(value), lambda part: check_message(part, self.brief), MESSAGE_CHARACTERS)
        if problem:
            log.info("message rendered instead: %s", problem)
        self._give(render_message(self.brief) if problem else Words(item_id=None, text=text, by="model"))

    def _reason(self, ranked: RankedItem, value: str) -> None:
        others = [r.item.title for r in self.brief.items if r.item.item_id != ranked.item.item_id]
        written = [w.text for w in self.words.values() if w.by == "model"]

        def check(part: str) -> str | None:
            repeated = "repeats an earlier sentence" if is_repeat(part, written) else None
            return check_words(part, ranked.item, self.brief, others) or repeated

        text, problem = best_part(value, check, REASON_CHARACTERS)
        if problem:
            log.info("reason of rank %d rendered instead: %s", ranked.rank, problem)
            self._give(self.writer.reason(ranked))
            return
        self.writer.note(text)
        cited = cited_evidence(text, self.brief)
        self._give(Words(item_id=ranked.item.item_id, text=text, by="model", evidence_ids=cited))

    def _give(self, words: Words) -> None:
        if words.item_id not in self.words:
            self.words[words.item_id] = words
            self.emit(words)


def _lost(error: TastemakerError) -> Degradation:
    log.warning("words are rendered instead of written: %s", redact(str(error)))
    return Degradation(
        what="llm", why=f"{public_reason(error, 'llm')}; the words that are missing are rendered from data"
    )
