"""Define the HTTP routes of events and of the catalogue's fields."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request

from ...core.schemas import CatalogueSchema, TenantId
from ..auth.caller import CallerOf
from ..events import EventBatch, EventsStored, store_events
from .recommend import error_responses, service_of


def add_event_routes(app: FastAPI) -> None:
    """Register the routes."""
    errors = error_responses(401, 403, 413, 422, 500, 503)
    app.post("/events", tags=["feedback"], summary="Store a batch of events", responses=errors)(events)
    app.get("/catalogue", tags=["catalogue"], summary="The catalogue's fields", responses=errors)(catalogue)


async def events(request: Request, sent: EventBatch, caller: CallerOf) -> EventsStored:
    """Store what users did, each event once by its `event_id`; say what names no item, and which follow an answer that showed theirs.

    To send a batch again after a failure is safe.
    """
    tenant = caller.tenant_of(sent.tenant if "tenant" in sent.model_fields_set else None)
    return await store_events(service_of(request), sent.events, tenant)


async def catalogue(
    request: Request, caller: CallerOf, tenant: Annotated[TenantId | None, Query(description="Which shop.")] = None
) -> CatalogueSchema:
    """Describe the fields that conditions can be about, with their values and bounds, and count the items."""
    return (await service_of(request).language(tenant=caller.tenant_of(tenant))).schema
