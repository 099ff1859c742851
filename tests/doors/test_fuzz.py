"""Whatever is sent, the service answers as its page says: no failure inside, no hang, and no file or process is left behind.

``FUZZ_REQUESTS`` says how many requests, 300 without it; ``FUZZ_SEED`` which.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tastemaker.api.demo.processes import service

from ..fuzzing import Fuzzer
from ..test_end_to_end import stock

MANY = int(os.environ.get("FUZZ_REQUESTS", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
KEPT_OPEN = 22
"""Files of databases that pools may open once there is work: five connections to each of two, each with its log."""


def held(pid: int) -> list[str]:
    """Return the files that a process has open and its children; what stores keep is theirs to open and close."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    children = [Path(task, "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sorted(link for link in links if link.startswith("/")) + [child for found in children for child in found]


@pytest.mark.slow
@pytest.mark.timeout(MANY * 2 + 300)
async def test_no_request_breaks_the_service(tmp_path: Path) -> None:
    settings = await stock(tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = {
        "TASTEMAKER_CATALOGUE__MEDIA_ROOT": settings.catalogue.media_root,
        "TASTEMAKER_LLM__BASE_URL": settings.llm.base_url,
        "TMPDIR": str(temporary),
    }
    async with service(tmp_path, settings=environ) as running:
        fuzzer = await asyncio.to_thread(Fuzzer, running.url, SEED)
        await asyncio.to_thread(fuzzer.warm, tmp_path)
        before = held(running.pid)
        await asyncio.to_thread(fuzzer.all_kinds, MANY, tmp_path)
        found = fuzzer.found
        sys.stdout.write(
            f"\n{found.sent} requests, by status {dict(sorted(found.statuses.items()))}, slowest {found.slowest_s:.1f} s\n"
        )
        assert not found.faults, "\n\n".join(f"{title}\n{example}" for title, example in found.faults.items())
        assert (await asyncio.to_thread(fuzzer.client.get, "/live")).status_code == 200
        left = Counter(held(running.pid)) - Counter(before)
        sys.stdout.write(f"more held: {dict(left)}\n")
        fuzzer.close()
    assert found.sent >= MANY * 0.9
    assert list(temporary.iterdir()) == []
    databases = Counter({name: many for name, many in left.items() if ".db" in Path(name).name})
    assert left == databases, left - databases
    assert databases.total() <= KEPT_OPEN, databases
