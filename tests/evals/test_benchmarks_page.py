"""Check the page of benchmarks and its plots on small JSON objects of the forms that commands print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.bench import app
from tastemaker.api.cli.bench_options import write_kept
from tastemaker.core.errors import InvalidRequestError
from tastemaker.evals.reporting.figures import Figure, Group, groups_of, read_saved
from tastemaker.evals.reporting.page import MAX_TABLES, section, tables_of
from tastemaker.evals.reporting.plots import chosen

RANKING: dict[str, Any] = {
    "command": "tastemaker bench films --json",
    "date": "2026-11-24",
    "bench": "films",
    "hybrid": {"ndcg": {"value": 0.15, "low": 0.13, "high": 0.17}},
    "baselines": {
        "ease": {"ndcg": {"mean": 0.12, "low": 0.1, "high": 0.14}},
        "als": {"ndcg": {"value": 0.1, "low": 0.08, "high": 0.12}},
    },
    "note": "words",
    "fast": True,
    "training": {"seconds": 12.5},
    "targets": {"ndcg": ">= 0.14"},
    "n": 900,
    "seed": 0,
    "versions": {"python": "3.11"},
}
TIMES = {
    "bench": "times",
    "text": {"p50_ms": 5, "p95_ms": 9},
    "photo": {"p50_ms": 50, "p95_ms": 70},
    "n": 40,
    "targets": {},
}


def test_figures_of_the_same_measure_and_place_belong_together() -> None:
    groups = {group.title: group for group in groups_of(RANKING)}
    assert groups["baselines / ndcg"].figures == (Figure("ease", 0.12, 0.1, 0.14), Figure("als", 0.1, 0.08, 0.12))
    assert groups["baselines / ndcg"].target == 0.14
    assert groups["seconds"].figures == (Figure("training", 12.5),)
    assert {group.measure for group in groups.values()} == {"ndcg", "seconds"}


def test_times_of_one_kind_are_compared() -> None:
    assert [[f.label for f in group.figures] for group in groups_of(TIMES)] == [["text", "photo"]] * 2


def test_panels_prefer_what_has_intervals() -> None:
    bare = Group((), "a", (Figure("x", 1), Figure("y", 2)))
    sure = Group((), "b", (Figure("x", 1, 0, 2), Figure("y", 2, 1, 3)))
    assert chosen([bare, sure]) == [sure]
    assert chosen([bare, Group((), "c", (Figure("z", 1),))]) == [bare]


def test_a_section_holds_the_command_and_the_main_figures_side_by_side() -> None:
    text = section("films", RANKING, "plots/films.svg")
    assert "`tastemaker bench films --json`, 2026-11-24" in text
    assert "| baselines | ndcg |" in text
    assert "| ease | 0.12 (0.1 to 0.14) |" in text
    assert "| hybrid | 0.15 (0.13 to 0.17) |" in text
    assert "n = 900, seed 0, all figures: [films.json](figures/films.json)" in text
    assert "Targets: ndcg >= 0.14." in text
    assert "| text | 5 | 9 |" in section("times", TIMES, None)


def test_a_long_benchmark_shows_what_has_intervals_and_keeps_the_rest_in_its_file() -> None:
    loose = {f"place{n}": {"a": {"m": n}, "b": {"m": n}} for n in range(10)}
    tables = tables_of(groups_of({"bench": "x", **loose, "sure": {"a": {"m": {"value": 1, "low": 0, "high": 2}}}}))
    assert len(tables) == MAX_TABLES
    assert tables[-1][0] == "sure"


def test_the_page_is_the_same_every_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for figures in (RANKING, TIMES):
        write_kept(tmp_path / "saved", figures)
    for out in ("a", "b"):
        done = CliRunner().invoke(app, ["report", str(tmp_path / "saved"), "--out", str(tmp_path / out)])
        assert done.exit_code == 0, done.output
    for name in ("benchmarks.md", "plots/films.svg", "plots/times.svg", "figures/times.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "![films](plots/films.svg)" in (tmp_path / "a" / "benchmarks.md").read_text()


def test_what_is_kept_says_how_it_came_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/__main__.py", "bench", "--save", "kept", "films", "--data", "a b"])
    kept = json.loads(write_kept(tmp_path, {"bench": "films", "n": 1}).read_text())
    assert kept["command"] == "tastemaker bench films --data 'a b'"
    assert len(kept["date"]) == 10
    assert read_saved(tmp_path)["films"]["n"] == 1


@pytest.mark.slow
def test_a_benchmark_is_kept_where_asked(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--save", str(tmp_path), "overhead", "--n", "1", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "overhead.json").read_text())["bench"] == "overhead"


@pytest.mark.parametrize("content", [None, "no json", "[1]", "{}"])
def test_a_wrong_folder_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    with pytest.raises(InvalidRequestError, match=str(tmp_path)):
        read_saved(tmp_path)
