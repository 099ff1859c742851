"""Compare the installed packages with what this project's own metadata asks for."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from pydantic import Field, field_validator

from ...core.redaction import redact
from ...core.schemas import Frozen
from ..http.langserve import langserve_installed

State = Literal["ok", "optional", "missing", "broken"]
_PURPOSES = {
    "langserve": "LangServe routes",
    "train": "tastemaker align",
    "hub": "profile hub",
    "gpu": "profile gpu",
    "postgres": "history in PostgreSQL",
    "bench": "tastemaker bench turn",
}


class Finding(Frozen):
    """One thing looked at. ``essential``: without it the embedded default cannot work."""

    what: str = Field(description="The thing.")
    state: State = Field(description="`ok`; `optional`: absent but not needed; `missing`: needed; `broken`: fails.")
    detail: str = Field(default="", description="Version, place or reason.")
    fix: str = Field(default="", description="The command or setting that gets it.")
    essential: bool = Field(default=False, description="Nothing works without it.")

    @field_validator("detail")
    @classmethod
    def _without_credentials(cls, value: str) -> str:
        return redact(value)


def look_at_packages() -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return findings for every required package, and one for each optional extra but ``dev``."""
    required: list[Finding] = []
    by_extra: dict[str, list[Requirement]] = {}
    try:
        lines = requires("tastemaker") or []
    except PackageNotFoundError:
        fix = f"{_python()} -m pip install -e ."
        return (Finding(what="tastemaker", state="missing", detail="not installed", fix=fix, essential=True),), ()
    for requirement in map(Requirement, lines):
        extra = next((v for v in _extras_of(requirement)), None)
        if extra is None:
            required.append(_package(requirement))
        else:
            by_extra.setdefault(extra, []).append(requirement)
    extras = tuple(_extra(name, needed) for name, needed in by_extra.items() if name != "dev")
    return tuple(required), extras


def _extras_of(requirement: Requirement) -> Iterator[str]:
    marker = str(requirement.marker or "")
    for part in marker.split(" and "):
        name, _, value = part.strip("() ").partition("==")
        if name.strip() == "extra":
            yield value.strip().strip("\"'")


def _installed(requirement: Requirement) -> str | None:
    try:
        return version(requirement.name)
    except PackageNotFoundError:
        return None


def _package(requirement: Requirement) -> Finding:
    found = _installed(requirement)
    fix = _pip([requirement])
    wanted = f"{requirement.name}{requirement.specifier}"
    if found is None:
        return Finding(what=requirement.name, state="missing", detail=f"needs {wanted}", fix=fix, essential=True)
    if not requirement.specifier.contains(found, prereleases=True):
        detail = f"{found} is installed, needs {wanted}"
        return Finding(what=requirement.name, state="broken", detail=detail, fix=fix, essential=True)
    return Finding(what=requirement.name, state="ok", detail=found, essential=True)


def _extra(name: str, needed: list[Requirement]) -> Finding:
    absent = [r for r in needed if _installed(r) is None]
    if absent:
        detail = f"{_PURPOSES.get(name, 'optional')}: without {', '.join(r.name for r in absent)}"
        return Finding(what=name, state="optional", detail=detail, fix=_pip(absent))
    present = ", ".join(f"{r.name} {_installed(r)}" for r in needed)
    if name == "langserve" and not langserve_installed():
        return Finding(what=name, state="broken", detail=f"{present} cannot be imported", fix=_pip(needed))
    return Finding(what=name, state="ok", detail=present)


def _pip(requirements: list[Requirement]) -> str:
    wanted = (
        f"{r.name}{'[' + ','.join(sorted(r.extras)) + ']' if r.extras else ''}{r.specifier}" for r in requirements
    )
    return f"{_python()} -m pip install {' '.join(shlex.quote(w) for w in wanted)}"


def _python() -> str:
    found = shutil.which("python")
    same = found is not None and Path(found).parent == Path(sys.executable).parent
    return "python" if same else shlex.quote(sys.executable)
