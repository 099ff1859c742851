"""A shop's own words: shown with where each comes from, edited, checked, kept beside the catalogue through the next ingest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tastemaker.agents.understanding.reader import read
from tastemaker.api.cli.language import app
from tastemaker.core.errors import InvalidRequestError, StoreError
from tastemaker.core.language.own_words import OwnWords
from tastemaker.core.schemas import Item
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.catalogue.own_words_file import OwnWordsFile

from ..catalogue_fixture import axis

RUNNER = CliRunner()
LAMPS = [
    Item(item_id=f"l{n}", title=f"Lamp {n}", attributes={"kind": kind, "shade": shade, "watts": 5 + n})
    for n, (kind, shade) in enumerate([("Floor lamp", "Linen"), ("Sconce", "Glass"), ("Pendant", "Linen")])
]


async def _filled(folder: Path) -> LanceCatalogue:
    catalogue = await LanceCatalogue.open(str(folder))
    await catalogue.upsert([ItemRow(item, axis(1.0)) for item in LAMPS])
    return catalogue


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import asyncio

    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    monkeypatch.setenv("TASTEMAKER_CATALOGUE__URI", str(tmp_path / "catalogue"))
    asyncio.run(_filled(tmp_path / "catalogue"))
    return tmp_path / "catalogue"


def _shown(value: str) -> dict[str, str]:
    """Return word -> source of a value, as the command prints them."""
    result = RUNNER.invoke(app, ["show", "kind", "--json"])
    assert result.exit_code == 0, result.output
    values = {v["value"]: v["words"] for v in json.loads(result.stdout)["values"]}
    return {w["word"]: w["source"] for w in values[value]}


def test_words_are_added_shown_and_taken_away(shop: Path) -> None:
    added = RUNNER.invoke(app, ["edit", "kind", "--value", "sconce", "--add", "wall washer", "--add", "Wandfluter"])
    assert added.exit_code == 0, added.output
    assert _shown("Sconce")["wall washer"] == "own"
    assert RUNNER.invoke(app, ["edit", "kind", "--value", "Sconce", "--remove", "wall washer"]).exit_code == 0
    assert {w for w, source in _shown("Sconce").items() if source == "own"} == {"Wandfluter"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["edit", "colour", "--add", "hue"], "no field"),
        (["edit", "kind", "--value", "Chandelier", "--add", "lustre"], "no item"),
        (["edit", "kind", "--value", "Sconce", "--add", " "], "1 to 60"),
        (["edit", "kind", "--value", "Sconce", "--add", "x" * 61], "1 to 60"),
        (["edit", "kind", "--value", "Sconce", "--add", "without"], "refuses"),
        (["edit", "kind", "--value", "Sconce", "--remove", "never said"], "none of your words"),
        (["show", "colour"], "no field"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(shop: Path, arguments: list[str], named: str) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 2
    assert named in " ".join(result.stderr.split())
    assert not list(shop.glob("*.words.json"))


async def test_own_words_are_read_at_once_and_survive_the_next_ingest(tmp_path: Path) -> None:
    catalogue = await _filled(tmp_path)
    assert not read("a moonglow under 7 watts", await catalogue.language()).conditions[1:]
    words = OwnWords().changed("kind", "Pendant", ("moonglow",), ()).changed("watts", "", ("thirst",), ())
    catalogue.own_words.write(words)
    for seen in (catalogue, await _filled(tmp_path)):
        language = await seen.language()
        got = {(c.field, c.op, c.value) for c in read("a moonglow, thirst under 7", language).conditions}
        assert got == {("kind", "=", "Pendant"), ("watts", "<", 7.0)}
        refused = read("no moonglow please", language).conditions
        assert [(c.field, c.op, c.value) for c in refused] == [("kind", "!=", "Pendant")]


def test_too_many_words_are_refused() -> None:
    many = tuple(f"word {n}" for n in range(2001))
    with pytest.raises(InvalidRequestError, match="at most 2000"):
        OwnWords().changed("kind", "", many, ())


def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "items__default.words.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"words\.json"):
        OwnWordsFile(path).read()


def test_a_catalogue_in_an_object_store_keeps_none() -> None:
    assert OwnWordsFile(None).read() == OwnWords()
    with pytest.raises(StoreError, match="object store"):
        OwnWordsFile(None).write(OwnWords())
