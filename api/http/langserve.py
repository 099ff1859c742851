"""Mount the recommender as LangServe routes: one door among several, on which nothing inside depends."""

from __future__ import annotations

import json
import warnings
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import Any

from fastapi import Depends, FastAPI, Request
from pydantic import ValidationError
from starlette.routing import BaseRoute

from ...core.errors import InvalidRequestError
from ...core.schemas import RecommendRequest
from ...core.validation import invalid_request
from ..auth.guarded_service import GuardedService
from ..service import Service
from .json_body import BoundedRoute, parse_json

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

_asked: ContextVar[FastAPI] = ContextVar("the application that a request came to")


def langserve_installed() -> bool:
    """Tell whether the ``langserve`` extra is there."""
    return find_spec("langserve") is not None and find_spec("sse_starlette") is not None


def add_langserve(app: FastAPI) -> bool:
    """Mount ``invoke``, ``batch``, ``stream``, ``playground`` and schemas under PATH; return False without the extra.

    The recommender is ``app.state.recommender``, which may be opened after the routes are mounted.
    """
    if not langserve_installed():
        return False
    routes, tags = _same_routes()
    app.router.routes.extend(routes)
    app.openapi_tags = [*(app.openapi_tags or ()), *tags]
    return True


def _service() -> Service:
    """Return the recommender of the application that the request in progress came to, as its caller may use it."""
    service: GuardedService = _asked.get().state.recommender
    return service.bound()


@cache
def _same_routes() -> tuple[tuple[BaseRoute, ...], tuple[dict[str, Any], ...]]:
    """Return the routes that every application of this process has, and their tags: LangServe takes a tenth of a second to make them."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.route_class = BoundedRoute
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langserve import add_routes

        from .langserve_runnable import RecommendRunnable

        add_routes(
            app,
            RecommendRunnable(_service),
            path=PATH,
            enabled_endpoints=_ENDPOINTS,
            dependencies=[Depends(check_body)],
        )
    return tuple(app.router.routes), tuple(app.openapi_tags or ())


async def check_body(request: Request) -> None:
    """Note which application is asked, and refuse what LangServe would answer as an error of the server's: a body that is no text, a batch with a wrong input.

    Raises:
        InvalidRequestError: the first wrong field, such as ``inputs[0].n``.
    """
    _asked.set(request.app)
    if request.method != "POST":
        return
    try:
        body = parse_json(await request.body())
    except json.JSONDecodeError as error:
        raise InvalidRequestError("body", f"is not valid JSON: {error.msg}") from error
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # what a page may send to another site without asking it first
        raise InvalidRequestError("body", "must be sent as application/json")
    if not request.url.path.endswith("/batch") or not isinstance(body, dict):
        return
    inputs = body.get("inputs")
    if not isinstance(inputs, list):
        raise InvalidRequestError("inputs", "must be a list of requests")
    for number, value in enumerate(inputs):
        _check_input(number, value)


def _check_input(number: int, value: object) -> None:
    try:
        RecommendRequest.model_validate(value)
    except ValidationError as error:
        wrong = invalid_request(error, "")
        raise InvalidRequestError(f"inputs[{number}].{wrong.field}".rstrip("."), wrong.message) from error
