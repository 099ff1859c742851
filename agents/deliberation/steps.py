"""What the deliberation loop says to the model and understands from it: schema, shelf of items, steps. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.schemas import Brief, Degradation, Frozen, Item, RankedItem, Usage
from ...core.text.words import amount, plain_text, shorten, stems, value_text
from ..understanding.plans.wish_parts import WishPart
from .sets import ChosenItem, price_of

SEARCH_ITEMS = 5
QUERY = r'^[^.,:;()"\\]{2,40}$'
"""What a search may look like: a few words, without the punctuation of a list that a model goes on copying."""
ToolName = Literal["search_items", "get_items", "liked_items", "finish"]


class TraceStep(Frozen):
    """One tool call: ``count`` items came back in ``seconds``; ``error`` is empty if it worked."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    count: int = 0
    seconds: float = 0.0
    error: str = ""


class Deliberation(Frozen):
    """What the loop settled on.

    ``slots[i]`` labels ``items[i]``, which also carries it as the source ``deliberate:<slot>``. ``by`` says who chose;
    ``total`` is the sum of the prices, if all are known.
    """

    items: tuple[RankedItem, ...] = ()
    slots: tuple[str, ...] = ()
    by: Literal["model", "rules"] = "rules"
    note: str = ""
    total: float | None = None
    budget: float | None = None
    trace: tuple[TraceStep, ...] = ()
    usage: Usage = Field(default_factory=Usage)
    prompts: tuple[str, ...] = ()
    degraded: tuple[Degradation, ...] = ()


class SlotPick(BaseModel):
    """The model's choice for one part of the wish."""

    model_config = ConfigDict(extra="ignore")
    slot: str = Field(min_length=1, max_length=60)
    id: str


class StepAnswer(BaseModel):
    """One step as the model wrote it."""

    model_config = ConfigDict(extra="ignore")
    tool: ToolName
    query: str = Field(default="", max_length=200)
    ids: list[str] = Field(default_factory=list, max_length=20)
    slots: list[SlotPick] = Field(default_factory=list, max_length=20)


