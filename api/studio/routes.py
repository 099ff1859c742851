"""Put the studio's routes in order: the fixed addresses first, then those that begin with the name of what is released."""

from __future__ import annotations

from fastapi import FastAPI

from . import actions, evaluating, pages, trying


def add_studio(app: FastAPI) -> None:
    """Register the studio below ``/studio``."""
    for router in (evaluating.router, pages.router, trying.router, actions.router):
        app.router.routes.extend(router.routes)
