"""Turn a brief into the composer's prompt inputs and answer schema, and read the answer while it arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from pydantic_core import from_json

from ...core.errors import BadBackEndResponse
from ...core.schemas import Brief, Item, RankedItem
from ...core.text.words import clause, plain_text, shorten, stems, value_text
from .sentence_check import trusted
from .wording import wording

MESSAGE_CHARACTERS = 90
REASON_CHARACTERS = 100
MAX_CHOICES = 5
FRAMES = (
    r"^With {wished}, it {says}, too\.$",
    r"^It {says}, with {wished}\.$",
    r"^This one {says}, with {wished}\.$",
)
_KNOWN_AS = {"caption": "photo", "transcript": "said", "preference": "prefers"}


def prompt_inputs(brief: Brief, items: tuple[RankedItem, ...]) -> dict[str, str]:
    """Return the values of the placeholders: no ids of users or items, no events, no prices; one line for each thing.

    Everything here differs from request to request, so it is kept short: the rest of the prompt is served from the cache.
    """
    return {
        "request": shorten(brief.understanding.query or brief.text, 160) or "nothing typed",
        "evidence": "\n".join(_evidence_lines(brief)),
        "items": "\n".join(f"{i}. {_item_line(r.item, brief)}" for i, r in enumerate(items, 1)),
    }


def answer_schema(brief: Brief, items: Sequence[RankedItem], *, message: bool, guided: bool = False) -> dict[str, Any]:
    """Return the JSON schema of the answer: one sentence per item, in rank order, so no other id can be written.

    ``guided`` sentences have a shape, and the model chooses what of the wish and of the record stands in it.
    """
    free = {"type": "string", "maxLength": REASON_CHARACTERS}
    properties: dict[str, Any] = {"message": {"type": "string", "maxLength": MESSAGE_CHARACTERS}} if message else {}
    for place, ranked in enumerate(items):
        pattern = guide(brief, ranked.item, place) if guided else ""
        properties[str(place + 1)] = {"type": "string", "pattern": pattern} if pattern else free
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def guide(brief: Brief, item: Item, place: int) -> str:
    """Return a regular expression for a sentence about ``item``; empty if wish and record offer nothing to choose from.

    A list of the record that holds a thing asked for has others beside it: which of them are worth telling is the model's choice.
    A small model can choose among words of the record, while left alone it writes sentences that have nothing to do with the item.
    """
    spoken = [e.content for e in trusted(brief.evidence, brief.verdict.distrusted) if e.kind == "transcript"]
    asked = stems(" ".join([brief.text, *spoken]))
    words = wording("en").about(brief.fields)
    for name, values in item.attributes.items():
        if not isinstance(values, list) or not words.knows(name) or words.trait(name, "guarded"):
            continue
        wished = [v for v in values if stems(v) and stems(v) <= asked][:MAX_CHOICES]
        others = [words.value(name, v) for v in values if not stems(v) & asked][:MAX_CHOICES]
        if wished and len(others) > 1:
            pairs = [[a, b] for a, b in combinations(others, 2)]
            says = "|".join(_escaped(words.says(name, pair, brief)) for pair in pairs if words.says(name, pair, brief))
            return FRAMES[place % len(FRAMES)].format(
                wished=_any([words.value(name, v) for v in wished]), says=f"({says})"
            )
    return ""


def _escaped(text: str) -> str:
    return re.escape(text).replace(chr(92) + " ", " ")


def _any(words: Sequence[str]) -> str:
    return f"({'|'.join(map(_escaped, words))})"


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
        for place, (name, value) in enumerate(members, 1):
            if place < len(members) or isinstance(value, str):  # a string is there only once it is closed
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
    """Return what was seen, heard and liked; what was typed is the wish itself."""
    lines = []
    for evidence in trusted(brief.evidence, brief.verdict.distrusted)[:5]:
        if evidence.kind == "history" and brief.liked_titles:
            lines.append(f"likes: {'; '.join(shorten(t, 40) for t in brief.liked_titles[:3])}")
        elif evidence.kind in _KNOWN_AS:
            lines.append(f"{_KNOWN_AS[evidence.kind]}: {shorten(evidence.content, 90)}")
    return lines


def _item_line(item: Item, brief: Brief) -> str:
    lists = [v for n, v in item.attributes.items() if isinstance(v, list) and v and n != brief.price_field]
    words = [shorten(value_text(v), 36) for v in lists[:2]] or [
        value_text(v) for n, v in item.attributes.items() if isinstance(v, str) and v and n != brief.price_field
    ][:2]
    return " | ".join(p for p in (shorten(item.title, 40), clause(plain_text(item.text), 72), "; ".join(words)) if p)
