"""Measure, at an HTTP client, the time from sending a request to the first ranked items: text, photo, voice."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from ...api.demo.processes import environ, service
from ...core.errors import TastemakerError
from ...core.settings import Settings
from ..reporting.report import percentiles, report

TARGETS = {
    "text": {"p50_ms": 60, "p95_ms": 120},
    "text_photo": {"p50_ms": 150, "p95_ms": 300},
    "text_photo_voice": {"p50_ms": 1000, "p95_ms": 2000},
}
SUBJECTS = ("robots", "the sea", "a family", "war", "a dog", "space", "a detective", "music", "a wedding", "the desert")
MOODS = ("funny", "dark", "romantic", "slow", "thrilling", "warm", "strange", "epic", "quiet", "scary")
WARM_UP = 5
USERS = 943  # of MovieLens-100k


async def run(
    settings: Settings, photos: Sequence[Path], voices: Sequence[Path], n: int = 40, seed: int = 0
) -> dict[str, Any]:
    """Return p50 and p95 milliseconds for text, text + photo, and text + photo + voice, ``n`` requests each.

    Every request has another text and a fresh copy of the media, so that no embedding is remembered; ``seed`` draws users,
    subjects and media.
    """
    figures: dict[str, Any] = {}
    async with (
        service(settings.home, settings=environ(settings)) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60.0) as client,
    ):
        figures["llm"] = (await client.get("/ready")).json()["slots"]["llm"]["state"]
        for part, name in enumerate(TARGETS):
            rng = random.Random(f"{seed} {name}")  # noqa: S311  repeatability, not secrecy
            numbers = range(part * (n + WARM_UP), (part + 1) * (n + WARM_UP))
            bodies = [body(name, number, photos, voices, rng) for number in numbers]
            seconds = [await first_items(client, body) for body in bodies]
            figures[name] = percentiles(seconds[WARM_UP:])
    return report("first-item", figures, n=n, seed=seed, targets=TARGETS)


def body(name: str, number: int, photos: Sequence[Path], voices: Sequence[Path], rng: random.Random) -> dict[str, Any]:
    """Return the body of request ``number``: a text of its own, and the media that ``name`` says."""
    text = f"a {rng.choice(MOODS)} film about {rng.choice(SUBJECTS)} number {number}"
    asked: dict[str, Any] = {"user_id": str(rng.randint(1, USERS)), "text": text}
    if "photo" in name:
        asked["images"] = [_data(rng.choice(photos))]
    if "voice" in name:
        asked["audio"] = [_data(rng.choice(voices))]
    return asked


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
