"""Check the count of seconds and memory over calls that are killed and gone on with."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tastemaker.models.recommender import time_and_memory as spent
from tastemaker.models.recommender.scorers.base import silent
from tastemaker.models.recommender.time_and_memory import Spent


class TestSpent:
    def test_what_a_killed_call_took_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "spent.json"
        call = Spent(path).on("a", silent)
        call.__enter__()
        time.sleep(0.06)
        assert not call.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert not json.loads(path.read_text())["parts"]["a"]["done"]
        again = Spent(path)
        with again.on("a", silent):
            time.sleep(0.06)
        found = json.loads(path.read_text())["parts"]["a"]
        assert found["done"]
        assert found["calls"] == again.report()["calls"] == 2
        assert 0.12 <= found["wall_s"] < 10

    def test_progress_writes_down_what_is_spent_so_far(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spent, "WRITE_EVERY_S", 0.0)
        said: list[float] = []
        path = tmp_path / "spent.json"
        with Spent(path).on("a", lambda _text, share: said.append(share)) as tell:
            time.sleep(0.05)
            tell("half", 0.5)
            in_between = json.loads(path.read_text())["parts"]["a"]
        assert said == [0.5]
        assert in_between["wall_s"] >= 0.05
        assert not in_between["done"]

    def test_a_part_that_was_done_is_counted_anew(self, tmp_path: Path) -> None:
        found = Spent(tmp_path / "spent.json")
        began = time.monotonic()
        for _ in range(3):
            with found.on("a", silent):
                time.sleep(0.06)
        whole = time.monotonic() - began
        assert found.report()["calls"] == 1
        assert found.report()["seconds"]["a"] <= whole - 0.06  # the first two took 0.12 s; seconds are rounded

    def test_pieces_of_a_part_are_added_up(self) -> None:
        found = Spent(None)
        for number in range(3):
            with found.on(f"a/{number}", silent):
                time.sleep(0.04)
        seconds = found.report()["seconds"]
        assert set(seconds) == {"a", "total"}
        assert seconds["total"] == seconds["a"] >= 0.1

    def test_a_part_of_unknown_seconds_is_named(self) -> None:
        found = Spent(None)
        with found.on("a", silent):
            pass
        found.kept("a")
        found.kept("b/0")
        assert found.report()["seconds_unknown_of"] == ["b"]

    def test_memory_of_earlier_calls_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "spent.json"
        path.write_text(json.dumps({"parts": {}, "peak_memory_mib": 1e9}))
        assert Spent(path).report()["peak_memory_mib"] == 1e9

    def test_a_damaged_file_starts_from_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "spent.json"
        path.write_text('{"parts": {"a": 3}}')
        assert Spent(path).report()["seconds"] == {"total": 0.0}
