"""Write and read what Langfuse exports and imports as JSON: a chat prompt, and the items of a dataset.

Field names are those of Langfuse's public API: a prompt has ``name``, ``type``, ``prompt``, ``config``, ``labels``, ``tags``, ``commitMessage``;
an item has ``id``, ``input``, ``expectedOutput``, ``metadata``, ``sourceTraceId`` and ``status``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InvalidRequestError
from ...schemas import RecommendRequest
from ...schemas.cases import Case, CaseSet, Expectations
from .taken import Messages, Taken, case_from, from_chat, id_of, text_in

TRACE = "trace:"


def write_cases(cases: CaseSet) -> str:
    """Return a dataset with its items."""
    items = [_item(c, cases.name) for c in cases.cases]
    told = {"name": cases.name, "description": cases.description, "metadata": {"digest": cases.digest}, "items": items}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def write_prompt(
    messages: Messages, *, version: int, config: Mapping[str, Any], labels: Sequence[str], message: str = ""
) -> str:
    """Return a chat prompt."""
    chat = [{"role": "system", "content": messages.system}, {"role": "user", "content": messages.user}]
    told = {
        "name": messages.name,
        "type": "chat",
        "prompt": chat,
        "config": dict(config),
        "labels": list(labels),
        "tags": ["tastemaker"],
        "version": version,
        "commitMessage": message,
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def read(content: str) -> Taken:
    """Return the cases or prompts of an export: a dataset, a list of items, a prompt or a list of prompts.

    Raises:
        InvalidRequestError: it is no JSON, or none of these.
    """
    try:
        told = json.loads(content)
    except ValueError as error:
        raise InvalidRequestError("file", f"is not JSON: {error}") from error
    rows = told.get("items", told.get("data", [told])) if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise InvalidRequestError("file", "is no export of Langfuse: it holds no list of items or prompts")
    left: list[str] = []
    cases, prompts = [], []
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping) and "prompt" in row:
            prompts += _prompt(row, number, left)
        elif isinstance(row, Mapping) and "input" in row:
            cases += _case(row, number, left)
        else:
            left.append(f"entry {number}: has neither a prompt nor an input")
    return Taken(cases=tuple(cases), prompts=tuple(prompts), left_out=tuple(left))


def _item(case: Case, dataset: str) -> dict[str, Any]:
    traced = case.source.removeprefix(TRACE) if case.source.startswith(TRACE) else None
    dump = case.model_dump(mode="json", exclude_defaults=True)
    return {
        "id": f"{dataset}.{case.case_id}",
        "datasetName": dataset,
        "input": {**dump["request"], **({"before": dump["before"]} if case.before else {})},
        "expectedOutput": dump.get("expects", {}),
        "metadata": {"case_id": case.case_id, "about": case.about, "tags": list(case.tags), "source": case.source},
        "sourceTraceId": traced,
        "status": "ACTIVE",
    }


def _case(row: Mapping[str, Any], number: int, left: list[str]) -> list[Case]:
    where = f"item {number}"
    if row.get("status") == "ARCHIVED":
        left.append(f"{where}: is archived")
        return []
    known = row.get("metadata")
    about: Mapping[str, Any] = known if isinstance(known, Mapping) else {}
    asked, expected = row["input"], row.get("expectedOutput")
    if "case_id" in about and isinstance(asked, Mapping):
        own = {n: about[n] for n in ("case_id", "about", "tags", "source") if n in about}
        before = {"before": asked["before"]} if "before" in asked else {}
        request = {n: v for n, v in asked.items() if n != "before"}
        return [case_from({**own, **before, "request": request, "expects": expected or {}}, where)]
    text = asked if isinstance(asked, str) else text_in(asked) if isinstance(asked, Mapping) else ""
    if not text:
        left.append(f"{where}: its input holds nothing that a person says")
        return []
    if expected:
        left.append(f"{where}: its expected output is no list of checks; say what must hold")
    source = f"{TRACE}{row['sourceTraceId']}" if row.get("sourceTraceId") else "written"
    said = RecommendRequest(text=text)
    return [Case(case_id=id_of(row.get("id"), number), request=said, expects=Expectations(), source=source)]


def _prompt(row: Mapping[str, Any], number: int, left: list[str]) -> list[Messages]:
    name = str(row.get("name") or f"prompt {number}")
    if not isinstance(row["prompt"], list):
        left.append(f"{name}: is a text prompt; only chats have a system and a user message")
        return []
    messages, odd = from_chat(name, row["prompt"])
    left += odd
    return [] if messages is None else [messages]
