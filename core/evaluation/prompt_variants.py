"""Take a prompt apart into its own blocks, rules and examples, and make variants of it that leave out or move one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..schemas.catalogue import Frozen

_EXAMPLE = re.compile(r"^Example \d+[^\n]*\n(?:(?!^Example \d+|^# ).+\n?|\n(?!^# |^Example))*", re.MULTILINE)
_RULE = re.compile(r"^- [^\n]*(?:\n {2,}[^\n]*)*\n?", re.MULTILINE)
_SYSTEM = re.compile(r"(?<=^# system\n)(.*?)(?=^# user$)", re.MULTILINE | re.DOTALL)
_TOKENS = re.compile(r"^(\s*max_tokens:\s*)(\d+)", re.MULTILINE)
SHORT = 60
"""Characters of a block that its name quotes."""


class Variant(Frozen):
    """A changed body and what was changed."""

    what: str
    body: str


def variants(body: str) -> Iterator[Variant]:
    """Yield variants of a prompt file: without one rule, without one example, with an example first, with fewer tokens to write."""
    found = _SYSTEM.search(body)
    if found is None:
        return
    system, start, end = found[1], found.start(1), found.end(1)

    def made(what: str, changed: str) -> Variant:
        return Variant(what=what, body=body[:start] + changed.rstrip("\n") + "\n\n" + body[end:])

    examples = [m.span() for m in _EXAMPLE.finditer(system)]
    inside = [m.span() for m in _RULE.finditer(system) if not any(a <= m.start() < b for a, b in examples)]
    for a, b in examples:
        yield made(f"without the example “{_named(system[a:b])}”", system[:a] + system[b:])
    for a, b in inside:
        yield made(f"without the rule “{_named(system[a:b])}”", system[:a] + system[b:])
    for a, b in examples[1:]:
        first = examples[0][0]
        moved = system[:first] + system[a:b].rstrip("\n") + "\n\n" + system[first:a] + system[b:]
        yield made(f"with the example “{_named(system[a:b])}” first", moved)
    tokens = _TOKENS.search(body[:start])
    if tokens is not None and (fewer := int(tokens[2]) * 3 // 4) >= 16:
        changed = f"{body[: tokens.start(2)]}{fewer}{body[tokens.end(2) :]}"
        yield Variant(what=f"with at most {fewer} tokens to write instead of {tokens[2]}", body=changed)


def _named(block: str) -> str:
    lines = [line.strip("- ").strip() for line in block.strip().splitlines()]
    text = lines[1] if len(lines) > 1 and lines[0].startswith("Example") else lines[0]
    return text if len(text) <= SHORT else text[: SHORT - 1].rstrip() + "…"
