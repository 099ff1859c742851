"""Hold the service at twice the rate it sustains for minutes; then open many streams at once, with room for all to wait.

Requests come by the clock, whatever comes back (open loop). Refusals (429) are right; anything else that is no answer is lost.
Memory is what the service's processes hold, read each ``SAMPLE_S`` seconds; its growth counts from the end of the first tenth.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from ...api.demo.processes import environ, service
from ...core.settings import Settings
from ..reporting.report import report
from .load import OVERLOAD, REFUSED, bodies_for, closed_loop, open_loop, overload_summary, summary

PROBE_S = 10.0
AT_ONCE = (8, 32)
"""Concurrencies at which the rate that is sustained is looked for."""
SAMPLE_S = 5.0
STREAMS = 200
ROOM = {"TASTEMAKER_SERVE__MAX_WAITING": str(STREAMS), "TASTEMAKER_SERVE__MAX_WAIT_S": "60"}
LAST_EVENT = "event: done"
TARGETS = {
    "overload.timed_out": 0,
    "overload.cut_off": 0,
    "overload.other": 0,
    "memory_growth": 0.05,
    "p95_ratio": 2.0,
    "streams.cut_off": 0,
    "streams.refused": 0,
    "streams.other": 0,
}


async def run(settings: Settings, *, seconds: float, seed: int = 0, probe_s: float = PROBE_S) -> dict[str, Any]:
    """Return the figures of ``seconds`` seconds at twice the sustained rate, and of ``STREAMS`` streams after it."""
    bodies = bodies_for(seed)
    figures: dict[str, Any] = {"machine_load": [round(os.getloadavg()[0], 2)]}
    async with service(settings.home, settings=environ(settings)) as running:
        await closed_loop(running.url, "/recommend", bodies, 1, probe_s / 2)
        alone = summary(await closed_loop(running.url, "/recommend", bodies, 1, probe_s), probe_s)
        levels = [
            summary(await closed_loop(running.url, "/recommend", bodies, n, probe_s), probe_s)["rps"] for n in AT_ONCE
        ]
        sustained = max(levels)
        watch = asyncio.create_task(memory_of(running.pid, seconds))
        done = await open_loop(running.url, "/recommend", bodies, OVERLOAD * sustained, seconds)
        figures["memory_mb"] = await watch
        figures["unloaded"], figures["sustained_rps"] = alone, sustained
        figures["overload"] = overload_summary(done, OVERLOAD * sustained, sustained, seconds)
        figures["machine_load"].append(round(os.getloadavg()[0], 2))
    roomy = {**environ(settings), **ROOM}
    async with service(settings.home, settings=roomy) as running:
        figures["streams"] = await streams(running.url, STREAMS)
    figures["memory_growth"] = growth(figures["memory_mb"])
    figures["p95_ratio"] = round(figures["overload"]["p95_ms"] / alone["p95_ms"], 2)
    return report("soak", figures, n=len(done), seed=seed, targets=TARGETS)


async def memory_of(group: int, seconds: float) -> list[int]:
    """Return the resident memory of a process group in MiB, each ``SAMPLE_S`` seconds."""
    end, read = time.monotonic() + seconds, []
    while time.monotonic() < end:
        read.append(await asyncio.to_thread(resident_mb, group))
        await asyncio.sleep(min(SAMPLE_S, max(0.0, end - time.monotonic())))
    return read


def growth(memory_mb: Sequence[int]) -> float:
    """Return by what share memory grew at most after the first tenth of the time."""
    settled = memory_mb[len(memory_mb) // 10 :]
    return round(max(settled) / settled[0] - 1, 4)


def resident_mb(group: int) -> int:
    """Return the sum of the resident memory, in MiB, of the processes of a group; 0 where ``/proc`` is not there."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int((status.parent / "stat").read_text().rsplit(")", 1)[1].split()[2]) != group:
                continue
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        except (OSError, ValueError, IndexError):
            continue
        total += int(found.group(1)) if found else 0
    return total // 1024


async def streams(url: str, many: int) -> dict[str, Any]:
    """Open streams at the same time; return how many ran to their end, were refused, were cut off, or fared otherwise."""
    started = time.perf_counter()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=60.0, limits=limits) as client:
        ends = Counter(await asyncio.gather(*(_streamed(client, number) for number in range(many))))
    known = {name: ends.pop(name, 0) for name in ("whole", "refused", "cut_off")}
    return {"at_once": many, **known, "other": sum(ends.values()), "seconds": round(time.perf_counter() - started, 2)}


async def _streamed(client: httpx.AsyncClient, number: int) -> str:
    body = {"text": f"a calm picture of the sea number {number}", "words": False}
    try:
        async with client.stream("POST", "/recommend/stream", json=body) as answer:
            if answer.status_code != httpx.codes.OK:
                return "refused" if answer.status_code == REFUSED else str(answer.status_code)
            lines = [line async for line in answer.aiter_lines()]
    except httpx.HTTPError:
        return "cut_off"
    return "whole" if LAST_EVENT in lines else "cut_off"
