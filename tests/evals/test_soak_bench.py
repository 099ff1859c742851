"""The benchmark of long overload: memory that grows is seen, and streams that are refused or cut off are told from whole ones."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tastemaker.api.http.app import create_app
from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.settings import ServeSettings, Settings
from tastemaker.evals.service.soak import growth, memory_of, resident_mb, streams

from ..fake_service import FakeService
from ..live_server import serving


@pytest.mark.parametrize(
    ("memory", "share"),
    [
        ([100] * 20, 0.0),
        ([50, 80, 100, *[100] * 16, 112], 0.12),  # what grows before a tenth is over is warming up
        ([100, 100, 100, 107, *[90] * 16], 0.07),  # and the peak counts, not the end
    ],
)
def test_growth_is_that_of_the_peak_once_warm(memory: list[int], share: float) -> None:
    assert growth(memory) == share


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
async def test_memory_is_that_of_the_group_alone() -> None:
    command = [sys.executable, "-c", "held = b'x' * 60_000_000; print(len(held), flush=True); input()"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)  # noqa: ASYNC220
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        assert 57 <= resident_mb(child.pid) <= 90
        assert await memory_of(child.pid, 0.1) == [resident_mb(child.pid)]
        child.stdin.close()
    assert resident_mb(child.pid) == 0


@pytest.mark.parametrize(
    ("broken", "waiting", "wanted"),
    [
        (None, 20, {"whole": 12, "refused": 0, "cut_off": 0, "other": 0}),
        (None, 1, {"whole": 3, "refused": 9, "cut_off": 0, "other": 0}),
        (BackEndUnavailable("gone", back_end="catalogue"), 20, {"whole": 0, "refused": 0, "cut_off": 12, "other": 0}),
    ],
)
async def test_streams_are_told_apart(broken: Exception | None, waiting: int, wanted: dict[str, int]) -> None:
    service = FakeService(pause_s=0.02, error=broken, error_at=2)

    async def opened() -> FakeService:
        return service

    app = create_app(opened, Settings(serve=ServeSettings(max_active=2, max_waiting=waiting, max_wait_s=30)))
    async with serving(app) as url:
        found = await streams(url, 12)
    assert {name: found[name] for name in wanted} == wanted
