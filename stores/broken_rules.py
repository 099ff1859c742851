"""Read what can be read of a broken rules file, so that age limits, blocks and stock fail closed.

A misspelt key, kind or catalogue field is taken as the nearest one that there is. A clause of which even that cannot be made holds
back every item with an age rating, unless it is clearly about something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from ..core.rules.file_format import KINDS, unfit
from ..core.rules.model import AgeRating, Block, Exclude, Rule, RuleSet, Stock
from ..core.schemas import CatalogueField, CatalogueSchema, Constraint

CLOSED = (AgeRating, Block, Stock)
"""The kinds of rules that act as far as they can be read."""
HELD_BACK = "unreadable-age-limit"
"""Begins the ids of the rules that hold back items with an age rating."""
_MAY_BE_LEFT_OUT = frozenset({"when", "enabled", "unknown", "assumed_age", "above"})
_AGE_WORDS = frozenset(
    [
        "age",
        "ages",
        "adult",
        "adults",
        "mature",
        "maturity",
        "nsfw",
        "fsk",
        "usk",
        "pegi",
        "esrb",
        "mpaa",
        "bbfc",
        "acb",
        "certificate",
        "certification",
    ]
)
_RATINGS = frozenset(
    [
        "g",
        "pg",
        "pg-13",
        "pg13",
        "r",
        "nc-17",
        "nc17",
        "x",
        "u",
        "ua",
        "a",
        "12",
        "12a",
        "15",
        "16",
        "18",
        "r18",
        "e",
        "e10+",
        "t",
        "m",
        "ma",
        "ao",
        "tv-y",
        "tv-y7",
        "tv-g",
        "tv-pg",
        "tv-14",
        "tv-ma",
    ]
)
_ENTRY = re.compile(r"^(?P<indent>[ \t]*)-(?=[ \t]|$)", re.MULTILINE)
_BETWEEN = re.compile(r"(?<=\})\s*,\s*(?=\{)")
_WORD = re.compile(r"[^\W_]+")
_KIND = re.compile(r"kind\W{1,4}(\w+)")
_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)


def salvaged(text: str | None, schema: CatalogueSchema) -> RuleSet:
    """Return the rules that leave something out, as far as they can be read in the text of a file; None: not at all."""
    if text is None:
        return RuleSet(rules=tuple(held_back(schema)))
    found, lost = [], []
    for entry in _entries(text):
        rule = _read(entry) if isinstance(entry, Mapping) else None
        if rule is None:
            lost.append(entry)
        elif isinstance(rule, (*CLOSED, Exclude)):
            found.append(rule)
    return RuleSet(rules=_unique(close_to_fields(found, schema, held=any(map(_may_limit_ages, lost)))))


def close_to_fields(rules: Iterable[Rule], schema: CatalogueSchema, *, held: bool = False) -> list[Rule]:
    """Return the rules whose fields the catalogue has, those of ``CLOSED`` with the nearest field instead of a wrong one.

    With ``held``, or with an age limit for which there is no such field, items with an age rating are held back.
    """
    kept: list[Rule] = []
    for rule in rules:
        nearest = _nearest(rule, schema) if unfit(RuleSet(rules=(rule,)), schema) else rule
        kept += [nearest] if nearest else []
        held = held or (nearest is None and isinstance(rule, AgeRating) and rule.enabled)
    return [*kept, *(held_back(schema) if held else ())]


def held_back(schema: CatalogueSchema) -> list[Rule]:
    """Return rules that leave out every item with an age rating, in whichever field it is."""
    return [
        _every_rated(f"{HELD_BACK}-{i}", field) for i, field in enumerate(filter(_rates_ages, schema.fields), start=1)
    ]


def _entries(text: str) -> list[object]:
    """Return the clauses of a file: mappings, or the text of those that cannot be parsed."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return [_parsed(part) for part in _parts(text)]
    lists = [v for v in data.values() if isinstance(v, list)] if isinstance(data, Mapping) else [data]
    return [entry for found in lists if isinstance(found, list) for entry in found] or [text]


