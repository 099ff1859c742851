"""Take likes and answers on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from ...core.errors import InvalidRequestError
from ...core.schemas import Answer, RecommendRequest
from ..client.terminal import clean


def parse_preferences(pairs: Sequence[str], liked: Sequence[str]) -> dict[str, Any] | None:
    """Turn ``theme=sea``, ``theme!=dogs``, ``price=30`` and ids of liked items into a request's preferences.

    Raises:
        InvalidRequestError: there is no field or no value.
    """
    values = [_preference(pair) for pair in pairs]
    return {"values": values, "item_ids": list(liked)} if values or liked else None


def _preference(pair: str) -> dict[str, Any]:
    name, sign, text = pair.partition("=")
    value = text.strip()
    if not (name.strip("! ") and sign and value):
        raise InvalidRequestError("--prefer", f"{pair!r} must look like theme=sea or theme!=dogs")
    weight = -1.0 if name.endswith("!") else 1.0
    return {"field": name.rstrip("!").strip(), "value": _scalar(value), "weight": weight}


def _scalar(value: str) -> float | bool | str:
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    try:
        return float(value)
    except ValueError:
        return value


def ask(question: dict[str, Any]) -> Answer:
    """Ask on the terminal; Enter alone skips."""
    for number, choice in enumerate(question["choices"], 1):
        typer.echo(f"  {number}. {clean(choice['text'])}")
    return answer_from(typer.prompt("Your choice (Enter to skip)", default="", show_default=False), question)


def answer_from(typed: str, question: dict[str, Any]) -> Answer:
    """Return the answer that was typed: a choice's number or its words; anything else skips the question."""
    wanted = typed.strip().lower()
    named = {c["text"].lower(): c["choice_id"] for c in question["choices"]}
    numbered = {str(n): c["choice_id"] for n, c in enumerate(question["choices"], 1)}
    return Answer(question_id=question["question_id"], choice_id=numbered.get(wanted) or named.get(wanted))


def follow_up(request: RecommendRequest, thread_id: str, said: Answer) -> RecommendRequest:
    """Return the request that carries the answer; what was said and shown before is in the thread."""
    spent: dict[str, Any] = {
        "text": None,
        "images": [],
        "audio": [],
        "video": [],
        "preferences": None,
        "corrections": [],
    }
    return request.model_copy(update={**spent, "thread_id": thread_id, "answer": said})