@dataclass
class Desk:
    """What the loop has in front of it: items under short ids, which search found them, and the steps so far."""

    brief: Brief
    budget: float | None
    shelf: dict[str, Item] = field(default_factory=dict)
    found: dict[str, list[Item]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    trace: list[TraceStep] = field(default_factory=list)
    asked_liked: bool = False
    parts: list[WishPart] = field(default_factory=list)

    def put(self, items: Sequence[Item]) -> list[str]:
        """Shelve items and return their short ids; an item keeps the id it has."""
        known = {item.item_id: alias for alias, item in self.shelf.items()}
        for item in items:
            if item.item_id not in known:
                known[item.item_id] = f"i{len(self.shelf) + 1}"
                self.shelf[known[item.item_id]] = item
        return [known[item.item_id] for item in items]

    def tools(self, last: bool) -> list[ToolName]:
        """Return the tools that make sense now; only ``finish`` in the last call, or once every part was searched for."""
        if self.shelf and (last or self._searched()):
            return ["finish"]
        names: list[ToolName] = ["search_items"]
        if self.shelf:
            names.append("get_items")
        if self.brief.user == "known" and not self.asked_liked:
            names.append("liked_items")
        return [*names, "finish"] if self.shelf else names

    def _searched(self) -> bool:
        """Say whether every part was searched for and there is an item for each."""
        queries = {p.query for p in self.parts}
        enough = len(self.found) > 1 or len(self.parts) > len(queries)
        return bool(queries) and enough and len(self.found) >= len(queries) and len(self.shelf) >= len(self.parts)

    def line(self, alias: str, *, details: bool = False) -> str:
        """Return an item as the model sees it."""
        item = self.shelf[alias]
        cost = price_of(item, self.brief.price_field)
        head = f"{alias}. {shorten(item.title, 45)}" + (
            f" ({amount(cost, self.brief.price_unit)})" if cost is not None else ""
        )
        if not details:
            return head
        facts = "; ".join(f"{k}: {shorten(value_text(v), 40)}" for k, v in list(item.attributes.items())[:6])
        return f"{head} | {facts} | {shorten(plain_text(item.text), 120)}"

    def conditions(self) -> str:
        """Return the budget and wishes in words."""
        lines = []
        if self.parts:
            lines = [f"parts: {'; '.join(p.label for p in self.parts)}"]
            left = dict.fromkeys(p.query for p in self.parts if p.query not in self.found)
            lines += [f"searches left: {'; '.join(left)}"] if left else []
        if self.budget is not None:
            lines.append(f"total budget: {amount(self.budget, self.brief.price_unit)}")
        if self.brief.understanding.preferences:
            lines.append("prefers: " + "; ".join(shorten(p, 40) for p in self.brief.understanding.preferences[:3]))
        return "\n".join(lines) or "no further conditions"

    def chosen(self, picks: Sequence[SlotPick]) -> list[ChosenItem]:
        """Return the picks that name a shelved item, fit their label and are no repetition.

        A pick fits if its label shares a word with the item's record or with the search that found it.
        """
        choices: dict[str, ChosenItem] = {}
        for pick in picks:
            item = self.shelf.get(pick.id)
            taken = {c.item.item_id for c in choices.values()}
            name = shorten(pick.slot.lower(), 40)
            if item is not None and item.item_id not in taken and name not in choices and self.fits(name, item):
                choices[name] = ChosenItem(name, item)
        return list(choices.values())

    def fits(self, name: str, item: Item) -> bool:
        """Say whether an item fits a label: by its record where any record found does, else by the search it came from."""
        mark = stems(name) - self._shared_stems()
        if any(mark & _record(i) for i in self.shelf.values()):
            return bool(mark & _record(item))
        words = stems(name)
        queries = [q for q, items in self.found.items() if any(i.item_id == item.item_id for i in items)]
        return bool(words & (_record(item) | stems(" ".join(queries))))

    def fitting(self, label: str, items: Sequence[Item]) -> list[Item]:
        """Return the items with those that fit ``label`` first."""
        return sorted(items, key=lambda item: not self.fits(label, item))

    def _shared_stems(self) -> frozenset[str]:
        """Return the words that every part has, which tell none of them apart."""
        names = [stems(p.label) for p in self.parts]
        return frozenset.intersection(*names) if len(names) > 1 else frozenset()

    def part_for(self, choice: ChosenItem) -> WishPart:
        """Return the part that a choice belongs to, with the choice first and the rest of its search behind it."""
        for query, items in self.found.items():
            if any(i.item_id == choice.item.item_id for i in items):
                rest = self.fitting(choice.label, [i for i in items if i.item_id != choice.item.item_id])
                return WishPart(label=choice.label, query=query, items=(choice.item, *rest))
        return WishPart(label=choice.label, query=choice.label, items=(choice.item,))


def _record(item: Item) -> frozenset[str]:
    return stems(f"{item.title} {item.text} " + " ".join(value_text(v) for v in item.attributes.values()))


def step_schema(tools: Sequence[ToolName], aliases: Sequence[str], labels: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON schema of one step: one alternative for each tool, ids only from ``aliases``.

    Slots are named by ``labels``, one each, where the wish's parts are known.
    """
    ids = {"type": "string", "enum": list(aliases)}
    slot = {"type": "string", "enum": list(labels)} if labels else {"type": "string", "maxLength": 30}
    pick = _object({"slot": slot, "id": ids})
    arguments: dict[str, dict[str, Any]] = {
        "search_items": {"query": {"type": "string", "pattern": QUERY}},
        "get_items": {"ids": {"type": "array", "items": ids, "minItems": 1, "maxItems": 4}},
        "liked_items": {},
        "finish": {"slots": {"type": "array", "items": pick, "minItems": 1, "maxItems": len(labels) or 6}},
    }
    return {"anyOf": [_object({"tool": {"type": "string", "enum": [t]}} | arguments[t]) for t in tools]}


def read_step(text: str, tools: Sequence[ToolName]) -> StepAnswer | str:
    """Return the step in ``text``, or what is wrong with it in words that the model can act on."""
    try:
        answer = StepAnswer.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return f"not a valid step ({'.'.join(map(str, first['loc'])) or 'answer'}: {first['msg']})"
    if answer.tool not in tools:
        return f"{answer.tool} cannot be used now; use {', '.join(tools)}"
    if answer.tool == "search_items" and not answer.query.strip():
        return "search_items needs a query"
    return answer


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
