"""Read requests with typed ground truth, say whether a record satisfies it, and find requests whose truth is wrong.

The format is that of ``data/requests/README.md`` of the benchmark data, with ``construct`` (what is hard about the words),
``lang`` and ``also`` (other ways to read the words that are right) beside it.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ...core.errors import InvalidRequestError
from ...core.schemas import Frozen
from .catalogues import Record

Value = bool | float | str | tuple[float | str, ...]
Predicate = tuple[str, str, Value]
# Who reads which texts, and over which shops they were written: data/README.md.
PARTS = (
    "dev",
    "held_out",
    "fresh_dev",
    "fresh_kept",
    "third_dev",
    "third_kept",
    "fourth_dev",
    "fourth_kept",
    "fifth_dev",
    "fifth_kept",
    "sixth_dev",
    "sixth_kept",
    "seventh_dev",
    "seventh_kept",
    "eighth_dev",
    "eighth_kept",
    "ninth_dev",
    "ninth_kept",
)
DEFAULT_K = 5


class Truth(Frozen):
    """What the first ``k`` items of a list must satisfy for one way to read a request."""

    all: tuple[Predicate, ...] = Field(default=(), description="All must hold for each item.")
    any: tuple[Predicate, ...] = Field(default=(), description="At least one must hold for each item, if any is given.")
    none: tuple[Predicate, ...] = Field(default=(), description="None may hold for any item.")
    first: tuple[str, Literal["asc", "desc"]] | None = Field(
        default=None, description="The items must be the extreme ones by this field, in this order."
    )
    k: int = DEFAULT_K
    unmet: tuple[str, ...] = Field(default=(), description="Words that the answer must name as not applied.")
    empty: bool = Field(default=False, description="Nothing fits: the list is empty and the answer says why.")

    @field_validator("all", "any", "none")
    @classmethod
    def _known_operators(cls, value: tuple[Predicate, ...]) -> tuple[Predicate, ...]:
        unknown = [op for _, op, _ in value if op not in _OPERATORS]
        if unknown:
            raise ValueError(f"unknown operator {unknown[0]!r}; one of: {', '.join(_OPERATORS)}")
        return value

    @cached_property
    def conditions(self) -> tuple[tuple[Predicate, bool], ...]:
        """Return the predicates of ``all`` and ``none`` with whether each is wanted."""
        return tuple((p, True) for p in self.all) + tuple((p, False) for p in self.none)


class Case(Truth):
    """One request, or several turns of one conversation, and what its last list must satisfy."""

    catalogue: str
    text: str = ""
    turns: tuple[str, ...] = ()
    also: tuple[Truth, ...] = Field(default=(), description="Other ways to read the words that are right too.")
    kind: str = Field(default="other", alias="construct", description="What is hard about the words.")
    lang: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> Case:
        if bool(self.text) == bool(self.turns):
            raise ValueError("give either text or turns")
        return self

    @property
    def truths(self) -> tuple[Truth, ...]:
        """Return every way to read the words that is right."""
        return (self, *self.also)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what is said, turn by turn."""
        return self.turns or (self.text,)

    @property
    def language(self) -> str:
        """Return ``lang``, or else ``zh`` where a Chinese character is said, and ``en``."""
        return self.lang or ("zh" if any("\u4e00" <= c <= "\u9fff" for text in self.texts for c in text) else "en")


def satisfies(record: Record, predicate: Predicate) -> bool:
    """Say whether a record satisfies a predicate; an absent value satisfies only ``!=``, ``not-in`` and ``not-contains``."""
    field, op, value = predicate
    return _OPERATORS[op](record.get(field), value)


def fits(record: Record, truth: Truth) -> bool:
    """Say whether a record is what was asked for."""
    return (
        all(satisfies(record, predicate) == wanted for predicate, wanted in truth.conditions)
        and (not truth.any or any(satisfies(record, p) for p in truth.any))
        and (truth.first is None or record.get(truth.first[0]) is not None)
    )


def load_cases(paths: Sequence[Path] = (), part: str = "dev", catalogues: Sequence[str] = ()) -> list[Case]:
    """Return the cases in ``paths``, or else the project's own of ``part``, of the named catalogues or all.

    Raises:
        InvalidRequestError: a file cannot be read, or a line is no case; names file and line.
    """
    sources = [(str(p), _read(p)) for p in paths] or [(part, _own(part))]
    found = [_case(name, number, line) for name, text in sources for number, line in _lines(text)]
    return [case for case in found if not catalogues or case.catalogue in catalogues]


def problems(case: Case, records: Mapping[str, Record]) -> list[str]:
    """Return what is wrong with the truth of a case: an unknown field, nothing that fits, or everything that does."""
    return [found for truth in case.truths for found in _faults(truth, records)]


def _faults(truth: Truth, records: Mapping[str, Record]) -> list[str]:
    known = next(iter(records.values()))
    named = [p[0] for p in (*truth.all, *truth.any, *truth.none)] + ([truth.first[0]] if truth.first else [])
    if unknown := [name for name in named if name not in known]:
        return [f"no field {unknown[0]}"]
    fitting = sum(fits(record, truth) for record in records.values())
    found = [
        f"the value of {p[0]} {p[1]} {p[2]} is in no record"
        for p in truth.all
        if p[1] == "=" and not _occurs(p, records)
    ]
    if truth.empty:
        return [f"{fitting} records fit, though nothing should"] if named and fitting else found
    if not fitting:
        return ["nothing fits"]
    if named and fitting == len(records) and not truth.first:
        found.append("everything fits")
    return found if named or truth.unmet else ["no truth"]


def _occurs(predicate: Predicate, records: Mapping[str, Record]) -> bool:
    return any(satisfies(record, predicate) for record in records.values())


def _own(part: str) -> str:
    if part not in PARTS:
        raise InvalidRequestError("--part", f"{part!r} is not one of: {', '.join(PARTS)}")
    folder = files(__package__) / "data" / part
    return "\n".join(sorted(f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".jsonl")))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError("--file", f"{path} cannot be read: {error}") from error


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _case(name: str, number: int, line: str) -> Case:
    try:
        return Case.model_validate(json.loads(line))
    except (ValueError, ValidationError) as error:
        raise InvalidRequestError("--file", f"{name}, line {number}: {error}") from error


def _members(known: Any) -> list[Any]:
    return known if isinstance(known, list) else [known]


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda known, value: isinstance(known, int | float) and compare(known, value)


def _equal(known: Any, value: Any) -> bool:
    return known is not None and (value in known if isinstance(known, list) else known == value)


def _among(known: Any, values: Iterable[Any]) -> bool:
    return known is not None and any(member in values for member in _members(known))


def _contains(known: Any, value: Any) -> bool:
    if isinstance(known, list):
        return value in known
    return isinstance(known, str) and str(value).casefold() in known.casefold()


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda known, value: not _equal(known, value),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _among,
    "not-in": lambda known, values: not _among(known, values),
    "contains": _contains,
    "not-contains": lambda known, value: not _contains(known, value),
    "overlaps": _among,
}
