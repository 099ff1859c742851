"""Measure the graph alone: every model and store is a constant, the checkpointer is the real SQLite one."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from ...core.schemas import RecommendRequest
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.report import percentiles, report
from ..stand_ins import constant_services

LEVELS = (1, 8, 32)
TARGETS = {"p95_ms at 1": 10.0}


async def run(n: int = 300) -> dict[str, Any]:
    """Return p50 and p95 milliseconds of whole requests at 1, 8 and 32 concurrent requests, ``n`` requests each."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        async with Recommender(settings, services=constant_services(settings)) as recommender:
            await _burst(recommender, 20, 1)
            for level in LEVELS:
                figures[f"concurrent_{level}"] = percentiles(await _burst(recommender, n, level))
    return report("overhead", figures, n=n, targets=TARGETS)


async def _burst(recommender: Recommender, n: int, level: int) -> list[float]:
    gate = asyncio.Semaphore(level)

    async def one() -> float:
        async with gate:
            started = time.perf_counter()
            await recommender.recommend(RecommendRequest(user_id="bench", text="a print under 100"))
            return time.perf_counter() - started

    return list(await asyncio.gather(*(one() for _ in range(n))))
