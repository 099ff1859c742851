"""Say in plain words, with the line, what is wrong with a file of wording."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

_SLOT = re.compile(r"\{(\w*)\}")
_BRACE = re.compile(r"[{}]")
_HEADING = re.compile(r"\s*\[([^\]]+)\]\s*(?:#.*)?$")
_ENTRY = re.compile(r'\s*(?:"([^"]+)"|([\w-]+))\s*=')
Path = tuple[str, ...]


def wording_problems(text: str, shipped: str) -> list[str]:
    """Return what is wrong with ``text``, which is to replace ``shipped``: what is missing, unknown, or cannot be filled in."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [
            f"{_where(str(error))}; every way to say something stands between double quotes, with a comma behind it"
        ]
    said, needed = dict(_leaves(table)), dict(_leaves(tomllib.loads(shipped)))
    lines = _lines_of(text)
    problems = [f"{'.'.join(path)} is missing; it must say something" for path in needed if path not in said]
    for path, ways in said.items():
        example = needed.get(path, _sibling(path, needed))
        line, name = lines.get(path, ""), ".".join(path)
        if example is None:
            problems.append(f"{line}{name} is not known; nothing would read it")
        else:
            problems += [f"{line}{name}: {problem}" for problem in _wrong(ways, example)]
    return problems


def _sibling(path: Path, needed: Mapping[Path, Any]) -> Any:
    """Return what another field says at this place: words for more fields and numbers may be added."""
    if len(path) != 3 or path[0] not in ("fields", "numbers"):
        return None
    return next((ways for other, ways in needed.items() if (other[:1], other[2:]) == (path[:1], path[2:])), None)


def _wrong(ways: Any, shipped: Any) -> Iterator[str]:
    if type(ways) is not type(shipped):
        yield "must be " + (
            "a list of ways between [ and ]" if isinstance(shipped, list) else "as what ships: " + repr(shipped)
        )
        return
    if ways == []:
        yield "must have at least one way to say it"
    yield from (f"{way!r} must stand between quotes" for way in _others(ways))
    known = {slot.lower() for way in _texts(shipped) for slot in _SLOT.findall(way)}
    for way in _texts(ways):
        yield from _slots(way, known)


def _slots(way: str, known: set[str]) -> Iterator[str]:
    names = ", ".join(f"{{{s}}}" for s in sorted(known)) or "none"
    for slot in _SLOT.findall(way):
        if slot.lower() not in known:
            yield f"“{way}” asks for {{{slot}}}, which is not known here; known: {names}"
    if _BRACE.search(_SLOT.sub("", way)):
        yield f"“{way}” has a brace that is not closed; write {{word}}"


def _others(value: Any) -> list[Any]:
    return [way for way in value if not isinstance(way, str)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [way for way in (value if isinstance(value, list) else [value]) if isinstance(way, str)]


def _leaves(table: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _lines_of(text: str) -> dict[Path, str]:
    """Return where entries stand, as "line 12: "; one that is not written on a line of its own is left out."""
    section, found = Path(), dict[Path, str]()
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _HEADING.match(line):
            section = tuple(part.strip().strip('"') for part in heading[1].split("."))
        elif entry := _ENTRY.match(line):
            found.setdefault((*section, entry[1] or entry[2]), f"line {number}: ")
    return found


def _where(error: str) -> str:
    found = re.search(r"\(at line (\d+), column \d+\)", error)
    return f"line {found[1]} cannot be read" if found else "the file cannot be read"
