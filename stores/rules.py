"""Read a tenant's rules from a file and read them again when it changes; a wrong file leaves the last good one in use."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

from ..core.rules.file_format import parse_rules, told, unfit, without
from ..core.rules.model import RuleSet
from ..core.schemas import CatalogueSchema, Frozen

CHECK_S = 1.0
"""Seconds between two looks at a file."""
MAX_BYTES = 4_000_000
SUFFIXES = (".yaml", ".yml", ".json")
_HINT = "see `tastemaker rules check`"
_log = logging.getLogger("tastemaker.rules")
_Stamp = tuple[tuple[str, int, int], ...]


class LoadedRules(Frozen):
    """The rules in use, what is wrong with the newest file, for operators, and a label without details, for clients."""

    rules: RuleSet = RuleSet()
    problems: tuple[str, ...] = ()
    label: str | None = None


class Rules(Protocol):
    """Gives the rules of a tenant; never fails."""

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules that fit the catalogue's fields."""
        ...


@dataclass(frozen=True)
class FixedRules:
    """Give every tenant the same rules, for trying them out."""

    rules: RuleSet

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules that fit; the others are named."""
        return _fitting(self.rules, schema)


@dataclass
class _Kept:
    """What is known of one tenant's file. ``newest`` is None when it cannot be used; ``good`` was in use last."""

    stamp: _Stamp | None = None
    newest: RuleSet | None = None
    problems: tuple[str, ...] = ()
    good: RuleSet | None = None
    checked: float = 0.0
    loaded: tuple[RuleSet | None, CatalogueSchema, LoadedRules] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RuleStore:
    """Rules in ``<folder>/<tenant>.yaml`` (or .yml, .json)."""

    def __init__(self, folder: Path, check_s: float = CHECK_S) -> None:
        self._folder = folder
        self._check_s = check_s
        self._kept: dict[str, _Kept] = {}

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules in use: those of the file if it is right, else the last good ones and a label."""
        kept = self._kept.setdefault(tenant, _Kept())
        async with kept.lock:
            await self._look(tenant, kept)
            known = kept.loaded
            if known is not None and known[0] is kept.newest and known[1] == schema:
                return known[2]
            loaded = _in_use(kept, schema)
            for problem in loaded.problems:
                _log.warning("rules of tenant %s: %s", tenant, problem)
            kept.loaded = (kept.newest, schema, loaded)
            return loaded

    async def _look(self, tenant: str, kept: _Kept) -> None:
        if kept.stamp is not None and time.monotonic() - kept.checked < self._check_s:
            return
        stamp, newest, problems = await asyncio.to_thread(self._read, tenant, kept.stamp)
        kept.checked = time.monotonic()
        if stamp != kept.stamp:
            kept.stamp, kept.newest, kept.problems, kept.loaded = stamp, newest, problems, None

    def _read(self, tenant: str, seen: _Stamp | None) -> tuple[_Stamp, RuleSet | None, tuple[str, ...]]:
        paths, stamp = _found(self._folder, tenant)
        if stamp == seen:
            return stamp, None, ()
        if not paths:
            return stamp, RuleSet(), ()
        if len(paths) > 1:
            return stamp, None, (f"keep one of {', '.join(p.name for p in paths)}",)
        rules, problems = read_rules(paths[0])
        return stamp, rules, tuple(problems)


def rules_path(folder: Path, tenant: str) -> Path:
    """Return the tenant's file, or where it would be."""
    paths, _ = _found(folder, tenant)
    return paths[0] if paths else folder / f"{tenant}.yaml"


def read_rules(path: Path) -> tuple[RuleSet | None, list[str]]:
    """Return the rules in a YAML or JSON file, or None and its problems, each with the file's name."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None, [f"{path.name}: larger than {MAX_BYTES} bytes"]
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except FileNotFoundError:
        return None, [f"{path.name}: no such file"]
    except (OSError, UnicodeError) as error:
        return None, [f"{path.name}: cannot be read ({type(error).__name__})"]
    except (ValueError, RecursionError) as error:
        return None, [f"{path.name}: not JSON: {error}"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return None, [f"{path.name}: {where}not YAML: {getattr(error, 'problem', None) or 'bad syntax'}"]
    rules, problems = parse_rules(data)
    return rules, [f"{path.name}: {problem}" for problem in problems]


def _found(folder: Path, tenant: str) -> tuple[list[Path], _Stamp]:
    paths: list[Path] = []
    stamp = []
    for suffix in SUFFIXES:
        path = folder / f"{tenant}{suffix}"
        try:
            status = path.stat()
        except OSError:
            continue
        paths.append(path)
        stamp.append((path.name, status.st_mtime_ns, status.st_size))
    return paths, tuple(stamp)


def _in_use(kept: _Kept, schema: CatalogueSchema) -> LoadedRules:
    problems = kept.problems
    if kept.newest is not None:
        misfits = unfit(kept.newest, schema) if schema.fields else {}
        if not misfits:
            if schema.fields:
                kept.good = kept.newest
            return _fitting(kept.newest, schema)
        problems = told(misfits)
    if kept.good is None:
        label = f"The rules file is wrong, no rules are in use; {_HINT}."
        return LoadedRules(problems=problems, label=label)
    label = f"The rules file is wrong, the last good one is in use; {_HINT}."
    return LoadedRules(rules=_fitting(kept.good, schema).rules, problems=problems, label=label)


def _fitting(rules: RuleSet, schema: CatalogueSchema) -> LoadedRules:
    misfits = unfit(rules, schema)
    if not misfits:
        return LoadedRules(rules=rules)
    label = f"Some rules name fields that cannot be read, they are not in use; {_HINT}."
    return LoadedRules(rules=without(rules, misfits), problems=told(misfits), label=label)
