"""What one request says, word by word."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .catalogue import Frozen
from .request import Operator, Predicate

Act = Literal[
    "ask",
    "refine",
    "undo",
    "more",
    "seen",
    "start again",
    "why",
    "price of",
    "fact",
    "compare",
    "of these",
    "taken",
    "thanks",
    "pause",
    "doubt",
    "complaint",
    "unclear",
]


ReadBy = Literal["grammar", "model", "both"]


class Condition(Frozen):
    """One predicate over a catalogue field with the words that made it; a client strikes or edits it by ``condition_id``."""

    condition_id: str = Field(description="Identifies the condition within its request, such as `c1`.")
    field: str = Field(description="Catalogue field.")
    op: Operator = Field(description="Comparison operator.")
    value: float | bool | str | list[str] = Field(description="Value to compare with.")
    words: str = Field(description="The words that made it.")
    refused: bool = Field(default=False, description="The person does not want it.")
    must: bool = Field(default=True, description="Enforced; otherwise it only moves the order.")
    confidence: float = Field(default=1.0, ge=0, le=1, description="How sure the reading is, 0 to 1.")
    either: tuple[Predicate, ...] = Field(default=(), description="Others of which one may hold in its place.")
    read_by: ReadBy = Field(
        default="grammar", description="Who read it: the grammar, the language model, or both alike."
    )


class Order(Frozen):
    """The order asked for: "cheapest" is the price, lowest first."""

    field: str = Field(description="Catalogue field, of numbers or dates.")
    descending: bool = Field(description="Highest first.")
    words: str = Field(default="", description="The words that asked for it.")
    rank: int = Field(default=1, ge=1, description='Place to begin at: 2 for "the second cheapest".')
    then_field: str = Field(default="", description="Number field that orders items of one value, if asked for.")
    then_descending: bool = Field(default=False, description="Highest first among items of one value.")


class Reading(Frozen):
    """One request as conditions over a catalogue; every content word is in one of the fields."""

    query: str = Field(default="", description="What remains to be searched for.")
    conditions: tuple[Condition, ...] = Field(default=(), description="Predicates with the words that made them.")
    order: Order | None = Field(default=None, description="The order asked for, if any.")
    references: tuple[str, ...] = Field(default=(), description="Words that point at items shown.")
    for_whom: str = Field(default="", description="The words for the person it is for.")
    count: int | None = Field(default=None, description="How many items were asked for, if said.")
    act: Act = Field(default="ask", description="What the turn does.")
    released: tuple[tuple[str, str], ...] = Field(
        default=(), description="(field, value) no longer asked for; an empty value frees the field."
    )
    added: tuple[str, ...] = Field(default=(), description="Fields whose values are named beside the earlier ones.")
    not_applied: tuple[str, ...] = Field(default=(), description="Words that no field of the catalogue expresses.")
    read_by: ReadBy = Field(default="grammar", description="Whose conditions and order are in force.")
    read_why: str = Field(default="", description="Why the language model did not read, or what came of it.")
