"""Define the HTTP route of the liveness check: it asks for a known item, so that a dead model does not look fast."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from fastapi import FastAPI, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from ...core.errors import TastemakerError
from ...core.redaction import public_reason
from ...core.schemas import Frozen
from .recommend import service_of

KEPT_S = 5.0
"""Seconds for which a result is given again: who asks often does not make work."""


class Live(Frozen):
    """Whether a known item is found."""

    status: Literal["alive", "ill"] = Field(description="`ill`: a known item is not found by its own title.")
    detail: str = Field(default="", description="What is wrong.")


class LiveCheck:
    """The last result, and the one check that is under way."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._at, self._problem = -KEPT_S, ""

    async def problem(self, request: Request) -> str:
        """Return what is wrong, asked at most every ``KEPT_S`` seconds."""
        async with self._lock:
            if time.monotonic() - self._at >= KEPT_S:
                try:
                    self._problem = await service_of(request).alive()
                except TastemakerError as error:
                    self._problem = public_reason(error, "search")
                self._at = time.monotonic()
            return self._problem


def add_live_route(app: FastAPI) -> None:
    """Register the route."""
    ill: dict[int | str, dict[str, object]] = {503: {"model": Live, "description": "A known item is not found."}}
    app.state.live = LiveCheck()
    app.get("/live", tags=["operations"], summary="Is a known item found?", response_model=Live, responses=ill)(live)


async def live(request: Request) -> Response:
    """Search for a known item by its title, through the model and the index; 503 if it is not found."""
    check: LiveCheck = request.app.state.live
    problem = await check.problem(request)
    body = Live(status="ill" if problem else "alive", detail=problem)
    return JSONResponse(body.model_dump(mode="json"), status_code=503 if problem else 200)
