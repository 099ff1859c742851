"""Define the HTTP routes of the items that wait for a person's decision."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field

from ...core.schemas import Frozen, ItemId, Review, ReviewState, TenantId
from ..auth.caller import CallerOf
from .forget import Tenant
from .recommend import error_responses, service_of

MAX_AT_ONCE = 500


class Reviews(Frozen):
    """Items in one state of review."""

    reviews: tuple[Review, ...] = Field(description="The newest first.")


class Decision(Frozen):
    """What a person decided about items."""

    item_ids: list[ItemId] = Field(min_length=1, max_length=MAX_AT_ONCE, description="Catalogue ids, at most 500.")
    decision: Literal["accept", "reject"] = Field(
        description="accept offers the items again, reject keeps them out of answers."
    )
    tenant: TenantId = Field(default="default", description="Which shop.")


class Decided(Frozen):
    """Whom a decision met."""

    decided: tuple[ItemId, ...] = Field(description="Items that had a review.")
    unknown: tuple[ItemId, ...] = Field(default=(), description="Items without one.")


def add_review_routes(app: FastAPI) -> None:
    """Register the routes."""
    errors = error_responses(401, 403, 413, 422, 500, 503)
    app.get("/reviews", tags=["reviews"], summary="Items held for review", responses=errors)(reviews)
    app.post("/reviews", tags=["reviews"], summary="Accept or reject items", responses=errors)(decide)


async def reviews(
    request: Request,
    caller: CallerOf,
    state: Annotated[ReviewState, Query(description="Which reviews.")] = "waiting",
    tenant: Tenant = None,
) -> Reviews:
    """List items that a check found something about, with what it found; those waiting or rejected are in no answer."""
    return Reviews(reviews=await service_of(request).reviews(caller.tenant_of(tenant), state))


async def decide(request: Request, sent: Decision, caller: CallerOf) -> Decided:
    """Accept or reject items; a later decision replaces an earlier one. It acts within a second."""
    tenant = caller.tenant_of(sent.tenant if "tenant" in sent.model_fields_set else None)
    found = await service_of(request).decide_reviews(sent.item_ids, accept=sent.decision == "accept", tenant=tenant)
    known = set(found)
    return Decided(decided=tuple(found), unknown=tuple(i for i in sent.item_ids if i not in known))
