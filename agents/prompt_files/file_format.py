"""Read one prompt file and say in plain words what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from ...core.schemas import Frozen
from .problem_lines import with_line

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_ODD = re.compile(r"\{\{(?!\s*[A-Za-z_]\w*\s*\}\})[^}\n]*\}?\}?")
_FRONT = re.compile(r"\A﻿?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL)
_DATA = re.compile(r"<data>.*?</data>", re.DOTALL)
_KEYS = ("name", "version", "description", "inputs", "config", "output", "sample")

GIVEN: Mapping[str, tuple[str, ...]] = {
    "compose": ("request", "evidence", "items"),
    "route": ("request",),
    "deliberate": ("tools", "request", "conditions", "steps"),
    "read": ("fields", "names", "request"),
    "rank": ("likes", "request", "items"),
    "score": ("likes", "request", "item"),
    "propose": ("likes", "request"),
    "taste": ("likes",),
    "keywords": ("item",),
}
"""What the program hands to each prompt it uses."""
OUTPUTS: Mapping[str, str] = {
    "compose": "composition",
    "route": "route",
    "deliberate": "step",
    "read": "reading",
    "rank": "ranking",
    "score": "yes or no",
    "propose": "proposals",
    "taste": "words",
    "keywords": "words",
}
"""What the program expects back from each prompt it uses."""


class PromptConfig(Frozen):
    """How the model is called."""

    max_tokens: int = Field(default=200, ge=1, le=8192)
    temperature: float = Field(default=0.0, ge=0, le=2)


class Prompt(Frozen):
    """One version of a prompt. ``digest`` is of the file's content, ``used`` the placeholders in it."""

    name: str
    version: str
    description: str
    inputs: dict[str, str]
    config: PromptConfig
    output: str
    sample: dict[str, str]
    system: str
    user: str
    digest: str
    file: str

    @property
    def ref(self) -> str:
        """Return ``name@version#digest``, with eight hexadecimal digits of the SHA-256 of the file."""
        return f"{self.name}@{self.version}#{self.digest}"

    @property
    def used(self) -> tuple[str, ...]:
        """Return the placeholders, in order of appearance."""
        return tuple(dict.fromkeys(PLACEHOLDER.findall(self.user)))


def split_name(path: Path) -> tuple[str, str | None]:
    """Return the name and version that a file name states: ``compose@2.md`` gives ("compose", "2")."""
    name, _, version = path.stem.partition("@")
    return name, version or None


def read_prompt(path: Path, content: str) -> tuple[Prompt | None, list[str]]:
    """Return the prompt in ``content``, or None, and its problems in words for people who do not program."""
    match = _FRONT.match(content)
    if match is None:
        return None, [f"{path.name}: the file must start with a line ---, then the settings, then another line ---"]
    front, problems = _front(match[1])
    system, user, missing = _parts(match[2])
    problems += missing
    if front is not None:
        problems += _fields(path, front) + _placeholders(front, system, user)
    if problems or front is None:
        return None, [f"{path.name}: {with_line(content, p)}" for p in problems]
    return Prompt(
        name=front["name"],
        version=str(front["version"]),
        description=front["description"].strip(),
        inputs=dict(front["inputs"] or {}),
        config=PromptConfig.model_validate(front.get("config") or {}),
        output=front["output"],
        sample={k: str(v) for k, v in (front.get("sample") or {}).items()},
        system=system,
        user=user,
        digest=hashlib.sha256(content.encode()).hexdigest()[:8],
        file=path.name,
    ), []


def _front(text: str) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        front = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 2}" if mark else "the settings at the top"
        hint = "if the text holds a colon or starts with a quote, put it between double quotes"
        return None, [f"{where} cannot be read ({getattr(error, 'problem', None) or 'bad YAML'}); {hint}"]
    if not isinstance(front, dict):
        return None, ["the settings between the two --- lines must be lines such as name: compose"]
    unknown = [f"unknown setting {k!r}; the settings are {', '.join(_KEYS)}" for k in front if k not in _KEYS]
    return front, unknown


