"""Mount the recommender as LangServe routes: one door among several, on which nothing inside depends."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec

from fastapi import FastAPI

from .service import Service

PATH = "/langserve/recommend"
_ENDPOINTS = (
    "invoke",
    "batch",
    "stream",
    "stream_log",
    "stream_events",
    "playground",
    "input_schema",
    "output_schema",
    "config_schema",
)


def langserve_installed() -> bool:
    """Tell whether the ``langserve`` extra is there."""
    return find_spec("langserve") is not None and find_spec("sse_starlette") is not None


def add_langserve(app: FastAPI, recommender: Callable[[], Service]) -> bool:
    """Mount ``/invoke``, ``/batch``, ``/stream``, ``/playground`` and schemas; return False without the extra.

    Args:
        app: the application, whose error handlers also serve these routes.
        recommender: returns the recommender; called per request, so it may be opened after the routes are mounted.
    """
    if not langserve_installed():
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langserve import add_routes

        from .langserve_runnable import RecommendRunnable

        add_routes(app, RecommendRunnable(recommender), path=PATH, enabled_endpoints=_ENDPOINTS)
    return True
