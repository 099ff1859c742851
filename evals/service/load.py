"""Measure requests a second and their times over HTTP at several concurrencies, beside two floors, and goodput under overload.

The floors answer from one process of the same web framework: a constant of the size of the service's answers, and a LanceDB
search with a sort (``load_floors.py``). At overload requests are sent at twice the rate that was sustained, whatever comes back
(open loop), by clients that wait ``PATIENCE_S`` seconds; goodput counts the answers in time.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ...api.demo.processes import environ, free_port, service
from ...core.errors import BackEndUnavailable
from ...core.settings import Settings
from ..reporting.report import report

LEVELS = (1, 8, 32, 64, 128)
PATIENCE_S = 5.0
WARM_UP = 20
START_S = 60.0
REFUSED = 429
LATE, CUT = 0, -1
AFTER_REFUSAL_S = 0.5
OVERLOAD = 2.0
TARGETS = {"rps_per_core": 120, "share_of_lancedb": 0.5, "goodput_share": 0.9}
SUBJECTS = ("the sea", "boats", "a dog", "a cat", "food", "a train", "skateboards", "giraffes", "a street", "flowers")
MOODS = ("calm", "bright", "funny", "dark", "warm", "small", "old", "wild", "quiet", "blue")


@dataclass(frozen=True)
class Sent:
    """One request: its seconds, and its status; ``LATE`` where nothing came in time, ``CUT`` where the connection broke."""

    seconds: float
    status: int


class Connection:
    """A kept-alive HTTP/1.1 connection that costs little, so that the client is not what is measured."""

    def __init__(self, url: str) -> None:
        self._at = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer; a connection that the server closed meanwhile, as idle, is opened anew."""
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection(self._at.hostname, self._at.port)
        reader, writer = self._streams
        head = f"POST {path} HTTP/1.1\r\nHost: {self._at.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        answer = await reader.readexactly(length)
        if b"connection: close" in lines:
            self.close()
        return int(lines[0].split()[1]), answer

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def send(connection: Connection, path: str, body: bytes, patience_s: float) -> Sent:
    """Send one request and wait for at most ``patience_s`` seconds."""
    started, status = time.perf_counter(), LATE
    try:
        async with asyncio.timeout(patience_s):
            status, _ = await connection.post(path, body)
    except TimeoutError:
        connection.close()
    except (OSError, asyncio.IncompleteReadError, ValueError):
        connection.close()
        status = CUT
    return Sent(time.perf_counter() - started, status)


async def closed_loop(url: str, path: str, bodies: Iterator[bytes], at_once: int, seconds: float) -> list[Sent]:
    """Keep ``at_once`` clients for ``seconds`` seconds, each sending its next request when its last is answered.

    One that is refused waits ``AFTER_REFUSAL_S`` seconds, less than it is told to.
    """
    end, done = time.perf_counter() + seconds, []

    async def client() -> None:
        connection = Connection(url)
        while time.perf_counter() < end:
            done.append(await send(connection, path, next(bodies), 60.0))
            if done[-1].status == REFUSED:
                await asyncio.sleep(AFTER_REFUSAL_S)
        connection.close()

    await asyncio.gather(*(client() for _ in range(at_once)))
    return done


async def open_loop(url: str, path: str, bodies: Iterator[bytes], rate: float, seconds: float) -> list[Sent]:
    """Send ``rate`` requests a second, whatever comes back, each by a client of ``PATIENCE_S`` seconds' patience."""
    idle: list[Connection] = []

    async def client() -> Sent:
        connection = idle.pop() if idle else Connection(url)
        sent = await send(connection, path, next(bodies), PATIENCE_S)
        idle.append(connection)
        return sent

    started, tasks = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(client()))
    done = await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return list(done)


