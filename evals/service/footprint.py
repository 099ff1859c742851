"""Measure the whole service without a language model: peak memory with every sense in use, and many photo requests at once."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from ...api.demo.processes import NOBODY, environ, service
from ...core.settings import Settings
from ..reporting.report import percentiles, report
from .first_item import body

TARGETS = {"peak_memory_mb": 2560, "photos.errors": 0}
AT_ONCE = 32
WARM_UP = 2
TIMEOUT_S = 300.0


async def run(
    settings: Settings, photos: Sequence[Path], voices: Sequence[Path], n: int = AT_ONCE, seed: int = 0
) -> dict[str, Any]:
    """Return peak resident memory in MiB and how ``n`` photo requests sent at once fared, over HTTP, no model server running.

    First every sense is used (text, photo, voice) one after another, then all photo requests are sent together. The peak is the
    kernel's high-water mark of the service's process and its children (``VmHWM``), read at the start, after the senses and at
    the end; it counts the pages of files that are mapped.
    """
    chosen = {**environ(settings), "TASTEMAKER_LLM__BASE_URL": NOBODY}
    rng = random.Random(seed)  # noqa: S311  repeatability, not secrecy
    figures: dict[str, Any] = {}
    async with (
        service(settings.home, settings=chosen) as running,
        httpx.AsyncClient(base_url=running.url, timeout=TIMEOUT_S, limits=httpx.Limits(max_connections=None)) as client,
    ):
        memory = {"at_start": peak_mb(running.pid)}
        for name in ("text", "text_photo", "text_photo_voice"):
            for number in range(WARM_UP):
                (await client.post("/recommend", json=body(name, number, photos, voices, rng))).raise_for_status()
        memory["senses"] = peak_mb(running.pid)
        bodies = [body("text_photo", WARM_UP + number, photos, voices, rng) for number in range(n)]
        figures["photos"] = await together(client, bodies)
        figures["peak_memory_mb"] = memory["photos_at_once"] = peak_mb(running.pid)
    return report("footprint", {**figures, "memory_mb": memory}, n=n, seed=seed, targets=TARGETS)


async def together(client: httpx.AsyncClient, bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return how many requests sent at the same time failed, came without items or lost a part other than the language model."""
    started = time.perf_counter()
    answers = await asyncio.gather(*(_timed(client, body) for body in bodies))
    wall = time.perf_counter() - started
    served = [(answer, seconds) for answer, seconds in answers if answer is not None]
    return {
        "at_once": len(bodies),
        "errors": len(bodies) - len(served),
        "without_items": sum(not answer["items"] for answer, _ in served),
        "parts_lost": sorted({d["what"] for answer, _ in served for d in answer["degraded"]} - {"llm"}),
        "seconds": round(wall, 3),
        "latency": percentiles([seconds for _, seconds in served]) if served else None,
    }


async def _timed(client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[dict[str, Any] | None, float]:
    started = time.perf_counter()
    try:
        answer = await client.post("/recommend", json=body)
    except httpx.HTTPError:
        return None, time.perf_counter() - started
    return (answer.json() if answer.is_success else None), time.perf_counter() - started


def peak_mb(group: int) -> int:
    """Return the sum of the peak resident memory, in MiB, of the processes of a group; 0 where ``/proc`` is not there."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int((status.parent / "stat").read_text().rsplit(")", 1)[1].split()[2]) != group:
                continue
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        except (OSError, ValueError, IndexError):
            continue
        total += int(found.group(1)) // 1024 if found else 0
    return total
