"""Write the page of benchmarks from saved JSON objects: what each asks, its main figures side by side, and the whole object beside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .figures import Figure, Group, groups_of, read_saved
from .plots import draw

PAGE, PLOTS, OBJECTS = "benchmarks.md", "plots", "figures"
MAX_TABLES, MAX_COLUMNS, MAX_ROWS = 4, 5, 16
"""What is shown of one benchmark; its JSON object holds the rest."""
HEAD = """# Benchmarks

Written by `tastemaker bench report` from what the commands below printed; nothing here was typed by hand. Intervals are 95 %, by
drawing users again. Blue bars are Tastemaker's, grey ones the baselines of the same run, a dashed line is the target. Each
section shows the main figures; the file named at its end holds all of them, with the versions of everything that ran.
"""
ASKS = {
    "beyond": "What does variety cost? Coverage, novelty and popularity of the lists that each way of spreading them gives.",
    "contact-sheet": "What do searches by photo and words look like?",
    "conversation": "Does a person who tells a wish bit by bit, and names what is wrong, get to the right item?",
    "elicit": "How much better is the list of a stranger who answers up to two questions?",
    "exports": "Are the export files of shops read right, or named where they are not?",
    "first-item": "How long until the first ranked items reach an HTTP client, without a language model?",
    "footprint": "How much memory does the service take with every sense in use and photos arriving at once?",
    "games": "Which of 20 video games, 19 of them random, did the user take next?",
    "games-cold": "The same with only the last few items of the user's history visible.",
    "games-retrieved": "The same among 21 games that other recommenders retrieved; the one taken is mostly not among them.",
    "harm": "Does a language model that moves the list ever make it worse?",
    "ingest": "How many items a second become searchable, and is anything lost or doubled after a kill?",
    "languages": "Are things found by needs in Chinese and German that share no word with them?",
    "load": "How many requests a second are answered, and what happens at twice what the service can do?",
    "ml100k": "Which of all unseen films does the user like next, and how is it rated?",
    "ml100k-cold-item": "Are films that nobody has rated yet ranked right by their text and poster?",
    "ml100k-cold-user": "Are lists right for people with 0, 1, 3 or 5 ratings?",
    "order": "Does the place at which an item is shown to the language model change where it ends?",
    "overhead": "How long does the graph itself take, with every model and store replaced by a constant?",
    "personal": "What does a person's history change, where the taste fits the request and where it does not?",
    "relevance": "Do the first items fit what was asked, by kind of request?",
    "requests": "Do the lists obey what people say, in many voices and two languages?",
    "serving": "What does the trained recommender cost in a request?",
    "speech": "How many words are heard wrong, and how fast?",
    "turn": "How does one turn compare with a plain tool-calling loop on the same model and tools?",
    "valid": "Is any promise broken by a hostile model: items, limits, words?",
    "vision": "Do photos and words find each other, among everyday photos and among products?",
    "words": "Are the reasons true, worth reading and varied?",
}


def write_page(saved: Path, out: Path) -> list[Path]:
    """Write ``benchmarks.md``, one plot and one JSON object per benchmark under ``out``, and return the files.

    Raises:
        InvalidRequestError: ``saved`` holds no saved benchmark.
        BackEndUnavailable: matplotlib, of the extra ``bench``, is missing.
    """
    written: list[Path] = []
    parts = [HEAD]
    for name, figures in read_saved(saved).items():
        plot, whole = out / PLOTS / f"{name}.svg", out / OBJECTS / f"{name}.json"
        drawn = draw(figures, plot)
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written += [*[plot] * drawn, whole]
        parts.append(section(name, figures, f"{PLOTS}/{name}.svg" if drawn else None))
    page = out / PAGE
    page.write_text("\n".join(parts), encoding="utf-8")
    return [page, *written]


def section(name: str, figures: Mapping[str, Any], plot: str | None) -> str:
    """Return the section of one benchmark."""
    lines = [f"## {name}", ""]
    lines += [ASKS[name], ""] if name in ASKS else []
    if "command" in figures:
        lines += [f"`{figures['command']}`" + (f", {figures['date']}" if "date" in figures else ""), ""]
    lines += [f"![{name}]({plot})", ""] if plot else []
    for title, groups in tables_of(groups_of(figures)):
        lines += table(title, groups)
    if figures.get("targets"):
        lines += [f"Targets: {', '.join(_stated(figures['targets']))}.", ""]
    facts = [
        f"{label} {figures[key]}"
        for key, label in (("n", "n ="), ("seed", "seed"), ("cores", "cores"))
        if key in figures
    ]
    return "\n".join([*lines, f"{', '.join([*facts, 'all figures'])}: [{name}.json]({OBJECTS}/{name}.json)", ""])


def _stated(targets: Mapping[str, Any], of: str = "") -> list[str]:
    """Return targets in words, those of a group with its name before each."""
    said = list[str]()
    for key, value in targets.items():
        said += _stated(value, f"{of}{key} ") if isinstance(value, Mapping) else [f"{of}{key} {value}"]
    return said


def tables_of(groups: Sequence[Group]) -> list[tuple[str, list[Group]]]:
    """Return the tables to show, with a title each: measures of one place side by side, what has intervals first."""
    places: dict[tuple[str, ...], list[Group]] = {}
    for group in groups:
        places.setdefault(group.where, []).append(group)
    found = [(" / ".join(where), members[:MAX_COLUMNS]) for where, members in places.items()]
    sure = {id(members) for _, members in found if any(f.low is not None for group in members for f in group.figures)}
    ranked = sorted(found, key=lambda table: (id(table[1]) not in sure, table[0].count("/")))[:MAX_TABLES]
    return [table for table in found if table in ranked]


def table(title: str, groups: Sequence[Group]) -> list[str]:
    """Return the lines of one table: a row for each thing measured, a column for each measure."""
    columns = {group.measure: {figure.label: figure for figure in group.figures} for group in groups}
    rows = list(dict.fromkeys(label for column in columns.values() for label in column))
    head = [f"| {title} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    body = [
        f"| {row} | {' | '.join(number(column.get(row)) for column in columns.values())} |" for row in rows[:MAX_ROWS]
    ]
    return [*head, *body, ""]


def number(figure: Figure | None) -> str:
    """Return the value, with its interval if it has one; nothing where nothing was measured."""
    if figure is None:
        return ""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.4g}"
    return f"{figure.value:.4g} ({figure.low:.4g} to {figure.high:.4g})"
