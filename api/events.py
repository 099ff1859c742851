"""Take batches of what users did: each event once, what names no item counted and named, and each tied to the answer that showed it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from ..core.learning.exposures import REQUEST_KEY
from ..core.schemas import ContextName, Event, EventId, EventKind, Frozen, ItemId, NoNul, NotAhead, TenantId, UserId
from ..stores.ingest.events import unknown_items
from .service import Service

MAX_EVENTS = 1_000


class FeedbackEvent(Frozen):
    """What a user did with an item."""

    user_id: UserId = Field(description="Who.", examples=["ada"])
    item_id: ItemId = Field(description="Which item.", examples=["print-17"])
    kind: EventKind = Field(description="What happened.", examples=["click"])
    at: Annotated[AwareDatetime, NotAhead] | None = Field(
        default=None, description="When, with a time zone, at most five minutes ahead; now if omitted."
    )
    event_id: EventId | None = Field(
        default=None,
        description="Your own name of the event: sent again, it is not stored twice.",
        examples=["order-9:3"],
    )
    value: float | None = Field(
        default=None, validate_default=True, allow_inf_nan=False, description="The rating; `rating` needs it."
    )
    context: dict[ContextName, Annotated[str, Field(max_length=256), NoNul()]] = Field(
        default_factory=dict, max_length=16, description="Such as `request_id` of the answer that showed the item."
    )

    @field_validator("at")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value and value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("must lie within the years 1 to 9999 in UTC") from error

    @field_validator("value")
    @classmethod
    def _rated(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is None and info.data.get("kind") == "rating":
            raise ValueError("a rating needs a value")
        return value


class SentEvent(FeedbackEvent):
    """What a user did with an item, and the answer that it follows."""

    request_id: Annotated[str, Field(min_length=1, max_length=64), NoNul()] | None = Field(
        default=None,
        description="`request_id` of the recommendation that showed the item: the event is attributed to it.",
    )


class EventBatch(Frozen):
    """A batch of events."""

    events: list[SentEvent] = Field(min_length=1, max_length=MAX_EVENTS, description="The events, 1 to 1,000.")
    tenant: TenantId = Field(default="default", description="Which shop.")


class EventsStored(Frozen):
    """What became of a batch."""

    received: int = Field(description="Events that were sent.")
    stored: int = Field(description="Events that were new; repeats are not stored twice.")
    unknown_items: int = Field(default=0, description="Events that name no item of the catalogue; they are kept.")
    attributed: int = Field(default=0, description="Events that follow an answer which showed their item.")
    notes: tuple[str, ...] = Field(default=(), description="What is to be said of them, in sentences.")


async def store_events(service: Service, sent: Sequence[SentEvent], tenant: str) -> EventsStored:
    """Store a batch.

    Raises:
        StoreError: the history cannot be written; to send the batch again is safe.
    """
    events = [_event(e) for e in sent]
    stored = await service.feedback(events, tenant=tenant)
    counted = Counter(e.item_id for e in events)
    known = {item.item_id for item in await service.items(list(counted), tenant=tenant)}
    follows = [(e.context[REQUEST_KEY], e.item_id) for e in events if REQUEST_KEY in e.context]
    shown = await service.shown(set(follows), tenant=tenant) if follows else set()
    attributed = sum(pair in shown for pair in follows)
    notes = unknown_items(counted, known)
    if attributed < len(follows):
        notes.append(
            f"{len(follows) - attributed} of {len(follows)} events with a request_id name an answer that is not in the log, or that "
            "did not show their item; they are kept, and count for no list"
        )
    strange = sum(count for item_id, count in counted.items() if item_id not in known)
    return EventsStored(
        received=len(events), stored=stored, unknown_items=strange, attributed=attributed, notes=tuple(notes)
    )


def _event(sent: SentEvent) -> Event:
    given = {name: value for name, value in sent if value is not None and name != "request_id"}
    if sent.request_id is not None:
        given["context"] = {**sent.context, REQUEST_KEY: sent.request_id}
    return Event(**given)
