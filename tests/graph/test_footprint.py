"""Check the whole service in a process of its own: 32 photos at once over HTTP, and the memory it takes at its peak."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import httpx
import pytest

from tastemaker.api.demo.processes import NOBODY, service
from tastemaker.evals.service.first_item import body
from tastemaker.evals.service.footprint import AT_ONCE, TARGETS, TIMEOUT_S, peak_mb, together

from ..test_end_to_end import DATA, stock

PHOTOS = sorted((DATA / "request").glob("*.jpg"))
VOICES = sorted((DATA / "voice").glob("*.*"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_the_peak_memory_of_this_process_is_read() -> None:
    grown = bytearray(64 * 1024 * 1024)
    grown[::4096] = b"x" * len(grown[::4096])
    assert peak_mb(os.getpgrp()) >= 64
    assert peak_mb(sys.maxsize) == 0


@pytest.mark.slow
async def test_many_photos_at_once_are_all_served_within_the_memory(tmp_path: Path) -> None:
    rng = random.Random(0)
    await stock(tmp_path)
    environ = {
        "TASTEMAKER_SERVE__MAX_WAIT_S": "30",
        **os.environ,
        "TASTEMAKER_LLM__BASE_URL": NOBODY,
        "TASTEMAKER_CATALOGUE__MEDIA_ROOT": str(DATA),
    }
    async with (
        service(tmp_path, settings=environ) as running,
        httpx.AsyncClient(base_url=running.url, timeout=TIMEOUT_S) as client,
    ):
        heard = await client.post("/recommend", json=body("text_photo_voice", 0, PHOTOS, VOICES, rng))
        assert heard.is_success
        assert heard.json()["items"]
        found = await together(client, [body("text_photo", n, PHOTOS, VOICES, rng) for n in range(1, AT_ONCE + 1)])
        peak = peak_mb(running.pid)
    assert found["errors"] == found["without_items"] == 0
    assert 100 < peak < TARGETS["peak_memory_mb"]
