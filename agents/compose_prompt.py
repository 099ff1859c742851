"""Turn a brief into the composer's prompt inputs and answer schema, and read the answer while it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from ..core.errors import BadBackEndResponse
from ..core.grounding import trusted
from ..core.schemas import Brief, Item, RankedItem
from ..core.wording import plain_text, shorten, value_text

MESSAGE_CHARACTERS = 90
REASON_CHARACTERS = 110


def prompt_inputs(brief: Brief, items: tuple[RankedItem, ...]) -> dict[str, str]:
    """Return the values of the placeholders: no ids of users or items, no events, no prices; one line for each thing."""
    return {
        "request": shorten(brief.understanding.query or brief.text, 300) or "nothing typed",
        "evidence": "\n".join(_evidence_lines(brief)),
        "items": "\n".join(f"{i}. {_item_line(r.item, brief)}" for i, r in enumerate(items, 1)),
    }


def evidence_ids(brief: Brief) -> list[str]:
    """Return the ids of the evidence that words may rest on."""
    return [e.evidence_id for e in trusted(brief.evidence, brief.verdict.distrusted) if e.kind != "credential"]


def answer_schema(brief: Brief, count: int, *, message: bool) -> dict[str, Any]:
    """Return the JSON schema of the answer: one property per item, in rank order, so no other id can be written."""
    reason: dict[str, Any] = {"reason": {"type": "string", "maxLength": REASON_CHARACTERS}}
    ids = evidence_ids(brief)
    if ids:
        reason["evidence"] = {"type": "array", "items": {"type": "string", "enum": ids}, "maxItems": 2}
    pick = {"type": "object", "properties": reason, "required": list(reason), "additionalProperties": False}
    properties: dict[str, Any] = {"message": {"type": "string", "maxLength": MESSAGE_CHARACTERS}} if message else {}
    properties |= {str(i): pick for i in range(1, count + 1)}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class AnswerReader:
    """Reads a JSON object as it arrives and yields each member once it is complete."""

    def __init__(self) -> None:
        self._text = ""
        self._given: set[str] = set()

    def feed(self, piece: str) -> Iterator[tuple[str, Any]]:
        """Add ``piece`` and yield the members (name, value) that it completed.

        Raises:
            BadBackEndResponse: what came is not the start of a JSON object.
        """
        self._text += piece
        if '"' not in piece and "}" not in piece:
            return
        members = list(self._parse(partial=True).items())
        for name, value in members[:-1]:
            yield from self._once(name, value)

    def finish(self) -> Iterator[tuple[str, Any]]:
        """Yield the members still outstanding.

        Raises:
            BadBackEndResponse: the answer broke off.
        """
        for name, value in self._parse(partial=False).items():
            yield from self._once(name, value)

    def _once(self, name: str, value: Any) -> Iterator[tuple[str, Any]]:
        if name not in self._given:
            self._given.add(name)
            yield name, value

    def _parse(self, *, partial: bool) -> dict[str, Any]:
        start = self._text.find("{")
        if start < 0:
            if partial:
                return {}
            raise BadBackEndResponse("the model did not answer in the agreed form", back_end="llm")
        try:
            value = from_json(self._text[start:].rstrip().removesuffix("```"), allow_partial=partial)
        except ValueError as error:
            what = "the model's answer is not in the agreed form" if partial else "the model's answer broke off"
            raise BadBackEndResponse(what, back_end="llm") from error
        return value if isinstance(value, dict) else {}


def _evidence_lines(brief: Brief) -> list[str]:
    lines = []
    for evidence in trusted(brief.evidence, brief.verdict.distrusted)[:5]:
        if evidence.kind == "text":
            lines.append(f"{evidence.evidence_id}: the wish")
        elif evidence.kind == "history" and brief.liked_titles:
            likes = "; ".join(shorten(t, 50) for t in brief.liked_titles[:4])
            lines.append(f"{evidence.evidence_id}: likes {likes}")
        elif evidence.kind in {"caption", "transcript", "preference"}:
            lines.append(f"{evidence.evidence_id}: {shorten(evidence.content, 90)}")
    if brief.understanding.preferences:
        lines.append("prefers: " + "; ".join(shorten(p, 40) for p in brief.understanding.preferences[:3]))
    return lines


def _item_line(item: Item, brief: Brief) -> str:
    facts = [
        f"{name.replace('_', ' ')}: {shorten(value_text(value), 40)}"
        for name, value in item.attributes.items()
        if isinstance(value, str | list) and value and name != brief.price_field
    ][:3]
    return " | ".join(p for p in (shorten(item.title, 50), "; ".join(facts), shorten(plain_text(item.text), 64)) if p)
