"""Define the HTTP routes of events, of checking media against each other, and of the catalogue's fields."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request

from ...core.schemas import CatalogueSchema, RecommendRequest, TenantId
from ..auth.caller import CallerOf
from ..events import EventBatch, EventsStored, store_events
from ..media_check import MediaCheck, check_media
from ..service import refuse_paths
from .event_stream import until_disconnect
from .recommend import ASK_ERRORS, error_responses, service_of


def add_event_routes(app: FastAPI) -> None:
    """Register the routes."""
    errors = error_responses(401, 403, 413, 422, 500, 503)
    app.post("/events", tags=["feedback"], summary="Store a batch of events", responses=errors)(events)
    app.post("/check", tags=["recommend"], summary="Do photo, voice and words agree?", responses=ASK_ERRORS)(check)
    app.get("/catalogue", tags=["catalogue"], summary="The catalogue's fields", responses=errors)(catalogue)


async def events(request: Request, sent: EventBatch, caller: CallerOf) -> EventsStored:
    """Store what users did, each event once by its `event_id`; say what names no item, and which follow an answer that showed theirs.

    To send a batch again after a failure is safe.
    """
    tenant = caller.tenant_of(sent.tenant if "tenant" in sent.model_fields_set else None)
    return await store_events(service_of(request), sent.events, tenant)


async def check(request: Request, asked: RecommendRequest) -> MediaCheck:
    """Compare photo, voice and words with each other, and read Content Credentials. Nothing is recommended or kept."""
    return await until_disconnect(request, check_media(service_of(request), refuse_paths(asked)))


async def catalogue(
    request: Request, caller: CallerOf, tenant: Annotated[TenantId | None, Query(description="Which shop.")] = None
) -> CatalogueSchema:
    """Describe the fields that conditions can be about, with their values and bounds, and count the items."""
    return await service_of(request).catalogue(tenant=caller.tenant_of(tenant))