def _parts(body: str) -> tuple[str, str, list[str]]:
    pieces = re.split(r"^#[ \t]+(system|user)[ \t]*\r?$", body, flags=re.MULTILINE | re.IGNORECASE)
    found = {pieces[i].lower(): pieces[i + 1].strip() for i in range(1, len(pieces) - 1, 2)}
    problems = [f"the heading # {name} is missing" for name in ("system", "user") if name not in found]
    problems += [f"nothing is written under # {name}" for name, text in found.items() if not text]
    if len(pieces) > 5:
        problems.append("each of the headings # system and # user may appear once")
    if pieces[0].strip():
        problems.append("there is text above the heading # system; move it under a heading")
    return found.get("system", ""), found.get("user", ""), problems


def _fields(path: Path, front: Mapping[str, Any]) -> list[str]:
    problems = [f"{key} is missing" for key in ("name", "version", "description", "output") if not front.get(key)]
    name, version = split_name(path)
    if front.get("name") and front["name"] != name:
        problems.append(f"name is {front['name']!r}, but the file is called {path.name}; they must agree")
    if version and front.get("version") and str(front["version"]) != version:
        problems.append(f"version is {front['version']!r}, but the file name says {version!r}; they must agree")
    problems += [
        f"{k} must be text" for k in ("name", "description", "output") if not isinstance(front.get(k, ""), str)
    ]
    for key in ("inputs", "config", "sample"):
        if not isinstance(front.get(key) or {}, dict):
            problems.append(f"{key} must be lines below it such as '  word: meaning'")
    expected = OUTPUTS.get(name)
    if expected and front.get("output") not in (None, expected):
        problems.append(f"output must be {expected!r}; the program cannot read {front['output']!r}")
    return problems + _config(front.get("config"))


def _config(config: Any) -> list[str]:
    problems = []
    for key, value in (config if isinstance(config, dict) else {}).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key == "max_tokens":
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 8192:
                problems.append(f"max_tokens must be a whole number from 1 to 8192, not {value!r}")
        elif key == "temperature":
            if not number or not 0 <= value <= 2:
                problems.append(f"temperature must be a number from 0 to 2, not {value!r}")
        else:
            problems.append(f"config knows max_tokens and temperature, not {key!r}")
    return problems


def _placeholders(front: Mapping[str, Any], system: str, user: str) -> list[str]:
    inputs = front.get("inputs") or {}
    if not isinstance(inputs, dict):
        return []
    given = GIVEN.get(str(front.get("name")), tuple(inputs))
    used = list(dict.fromkeys(PLACEHOLDER.findall(user)))
    problems = [f"{m} is not a placeholder; write it as {{{{ word }}}}" for m in _ODD.findall(system + "\n" + user)]
    problems += [
        f"{{{{ {n} }}}} stands under # system; move it under # user, so that the first part is the same for every shopper"
        for n in dict.fromkeys(PLACEHOLDER.findall(system))
    ]
    for name in used:
        if name not in inputs:
            problems.append(
                f"{{{{ {name} }}}} is not among the inputs ({', '.join(inputs) or 'none are listed'}); is it misspelt?"
            )
        elif name not in given:
            problems.append(f"the program has no {name!r} for this prompt; it has {', '.join(given)}")
    problems += [
        f"the input {n!r} is listed but {{{{ {n} }}}} is not used under # user" for n in inputs if n not in used
    ]
    outside = PLACEHOLDER.findall(_DATA.sub("", user))
    problems += [
        f"{{{{ {n} }}}} must stand between <data> and </data>, so that it is not taken for an instruction"
        for n in outside
    ]
    sample = front.get("sample")
    return problems + [
        f"the sample has no {n!r}" for n in used if isinstance(sample, dict) and sample and n not in sample
    ]
