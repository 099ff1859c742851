"""The commands that prepare things: setup and align."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tastemaker.api import aligning
from tastemaker.api.aligning import Aligned
from tastemaker.api.cli import main as cli
from tastemaker.api.cli.setup import _steps, prepare
from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.alignment.align import AlignReport, Recalls
from tastemaker.models.alignment.versions import Alignments


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache")


def names(settings: Settings, weights: list[str], *, llm: bool) -> list[str]:
    return [name for name, _ in _steps(settings, weights, None, llm)]


def test_the_steps_of_the_default_profile(settings: Settings) -> None:
    assert names(settings, ["whisper-base"], llm=True) == [
        "weights minilm",
        "weights efficientnet-lite0",
        "weights whisper-tiny",
        "weights smollm2-135m",
        "weights whisper-base",
        "weights multilingual-e5-small",
        "image-text model",
        "speech",
        "vLLM's environment",
        "language model vllm:smollm2-135m",
    ]


def test_without_a_language_model_of_our_own(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"llm": LLMSettings(base_url="http://127.0.0.1:9/v1")})
    expected = ["weights minilm", "weights efficientnet-lite0", "weights whisper-tiny", "weights multilingual-e5-small"]
    expected += ["image-text model", "speech"]
    assert names(settings, [], llm=False) == expected
    assert names(elsewhere, [], llm=True) == expected


def test_steps_run_in_order_until_one_fails(settings: Settings) -> None:
    ran: list[str] = []

    def good(say: Any) -> str:
        say("fetching")
        ran.append("good")
        return "done here"

    def bad(say: Any) -> str:
        raise BackEndUnavailable("no index")

    def never(say: Any) -> str:
        raise AssertionError("must not run")

    out = io.StringIO()
    with pytest.raises(BackEndUnavailable):
        prepare(settings, [("first", good), ("second", bad), ("third", never)], Console(file=out, width=100))
    assert ran == ["good"]
    assert "✓ first" in out.getvalue()
    assert "done here" in out.getvalue()
    assert "✗ second" in out.getvalue()
    assert "third" not in out.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
def test_align(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, as_json: bool
) -> None:
    seen: dict[str, Any] = {}
    recalls = Recalls(text_to_image=(0.1, 0.2, 0.3), image_to_text=(0.4, 0.5, 0.6))

    def align_to(settings: Settings, source: Path, **options: Any) -> Aligned:
        seen.update(source=source, **options)
        report = AlignReport(
            captions=1000, images=200, trained_on=150, validation=10, held_out=40, epoch=3, seed=7, seconds=1.5,
            before=None, after=recalls,
        )  # fmt: skip
        return Aligned(report=report, version="v1", in_use=True, skipped=2)

    monkeypatch.setattr(aligning, "align_to", align_to)
    (tmp_path / "items.csv").touch()
    line = ["tastemaker", "align", str(tmp_path / "items.csv"), "--epochs", "3", "--seed", "7", "--map", "title=name"]
    monkeypatch.setattr(sys, "argv", [*line, "--holdout", "0.2", *(["--json"] if as_json else [])])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert not stopped.value.code
    assert (seen["epochs"], seen["seed"], seen["holdout"], seen["choices"].mapping) == (3, 7, 0.2, {"title": "name"})
    printed = capsys.readouterr().out
    if as_json:
        assert json.loads(printed)["report"]["after"]["image_to_text"] == [0.4, 0.5, 0.6]
    else:
        assert "1,000 captions of 200 images" in printed
        assert "0.600" in printed
        assert "version v1 is in use" in printed


def test_versions_are_listed_chosen_and_taken_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    version = Alignments(tmp_path).publish({"fc1.bias": np.zeros(1, np.float32)}, {})

    def run(*options: str) -> tuple[int | str | None, str]:
        monkeypatch.setattr(sys, "argv", ["tastemaker", "align", *options])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code, capsys.readouterr().out

    assert json.loads(run("--versions", "--json")[1]) == {"current": version, "versions": ["packaged", version]}
    assert "* packaged" in run("--roll-back")[1]
    assert f"* {version}" in run("--use", version)[1]
    assert run("--use", "v9")[0] == 2
    assert run()[0] == 2
