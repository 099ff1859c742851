"""Define the HTTP routes that delete an item, and that show, forget and erase what is kept of a user."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path, Query, Request
from pydantic import Field

from ...core.schemas import Deleted, Erased, Frozen, ItemId, TenantId, UserData, UserId
from ..auth.caller import CallerOf
from .recommend import error_responses, service_of

Tenant = Annotated[TenantId | None, Query(description="Which shop; left out: the key's, or `default`.")]


class Forgotten(Frozen):
    """How much was forgotten."""

    forgotten: int = Field(description="Preferences that were remembered and are not any more.")


def add_forget_routes(app: FastAPI) -> None:
    """Register the routes."""
    errors = error_responses(422, 500, 503)
    app.delete("/items/{item_id:path}", tags=["catalogue"], summary="Delete an item", responses=errors)(delete_item)
    app.delete("/users/{user_id}/preferences", tags=["users"], summary="Forget remembered tastes", responses=errors)(
        forget_preferences
    )
    app.get("/users/{user_id}", tags=["users"], summary="All that is kept of a user", responses=errors)(export_user)
    app.delete("/users/{user_id}", tags=["users"], summary="Erase a user", responses=errors)(erase_user)


async def delete_item(
    request: Request,
    caller: CallerOf,
    item_id: Annotated[ItemId, Path(description="Catalogue id.", examples=["print-17"])],
    tenant: Tenant = None,
) -> Deleted:
    """Delete an item: its record, vectors, sound and description. Events of users with it stay; again is no error."""
    return await service_of(request).delete_items([item_id], tenant=caller.tenant_of(tenant))


async def forget_preferences(
    request: Request,
    caller: CallerOf,
    user_id: Annotated[UserId, Path(description="Who.", examples=["ada"])],
    field: Annotated[str | None, Query(max_length=64, description="Only what is about this field.")] = None,
    tenant: Tenant = None,
) -> Forgotten:
    """Forget the likes and dislikes that a user agreed to have remembered; events stay, and what a thread said stays in it."""
    return Forgotten(
        forgotten=await service_of(request).forget_preferences(user_id, tenant=caller.tenant_of(tenant), field=field)
    )


async def export_user(
    request: Request,
    caller: CallerOf,
    user_id: Annotated[UserId, Path(description="Who.", examples=["ada"])],
    tenant: Tenant = None,
) -> UserData:
    """Return everything that is kept of a user: events, preferences, lists shown, conversations."""
    return await service_of(request).export_user(user_id, tenant=caller.tenant_of(tenant))


async def erase_user(
    request: Request,
    caller: CallerOf,
    user_id: Annotated[UserId, Path(description="Who.", examples=["ada"])],
    tenant: Tenant = None,
) -> Erased:
    """Erase everything that is kept of a user, in every store and its files, and say how much that was; again is no error."""
    return await service_of(request).erase_user(user_id, tenant=caller.tenant_of(tenant))
