"""Write and read promptfoo's configuration (YAML): cases as tests against the HTTP service, prompts as chats.

Written after promptfoo's documentation: ``prompts`` with ``label`` and ``raw``, ``providers`` with an HTTP one, ``tests`` with ``description``,
``vars``, ``assert`` and ``metadata``. Every test carries its case whole in its metadata, so that reading loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ...errors import InvalidRequestError
from ...schemas import RecommendRequest
from ...schemas.cases import Case, CaseSet, Expectations
from .taken import Messages, Taken, case_from, from_chat, id_of, text_in

OURS = "tastemaker"
WORDS = "(a => [a.message, ...a.items.map(i => i.reason.text)].join(' '))(JSON.parse(output))"
CONTAINS = frozenset({"contains", "icontains"})
DEFAULT_URL = "http://127.0.0.1:8010/recommend"


def write_cases(cases: CaseSet, url: str = DEFAULT_URL) -> str:
    """Return a configuration that asks the service at ``url`` every case; photos and clips are not sent by it."""
    body = {"text": "{{prompt}}", "n": "{{n}}", "user_id": "{{user_id}}"}
    provider = {
        "id": url,
        "config": {
            "method": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": body,
            "transformResponse": "JSON.stringify(json)",
        },
    }
    told = {
        "description": cases.description or cases.name,
        "prompts": ["{{text}}"],
        "providers": [provider],
        "tests": [_test(c) for c in cases.cases],
    }
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120)


def write_prompt(messages: Messages, sample: Mapping[str, str], model: str) -> str:
    """Return a configuration that asks a model one prompt with its sample."""
    chat = [{"role": "system", "content": messages.system}, {"role": "user", "content": messages.user}]
    told = {
        "description": f"The prompt {messages.name} with its sample",
        "prompts": [{"label": messages.name, "raw": json.dumps(chat, ensure_ascii=False, indent=1)}],
        "providers": [f"openai:chat:{model}"],
        "tests": [{"vars": dict(sample)}],
    }
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120)


def read(content: str) -> Taken:
    """Return the cases and prompts of a configuration.

    Raises:
        InvalidRequestError: it is no YAML, or no configuration of promptfoo's.
    """
    try:
        told = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise InvalidRequestError("file", f"is not YAML: {str(error)[:200]}") from error
    if not isinstance(told, dict) or not ({"tests", "prompts"} & told.keys()):
        raise InvalidRequestError("file", "is no configuration of promptfoo: it has neither tests nor prompts")
    left: list[str] = []
    prompts = list(_prompts(told.get("prompts"), left))
    tests = told.get("tests") or []
    if not isinstance(tests, list):
        left.append("tests: only tests that stand in the file itself are read")
        tests = []
    cases = [case for number, test in enumerate(tests, 1) if (case := _case(test, number, left)) is not None]
    return Taken(cases=tuple(cases), prompts=tuple(prompts), left_out=tuple(left))


def _test(case: Case) -> dict[str, Any]:
    request = case.request
    values = {"text": request.text or "", "n": request.n, "user_id": request.user_id}
    return {
        "description": f"{case.case_id}: {case.about}".rstrip(": "),
        "vars": {n: v for n, v in values.items() if v is not None},
        "assert": list(_assertions(case.expects)),
        "metadata": {OURS: case.model_dump(mode="json", exclude_defaults=True)},
    }


def _assertions(expects: Expectations) -> Iterator[dict[str, Any]]:
    listed = "JSON.parse(output).items.map(i => i.item_id)"
    for item_id in expects.must:
        yield {"type": "javascript", "value": f"{listed}.includes({json.dumps(item_id)})"}
    for item_id in expects.must_not:
        yield {"type": "javascript", "value": f"!{listed}.includes({json.dumps(item_id)})"}
    for phrase in expects.says:
        yield {"type": "icontains", "value": phrase, "transform": WORDS}
    for phrase in expects.never_says:
        yield {"type": "not-icontains", "value": phrase, "transform": WORDS}
    if expects.items is not None:
        low, high = expects.items
        yield {"type": "javascript", "value": f"{listed}.length >= {low} && {listed}.length <= {high}"}


def _case(test: Any, number: int, left: list[str]) -> Case | None:
    where = f"test {number}"
    if not isinstance(test, Mapping):
        left.append(f"{where}: is no test")
        return None
    own = (test.get("metadata") or {}).get(OURS) if isinstance(test.get("metadata"), Mapping) else None
    if own is not None:
        return case_from(own, where)
    values = test.get("vars")
    text = text_in(values) if isinstance(values, Mapping) else ""
    if not text:
        left.append(f"{where}: no variable holds what a person says")
        return None
    says: list[str] = []
    never: list[str] = []
    for check in test.get("assert") or []:
        kind, value = (check.get("type"), check.get("value")) if isinstance(check, Mapping) else (None, None)
        if kind in CONTAINS and isinstance(value, str):
            says.append(value)
        elif str(kind).removeprefix("not-") in CONTAINS and isinstance(value, str):
            never.append(value)
        else:
            left.append(f"{where}: an assertion of the type {kind!r} has no counterpart")
    expects = Expectations(says=tuple(says), never_says=tuple(never))
    about = str(test.get("description") or "")[:500]
    return Case(case_id=id_of(about, number), about=about, request=RecommendRequest(text=text), expects=expects)


def _prompts(told: Any, left: list[str]) -> Iterator[Messages]:
    for number, prompt in enumerate(told if isinstance(told, list) else [], 1):
        raw = prompt.get("raw") if isinstance(prompt, Mapping) else prompt
        name = (
            str(prompt.get("label") or prompt.get("id") or f"prompt {number}")
            if isinstance(prompt, Mapping)
            else f"prompt {number}"
        )
        try:
            chat = json.loads(raw) if isinstance(raw, str) else None
        except ValueError:
            chat = None
        if isinstance(chat, list):
            messages, odd = from_chat(name, chat)
            left += odd
            if messages is not None:
                yield messages
        elif raw != "{{text}}":
            left.append(f"{name}: is no chat with a system and a user message")
