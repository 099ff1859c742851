"""Run frozen cases of the print shop in a process of its own with the real model, kill it half-way, and go on with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tastemaker.api.demo
from tastemaker.api.stock import stock
from tastemaker.core.settings import CatalogueSettings, Settings
from tastemaker.stores.case_files import case_set, read_case_file, write_case_file

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(1200)]
DATA = Path(tastemaker.api.demo.__file__).parent / "data"
EVERY = 8
"""Of the bundled cases every so manieth is asked, so that every kind is among them."""


def command(home: Path, llm: str, cases: Path) -> tuple[list[str], dict[str, str]]:
    environ = {
        **os.environ,
        "TASTEMAKER_HOME": str(home),
        "TASTEMAKER_CATALOGUE__MEDIA_ROOT": str(DATA),
        "TASTEMAKER_LLM__BASE_URL": llm,
    }
    return [
        sys.executable,
        "-m",
        "tastemaker",
        "prompts",
        "eval",
        "compose",
        "--cases",
        str(cases),
        "--k",
        "2",
        "--json",
    ], environ


def answers(home: Path) -> int:
    try:
        with sqlite3.connect(f"file:{home / 'releases.db'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM evaluation_outcomes").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_a_killed_run_goes_on_and_gives_the_figures_of_all_cases(vllm_server: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shop = vllm_server.model_copy(update={"home": home, "catalogue": CatalogueSettings(media_root=str(DATA))})
    asyncio.run(
        stock(
            shop, DATA / "catalogue.csv", media=DATA, interactions=DATA / "interactions.csv", rejects=home / "rejects"
        )
    )
    bundled = read_case_file(DATA / "cases" / "print-shop.jsonl").cases[::EVERY]
    cases = tmp_path / "some.jsonl"
    cases.write_text(write_case_file(case_set("some", "", bundled)), encoding="utf-8")
    asked, environ = command(home, shop.llm.base_url, cases)
    first = subprocess.Popen(asked, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while first.poll() is None and answers(home) < len(bundled) // 2:
        time.sleep(0.2)
    assert first.poll() is None, "it ended before it could be killed"
    first.send_signal(signal.SIGKILL)
    first.wait()
    there = answers(home)
    done = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout.splitlines()[-1])
    assert 0 < there < report["run"]["total"] == 2 * len(bundled) == report["run"]["done"]
    assert answers(home) == report["run"]["total"]
    metrics = report["figures"]["metrics"]
    assert metrics["failed"]["value"] == 0.0
    assert metrics["schema_valid"]["value"] > 0.5, "the real model wrote"
    assert metrics["tokens"]["value"] > 0
