"""Measure, at an HTTP client, the time from sending a request to the first ranked items: text, photo, voice."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ..core.errors import TastemakerError
from ..core.settings import Settings
from ..demo.services import environ
from .report import percentiles, report

TARGETS = {
    "text": {"p50_ms": 60, "p95_ms": 120},
    "text_photo": {"p50_ms": 150, "p95_ms": 300},
    "text_photo_voice": {"p50_ms": 1000, "p95_ms": 2000},
}
SUBJECTS = ("robots", "the sea", "a family", "war", "a dog", "space", "a detective", "music", "a wedding", "the desert")
MOODS = ("funny", "dark", "romantic", "slow", "thrilling", "warm", "strange", "epic", "quiet", "scary")
WARM_UP = 5
READY_TIMEOUT_S = 120.0


class Service(NamedTuple):
    """A running ``tastemaker serve``; ``pid`` is also its process group."""

    url: str
    pid: int


@contextlib.asynccontextmanager
async def service(home: Path, *, settings: dict[str, str] | None = None) -> AsyncIterator[Service]:
    """Start ``tastemaker serve`` on a free port over ``home`` and yield it; stop it afterwards.

    Raises:
        TastemakerError: it is not ready in time.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, **(settings or {}), "TASTEMAKER_HOME": str(home)}
    command = [sys.executable, "-m", "tastemaker", "serve", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_ready(url, process)
        yield Service(url, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise TastemakerError(f"the service ended with status {process.returncode}; try `tastemaker serve`")
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/ready", timeout=30.0)).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    raise TastemakerError(f"the service was not ready within {READY_TIMEOUT_S:.0f} s")


async def run(
    settings: Settings, photos: Sequence[Path], voices: Sequence[Path], n: int = 40, seed: int = 0
) -> dict[str, Any]:
    """Return p50 and p95 milliseconds for text, text + photo, and text + photo + voice, ``n`` requests each.

    Every request has another text and a fresh copy of the media, so that no embedding is remembered.
    """
    figures: dict[str, Any] = {}
    async with (
        service(settings.home, settings=environ(settings)) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60.0) as client,
    ):
        figures["llm"] = (await client.get("/ready")).json()["slots"]["llm"]["state"]
        for name in TARGETS:
            bodies = [_body(name, number, photos, voices) for number in range(n + WARM_UP)]
            seconds = [await first_items(client, body) for body in bodies]
            figures[name] = percentiles(seconds[WARM_UP:])
    return report("first-item", figures, n=n, seed=seed, targets=TARGETS)


def _body(name: str, number: int, photos: Sequence[Path], voices: Sequence[Path]) -> dict[str, Any]:
    mood, subject = MOODS[number % len(MOODS)], SUBJECTS[(number // len(MOODS) + number) % len(SUBJECTS)]
    body: dict[str, Any] = {"user_id": str(1 + number), "text": f"a {mood} film about {subject} number {number}"}
    if "photo" in name:
        body["images"] = [_data(photos[number % len(photos)])]
    if "voice" in name:
        body["audio"] = [_data(voices[number % len(voices)])]
    return body


def _data(path: Path) -> dict[str, str]:
    return {"data": base64.b64encode(path.read_bytes()).decode()}


async def first_items(client: httpx.AsyncClient, body: dict[str, Any]) -> float:
    """Return the seconds until the ``items`` event; then hang up.

    Raises:
        TastemakerError: the stream ended without items.
    """
    started = time.perf_counter()
    async with client.stream("POST", "/recommend/stream", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("event:") and line.split(":", 1)[1].strip() == "items":
                return time.perf_counter() - started
    raise TastemakerError("the stream ended without items")
