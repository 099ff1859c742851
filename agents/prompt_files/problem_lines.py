"""Find the line of a prompt file that a problem is about, so that whoever edits it finds the place."""

from __future__ import annotations

import re

_LINED = re.compile(r"line \d+")
_SLOT = re.compile(r"\{\{.*?\}\}")
_NO_SLOT = re.compile(r"the program has no '(\w+)'")
_QUOTED_KEY = re.compile(r"(?:unknown setting|the input|config knows .*, not) '(\w+)'")
_KEY = re.compile(r"(\w+) (?:must|is)\b")
_HEADING = re.compile(r"nothing is written under (# \w+)")


def with_line(content: str, problem: str) -> str:
    """Return the problem with its line in front: "line 12: max_tokens must be ..."; as it is where no line is to blame."""
    pattern = None if _LINED.match(problem) else _pattern(problem)
    if pattern is None:
        return problem
    found = [n for n, line in enumerate(content.splitlines(), 1) if re.search(pattern, line)]
    if not found:
        return problem
    last = problem.endswith("instruction")  # of several places, it is the one outside <data> that is wrong
    return f"line {found[-1 if last else 0]}: {problem}"


def _pattern(problem: str) -> str | None:
    if slot := _SLOT.match(problem):
        return re.escape(slot[0]).replace(r"\{\{\ ", r"\{\{\s*").replace(r"\ \}\}", r"\s*\}\}")
    if name := _NO_SLOT.match(problem):
        return rf"\{{\{{\s*{name[1]}\s*\}}\}}"
    if key := _QUOTED_KEY.match(problem):
        return rf"^\s*{key[1]}\s*:"
    if heading := _HEADING.match(problem):
        return rf"^{heading[1]}\s*$"
    if (key := _KEY.match(problem)) and not problem.endswith("is missing"):
        return rf"^\s*{key[1]}\s*:"
    return None
