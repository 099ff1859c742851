"""Answer open requests in a bounded loop: the model calls tools; pure rules keep budget, constraints and completeness."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from ...core.choices import all_fitting
from ...core.errors import BackEndError, BackEndUnavailable, ConfigurationError, TastemakerError
from ...core.predicates import all_hold
from ...core.protocols import ChatModel
from ...core.redaction import public_reason, redact
from ...core.schemas import Brief, Constraint, Degradation, Item, RankedItem, SourceScore, Usage
from ...core.schemas.chat import ChatReply, ChatRequest
from ...core.settings import DeliberateSettings
from ...core.text.words import shorten, stems
from ..prompt_files.library import Prompt, PromptLibrary, render
from ..understanding.plans.wish_parts import WishPart, parse_budget, split_wish
from .sets import ChosenItem, best_set, compare, describe_set, total_of
from .steps import SEARCH_ITEMS, Deliberation, Desk, StepAnswer, TraceStep, read_step, step_schema

log = logging.getLogger("tastemaker.deliberate")
RESERVE = 0.25
"""Share of the time that is kept for the rules, so that a slow model still leaves an answer."""


@dataclass(frozen=True)
class DeliberationTools:
    """The tools of the loop. Each enforces the request's hard constraints and exclusions itself."""

    search_items: Callable[[str, Sequence[Constraint], int], Awaitable[list[Item]]]
    get_items: Callable[[Sequence[str]], Awaitable[list[Item]]]
    liked_items: Callable[[], Awaitable[list[Item]]]


class Deliberator:
    """Runs one deliberation after another; holds no state between them.

    Args:
        chat: the reasoning model.
        library: where the prompt ``deliberate`` comes from.
        tools: what the model may call.
        settings: bounds on calls and tokens.
    """

    def __init__(
        self, chat: ChatModel, library: PromptLibrary, tools: DeliberationTools, settings: DeliberateSettings
    ) -> None:
        self.chat = chat
        self.library = library
        self.tools = tools
        self.settings = settings

    async def run(self, brief: Brief, *, deadline_s: float) -> Deliberation:
        """Return a set of items for ``brief`` within ``deadline_s`` seconds.

        The model's choice is completed and corrected by rules; a model that is down, slow or useless leaves the whole choice
        to the rules, which ``by`` and ``degraded`` say.
        """
        end = time.monotonic() + deadline_s
        wish = " ".join([brief.text, *(e.content for e in brief.evidence if e.kind == "transcript")]).strip()
        desk = Desk(brief, _budget(wish, brief), parts=split_wish(wish))
        run = _Run(self, desk, wish or brief.understanding.query, end)
        if brief.understanding.intent == "compare":
            done = await run.comparison()
            if done is not None:
                return done
        picks, why = await run.ask_model(end - RESERVE * deadline_s)
        return await run.settle(picks, why)


def _budget(wish: str, brief: Brief) -> float | None:
    """Return the total stated now, else the one remembered from an earlier turn."""
    total, remembered = parse_budget(wish), brief.understanding.budget
    if total is None and remembered is not None and isinstance(remembered.value, float):
        return remembered.value
    return total


