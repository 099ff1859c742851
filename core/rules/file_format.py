"""Read rules from plain data and say what is wrong by rule, field and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..predicates import ITEM_ID, canonical
from ..schemas import CatalogueField, CatalogueSchema, Constraint, FieldType, Frozen
from .model import (
    AgeRating,
    BaseRule,
    Listing,
    Matching,
    PriceRange,
    Rule,
    RuleSet,
    Stock,
    When,
)

KINDS: Mapping[str, type[BaseRule]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Rule)[0])
}
MAX_PROBLEMS = 50
_SHOWN_FIELDS = 30


def parse_rules(data: object) -> tuple[RuleSet | None, list[str]]:
    """Return the rules in ``data`` (a mapping with ``rules``, as read from YAML or JSON), or None and its problems."""
    if data is None:
        return RuleSet(), []
    if not isinstance(data, Mapping):
        return None, ["the file must hold a mapping with the key rules, such as `rules: []`"]
    try:
        return RuleSet.model_validate(dict(data)), []
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_PROBLEMS]
        return None, [_problem(e, data.get("rules")) for e in found]


def rule_problems(data: object, schema: CatalogueSchema) -> list[str]:
    """Return everything wrong with the rules in ``data``: their form, then the catalogue's fields if it has any."""
    rules, problems = parse_rules(data)
    if rules is None or not schema.fields:
        return problems
    return [*problems, *told(unfit(rules, schema))]


def told(misfits: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the problems of ``unfit`` in words."""
    return tuple(f"rule {rule_id!r}, {problem}" for rule_id, found in misfits.items() for problem in found)


def unfit(rules: RuleSet, schema: CatalogueSchema) -> dict[str, list[str]]:
    """Return rule id -> problems of the rules whose fields or values the catalogue cannot satisfy."""
    problems = {rule.id: list(_misfits(rule, schema)) for rule in rules.rules}
    return {rule_id: found for rule_id, found in problems.items() if found}


def _problem(error: ErrorDetails, rules: object) -> str:
    """Return one problem: which rule, which field, what is wrong and what is allowed."""
    place = list(error["loc"])
    if place[:1] != ["rules"] or len(place) < 2 or not isinstance(place[1], int):
        field = ".".join(map(str, place))
        hint = f"; the file has: {', '.join(RuleSet.model_fields)}" if error["type"] == "extra_forbidden" else ""
        return f"{field + ': ' if field else ''}{_message(error)}{hint}"
    index = place[1]
    raw = rules[index] if isinstance(rules, list | tuple) and index < len(rules) else None
    named = raw.get("id") if isinstance(raw, Mapping) else None
    who = f"rules[{index}]" + (f" (id {named!r})" if isinstance(named, str) else "")
    kind = place[2] if len(place) > 2 and place[2] in KINDS else None
    path = place[3:] if kind else place[2:]
    return f"{who}{_path(path)}: {_message(error)}{_allowed(error, kind, path)}"


def _path(path: Sequence[int | str]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
    return f", {text}" if text else ""


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown field"
    if error["type"] == "union_tag_not_found":
        return f"kind is missing; the kinds are {', '.join(KINDS)}"
    if error["type"] == "union_tag_invalid":
        return f"unknown kind; the kinds are {', '.join(KINDS)}"
    given = error.get("input")
    shown = f" (given {given!r:.60})" if isinstance(given, str | int | float) else ""
    return error["msg"].removeprefix("Value error, ") + shown


def _allowed(error: ErrorDetails, kind: int | str | None, path: Sequence[int | str]) -> str:
    if error["type"] != "extra_forbidden" or kind is None:
        return ""
    owners: Mapping[str, type[Frozen]] = {"when": When, "where": Constraint}
    owner = owners.get(str(path[0]), KINDS[str(kind)]) if len(path) > 1 else KINDS[str(kind)]
    return f"; allowed are {', '.join(owner.model_fields)}"


def _misfits(rule: Rule, schema: CatalogueSchema) -> Iterator[str]:
    for part, name, kinds in _fields(rule, schema):
        field = schema.field(name)
        if field is None:
            yield f"{part}: {_no_field(name, schema)}"
        elif field.type not in kinds:
            yield f"{part}: {name} is a {field.type} field; this needs {' or '.join(kinds)}"
    if isinstance(rule, Matching):
        for index, condition in enumerate(rule.where):
            yield from _condition(f"where[{index}]", condition, schema)
    if isinstance(rule, PriceRange) and rule.field is None and schema.price is None:
        yield "field: the catalogue marks no price field; name one"


def _fields(rule: Rule, schema: CatalogueSchema) -> Iterator[tuple[str, str, tuple[FieldType, ...]]]:
    """Yield (part of the rule, catalogue field, types that fit)."""
    if isinstance(rule, Stock):
        yield "field", rule.field, ("number", "bool")
    elif isinstance(rule, PriceRange) and rule.field is not None:
        yield "field", rule.field, ("number",)
    elif isinstance(rule, AgeRating):
        yield "field", rule.field, ("text", "list") if rule.ages else ("number",)
    elif isinstance(rule, Listing) and rule.field is not None:
        yield "field", rule.field, ("text", "list")


def _condition(part: str, condition: Constraint, schema: CatalogueSchema) -> Iterator[str]:
    field = schema.field(condition.field)
    if field is None and condition.field == ITEM_ID:
        field = CatalogueField(name=ITEM_ID, type="text")
    if field is None:
        yield f"{part}.field: {_no_field(condition.field, schema)}"
        return
    try:
        canonical(condition.op, condition.value, field.type)
    except ValueError as error:
        yield f"{part}: {field.name}: {error}"


def _no_field(name: str, schema: CatalogueSchema) -> str:
    known = ", ".join(f.name for f in schema.fields[:_SHOWN_FIELDS]) or "none"
    return f"no field {name!r} in the catalogue; it has: {known}"
