"""Find the figures in a benchmark's JSON object, whatever its form, and group what can be compared.

A figure is a number, or an object with ``low``, ``high`` and ``value`` or ``mean``. The last name on its path is the measure, the one
before it says what was measured; figures with the same measure and the same names before belong together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError

ABOUT = frozenset({"bench", "command", "date", "targets", "n", "seed", "cores", "versions"})
"""What a JSON object says of the run itself."""
OURS = frozenset({"hybrid", "ours", "both", "graph", "on", "tastemaker"})
CENTRES = ("value", "mean")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Figure:
    """One measured value; ``low`` and ``high`` are its 95 % interval, if it has one."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ours(self) -> bool:
        """Tell whether this is the project's own, not a baseline's."""
        return self.label.split(" ")[0] in OURS


@dataclass(frozen=True)
class Group:
    """Figures of one measure that can be compared; ``where`` are the names that stand before."""

    where: tuple[str, ...]
    measure: str
    figures: tuple[Figure, ...]
    target: float | None = None

    @property
    def title(self) -> str:
        """Return a heading."""
        return " / ".join((*self.where, self.measure))


def read_saved(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the JSON objects that ``--save`` wrote into ``folder``, by benchmark, in the order of their names.

    Raises:
        InvalidRequestError: there are none, or one is no benchmark's.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            figures = json.loads(path.read_text(encoding="utf-8"))
            found[str(figures["bench"])] = figures
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequestError("folder", f"{path} was not written by bench --save: {error}") from error
    if not found:
        raise InvalidRequestError("folder", f"{folder} holds no .json file; run benchmarks with --save {folder} first")
    return dict(sorted(found.items()))


def groups_of(figures: Mapping[str, Any]) -> list[Group]:
    """Return all groups, in the order in which the object names them."""
    found: dict[tuple[tuple[str, ...], str], list[Figure]] = {}
    for path, figure in _walk({key: value for key, value in figures.items() if key not in ABOUT}, ()):
        found.setdefault((path[:-2], path[-1]), []).append(figure)
    targets = figures.get("targets", {})
    return [
        Group(where, measure, tuple(members), _target(targets, measure, where))
        for (where, measure), members in found.items()
    ]


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Figure]]:
    label = path[-2] if len(path) > 1 else (path[-1] if path else "")
    if isinstance(value, Mapping):
        centre = next((value[name] for name in CENTRES if name in value), None)
        if isinstance(centre, int | float) and "low" in value and "high" in value:
            yield path, Figure(label, float(centre), float(value["low"]), float(value["high"]))
            return
        for name, part in value.items():
            yield from _walk(part, (*path, str(name)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, Figure(label, float(value))


def _target(targets: Mapping[str, Any], measure: str, where: tuple[str, ...]) -> float | None:
    """Return the number of the target named after the measure, or after the group that it is in."""
    for name in (measure, *where):
        stated = targets.get(name)
        if isinstance(stated, int | float) and not isinstance(stated, bool):
            return float(stated)
        numbers = _NUMBER.findall(stated) if isinstance(stated, str) else []
        if len(numbers) == 1:
            return float(numbers[0])
    return None
