"""What the doctor finds: packages, slots, weights, data, and whether the embedded default can work."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rich.console import Console

from tastemaker.api.cli import main as cli
from tastemaker.api.cli.doctor import show
from tastemaker.api.doctor import packages
from tastemaker.api.doctor.diagnosis import Diagnosis, diagnose, needed_weights
from tastemaker.api.doctor.packages import Finding, look_at_packages
from tastemaker.core.settings import CatalogueSettings, HistorySettings, LLMSettings, ModelSettings, Settings
from tastemaker.models.weights.table import TABLE
from tastemaker.stores.trained_versions import Artefacts

from ..training.test_artefacts import card_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache")


def by_name(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


async def test_a_new_machine(settings: Settings) -> None:
    found = await diagnose(settings)
    assert found.works
    weights = by_name(found.weights)
    assert set(weights) == set(TABLE)
    assert {name for name, f in weights.items() if f.state == "missing"} == set(needed_weights(settings))
    assert weights["minilm"].fix == "tastemaker setup"
    assert weights["qwen2.5-coder-1.5b"].state == "optional"
    slots = by_name(found.slots)
    assert list(slots) == ["image_text", "captioner", "transcriber", "llm"]
    assert slots["image_text"].state == "missing"
    assert "minilm" in slots["image_text"].detail
    assert (slots["llm"].state, slots["llm"].fix) == ("optional", "tastemaker llm up")
    data = by_name(found.data)
    assert data["catalogue"].state == "missing"
    assert "tastemaker ingest" in data["catalogue"].fix
    assert not settings.home.exists()
    assert not settings.cache.exists()


def test_what_the_default_needs(settings: Settings) -> None:
    assert needed_weights(settings) == ["minilm", "efficientnet-lite0", "whisper-tiny", "smollm2-135m"]
    elsewhere = settings.model_copy(update={"llm": LLMSettings(base_url="http://127.0.0.1:9/v1")})
    assert "smollm2-135m" not in needed_weights(elsewhere)


async def test_a_slot_that_cannot_be(settings: Settings) -> None:
    wrong = settings.model_copy(update={"models": ModelSettings(transcriber="telepathy:1", image_text="nonsense")})
    slots = by_name((await diagnose(wrong)).slots)
    assert slots["transcriber"].state == "broken"
    assert "telepathy" in slots["transcriber"].detail
    assert (slots["image_text"].state, slots["image_text"].essential) == ("broken", True)


async def test_a_server_of_others_that_does_not_answer(settings: Settings) -> None:
    elsewhere = settings.model_copy(
        update={"llm": LLMSettings(base_url="http://127.0.0.1:9/v1", connect_timeout_s=0.2)}
    )
    llm = by_name((await diagnose(elsewhere)).slots)["llm"]
    assert (llm.state, llm.fix) == ("optional", "check TASTEMAKER_LLM__BASE_URL")


async def test_stores_are_counted(settings: Settings) -> None:
    from datetime import UTC, datetime

    from tastemaker.core.schemas import Event
    from tastemaker.stores.events.history import SqlHistory

    settings.home.mkdir(parents=True)
    history = await SqlHistory.open(settings.history_url, "default")
    await history.add([Event(user_id="ada", item_id="i", kind="click", at=datetime.now(UTC))])
    await history.close()
    found = by_name((await diagnose(settings)).data)["history"]
    assert found.state == "ok"
    assert "sqlite" in found.detail


async def test_no_password_is_shown(settings: Settings) -> None:
    wrong = settings.model_copy(
        update={
            "catalogue": CatalogueSettings(uri="nowhere://key:hunter2@bucket/x"),
            "history": HistorySettings(url="mysql+nothing://ada:hunter2@db/shop"),
            "llm": LLMSettings(base_url="http://u:hunter2@127.0.0.1:9/v1", connect_timeout_s=0.2),
        }
    )
    found = await diagnose(wrong)
    out = io.StringIO()
    show(found, Console(file=out, width=200))
    assert "hunter2" not in out.getvalue() + found.model_dump_json()
    assert by_name(found.data)["catalogue"].state == "broken"
    assert by_name(found.data)["history"].state == "broken"


def test_a_broken_catalogue_is_a_finding(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    Path(settings.catalogue_uri).write_text("not a folder")
    found = by_name(asyncio.run(diagnose(settings)).data)["catalogue"]
    assert found.state == "broken"


def test_packages_are_those_of_the_metadata() -> None:
    required, extras = look_at_packages()
    names = {finding.what for finding in required}
    assert names >= {"fastapi", "pydantic", "lancedb", "typer"}
    assert not names & {"langserve", "pytest", "asyncpg"}
    assert {finding.what for finding in extras} >= {"langserve", "train", "postgres"}
    assert all(finding.state == "ok" for finding in required)


def test_missing_and_old_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["no-such-package-here[x]>=2", "pydantic>=999", 'no-such-extra>=1; extra == "train"']
    monkeypatch.setattr(packages, "requires", lambda name: wanted)
    required, extras = look_at_packages()
    assert [(f.what, f.state) for f in required] == [("no-such-package-here", "missing"), ("pydantic", "broken")]
    assert required[0].fix.endswith("-m pip install 'no-such-package-here[x]>=2'")
    assert [(f.what, f.state) for f in extras] == [("train", "optional")]
    assert Requirement(extras[0].fix.split()[-1].strip("'")).name == "no-such-extra"


def _diagnosis(state: str) -> Diagnosis:
    finding = Finding.model_validate(
        {"what": "lancedb", "state": state, "fix": "pip install lancedb", "essential": True}
    )
    return Diagnosis(
        version="0", python="3", profile="embedded", home="h", cache="c", packages=(finding,), extras=(), slots=(),
        weights=(), machine=(), data=(),
    )  # fmt: skip


@pytest.mark.parametrize(("state", "works"), [("ok", True), ("missing", False), ("broken", False)])
def test_only_the_essential_counts(state: str, works: bool) -> None:
    found = _diagnosis(state)
    assert found.works is works
    out = io.StringIO()
    show(found, Console(file=out, width=100))
    assert ("pip install lancedb" in out.getvalue()) is not works
    assert ("cannot work" in out.getvalue()) is not works


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str]
) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASTEMAKER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["tastemaker", "doctor", *options])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert not stopped.value.code
    printed = capsys.readouterr().out
    if options:
        assert json.loads(printed)["profile"] == "embedded"
    else:
        assert "tastemaker setup" in printed


async def test_the_recommender_says_what_it_is(settings: Settings) -> None:
    untrained = by_name((await diagnose(settings)).data)["recommender"]
    assert (untrained.state, untrained.fix) == ("optional", "tastemaker train")
    store = Artefacts(settings.models_path("default"))
    version, folder = store.begin()
    (folder / "weights").write_text("1")
    store.publish(folder, card_of(version))
    store.switch(version)
    trained = by_name((await diagnose(settings)).data)["recommender"]
    assert trained.state == "ok"
    assert version in trained.detail
    (store.root / version / "weights").write_text("2")
    assert by_name((await diagnose(settings)).data)["recommender"].state == "broken"