def summary(done: Sequence[Sent], seconds: float) -> dict[str, float]:
    """Return answers a second and, of those, p50, p95 and p99 in milliseconds; and the requests that got none."""
    good = [s.seconds * 1000 for s in done if s.status == 200]
    p50, p95, p99 = np.percentile(good, [50, 95, 99]) if good else (float("nan"),) * 3
    figures = {"rps": len(good) / seconds, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
    refused = sum(s.status == REFUSED for s in done)
    lost = len(done) - len(good) - refused
    return {**{name: round(float(value), 1) for name, value in figures.items()}, "refused": refused, "lost": lost}


def overload_summary(done: Sequence[Sent], rate: float, sustained: float, seconds: float) -> dict[str, float]:
    """Return goodput, its share of what was sustained, and what became of the other requests."""
    counts = Counter(s.status for s in done)
    return {
        "sent_rps": round(rate, 1),
        "goodput_rps": round(counts[200] / seconds, 1),
        "goodput_share": round(counts[200] / seconds / sustained, 3) if sustained else 0.0,
        "refused": counts[REFUSED],
        "timed_out": counts[LATE],
        "cut_off": counts[CUT],
        "other": sum(n for status, n in counts.items() if status not in (LATE, CUT, 200, REFUSED)),
        "p95_ms": summary(done, seconds)["p95_ms"],
    }


def bodies_for(seed: int) -> Iterator[bytes]:
    """Yield requests in words, each another text, without a language model."""
    rng = random.Random(seed)  # noqa: S311  repeatability, not secrecy
    for number in itertools.count():
        text = f"a {rng.choice(MOODS)} picture of {rng.choice(SUBJECTS)} number {number}"
        yield json.dumps({"text": text, "words": False}).encode()


async def run(settings: Settings, *, seconds: float, workers: int, seed: int = 0) -> dict[str, Any]:
    """Return the figures of the service over ``settings.home`` and of both floors, ``seconds`` at each concurrency."""
    figures: dict[str, Any] = {"workers": workers}
    bodies = bodies_for(seed)
    async with service(settings.home, settings=environ(settings), workers=workers) as running:
        size = await _warmed(running.url, bodies)
        figures["answer_bytes"] = size
        figures["service"] = await _levels(running.url, "/recommend", bodies, seconds)
        sustained = max(level["rps"] for level in figures["service"].values())
        rate = OVERLOAD * sustained
        done = await open_loop(running.url, "/recommend", bodies, rate, 2 * seconds)
        figures["overload"] = overload_summary(done, rate, sustained, 2 * seconds)
    async with floors(settings, size) as url:
        for name in ("constant", "lancedb"):
            figures[name] = await _levels(url, f"/{name}", bodies, seconds)
    lancedb = max(level["rps"] for level in figures["lancedb"].values())
    figures["rps_per_core"] = round(sustained / min(workers, os.cpu_count() or 1), 1)
    figures["share_of_lancedb"] = round(sustained / lancedb, 3) if lancedb else 0.0
    return report("load", figures, n=int(seconds), seed=seed, targets=TARGETS)


async def _warmed(url: str, bodies: Iterator[bytes]) -> int:
    connection = Connection(url)
    sizes = [len((await connection.post("/recommend", next(bodies)))[1]) for _ in range(WARM_UP)]
    connection.close()
    return max(sizes)


async def _levels(url: str, path: str, bodies: Iterator[bytes], seconds: float) -> dict[str, dict[str, float]]:
    return {str(n): summary(await closed_loop(url, path, bodies, n, seconds), seconds) for n in LEVELS}


@asynccontextmanager
async def floors(settings: Settings, size: int) -> AsyncIterator[str]:
    """Serve both floors in a process of its own, with the same server, and yield its address.

    Raises:
        BackEndUnavailable: it did not start.
    """
    port = free_port("127.0.0.1")
    app = "tastemaker.evals.service.load_floors:create_floors"
    command = ["-m", "uvicorn", "--factory", app, "--port", str(port), "--no-access-log", "--log-level", "error"]
    env = {**environ(settings), "FLOOR_URI": settings.catalogue_uri, "FLOOR_BYTES": str(size)}
    process = await asyncio.create_subprocess_exec(sys.executable, *command, env=env)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    try:
        while (await send(Connection(url), "/lancedb", b"{}", 5.0)).status != 200:
            if process.returncode is not None or time.monotonic() > end:
                raise BackEndUnavailable("the floors did not start", back_end="floors")
            await asyncio.sleep(0.2)
        yield url
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