def _parts(text: str) -> list[str]:
    """Return the text of each entry of the outermost list; in JSON, of each object in the list."""
    if text.lstrip()[:1] in ("{", '"'):
        return _BETWEEN.split(text[text.find("[") + 1 :])
    dashes = list(_ENTRY.finditer(text))
    outer = min((len(d["indent"].expandtabs()) for d in dashes), default=0)
    starts = [d.start() for d in dashes if len(d["indent"].expandtabs()) == outer]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])] or [text]


def _parsed(part: str) -> object:
    """Return the mapping in the text of one entry, or the text; what follows its last brace, or follows with it, is passed over."""
    for end in (len(part), part.rfind("}") + 1, part.rfind("}"), part.find("}") + 1):
        try:
            data = yaml.safe_load(part[:end])
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        entry = data[0] if isinstance(data, list) and len(data) == 1 else data
        if isinstance(entry, Mapping):
            return entry
    return part


def _read(entry: Mapping[Any, Any]) -> Rule | None:
    """Return the rule, misspelt words taken as the nearest; without its conditions if those are wrong; None if it is none."""
    data = {str(name): value for name, value in entry.items()}
    data |= {n: data.pop(k) for k in list(data) if k not in {"id", "kind"} for n in _near(k, ["id", "kind"])}
    kind = next(iter(_near(str(data.get("kind")), KINDS)), None)
    if kind is None:
        return None
    fields = KINDS[kind].model_fields
    meant = {near: value for name, value in data.items() if name not in fields for near in _near(name, fields)}
    data = meant | {name: value for name, value in data.items() if name in fields} | {"kind": kind}
    for _ in range(len(fields)):
        try:
            return _RULE.validate_python(data)
        except ValidationError as error:
            wrong = {str(e["loc"][1]) for e in error.errors() if len(e["loc"]) > 1}
        if "id" in wrong:
            data["id"] = "unreadable-id"
        if not (wrong & (_MAY_BE_LEFT_OUT | {"id"})):
            return None
        data = {name: value for name, value in data.items() if name not in wrong & _MAY_BE_LEFT_OUT}
    return None


def _near(word: str, known: Iterable[str]) -> list[str]:
    """Return the known word that is meant, if there is one."""
    names = list(known)
    return [word] if word in names else get_close_matches(word.strip().lower(), names, n=1, cutoff=0.7)


def _nearest(rule: Rule, schema: CatalogueSchema) -> Rule | None:
    """Return a rule of ``CLOSED`` with the nearest field that fits it, or None."""
    if not isinstance(rule, CLOSED) or rule.field is None:
        return None
    for name in get_close_matches(rule.field.lower(), [f.name for f in schema.fields], n=3, cutoff=0.7):
        changed: Rule = rule.model_copy(update={"field": name})
        if not unfit(RuleSet(rules=(changed,)), schema):
            return changed
    return None


def _may_limit_ages(lost: object) -> bool:
    """Tell whether what cannot be read may be an age limit: not if it is clearly a rule of another kind."""
    kinds = {str(lost.get("kind"))} if isinstance(lost, Mapping) else set(_KIND.findall(str(lost)))
    meant = {near for kind in kinds for near in _near(kind, KINDS)}
    return not meant or "age_rating" in meant or bool(_AGE_WORDS & set(_WORD.findall(str(lost).lower())))


def _rates_ages(field: CatalogueField) -> bool:
    """Tell whether a field says from which age an item is fit, by its name or its values."""
    if _AGE_WORDS & set(_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field.name).lower().replace("_", " "))):
        return True
    values = {re.sub(r"\s+", "-", v.lower()) for v in field.values}
    return len(values) > 1 and len(values & _RATINGS) > len(values) / 2


def _every_rated(rule_id: str, field: CatalogueField) -> Rule:
    if field.type == "number":
        return Exclude(id=rule_id, kind="exclude", where=(Constraint(field=field.name, op=">", value=0),))
    if field.type == "bool":
        return Exclude(id=rule_id, kind="exclude", where=(Constraint(field=field.name, op="=", value=True),))
    return Block(id=rule_id, kind="block", field=field.name, values=field.values or ("?",))


def _unique(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules, those whose id was there before under another one."""
    seen: set[str] = set()
    kept: list[Rule] = []
    for place, rule in enumerate(rules, start=1):
        named = rule if rule.id not in seen else rule.model_copy(update={"id": f"{rule.id[:50]}-{place}"})
        seen.add(named.id)
        kept.append(named)
    return tuple(kept)
