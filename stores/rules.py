"""Read a tenant's rules from a file and read them again when it changes; a wrong file leaves the last good one in use."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from ..core.rules.file_format import parse_rules, told, unfit
from ..core.rules.model import RuleSet
from ..core.schemas import CatalogueSchema, Frozen
from .broken_rules import HELD_BACK, close_to_fields, salvaged

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

    def at_hand(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return, without waiting, what is in force where the rules are not read in time."""
        ...


@dataclass(frozen=True)
class FixedRules:
    """Give every tenant the same rules, for trying them out."""

    rules: RuleSet

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules that fit; the others are named."""
        return _fitting(self.rules, schema)

    def at_hand(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the same."""
        return _fitting(self.rules, schema)


@dataclass
class _Kept:
    """What is known of one tenant's file. ``newest`` is None when it cannot be used; ``good`` was in use last."""

    stamp: _Stamp | None = None
    newest: RuleSet | None = None
    problems: tuple[str, ...] = ()
    text: str | None = None
    good: RuleSet | None = None
    checked: float = 0.0
    loaded: tuple[RuleSet | None, CatalogueSchema, LoadedRules] | None = None
    reading: asyncio.Task[None] | None = None


class RuleStore:
    """Rules in ``<folder>/<tenant>.yaml`` (or .yml, .json); the last good ones are kept in ``kept`` for the next start."""

    def __init__(self, folder: Path, check_s: float = CHECK_S, kept: Path | None = None) -> None:
        self._folder = folder
        self._check_s = check_s
        self._kept_in = kept or folder / ".last-good"
        self._kept: dict[str, _Kept] = {}

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules in use: those of the file if it is right, else the last good ones and a label.

        Where there are none, what can be read of age limits, blocks and stock acts, and items with an age rating are held back if it
        is not clear which. A reading goes on if the caller is cancelled, so that the next one finds it.
        """
        kept = self._kept.setdefault(tenant, _Kept())
        if kept.stamp is None or time.monotonic() - kept.checked >= self._check_s:
            if kept.reading is None or kept.reading.done():
                kept.reading = asyncio.create_task(self._look(tenant, kept))
            await asyncio.shield(kept.reading)
        known = kept.loaded
        if known is not None and known[0] is kept.newest and known[1] == schema:
            return known[2]
        loaded = _in_use(kept, schema)
        for problem in loaded.problems:
            _log.warning("rules of tenant %s: %s", tenant, problem)
        if kept.newest is not None and kept.newest is kept.good and not loaded.problems:
            await asyncio.to_thread(self._keep, tenant, kept.good)
        kept.loaded = (kept.newest, schema, loaded)
        return loaded

    def at_hand(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules used last in this process; without any, those that hold back items with an age rating."""
        kept = self._kept.get(tenant)
        rules = kept.newest or kept.good if kept else None
        if rules is not None:
            label = "The rules could not be read in time, the last ones are in use."
            return LoadedRules(rules=_fitting(rules, schema).rules, label=label)
        label = "The rules could not be read in time: items with an age rating are held back."
        return LoadedRules(rules=salvaged(None, schema), label=label)

    async def _look(self, tenant: str, kept: _Kept) -> None:
        stamp, newest, problems, text = await asyncio.to_thread(self._read, tenant, kept.stamp)
        if kept.stamp is None:
            kept.good = await asyncio.to_thread(self._last_good, tenant)
        kept.checked = time.monotonic()
        if stamp != kept.stamp:
            kept.stamp, kept.newest, kept.problems, kept.text, kept.loaded = stamp, newest, problems, text, None

    def _read(self, tenant: str, seen: _Stamp | None) -> tuple[_Stamp, RuleSet | None, tuple[str, ...], str | None]:
        paths, stamp = _found(self._folder, tenant)
        if stamp == seen:
            return stamp, None, (), None
        if not paths:
            return stamp, RuleSet(), (), None
        if len(paths) > 1:
            return stamp, None, (f"keep one of {', '.join(p.name for p in paths)}",), _text_of(paths)
        rules, problems = read_rules(paths[0])
        return stamp, rules, tuple(problems), _text_of(paths) if rules is None else None

    def _keep(self, tenant: str, rules: RuleSet) -> None:
        """Write the last good rules for the next start; a folder that cannot be written is logged."""
        path = self._kept_in / f"{tenant}.json"
        try:
            if rules == (self._last_good(tenant) or RuleSet()):
                return
            self._kept_in.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(f".{os.getpid()}.new")
            new.write_text(rules.model_dump_json(exclude_defaults=True), encoding="utf-8")
            new.replace(path)
        except OSError as error:
            _log.warning("the last good rules of tenant %s cannot be kept: %s", tenant, type(error).__name__)

    def _last_good(self, tenant: str) -> RuleSet | None:
        rules, _ = read_rules(self._kept_in / f"{tenant}.json")
        return rules if rules is not None and rules.rules else None


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
    except FileNotFoundError:
        return None, [f"{path.name}: no such file"]
    except (OSError, UnicodeError) as error:
        return None, [f"{path.name}: cannot be read ({type(error).__name__})"]
    rules, problems = rules_in(text, as_json=path.suffix == ".json")
    return rules, [f"{path.name}: {problem}" for problem in problems]


def rules_in(text: str, *, as_json: bool = False) -> tuple[RuleSet | None, list[str]]:
    """Return the rules that a text in YAML or JSON states, or None and its problems."""
    try:
        data = json.loads(text) if as_json else yaml.safe_load(text)
    except (ValueError, RecursionError) as error:
        return None, [f"not {'JSON' if as_json else 'YAML'}: {error}"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return None, [f"{where}not YAML: {getattr(error, 'problem', None) or 'bad syntax'}"]
    return parse_rules(data)


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


def _text_of(paths: Sequence[Path]) -> str | None:
    """Return what stands in broken files, as far as it is text; None if one cannot be read or is too large."""
    try:
        if any(path.stat().st_size > MAX_BYTES for path in paths):
            return None
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)
    except OSError:
        return None


def _in_use(kept: _Kept, schema: CatalogueSchema) -> LoadedRules:
    problems = kept.problems
    if kept.newest is not None:
        misfits = unfit(kept.newest, schema) if schema.fields else {}
        if not misfits:
            if schema.fields:
                kept.good = kept.newest
            return _fitting(kept.newest, schema)
        problems = told(misfits)
    if kept.good is not None and kept.good.rules:
        label = f"The rules file is wrong, the last good one is in use; {_HINT}."
        return LoadedRules(rules=_fitting(kept.good, schema).rules, problems=problems, label=label)
    fitting = _fitting(kept.newest, schema).rules if kept.newest is not None else salvaged(kept.text, schema)
    acting = "only what can be read of age limits, blocks and stock acts" if fitting.rules else "no rules are in use"
    return LoadedRules(
        rules=fitting, problems=problems, label=f"The rules file is wrong, {acting}{_held(fitting)}; {_HINT}."
    )


def _fitting(rules: RuleSet, schema: CatalogueSchema) -> LoadedRules:
    misfits = unfit(rules, schema)
    if not misfits:
        return LoadedRules(rules=rules)
    kept = RuleSet(rules=tuple(close_to_fields(rules.rules, schema)))
    label = f"Some rules name fields that cannot be read, they are not in use{_held(kept)}; {_HINT}."
    return LoadedRules(rules=kept, problems=told(misfits), label=label)


def _held(rules: RuleSet) -> str:
    held = any(rule.id.startswith(HELD_BACK) for rule in rules.rules)
    return ", and items with an age rating are held back" if held else ""
