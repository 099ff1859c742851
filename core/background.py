"""Stop what goes on in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def stop(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel the tasks and wait for their ends, whatever these are; None where there is none."""
    running: Iterable[asyncio.Future[Any]] = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
