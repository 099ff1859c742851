"""`tastemaker train` from the command line: list, card, roll back, refuse, and survive being killed at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.main import build_app
from tastemaker.stores.trained_versions import Artefacts

from .test_train_and_serve import stock, store_at

TRAIN = ("train", "--scorers", "popularity,user_knn,graph", "--force")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    asyncio.run(stock(folder))
    return folder


@pytest.fixture(autouse=True)
def _at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(home))
    monkeypatch.chdir(home)


def call(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(build_app(arguments), list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.slow
def test_train_list_card_and_roll_back(home: Path) -> None:
    code, out, err = call(*TRAIN, "--json")
    assert (code, json.loads(out)["switched"]) == (0, True)
    assert "validation" in err
    first = json.loads(out)["version"]
    second = json.loads(call(*TRAIN, "--json")[1])["version"]
    listed = json.loads(call("train", "--list", "--json")[1])
    assert [(row["version"], row["in_use"]) for row in listed] == [(first, False), (second, True)]
    assert json.loads(call("train", "--card", "--json")[1])["version"] == second
    assert first in call("train", first, "--card")[1]
    assert json.loads(call("train", "--rollback", "--json")[1]) == {"in_use": first}
    assert store_at(home).current() == first
    assert call("train", second, "--rollback")[0] == 0
    assert store_at(home).current() == second
    code, out, _ = call("train", "--incremental", "--json")
    assert (code, json.loads(out)["version"]) == (0, None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train", "--scorers", "magic"), "no scorer magic"),
        (("train", "--tenant", "nobody"), "tastemaker ingest"),
        (("train", "--tenant", "No Body"), "--tenant"),
        (("train", "--every", "soon"), "--every"),
        (("train", "20200101T000000-abcdef", "--rollback"), "there is no version"),
        (("train", "../../etc", "--card"), "version"),
    ],
)
def test_wrong_input_says_what_to_do(arguments: tuple[str, ...], told: str) -> None:
    code, _, err = call(*arguments)
    assert code in (1, 2)
    assert told in err


@pytest.mark.slow
def test_killed_at_any_moment_nothing_half_made_is_used(home: Path) -> None:
    store = store_at(home)
    for lines in (1, 4, 9, 14, 19, 24):
        before = store.current()
        killed_after(lines, home)
        now = store.current()
        assert now == before or now in store.versions()
        if now is not None:
            store.folder(now)
    code, out, _ = call(*TRAIN, "--json")
    assert code == 0
    version = json.loads(out)["version"]
    assert store.current() == version
    store.folder(version)
    assert not list(store.root.glob("half-*"))
    assert not store.work.exists()


def killed_after(lines: int, home: Path) -> None:
    """Start a training and kill it once it has told of ``lines`` steps, or let it end."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "tastemaker", *TRAIN],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TASTEMAKER_HOME": str(home)},
        cwd=root,
    )
    with process:
        assert process.stderr is not None
        for told, _ in enumerate(process.stderr, 1):
            if told >= lines:
                os.kill(process.pid, signal.SIGKILL)
                break


def test_a_half_written_version_is_never_listed(tmp_path: Path) -> None:
    store = Artefacts(tmp_path)
    version, folder = store.begin()
    (folder / "ensemble").mkdir()
    assert store.versions() == []
    folder.rename(tmp_path / version)
    assert store.versions() == []
