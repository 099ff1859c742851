"""Mount the doors that need an extra: MCP and AG-UI; their libraries are imported at the first request to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ...core.settings import Settings
from ..service import Service

if TYPE_CHECKING:
    from ..mcp.server import McpOverHttp

ServiceOf = Callable[[], Service]


class McpDoor:
    """``/mcp``: opened at its first request, closed with the application."""

    def __init__(self, service: ServiceOf, settings: Settings) -> None:
        self._service, self._settings = service, settings
        self._open: McpOverHttp | None = None
        self._held: asyncio.Task[None] | None = None
        self._ready, self._ended = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        _needs("mcp", "mcp")
        if self._held is None or self._held.done():
            self._ready, self._ended = asyncio.Event(), asyncio.Event()
            self._held = asyncio.create_task(self._hold())
        await self._ready.wait()
        assert self._open is not None
        await self._open(scope, receive, send)

    async def close(self) -> None:
        """End every connection."""
        if self._held is not None:
            self._ended.set()
            with suppress(Exception):
                await asyncio.wait_for(self._held, 5)
            self._held = None

    async def _hold(self) -> None:
        await _imported("..mcp.server")
        from ..mcp.server import McpOverHttp

        self._open = McpOverHttp(self._service, self._settings)
        async with self._open.run():
            self._ready.set()
            await self._ended.wait()


def add_optional_doors(app: FastAPI, service: ServiceOf, settings: Settings) -> McpDoor:
    """Mount the doors; return what must be closed with the application."""
    door = McpDoor(service, settings)
    app.router.routes.append(Route("/mcp", door, methods=["GET", "POST", "DELETE"], include_in_schema=False))

    @app.post("/agui", include_in_schema=False)
    async def agui(request: Request) -> Response:
        _needs("ag_ui_langgraph", "agui")
        await _imported("..agui.door")
        from ..agui.door import answer

        return await answer(request, service())

    return door


async def _imported(module: str) -> None:
    """Import a door beside the loop, since its libraries take seconds."""
    await asyncio.to_thread(import_module, module, __package__)


def _needs(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise HTTPException(501, f"this door needs the extra: pip install 'tastemaker[{extra}]'")
