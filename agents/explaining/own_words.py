"""Find what the shopper called a condition."""

from __future__ import annotations

import re

from ...core.predicates import NEGATED
from ...core.schemas import Brief, Constraint, Understanding
from ...core.text.chinese import is_chinese

_REFUSES = re.compile(
    r"\b(?:no|not|non|none|never|without|except|anything but|nothing|kein\w*|nichts?|nix|nie|niemals|weder|ohne|(?:do|does|is|are|ca|wo)nt)\b|n['’]t\b|[不没无别非除]",
    re.IGNORECASE,
)
_DISLIKES = re.compile(
    r"\b(?:allergi\w*|intoleran\w*|hate[sd]?|dislikes?|loathes?|avoid\w*|hass\w*|vertr(?:age|ägt|agen)|sick of|tired of|had enough of)\b|过敏|讨厌|忌|受不了",
    re.IGNORECASE,
)
"""What tells that a thing is not wanted without refusing it: "not allergic to wool" would say something else."""
_REFUSED = re.compile(
    r"\b(?:no|not|without|except|anything but|kein\w*|nicht|ohne)\b\s*|(?:不想要|不要|不含|没有|除了|[不没无别除])\s*",
    re.IGNORECASE,
)
"""What stands before the thing refused."""
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d(?:[\d.,' ]*\d)?")


def refuses(text: str) -> bool:
    """Say whether a text has a word that refuses something."""
    return bool(_REFUSES.search(text))


def dislikes(text: str) -> bool:
    """Say whether a text tells that a thing is not wanted, other than by refusing it."""
    return bool(_DISLIKES.search(text))


def refused_words(held: Constraint, understood: Understanding, *, short: bool = False) -> str:
    """Return what the shopper called the thing refused, in a language that the record is not written in, or where that is ``short``; else nothing."""
    typed = _REFUSED.sub("", typed_words(held, understood).strip()).strip()
    abroad = is_chinese(typed) != is_chinese(str(held.value))
    return typed if typed and (abroad or (short and not refuses(typed))) else ""


def typed_words(held: Constraint, understood: Understanding) -> str:
    """Return the words of the request that made a condition; empty if that is not known."""
    found = (*understood.conditions, *understood.reading.conditions)
    return next((c.words for c in found if (c.field, c.op, c.value) == (held.field, held.op, held.value)), "")


def own_runs(held: Constraint, brief: Brief) -> list[str]:
    """Return the words that made a condition on words, those for several values apart; none for a number, or where they are not known."""
    typed = typed_words(held, brief.understanding).strip()
    if not typed or (isinstance(held.value, int | float) and not isinstance(held.value, bool)):
        return []
    several = isinstance(held.value, list) and len(held.value) > 1 and held.op in {"in", "contains"}
    said = as_said(typed, brief.text)
    runs = said if several else [typed]
    if len(said) > 1 and not several and held.op not in NEGATED:
        return []  # words from two places of the request make no one wish: the value itself is told
    if several and len(runs) == 1:
        return []  # said in an earlier turn: where one value ends and the next begins is not known
    return [run.replace(" ", "") if is_chinese(run) else run for run in runs]


def as_said(words: str, text: str) -> list[str]:
    """Return the runs of ``words`` that stand together in ``text``: what was read of "navy or green" is "navy", "green".

    Words of an earlier request, which ``text`` does not have, are one run.
    """
    chinese = is_chinese(words)
    parts, joint = (list(words.replace(" ", "")), "") if chinese else (words.split(), " ")
    said = _plain(text, joint)
    runs: list[list[str]] = []
    for part in parts:
        if runs and _plain(joint.join([*runs[-1], part]), joint) in said:
            runs[-1].append(part)
        else:
            runs.append([part])
    found = [joint.join(run) for run in runs]
    return found if all(_plain(run, joint) in said for run in found) else [joint.join(parts)]


def _plain(text: str, joint: str) -> str:
    return joint.join(_WORD.findall(text.casefold()))


def names_figure(held: Constraint, understood: Understanding) -> bool:
    """Say whether the shopper named the figure of a limit: not in "cheaper", "around 50" or "the eighties"; so where the words are not known."""
    words, figure = typed_words(held, understood), held.value
    if not words or isinstance(figure, bool | str | list):
        return True
    written = {_digits(f"{figure:f}".rstrip("0")), _digits(f"{figure:.2f}")}
    return not written.isdisjoint(map(_digits, _FIGURE.findall(words)))


def _digits(figure: str) -> str:
    return "".join(c for c in figure if c.isdigit())
