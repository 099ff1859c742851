"""Run frozen cases of the print shop with the real model: killed half-way and gone on with, bad versions refused while answers are served."""

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
from tastemaker.core.errors import ReleaseBlockedError
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import CatalogueSettings, Settings
from tastemaker.graphs.evaluation.desk import EvaluationDesk
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.releases.desk import ReleaseDesk
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


@pytest.fixture
def shop(vllm_server: Settings, tmp_path: Path) -> Settings:
    """Stock the print shop for the real model."""
    home = tmp_path / "home"
    settings = vllm_server.model_copy(update={"home": home, "catalogue": CatalogueSettings(media_root=str(DATA))})
    events = DATA / "interactions.csv"
    asyncio.run(stock(settings, DATA / "catalogue.csv", media=DATA, interactions=events, rejects=home / "rejects"))
    return settings


def test_a_killed_run_goes_on_and_gives_the_figures_of_all_cases(shop: Settings, tmp_path: Path) -> None:
    home = shop.home
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


LONG = "Every one of them was looked at with care before it came to this place in the list for you today. "
BAD = {
    "compose": ("max_tokens: 150", "max_tokens: 8", "schema_valid"),
    "wording_en": ('"Here', f'"{LONG * 3} Here', "words"),
}
"""Name -> what is written otherwise, and the figure that the gate must refuse it for."""


async def tried(desk: EvaluationDesk, recommender: Recommender, name: str) -> tuple[list[str], list[RecommendResponse]]:
    """Evaluate a bad version as a server does; return what the gate says and what shoppers were answered meanwhile."""
    old, new, _ = BAD[name]
    body = desk.releases.shipped(name).body
    assert old in body
    made = await desk.releases.commit("default", name, body.replace(old, new), "ada", message="bad")
    await desk.releases.label("default", name, made.number, "candidate", "ada")
    await desk.releases.approve("default", name, made.number, "bob")
    await desk.start(recommender, "default", name, f"r{made.number}", case_set="some", k=1, by="ada")
    served = [await recommender.recommend(text="animals under 40 euros", n=5)]
    while desk._working:
        served.append(await recommender.recommend(text="animals under 40 euros", n=5))
    with pytest.raises(ReleaseBlockedError) as blocked:
        await desk.releases.rollout("default", name, made.number, 10, "bob")
    return list(blocked.value.reasons), served


async def test_a_version_that_breaks_the_form_or_doubles_the_length_is_refused_and_answers_stay_valid(
    shop: Settings,
) -> None:
    releases = ReleaseDesk.at(shop)
    desk = EvaluationDesk.at(shop, releases)
    words = [c for c in read_case_file(DATA / "cases" / "print-shop.jsonl").cases if not (c.before or c.request.images)]
    await desk.cases.put("default", "some", [c for c in words if c.expects.language != "zh"][:24], "ada")
    async with Recommender(shop) as recommender:
        for name, (_, _, figure) in BAD.items():
            reasons, served = await tried(desk, recommender, name)
            assert any(why.startswith(f"{figure} on 'some'") for why in reasons), reasons
            for answer in served:
                assert answer.versions == ()
                assert answer.items
                assert all(float(str(i.attributes["price"])) < 40 and i.reason for i in answer.items)
    await desk.close()
    await releases.close()
