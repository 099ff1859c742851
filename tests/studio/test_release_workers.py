"""Real processes: from an edit to live, back within seconds, who is served a trial, and what a killed server remembers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..ports import free_port

pytestmark = pytest.mark.slow
LIVE_S, BACK_S = 60.0, 5.0
IN_A_ROW = 20
"""So many answers on connections of their own reach both workers."""
USERS, HALF = 1_000, 50.0


@contextmanager
def serving(home: Path, workers: int = 2) -> Iterator[Callable[..., Any]]:
    """Serve with some workers, give what asks them, and kill all of them at once at the end."""
    base = f"http://127.0.0.1:{free_port()}"
    environ = os.environ | {"TASTEMAKER_HOME": str(home)}
    command = [
        sys.executable,
        "-m",
        "tastemaker",
        "serve",
        "--workers",
        str(workers),
        "--port",
        base.rpartition(":")[2],
    ]
    anew = httpx.Limits(max_keepalive_connections=0)
    with (
        subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as server,
        httpx.Client(base_url=base, timeout=60, limits=anew, trust_env=False) as client,
    ):

        def ask(method: str, path: str, by: str = "ada", **body: Any) -> Any:
            answer = client.request(method, path, json=body or None, headers={"X-Acting-As": by})
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


def warmer(ask: Callable[..., Any]) -> int:
    """Make a version of the phrases that may be served, and return its number."""
    body = ask("GET", "/releases/wording_en/versions/0")["body"].replace('and = "and"', 'and = "plus"', 1)
    draft = ask("POST", "/releases/wording_en/drafts", body=body)["id"]
    number = int(ask("POST", "/releases/wording_en/versions", draft=draft, message="plus")["number"])
    ask("PUT", "/releases/wording_en/labels/candidate", number=number)
    for of in (0, number):
        ask("POST", "/releases/wording_en/evaluations", number=of, case_set="ours", cases=40, metrics={"words": 30})
    ask("POST", f"/releases/wording_en/versions/{number}/approve", by="bob", text="fine")
    return number


def seconds_until(ask: Callable[..., Any], number: int | None, percent: float = 100) -> float:
    """Return how long it takes until every worker serves a version of the phrases, or a trial of it; None: what ships."""
    start, agreeing, since = time.monotonic(), 0, time.monotonic()
    while agreeing < IN_A_ROW:
        asked = time.monotonic()
        versions = ask("POST", "/recommend", n=1, words=False)["versions"]
        found = next((v for v in versions if v["name"] == "wording_en"), None)
        wanted = found is None if number is None else found is not None and (percent < 100 or found["number"] == number)
        since = since if agreeing else asked
        agreeing = agreeing + 1 if wanted else 0
        assert time.monotonic() - start < LIVE_S
    return since - start


def test_from_an_edit_to_live_and_back_over_two_workers_and_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as ask:
        seconds_until(ask, None)
        began = time.monotonic()
        number = warmer(ask)
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


def served(ask: Callable[..., Any]) -> dict[str, tuple[int, str | None]]:
    """Return which version of the phrases and which arm each of a thousand users is served."""

    def one(user: str) -> tuple[int, str | None]:
        versions = ask("POST", "/recommend", user_id=user, n=1, words=False)["versions"]
        return next(((v["number"], v["arm"]) for v in versions if v["name"] == "wording_en"), (0, None))

    users = [f"shopper-{n}" for n in range(USERS)]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(users, pool.map(one, users), strict=True))


@pytest.mark.timeout(600)
def test_two_processes_serve_everybody_the_same_and_do_so_after_they_were_killed(tmp_path: Path) -> None:
    with serving(tmp_path, 1) as one, serving(tmp_path, 1) as other:
        number = warmer(one)
        salt = one("POST", "/releases/wording_en/rollout", by="bob", number=number, percent=HALF)["salt"]
        for ask in (one, other):
            assert seconds_until(ask, number, percent=HALF) < BACK_S
        first = served(one)
        assert served(other) == first
    arms = [arm for _, arm in first.values()]
    share = 100 * arms.count("candidate") / USERS
    assert set(first.values()) == {(number, "candidate"), (0, "control")}
    assert abs(share - HALF) < 5, "three standard deviations of a thousand fair draws are 4.7 %"
    with serving(tmp_path, 1) as again, serving(tmp_path, 1) as too:
        assert again("GET", "/releases/wording_en")["rollout"]["salt"] == salt
        assert served(again) == first
        assert served(too) == first
