"""Write the page of benchmarks from saved JSON objects: one section per row, nothing that a command did not print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from .figures import Figure, Group, groups_of, read_saved
from .plots import draw

PAGE, PLOTS = "benchmarks.md", "plots"
HEAD = """# Benchmarks

Written by `tastemaker bench report` from what the commands below printed; intervals are 95 %, by drawing users again. Blue bars
are Tastemaker's, grey ones the baselines of the same run, a dashed line is the target.
"""


def write_page(saved: Path, out: Path) -> list[Path]:
    """Write ``benchmarks.md`` and one plot per benchmark under ``out`` and return the files.

    Raises:
        InvalidRequestError: ``saved`` holds no saved benchmark.
        BackEndUnavailable: matplotlib, of the extra ``bench``, is missing.
    """
    written: list[Path] = []
    parts = [HEAD]
    for name, figures in read_saved(saved).items():
        plot = out / PLOTS / f"{name}.svg"
        drawn = draw(figures, plot)
        written += [plot] * drawn
        parts.append(section(name, figures, f"{PLOTS}/{name}.svg" if drawn else None))
    page = out / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")
    return [page, *written]


def section(name: str, figures: Mapping[str, Any], plot: str | None) -> str:
    """Return the section of one benchmark."""
    lines = [f"## {name}", ""]
    if "command" in figures:
        lines += [f"`{figures['command']}`" + (f", {figures['date']}" if "date" in figures else ""), ""]
    if plot:
        lines += [f"![{name}]({plot})", ""]
    facts = [f"n = {figures['n']}"] if "n" in figures else []
    facts += [f"{key} {figures[key]}" for key in ("seed", "cores") if key in figures]
    facts += [f"{package} {version}" for package, version in figures.get("versions", {}).items()]
    lines += [", ".join(facts) + ".", ""] if facts else []
    if figures.get("targets"):
        stated = ", ".join(f"{key} {json.dumps(value)}" for key, value in figures["targets"].items())
        lines += [f"Targets: {stated}.", ""]
    for single, run in groupby(groups_of(figures), key=lambda group: len(group.figures) == 1):
        groups = list(run)
        lines += singles(groups) if single else [line for group in groups for line in table(group)]
    return "\n".join(lines)


def singles(groups: Sequence[Group]) -> list[str]:
    """Return the lines of one list with the figures of groups that have but one."""
    lines = []
    for group in groups:
        figure = group.figures[0]
        named = [*group.where, figure.label] + ([group.measure] if group.measure != figure.label else [])
        lines.append(f"- {' / '.join(named)}: {number(figure)}")
    return [*lines, ""]


def table(group: Group) -> list[str]:
    """Return the lines of one table."""
    rows = [f"| {figure.label} | {number(figure)} |" for figure in group.figures]
    return [f"| {group.title} | |", "|---|---|", *rows, ""]


def number(figure: Figure) -> str:
    """Return the value, with its interval if it has one."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.6g}"
    return f"{figure.value:.6g} ({figure.low:.6g} to {figure.high:.6g})"
