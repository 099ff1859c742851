"""What a shop holds: its fields, its items and what users did with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema


class NoNul:
    """Mark a string that may hold no NUL characters, which no store takes: ``Annotated[str, ..., NoNul()]``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after what stands before the mark."""
        return core_schema.no_info_after_validator_function(_without_nul, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say so in the JSON schema."""
        return {**handler(schema), "pattern": r"^[^\x00]*$"}


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


ItemId = Annotated[str, StringConstraints(min_length=1, max_length=128), NoNul()]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
TenantId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
AttributeValue = str | float | bool | list[str]
EventKind = Literal["view", "click", "like", "dislike", "skip", "purchase", "rating"]
FieldType = Literal["number", "text", "bool", "list", "date", "time"]
"""What a field holds; ``date`` is text in ISO 8601 (``2026-12-05``, also with a time), ``time`` a time of day (``20:30``)."""


class Frozen(BaseModel):
    """Base of every value: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Deleted(Frozen):
    """What became of items that were to be deleted: those that are gone now, and ids of which there was none."""

    deleted: tuple[str, ...] = Field(default=(), description="Items that were deleted.")
    unknown: tuple[str, ...] = Field(default=(), description="Ids of which there was no item.")


class UserData(Frozen):
    """Everything that is kept of one user."""

    user_id: str = Field(description="The user's id.")
    events: tuple[dict[str, Any], ...] = Field(default=(), description="What they did, in the order of their times.")
    preferences: tuple[dict[str, Any], ...] = Field(default=(), description="Likes and dislikes they let us remember.")
    shown: tuple[dict[str, Any], ...] = Field(default=(), description="Lists they were shown, while the log is kept.")
    threads: tuple[dict[str, Any], ...] = Field(default=(), description="What their conversations carry.")
    traces: tuple[dict[str, Any], ...] = Field(
        default=(), description="Answers kept to be looked at, where that is on."
    )


class Erased(Frozen):
    """How much of a user was erased, by store."""

    events: int = Field(default=0, description="Events.")
    preferences: int = Field(default=0, description="Remembered likes and dislikes.")
    shown: int = Field(default=0, description="Lists they were shown.")
    threads: int = Field(default=0, description="Conversations.")
    traces: int = Field(default=0, description="Answers kept to be looked at.")
    messages: int = Field(default=0, description="Messages to webhooks that were not delivered yet.")


class Expired(Frozen):
    """How much was kept longer than the shop's policy says and is removed, by store."""

    events: int = Field(default=0, description="Events.")
    preferences: int = Field(default=0, description="Remembered likes and dislikes.")
    shown: int = Field(default=0, description="Lists that were shown.")
    threads: int = Field(default=0, description="Conversations.")
    traces: int = Field(default=0, description="Answers kept to be looked at.")
    media: int = Field(default=0, description="Folders of photos and clips whose process ended before it removed them.")


class CatalogueField(Frozen):
    """A filterable attribute of the catalogue."""

    name: str = Field(description="The field's name, as the catalogue writes it.")
    type: FieldType = Field(description="What its values are.")
    role: Literal["price", "none"] = Field(default="none", description="`price` marks the field that holds the price.")
    unit: str = Field(default="", description="The unit of its numbers.")
    values: tuple[str, ...] = Field(
        default=(), description="Distinct values of a text or list field, most frequent first, at most 200."
    )
    minimum: float | None = Field(default=None, description="The least value of a number field.")
    maximum: float | None = Field(default=None, description="The greatest value of a number field.")
    gaps: bool = Field(default=False, description="Whether some items do not tell it.")
    choices: bool = Field(
        default=False, description="Whether choices of one item differ in this number; the item then shows the lowest."
    )


class CatalogueSchema(Frozen):
    """What a catalogue holds: its filterable fields and its size in items."""

    fields: tuple[CatalogueField, ...] = Field(default=(), description="The filterable fields.")
    count: int = Field(default=0, description="How many items there are.")

    def field(self, name: str) -> CatalogueField | None:
        """Return the field called ``name``, or None."""
        return next((f for f in self.fields if f.name == name), None)

    @property
    def price(self) -> CatalogueField | None:
        """Return the field with the role ``price``, or None."""
        return next((f for f in self.fields if f.role == "price"), None)


class Variant(Frozen):
    """One of the choices that a product comes in."""

    variant_id: str = Field(default="", description="The shop's own id of the choice, such as its SKU.")
    attributes: dict[str, str | float | list[str]] = Field(
        description="What tells it apart, and its price: size, colour, price. What it does not tell, it has in every form."
    )
    in_stock: bool | None = Field(
        default=None, description="Whether it can be had; absent where the shop does not say."
    )
    image: str | None = Field(default=None, description="Its own picture, or that picture's address.")
    url: str | None = Field(default=None, description="Its own link.")


class Item(Frozen):
    """One catalogue item. ``image`` is a path relative to the media folder; ``url`` a link for people.

    Of a product with ``variants`` the attributes say in what sizes, colours ... it can be had, and the lowest price.
    """

    item_id: ItemId
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    text: Annotated[str, StringConstraints(max_length=20_000)] = ""
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    image: str | None = None
    url: str | None = None
    variants: tuple[Variant, ...] = ()


def _not_ahead(at: datetime) -> datetime:
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    if aware > datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError(
            f"lies in the future; at most {CLOCK_SKEW.seconds // 60} minutes are taken for a clock that is ahead"
        )
    return at


CLOCK_SKEW = timedelta(minutes=5)
"""How far the time of an event may lie ahead of this machine's clock."""
NotAhead = AfterValidator(_not_ahead)
EventTime = Annotated[datetime, NotAhead]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul()]


class Event(Frozen):
    """One interaction of a user with an item.

    ``value`` holds the rating; ``at`` is in UTC, now if left out; ``event_id`` is the client's own name of the event, by which one
    that is sent twice is known.
    """

    user_id: UserId
    item_id: ItemId
    kind: EventKind
    at: EventTime = Field(default_factory=lambda: datetime.now(UTC))
    value: float | None = None
    context: dict[str, str] = Field(default_factory=dict)
    event_id: EventId | None = None
