"""Ask for recommendations from the command line, in process or from a running service."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import ValidationError
from rich.console import Console

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.schemas import Constraint, RecommendRequest, StreamEvent
from ...core.settings import load_settings
from ...core.validation import invalid_request
from ..client.terminal import TerminalRenderer
from .options import Words, WordsOption, guarded, run_async, words_of
from .recommend_preferences import ask, follow_up, parse_preferences

_WHERE = re.compile(
    r"\s*(?P<field>[^<>=!]+?)\s*(?:(?P<sign><=|>=|!=|<|>|=)(?![<>=!])|\s(?P<word>not\s+[<>]|(?:not\s+in|in|not\s+contains|contains)(?=\s)))\s*(?P<value>.+?)\s*",
    re.IGNORECASE,
)


def recommend_command(
    words: Words = None,
    *,
    user: Annotated[str | None, typer.Option(help="Who asks; omit for a stranger.")] = None,
    text: WordsOption = None,
    image: Annotated[list[Path] | None, typer.Option(help="A photo; repeatable.", dir_okay=False)] = None,
    audio: Annotated[list[Path] | None, typer.Option(help="A voice clip; repeatable.", dir_okay=False)] = None,
    video: Annotated[list[Path] | None, typer.Option(help="A video clip.", dir_okay=False)] = None,
    thread: Annotated[str | None, typer.Option(help="Conversation to continue.")] = None,
    correct: Annotated[
        list[str] | None, typer.Option(help="With --server: what a piece should say, such as 'caption-1=a red bag'.")
    ] = None,
    strike: Annotated[list[str] | None, typer.Option(help="With --server: a piece that does not count.")] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many items, 1 to 50.")] = 10,
    where: Annotated[
        list[str] | None, typer.Option(help="Such as 'price<=40' or 'theme in sea,boats'; repeatable.")
    ] = None,
    route: Annotated[str, typer.Option(help="auto, direct or deliberate.")] = "auto",
    written: Annotated[bool, typer.Option("--words/--no-words", help="Let the language model write reasons.")] = True,
    context: Annotated[
        list[str] | None, typer.Option(help="What is known of the moment, such as channel=web; repeatable.")
    ] = None,
    diversity: Annotated[
        str | None, typer.Option(help="How varied: none, mmr, dpp or calibrated, with a strength such as dpp=0.5.")
    ] = None,
    prefer: Annotated[
        list[str] | None,
        typer.Option(help="What they like, such as theme=sea, or not, such as theme!=dogs; repeatable."),
    ] = None,
    liked: Annotated[list[str] | None, typer.Option(help="The id of an item they like; repeatable.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also offer what the user already has.")] = False,
    max_ms: Annotated[int | None, typer.Option(help="Time budget in milliseconds.")] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    server: Annotated[str | None, typer.Option(help="Address of a running service; default: in this process.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the response as JSON and nothing else.")] = False,
) -> None:
    """Recommend, printing as it happens: route, evidence, items at once, then words, then seconds."""
    fields: dict[str, Any] = {"user_id": user, "thread_id": thread, "n": n, "route": route}
    fields["text"] = guarded(lambda: words_of(words, text))
    fields |= {"words": written, "include_consumed": again, "max_ms": max_ms, "tenant": tenant}
    fields["context"] = guarded(lambda: parse_context(context or ()))
    fields["diversity"] = guarded(lambda: parse_diversity(diversity))
    fields["corrections"] = guarded(lambda: parse_corrections(correct or (), strike or ()))
    fields["preferences"] = guarded(lambda: parse_preferences(prefer or (), liked or ()))
    fields |= {"images": _paths(image), "audio": _paths(audio), "video": _paths(video)}

    async def work() -> None:
        request = _request({**fields, "constraints": [parse_where(w) for w in where or ()]})
        done = await _show(_events(server, request), request, as_json)
        while not as_json and done.get("asked") and sys.stdin.isatty() and sys.stdout.isatty():
            said = await asyncio.to_thread(ask, done["asked"])
            if said.choice_id is None:
                break
            request = follow_up(request, done["thread_id"], said)
            done = await _show(_events(server, request), request, as_json)

    run_async(work)


def parse_context(pairs: Sequence[str]) -> dict[str, str]:
    """Turn ``channel=web`` into a pair of a request's context.

    Raises:
        InvalidRequestError: there is no name or no value.
    """
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (name.strip() and sign and value.strip()):
            raise InvalidRequestError("--context", f"{pair!r} must look like channel=web")
        found[name.strip()] = value.strip()
    return found


def parse_corrections(edits: Sequence[str], strikes: Sequence[str]) -> list[dict[str, Any]]:
    """Turn ``caption-1=a red bag`` and ids to strike into corrections.

    Raises:
        InvalidRequestError: there is no id or no text.
    """
    found: list[dict[str, Any]] = []
    for edit in edits:
        name, sign, text = edit.rpartition("=")
        if not (name.strip() and sign and text.strip()):
            raise InvalidRequestError("--correct", f"{edit!r} must look like 'caption-1=a red bag'")
        found.append({"evidence_id": name.strip(), "text": text.strip()})
    return found + [{"evidence_id": name, "strike": True} for name in strikes]


def parse_diversity(text: str | None) -> dict[str, Any] | None:
    """Turn ``dpp``, ``dpp=0.5`` or ``0.5`` into a request's diversity.

    Raises:
        InvalidRequestError: the strength is not a number.
    """
    if text is None:
        return None
    name, sign, strength = text.partition("=")
    if not sign and name.replace(".", "").isdigit():
        name, strength = "", name
    try:
        return {"strategy": name.strip() or None, "strength": float(strength) if strength else None}
    except ValueError as error:
        raise InvalidRequestError("--diversity", f"{text!r} must look like dpp=0.5") from error


def parse_where(expression: str) -> Constraint:
    """Turn ``price<=40``, ``theme in sea,boats`` or ``tags not contains dog`` into a constraint.

    Raises:
        InvalidRequestError: it does not have that form.
    """
    found = _WHERE.fullmatch(expression)
    if found is None:
        raise InvalidRequestError("--where", f"{expression!r} must look like 'price<=40' or 'theme in sea,boats'")
    op = found["sign"] or " ".join(found["word"].lower().split())
    value: Any = (
        [part.strip() for part in found["value"].split(",")] if op.endswith("in") else _scalar(found["value"], op)
    )
    try:
        return Constraint(field=found["field"], op=cast(Any, op), value=value)
    except ValidationError as error:
        raise InvalidRequestError("--where", f"{expression!r}: {invalid_request(error).message}") from error


def _scalar(value: str, op: str) -> float | bool | str:
    if op.endswith("contains"):
        return value
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    try:
        return float(value)
    except ValueError:
        return value.strip("'\"")


def _paths(files: list[Path] | None) -> list[dict[str, str]]:
    return [{"path": str(file)} for file in files or ()]


def _request(fields: dict[str, Any]) -> RecommendRequest:
    try:
        return RecommendRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error) from error


async def _events(server: str | None, request: RecommendRequest) -> AsyncIterator[StreamEvent]:
    if server:
        from ..client.http_client import stream_from_server

        async for event in stream_from_server(server, request):
            yield event
        return
    settings, started = load_settings(), time.perf_counter()
    from ...graphs.recommender import Recommender

    async with Recommender(settings) as recommender:
        # A service has this behind it; here it is part of what the user waits for, so it is shown.
        yield StreamEvent(event="step", data={"step": "start_up", "seconds": time.perf_counter() - started})
        async for event in recommender.stream(request):
            yield event


async def _show(events: AsyncIterator[StreamEvent], request: RecommendRequest, as_json: bool) -> dict[str, Any]:
    import json

    renderer = TerminalRenderer(Console(stderr=as_json, quiet=as_json))
    renderer.start(request)
    done: dict[str, Any] | None = None
    try:
        async with aclosing(cast(Any, events)):
            async for event in events:
                if event.event == "error":
                    raise _as_error(event.data)
                renderer.handle(event)
                if event.event == "done":
                    done = event.data
    finally:
        renderer.close()
    if done is None:
        raise TastemakerError("the stream ended without an answer; see the service's log")
    if as_json:
        sys.stdout.write(json.dumps(done, ensure_ascii=False) + "\n")
    return done


def _as_error(data: dict[str, Any]) -> TastemakerError:
    if data.get("field"):
        return InvalidRequestError(str(data["field"]), str(data.get("message")))
    return TastemakerError(str(data.get("message", "the recommender failed")))
