"""End what goes on in the background, and what holds files or connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from .protocols import HoldsConnections, HoldsFiles


async def stop(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel the tasks and wait for their ends, whatever these are; None where there is none."""
    running: Iterable[asyncio.Future[Any]] = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def close_each(*parts: object) -> None:
    """Close the parts that hold files or connections."""
    for part in parts:
        if isinstance(part, HoldsFiles):
            await part.close()
        elif isinstance(part, HoldsConnections):
            await part.aclose()
