"""Put the studio's routes in order: the fixed addresses first, then those that begin with the name of what is released."""

from __future__ import annotations

from fastapi import FastAPI

from . import actions, pages, trying


def add_studio(app: FastAPI) -> None:
    """Register the studio below ``/studio``."""
    for router in (pages.router, trying.router, actions.router):
        app.router.routes.extend(router.routes)
