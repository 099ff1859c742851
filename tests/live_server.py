"""Run an application on a real socket of this machine, for tests that need one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

TICK_S = 0.005
GRACE_S = 0.3
"""Time for requests in progress when a test is over; after that they are cancelled."""


class PromptServer(uvicorn.Server):
    """uvicorn's server, which looks ten times a second whether it is to end and then waits a tenth of one: here at once."""

    async def main_loop(self) -> None:
        """Wait until the server is to end."""
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - uvicorn's flag
            await asyncio.sleep(TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, let those in progress end within ``GRACE_S``, then end the application."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(GRACE_S):
                while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:  # noqa: ASYNC110
                    await asyncio.sleep(TICK_S)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()


@asynccontextmanager
async def running(server: uvicorn.Server, sockets: list[socket.socket] | None = None) -> AsyncIterator[uvicorn.Server]:
    """Run a server until the block ends."""
    task = asyncio.create_task(server.serve(sockets))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server did not start")
            await asyncio.sleep(TICK_S)
        yield server
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve ``app`` on a free port and yield its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
    async with running(PromptServer(config)) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
