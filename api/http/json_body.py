"""Read JSON bodies within bounds: how many values, how deep, and every form of brokenness the same 422."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

MAX_JSON_VALUES = 200_000
MAX_JSON_DEPTH = 32


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Values are counted by their separators before anything is parsed: the base64 of media holds none.

    Raises:
        json.JSONDecodeError: not JSON, not UTF-8, over ``MAX_JSON_VALUES`` values or over ``MAX_JSON_DEPTH`` deep.
    """
    if body.count(b"[") + body.count(b"{") + body.count(b",") > MAX_JSON_VALUES:
        raise json.JSONDecodeError(f"more than {MAX_JSON_VALUES:,} values", "", 0)
    try:
        value = json.loads(body)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise json.JSONDecodeError(f"nested more than {MAX_JSON_DEPTH} deep", "", 0) from error
    except ValueError as error:  # no UTF-8, or a number of thousands of digits
        raise json.JSONDecodeError("not UTF-8, or a number too long", "", 0) from error
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level := [
        inner
        for outer in level
        if isinstance(outer, dict | list)
        for inner in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        depth += 1
        if depth > MAX_JSON_DEPTH:
            raise json.JSONDecodeError(f"nested more than {MAX_JSON_DEPTH} deep", "", 0)


class BoundedRequest(Request):
    """A request whose JSON is read by ``parse_json``."""

    async def json(self) -> Any:
        """Return the body's value. Raises as ``parse_json``."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class BoundedRoute(APIRoute):
    """A route whose JSON body is read within bounds."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand FastAPI a ``BoundedRequest``."""
        answer = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await answer(BoundedRequest(request.scope, request.receive))

        return bounded
