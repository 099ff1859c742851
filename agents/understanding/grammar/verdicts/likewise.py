"""Refuse what is said to be like something refused: "bluffing turns me off and so do auctions", "ohne Lauch, ebenso wenig Kohl", 红茶不要，绿茶也一样."""

from __future__ import annotations

from ..evidence import STOPS
from ..refusals.words import LINKS
from ..segments import Segment
from ..sentence import Sentence
from .settle import refuse

REACH = 8
"""Segments between what is refused and the word that likens something to it."""


def likewise(sentence: Sentence) -> None:
    """Give the values after "so do" or "same goes for" the sign of what was refused just before."""
    for i, s in enumerate(sentence.segments):
        if "likewise" not in s.roles or s.used or s.entries:
            continue
        refusal = _refused_before(sentence, i)
        values = _listed_after(sentence, i) if refusal else []
        if refusal and values:
            refuse(sentence, values, refusal, s)
            s.used = "not"


def _listed_after(sentence: Sentence, i: int) -> list[Segment]:
    """Return the values that follow ``i``, with nothing but glue and joints between."""
    values = []
    for j, s in enumerate(sentence.segments[i + 1 :], i + 1):
        if sentence.value_at(j):
            values.append(s)
        elif not (s.is_glue or (s.roles & LINKS and sentence.value_at(j + 1))):
            break
    return values


def _refused_before(sentence: Sentence, i: int) -> Segment | None:
    """Return the first word of the refusal that ends shortly before ``i`` in the same sentence, with nothing wanted in between."""
    for s in reversed(sentence.segments[max(0, i - REACH) : i]):
        if s.mark in STOPS or (s.entries and s.used != "refused"):
            return None
        if s.used == "refused":
            said = (w.segments[0] for w in reversed(sentence.found.wishes) if w.refused and s in w.segments)
            return next(said, None)
    return None
