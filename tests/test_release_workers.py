"""Two real worker processes: from an edit to live, back within seconds, and what a killed server remembers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow
LIVE_S, BACK_S = 60.0, 5.0
IN_A_ROW = 20
"""So many answers on connections of their own reach both workers."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path) -> Iterator[Callable[..., Any]]:
    """Serve with two workers, give what asks them, and kill all of them at once at the end."""
    base = f"http://127.0.0.1:{free_port()}"
    environ = os.environ | {"TASTEMAKER_HOME": str(home)}
    command = [
        sys.executable,
        "-m",
        "tastemaker.api.cli.main",
        "serve",
        "--workers",
        "2",
        "--port",
        base.rpartition(":")[2],
    ]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:

        def ask(method: str, path: str, by: str = "ada", **body: Any) -> Any:
            answer = httpx.request(method, base + path, json=body or None, headers={"X-Acting-As": by}, timeout=60)
            assert answer.status_code == 200, answer.text
            return answer.json()

        try:
            for _ in range(300):
                try:
                    ask("GET", "/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield ask
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def seconds_until(ask: Callable[..., Any], number: int | None) -> float:
    """Return how long it takes until every worker serves a version of the phrases; None: what ships."""
    start, agreeing, since = time.monotonic(), 0, time.monotonic()
    while agreeing < IN_A_ROW:
        asked = time.monotonic()
        versions = ask("POST", "/recommend", n=1, words=False)["versions"]
        found = next((v["number"] for v in versions if v["name"] == "wording_en"), None)
        since = since if agreeing else asked
        agreeing = agreeing + 1 if found == number else 0
        assert time.monotonic() - start < LIVE_S
    return since - start


def test_from_an_edit_to_live_and_back_over_two_workers_and_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as ask:
        seconds_until(ask, None)
        began = time.monotonic()
        body = ask("GET", "/releases/wording_en/versions/0")["body"].replace('and = "and"', 'and = "plus"', 1)
        draft = ask("POST", "/releases/wording_en/drafts", body=body)["id"]
        number = ask("POST", "/releases/wording_en/versions", draft=draft, message="plus")["number"]
        ask("PUT", "/releases/wording_en/labels/candidate", number=number)
        ask("POST", f"/releases/wording_en/versions/{number}/approve", by="bob", text="fine")
        ask("POST", "/releases/wording_en/release", by="bob", number=number)
        live_s = time.monotonic() - began + seconds_until(ask, number)
        ask("POST", "/releases/wording_en/rollback", text="worse")
        back_s = seconds_until(ask, None)
        ask("POST", "/releases/wording_en/rollout", by="bob", number=number, percent=100)
        ask("POST", "/releases/wording_en/drafts", body="half")
        log = ask("GET", "/releases/audit")
    assert live_s < LIVE_S
    assert back_s < BACK_S
    with serving(tmp_path) as ask:
        assert ask("GET", "/releases/audit") == log
        assert ask("GET", "/releases/audit/check")["ok"]
        assert [d["body"] for d in ask("GET", "/releases/wording_en/drafts")] == ["half"]
        assert ask("GET", "/releases/wording_en")["rollout"]["percent"] == 100
        assert seconds_until(ask, number) < BACK_S
