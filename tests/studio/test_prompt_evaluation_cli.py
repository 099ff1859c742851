"""Check the commands that evaluate prompts and exchange them, against a stand-in for the recommender's models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.prompts import app
from tastemaker.core.settings import load_settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.shop.services import Services

RUN = CliRunner()


@pytest.fixture(autouse=True)
def _stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))

    monkeypatch.setattr(Services, "from_settings", staticmethod(constant_services))


def said(*arguments: str, status: int = 0) -> str:
    found = RUN.invoke(app, list(arguments))
    assert found.exit_code == status, found.output
    return found.output


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "small.jsonl"
    cases: list[dict[str, Any]] = [{"case_id": f"c{i}", "request": {"text": f"a boat {i}"}} for i in range(6)]
    cases[0]["expects"] = {"must": ["gone"]}
    path.write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    return str(path)


def test_a_run_prints_its_figures_and_fails_where_a_case_does(mine: str) -> None:
    report = json.loads(
        said("eval", "compose", "--cases", mine, "--k", "2", "--against", "r0", "--json", status=1).splitlines()[-1]
    )
    assert report["figures"]["metrics"]["pass_k"]["value"] == pytest.approx(5 / 6)
    timed = {"seconds"}  # another load of the machine is no noise
    assert {d["verdict"] for d in report["differences"] if d["metric"] not in timed} == {"within noise"}
    assert "gone must be in the list and is not" in said("eval", "compose", "--cases", mine, status=1)
    assert "there is no 'nothing'" in said("eval", "compose", "--cases", "nothing", status=2)


def test_sets_are_listed_stored_and_exchanged(mine: str, tmp_path: Path) -> None:
    assert "print-shop" in said("cases")
    assert "6 cases" in said("cases", "mine", "--add", mine)
    written = tmp_path / "promptfooconfig.yaml"
    said("export", "--cases", "mine", "--out", str(written))
    assert "back holds 6" in said("import", str(written), "--into", "back")
    assert said("cases", "back") == said("cases", "mine")
    said("cases", "mine", "--drop", "c1")
    assert "no stored case" in said("cases", "mine", "--drop", "c1", status=2)


def test_a_prompt_goes_to_langfuse_and_comes_back_as_a_draft(tmp_path: Path) -> None:
    written = tmp_path / "compose.json"
    written.write_text(said("export", "compose", "--format", "langfuse"), encoding="utf-8")
    assert json.loads(written.read_text())["labels"] == []
    assert said("import", str(written), "--format", "langfuse").strip() == "draft 1 of compose"
    written.write_text(json.dumps({"name": "other", "prompt": [{"role": "user", "content": "x"}]}), encoding="utf-8")
    assert "other is no prompt of this program" in said("import", str(written), "--format", "langfuse")
    assert "no prompt that can be exported" in said("export", "rules", status=2)


def test_a_search_needs_cases_to_hold_out(mine: str) -> None:
    assert "half can be held out" in said("optimise", "compose", "--cases", mine, status=2)
    assert "is no prompt" in said("optimise", "rules", status=2)
    assert load_settings().traces.enabled is False
    assert said("replay") == ""