class _Run:
    """One deliberation in progress."""

    def __init__(self, owner: Deliberator, desk: Desk, wish: str, end: float) -> None:
        self.owner = owner
        self.desk = desk
        self.wish = wish
        self.end = end
        self.usage = Usage()
        self.prompt: Prompt | None = None

    async def ask_model(self, until: float) -> tuple[list[ChosenItem], str]:
        """Let the model work until it finishes or a bound is reached; return its choices and why it did not finish."""
        try:
            self.prompt = self.owner.library.get("deliberate")
            for call in range(self.owner.settings.max_calls):
                step = await self._step(last=call + 1 == self.owner.settings.max_calls, until=until)
                if step is not None and step.tool == "finish":
                    choices = self.desk.chosen(step.slots)
                    self.desk.trace.append(TraceStep(tool="finish", arguments=_arguments(step), count=len(choices)))
                    return choices, "" if choices else "the model chose nothing that fits"
        except TimeoutError:
            return [], "the model did not finish in time"
        except (BackEndError, ConfigurationError) as error:
            return [], public_reason(error, "llm")
        return [], f"the model did not finish within {self.owner.settings.max_calls} calls"

    async def _step(self, *, last: bool, until: float) -> StepAnswer | None:
        assert self.prompt is not None
        desk, tools = self.desk, self.desk.tools(last)
        left = until - time.monotonic()
        request = ChatRequest(
            messages=render(
                self.prompt,
                request=shorten(self.wish, 400),
                conditions=desk.conditions(),
                tools=", ".join(tools),
                steps="\n".join(desk.lines) or "none",
            ),
            json_schema=step_schema(tools, list(desk.shelf), [p.label for p in desk.parts]),
            max_tokens=min(self.prompt.config.max_tokens, self.owner.settings.max_tokens),
            temperature=self.prompt.config.temperature,
            timeout_s=max(left, 0.001),
        )
        async with asyncio.timeout(left):
            reply = await self._ask(request)
            self._count(reply.usage.prompt_tokens, reply.usage.cached_tokens, reply.usage.completion_tokens)
            step = read_step(reply.text, tools)
            if isinstance(step, str):
                desk.lines.append(f"error: {step}")
                desk.trace.append(TraceStep(tool="invalid", error=step))
                return None
            if step.tool != "finish":
                desk.lines.append(await self._use(step))
            return step

    async def _ask(self, request: ChatRequest) -> ChatReply:
        """Ask the model; a call that never reached its server is not counted."""
        self.usage = self.usage.model_copy(update={"llm_calls": self.usage.llm_calls + 1})
        try:
            return await self.owner.chat.complete(request)
        except BackEndUnavailable:
            self.usage = self.usage.model_copy(update={"llm_calls": self.usage.llm_calls - 1})
            raise

    async def _use(self, step: StepAnswer) -> str:
        desk = self.desk
        if step.tool == "search_items":
            query = shorten(step.query, 60)
            if query in desk.found:
                return f"error: {query!r} was searched already; use finish or another query"
            items = await self.search(query)
            return f"searched {query}: " + ("; ".join(desk.line(a) for a in desk.put(items)) or "nothing")
        if step.tool == "get_items":
            known = [a for a in step.ids if a in desk.shelf]
            wanted = [desk.shelf[a].item_id for a in known]
            fresh = await self._call("get_items", {"ids": wanted}, lambda: self.owner.tools.get_items(wanted))
            lines = [desk.line(a, details=True) for a in known if desk.shelf[a].item_id in {i.item_id for i in fresh}]
            return "details: " + (" // ".join(lines) or "nothing with these ids")
        desk.asked_liked = True
        liked = await self._call("liked_items", {}, self.owner.tools.liked_items)
        return "liked: " + ("; ".join(shorten(i.title, 45) for i in liked[:5]) or "nothing")

    async def search(self, query: str) -> list[Item]:
        """Search, keep what meets every constraint and was not refused, and remember it under ``query``."""
        brief = self.desk.brief
        extra: tuple[Constraint, ...] = ()
        if self.desk.budget is not None and brief.price_field:
            extra = (Constraint(field=brief.price_field, op="<=", value=self.desk.budget, source="text"),)
        found = await self._call(
            "search_items", {"query": query}, lambda: self.owner.tools.search_items(query, extra, SEARCH_ITEMS)
        )
        limits = (*brief.understanding.constraints, *extra)
        refused = set(brief.understanding.exclude_item_ids)
        items = [i for i in all_fitting(all_hold(found, limits), limits) if i.item_id not in refused]
        self.desk.found[query] = items
        return items

    async def _call(
        self, tool: str, arguments: dict[str, object], work: Callable[[], Awaitable[list[Item]]]
    ) -> list[Item]:
        started, items, problem = time.perf_counter(), list[Item](), ""
        try:
            items = await work()
        except TastemakerError as error:
            problem = public_reason(error, "catalogue")
            log.warning("%s failed in deliberation: %s", tool, redact(str(error)))
        seconds = round(time.perf_counter() - started, 5)
        step = TraceStep(tool=tool, arguments=arguments, count=len(items), seconds=seconds, error=problem)
        self.desk.trace.append(step)
        return items

    async def comparison(self) -> Deliberation | None:
        """Return the items that the thread or request named, set side by side from their records; None if fewer than two."""
        wanted = list(dict.fromkeys(self.desk.brief.understanding.like_item_ids))
        if len(wanted) < 2:
            return None
        items = await self._call("get_items", {"ids": wanted}, lambda: self.owner.tools.get_items(wanted))
        if len(items) < 2:
            return None
        brief = self.desk.brief
        choices = [ChosenItem("compare", i) for i in items]
        return self._result(choices, note=compare(items, brief.price_field, brief.price_unit), by="rules", why="")

    async def settle(self, picks: list[ChosenItem], why: str) -> Deliberation:
        """Complete the model's choice with the parts it left out, keep the total within the budget, and describe it."""
        parts = [self.desk.part_for(p) for p in picks]
        missing = self._missing(parts)
        if not parts and not missing:
            missing = [WishPart(label="pick", query=shorten(self.desk.brief.understanding.query or self.wish, 60))]
        for part in missing:
            found = await self._search_in_time(part.query)
            self.desk.put(found)
            parts.append(replace(part, items=tuple(self.desk.fitting(part.label, found))))
        brief, budget = self.desk.brief, self.desk.budget
        choices = best_set(parts, brief.price_field, budget)
        if brief.understanding.intent == "compare" and len(choices) > 1:
            note = compare([c.item for c in choices], brief.price_field, brief.price_unit)
        else:
            note = describe_set(choices, [p.label for p in parts], brief.price_field, brief.price_unit, budget)
        by_model = bool(picks) and any(c.item in [p.item for p in picks] for c in choices)
        if picks and not by_model:
            why = why or "the model's choice did not keep the budget"
        return self._result(choices, note=note, by="model" if by_model else "rules", why=why)

    def _missing(self, parts: Sequence[WishPart]) -> list[WishPart]:
        """Return the parts of the wish that are not among ``parts``, under their own name or another."""
        wanted = {p.label for p in self.desk.parts}
        other = [p for p in parts if p.label not in wanted]
        known = {s for p in other for s in stems(f"{p.label} {p.query} {p.items[0].title}")}
        named = {p.label for p in parts}
        return [p for p in self.desk.parts if p.label not in named and not stems(p.label) & known]

    async def _search_in_time(self, query: str) -> list[Item]:
        if query in self.desk.found:
            return self.desk.found[query]
        try:
            async with asyncio.timeout(self.end - time.monotonic()):
                return await self.search(query)
        except TimeoutError:
            self.desk.trace.append(TraceStep(tool="search_items", arguments={"query": query}, error="out of time"))
            return []

    def _result(self, choices: Sequence[ChosenItem], *, note: str, by: str, why: str) -> Deliberation:
        brief = self.desk.brief
        ranked = [
            RankedItem(
                item=c.item,
                rank=n,
                score=1.0 / n,
                sources=(SourceScore(source=f"deliberate:{c.label}", rank=n, score=1.0 / n),),
            )
            for n, c in enumerate(choices, 1)
        ]
        failed = [s.error for s in self.desk.trace if s.error and s.tool != "invalid"]
        degraded = [Degradation(what="deliberation", why=f"{why}; planned by rules instead")] if why else []
        degraded += [Degradation(what="deliberation", why=f"a search failed: {e}") for e in dict.fromkeys(failed)]
        return Deliberation.model_validate(
            {
                "items": ranked,
                "slots": [c.label for c in choices],
                "by": by,
                "note": note,
                "total": total_of([c.item for c in choices], brief.price_field),
                "budget": self.desk.budget,
                "trace": self.desk.trace,
                "usage": self.usage,
                "prompts": (self.prompt.ref,) if self.prompt and self.usage.llm_calls else (),
                "degraded": degraded,
            }
        )

    def _count(self, prompt: int, cached: int, written: int) -> None:
        self.usage = Usage(
            llm_calls=self.usage.llm_calls,
            prompt_tokens=self.usage.prompt_tokens + prompt,
            cached_tokens=self.usage.cached_tokens + cached,
            completion_tokens=self.usage.completion_tokens + written,
        )


def _arguments(step: StepAnswer) -> dict[str, object]:
    return {"slots": [{"slot": p.slot, "id": p.id} for p in step.slots]}
