"""Apply what a person put right to what was seen and heard."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InvalidRequestError
from ..schemas import Correction, Evidence
from .vector_fusion import original

BY_PERSON = "person"
CORRECTABLE = frozenset({"caption", "transcript"})


def corrected(
    evidence: Sequence[Evidence], corrections: Sequence[Correction], conditions: Sequence[str] = ()
) -> tuple[Evidence, ...]:
    """Return the evidence without what was struck; edited pieces come first, with full confidence and ``corrected`` set.

    ``conditions`` are ids that a correction may name besides; they are only told. Tags and times of an edited piece are dropped with its old words.

    Raises:
        InvalidRequestError: an id that the last answer does not hold, or two corrections of one piece; names the field.
    """
    known = {e.evidence_id: e for e in evidence if e.kind in CORRECTABLE}
    changes: dict[str, Correction] = {}
    for index, change in enumerate(corrections):
        field = f"corrections[{index}].evidence_id"
        if change.evidence_id not in known:
            there = ", ".join([*known, *conditions]) or "none"
            raise InvalidRequestError(field, f"the last answer holds no such piece; there are: {there}")
        if change.evidence_id in changes:
            raise InvalidRequestError(field, "this piece is corrected twice")
        changes[change.evidence_id] = change
    edited = [_edited(known[name], c.text) for name, c in changes.items() if c.text is not None]
    return (*edited, *(e for e in evidence if e.evidence_id not in changes))


def captions_changed(
    evidence: Sequence[Evidence], corrections: Sequence[Correction], *, struck: bool
) -> frozenset[str]:
    """Return the photos and videos of which a caption was struck, or else edited."""
    names = {c.evidence_id for c in corrections if c.strike is struck}
    return frozenset(original(e.source) for e in evidence if e.evidence_id in names and e.kind == "caption")


def _edited(piece: Evidence, text: str) -> Evidence:
    change = {"content": text.strip(), "confidence": 1.0, "back_end": BY_PERSON, "corrected": True}
    return piece.model_copy(update={**change, "tags": (), "segments": ()})
