"""Turn decades ("the early 80s", "not from the nineties", "60s or 70s") into predicates over the year of an item."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.schemas import CatalogueField, Constraint, Operator
from ...core.text.catalogue_values import TAKEN
from .utterance import WINDOW, Utterance

_WORDS = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_FIRST = {word: 10 * n for n, word in enumerate(_WORDS, 2)}
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
_DECADE = re.compile(
    r"\b(?:(?:from|in|of|during)\s+)?(?:the\s+)?(?:(?P<part>early|mid|late) )?"
    rf"(?:(?:'?(?P<digits>(?:1[89]|20)?\d0)'?s|(?P<word>{'|'.join(_WORDS)}))\b|(?P<hanzi>(?:1[89]|20)?\d0)年代的?)"
)
_NOT = re.compile(
    r"(?:\b(?:but\s+)?(?:not|no|except(?: for)?|nothing|never|without|none)|不要)"
    r"(?:\s+(?:any|anything|something|films?|movies?))*\s*$"
)
_LINK = re.compile(r"\s*(?:,\s*(?:and|or|nor)?|\b(?:and|or|nor)\b|/|和|、|或)\s*")


def take_decades(u: Utterance, year: CatalogueField | None) -> tuple[list[Constraint], list[str]]:
    """Take decades out of ``u``; return predicates over ``year``, and the words themselves if there is no such field.

    A refusal goes on over a list ("not from the 80s and 90s"); several wanted decades are alternatives. Years are whole
    numbers, so that a hole in a range, which no single comparison expresses, is a list of them.
    """
    wanted: set[int] = set()
    refused: set[int] = set()
    unread: list[str] = []
    last_end, goes_on = -1, False
    for match in list(_DECADE.finditer(u.plain)):
        if TAKEN in u.low[match.start() : match.end()]:
            continue
        negation = _NOT.search(u.plain[max(0, match.start() - WINDOW) : match.start()])
        start = match.start() - (len(negation[0]) if negation else 0)
        linked = last_end >= 0 and _LINK.fullmatch(u.plain, last_end, start) is not None
        goes_on = negation is not None or (linked and goes_on)
        words = u.take(last_end if linked else start, match.end())
        last_end = match.end()
        if year is None:
            unread.append(words)
        else:
            (refused if goes_on else wanted).update(_years(match))
    return ([] if year is None else _predicates(u, year, sorted(wanted), sorted(refused))), unread


def _years(match: re.Match[str]) -> range:
    digits = match["digits"] or match["hanzi"]
    first = int(digits) if digits else _FIRST[match["word"]]
    first = first if first >= 1800 else first + (2000 if first <= 10 else 1900)
    low, high = _PARTS.get(match["part"] or "", (0, 9))
    return range(first + low, first + high + 1)


def _predicates(u: Utterance, year: CatalogueField, wanted: Sequence[int], refused: Sequence[int]) -> list[Constraint]:
    found = [_constraint(u, year, "not in", [str(y) for y in refused])] if refused else []
    if wanted and wanted[-1] - wanted[0] == len(wanted) - 1:
        found += [_constraint(u, year, ">=", float(wanted[0])), _constraint(u, year, "<=", float(wanted[-1]))]
    elif wanted:
        found.append(_constraint(u, year, "in", [str(y) for y in wanted]))
    return found


def _constraint(u: Utterance, year: CatalogueField, op: Operator, value: float | list[str]) -> Constraint:
    return Constraint(field=year.name, op=op, value=value, source=u.source, confidence=u.confidence)
