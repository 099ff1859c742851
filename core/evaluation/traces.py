"""Make a trace of an answer without personal data, a case of a trace, and say how two answers differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ..personal_data import mask
from ..redaction import redact
from ..schemas import Constraint, Predicate, RecommendRequest, RecommendResponse, StatedConstraint
from ..schemas.cases import AnsweredItem, Case, Expectations
from ..schemas.traces import Answered, Trace
from ..text.chinese import is_chinese
from .judging import said

FROM_THREAD = "thread"
MAX_TEXT = 4_000
SHORTEST_PART = 3
"""Letters of a part of a name that is hidden by itself."""
LEFT_OUT = frozenset({"place"})
"""What is known of the moment and would say where a person is."""


def trace_of(request: RecommendRequest, answer: RecommendResponse) -> Trace:
    """Return what is kept of an answer."""
    stated = [*request.constraints, *(c for c in answer.understanding.constraints if c.source == FROM_THREAD)]
    preferences = request.preferences
    if preferences is not None:
        preferences = preferences.model_copy(update={"words": masked(preferences.words), "remember": False})
    asked = RecommendRequest(
        text=masked(request.text) if request.text else None,
        n=request.n,
        constraints=[_stated(c) for c in stated],
        preferences=preferences,
        profile={name: masked(value) for name, value in request.profile.items()},
        context={name: masked(value) for name, value in request.context.items() if name not in LEFT_OUT},
        include_consumed=request.include_consumed,
        diversity=request.diversity,
        llm_rank=request.llm_rank,
        words=request.words,
    )
    return Trace(
        request_id=answer.request_id,
        at=datetime.now(UTC),
        user_id=request.user_id,
        request=asked,
        seen=tuple(masked(e.content) for e in answer.evidence if e.kind == "caption"),
        heard=tuple(masked(e.content) for e in answer.evidence if e.kind == "transcript"),
        continues=any(c.source == FROM_THREAD for c in stated),
        message=masked(answer.message),
        items=tuple(i.model_copy(update={"reason": masked(i.reason)}) for i in items_of(answer)),
        conditions=tuple(map(masked, conditions_of(answer))),
        prompts=answer.prompts,
    )


def masked(text: str) -> str:
    """Return ``text`` without secrets and personal data."""
    return mask(redact(text))[:MAX_TEXT]


def unnamed(trace: Trace, find: Callable[[str], Sequence[str]], keep: Callable[[str], bool]) -> Trace:
    """Return a trace with ``<name>`` wherever it holds a name that ``find`` finds in what the person said, but those to ``keep``.

    Each part of a name is hidden as well, since an answer may quote one alone.
    """
    asked = trace.request
    preferences = asked.preferences
    said = [asked.text, preferences and preferences.words, *asked.profile.values(), *asked.context.values()]
    found = {name for text in (*said, *trace.seen, *trace.heard) if text for name in find(text) if not keep(name)}
    if not found:
        return trace
    parts = found | {part for name in found for part in name.split() if len(part) >= SHORTEST_PART}
    any_of = re.compile("|".join(map(_whole, sorted(parts, key=len, reverse=True))), re.IGNORECASE)

    def hide(text: str) -> str:
        return any_of.sub("<name>", text)

    request = asked.model_copy(
        update={
            "text": hide(asked.text) if asked.text else None,
            "preferences": preferences and preferences.model_copy(update={"words": hide(preferences.words)}),
            "profile": {name: hide(value) for name, value in asked.profile.items()},
            "context": {name: hide(value) for name, value in asked.context.items()},
        }
    )
    return trace.model_copy(
        update={
            "request": request,
            "seen": tuple(map(hide, trace.seen)),
            "heard": tuple(map(hide, trace.heard)),
            "message": hide(trace.message),
            "items": tuple(i.model_copy(update={"reason": hide(i.reason)}) for i in trace.items),
            "conditions": tuple(map(hide, trace.conditions)),
        }
    )


def _whole(name: str) -> str:
    """Return a pattern for a name as a word of its own; Chinese has no gaps between words."""
    return re.escape(name) if is_chinese(name) else rf"(?<!\w){re.escape(name)}(?!\w)"


def request_of(trace: Trace) -> tuple[RecommendRequest, tuple[str, ...]]:
    """Return the request that asks a trace again, and what of it cannot be repeated as it was."""
    notes = []
    words = [trace.request.text or "", *trace.heard]
    if trace.heard:
        notes.append("The clip is not kept: what was said in it is asked in words.")
    if trace.seen:
        words.append("something like: " + "; ".join(trace.seen))
        notes.append("The photo is not kept: what was seen in it is asked in words.")
    if trace.continues:
        notes.append(
            "It continued a conversation: the conditions of earlier turns are stated, their lists are not known."
        )
    text = ". ".join(w for w in words if w)[:MAX_TEXT] or None
    return trace.request.model_copy(update={"text": text, "user_id": trace.user_id}), tuple(notes)


def case_of(trace: Trace, case_id: str = "") -> Case:
    """Return a case that holds an answer to what it was: its conditions, and the first item of its list.

    Who asked is left out: a case outlives what is kept of a person.
    """
    request, _ = request_of(trace)
    first = [i.item_id for i in trace.items[:1]]
    return Case(
        case_id=case_id or f"trace-{trace.request_id[:12]}",
        about="Made from a real answer; look at what it expects before you rely on it.",
        request=request.model_copy(update={"user_id": None}),
        expects=Expectations(
            must=tuple(first) if trace.user_id is None else (),
            holds=tuple(
                Predicate(field=c.field, op=c.op, value=c.value) for c in trace.request.constraints if not c.either
            ),
            items=(1, request.n) if trace.items else (0, 0),
        ),
        tags=("trace",),
        source=f"trace:{trace.request_id}",
    )


def answered(answer: RecommendResponse, seconds: float) -> Answered:
    """Return an answer as far as it is compared."""
    return Answered(
        message=answer.message,
        items=items_of(answer),
        conditions=conditions_of(answer),
        prompts=answer.prompts,
        seconds=round(seconds, 3),
        tokens=answer.usage.prompt_tokens + answer.usage.completion_tokens,
        degraded=tuple(f"{d.what}: {d.why}" for d in answer.degraded),
    )


def items_of(answer: RecommendResponse) -> tuple[AnsweredItem, ...]:
    """Return the list with its reasons."""
    return tuple(
        AnsweredItem(
            item_id=i.item_id,
            title=i.title,
            reason=i.reason.text if i.reason else "",
            by=i.reason.by if i.reason else "",
        )
        for i in answer.items
    )


def conditions_of(answer: RecommendResponse) -> tuple[str, ...]:
    """Return the conditions in force, as a person writes them."""
    return tuple(said(c) for c in answer.understanding.constraints)


def changes(before: Trace | Answered, after: Answered) -> tuple[str, ...]:
    """Say in words how one answer differs from another: conditions, items, places, words."""
    return (
        *_sets("condition", before.conditions, after.conditions),
        *_items(before.items, after.items),
        *_words(before, after),
    )


def _sets(what: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    gone = [f"{what} no longer in force: {c}" for c in before if c not in after]
    return gone + [f"new {what}: {c}" for c in after if c not in before]


def _items(before: Sequence[AnsweredItem], after: Sequence[AnsweredItem]) -> list[str]:
    was, now = ({i.item_id: place for place, i in enumerate(side, 1)} for side in (before, after))
    found = [
        f"{i.title} ({i.item_id}) is no longer listed; it was at place {was[i.item_id]}"
        for i in before
        if i.item_id not in now
    ]
    found += [f"{i.title} ({i.item_id}) is new at place {now[i.item_id]}" for i in after if i.item_id not in was]
    moved = [i for i in after if i.item_id in was and was[i.item_id] != now[i.item_id]]
    return found + [f"{i.title} ({i.item_id}) moved from place {was[i.item_id]} to {now[i.item_id]}" for i in moved]


def _words(before: Trace | Answered, after: Answered) -> list[str]:
    found = [] if before.message == after.message else [f"the opening was “{before.message}” and is “{after.message}”"]
    reasons = {i.item_id: i.reason for i in before.items}
    for item in after.items:
        was = reasons.get(item.item_id)
        if was is not None and was != item.reason:
            found.append(f"{item.title}: “{was}” became “{item.reason}”")
    return found


def _stated(c: Constraint) -> StatedConstraint:
    plain = {"field": c.field, "op": c.op, "value": c.value}
    return StatedConstraint.model_validate(
        {**plain, "either": [{"field": e.field, "op": e.op, "value": e.value} for e in c.either]}
    )
