"""Refuse what is said to be like something refused: "bluffing turns me off and so do auctions", "ohne Lauch, ebenso wenig Kohl"."""

from __future__ import annotations

from ..refused_values import LINKS
from ..sentence import STOPS, Sentence, Wish

REACH = 8
"""Segments between what is refused and the word that likens something to it."""


def likewise(sentence: Sentence) -> None:
    """Give the values after "so do" or "same goes for" the sign of what was refused just before."""
    for i, s in enumerate(sentence.segments):
        if "likewise" not in s.roles or s.used or s.entries:
            continue
        refused = _refused_before(sentence, i)
        j = i + 1
        while refused is not None and j < len(sentence.segments):
            piece = sentence.segments[j]
            if sentence.value_at(j):
                entries = [e for e in piece.entries if sentence.evident(piece, e)]
                sentence.found.wishes += [Wish(e, [*refused.segments[:1], s, piece], refused=True) for e in entries]
                piece.used, s.used = "refused", "not"
            elif not (piece.is_glue or (piece.roles & LINKS and sentence.value_at(j + 1))):
                break
            j += 1


def _refused_before(sentence: Sentence, i: int) -> Wish | None:
    """Return the refusal that ends shortly before ``i`` in the same sentence, with nothing wanted in between."""
    start = max(0, i - REACH)
    for k in range(i - 1, start - 1, -1):
        s = sentence.segments[k]
        if s.mark in STOPS or (s.entries and s.used != "refused"):
            return None
        if s.used == "refused":
            return next((w for w in reversed(sentence.found.wishes) if w.refused and s in w.segments), None)
    return None
