"""The judge of ``bench words`` finds what is wrong with a reason, and finds nothing wrong with a good one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.bench import app
from tastemaker.core.schemas import Constraint, Reason, Recommendation
from tastemaker.evals.words.judge import Faults, judge, repeats, summary
from tastemaker.evals.words.sentence_labels import SETS, measure

LIMIT = (Constraint(field="price", op="<=", value=40.0), Constraint(field="baseColour", op="!=", value="Blue"))
TEXTS = {"a": "Not waterproof. A boat lies on the shore.", "b": "A red boat.", "c": "A blue boat."}


def shown(item_id: str, reason: str = "") -> Recommendation:
    attributes = {
        "price": {"a": 28.0, "b": 30.0, "c": 35.0}[item_id],
        "baseColour": "Red" if item_id == "a" else "Blue",
        "year": 2012.0,
    }
    return Recommendation(
        item_id=item_id, rank=1, score=1, title=f"Print {item_id.upper()}", attributes=attributes, reason=Reason(text=reason, by="data")
    )  # fmt: skip


def faults(reason: str) -> Faults:
    items = [shown("a", reason), shown("b"), shown("c")]
    return judge(items[0], TEXTS, items, "a boat under 40 euros", LIMIT)


@pytest.mark.parametrize(
    "reason",
    [
        "At 28 it leaves 12 of your 40.",
        "It is the least expensive of these three, at 28.",
        "Of these three, only this one is red.",
        "In short: “A boat lies on the shore”.",
        "No blue here: it is red.",
        "这三款里它最便宜，售价28。",
    ],
)
def test_good_reasons_have_no_faults(reason: str) -> None:
    found = faults(reason)
    assert (found.false, found.leaks, found.empty) == ([], [], False)


@pytest.mark.parametrize(
    "reason",
    [
        "At 29 it leaves 12 of your 40.",
        "At 28 it leaves 11 of your 40.",
        "Among the four, the least expensive, at 28.",
        "It is the newest of these three, from 2012.",
        "Of these three, only this one is from 2012.",
        "In short: “Waterproof. A boat lies”.",
        "It is made of leather.",
        "No red here: it is red.",
        "这三款里它最新，出自2012年。",
    ],
)
def test_false_reasons_are_found(reason: str) -> None:
    assert faults(reason).false


@pytest.mark.parametrize(
    "reason", ["Its base colour is red, for 28.", "It has a baseColour of red.", "Its year is 2012."]
)
def test_names_of_fields_are_found(reason: str) -> None:
    assert faults(reason).leaks


@pytest.mark.parametrize(
    "reason", ["It is close to what you liked before.", "Close in meaning to what you typed.", "很受其他顾客欢迎。"]
)
def test_empty_reasons_are_found(reason: str) -> None:
    assert faults(reason).empty


def test_sentences_that_begin_alike_are_counted() -> None:
    one, two = faults("At 28 it leaves 12 of your 40."), faults("At 30 it leaves 10 of your 40. It is red.")
    assert repeats([[one, two], [one]]) == 1
    assert summary([[one, two]])["repeated_stem"] == 1


def test_the_labelled_sentences_are_three_hundred_over_eight_catalogues() -> None:
    found = [measure(name) for name in SETS]
    assert sum(f["true_sentences"] + f["false_sentences"] for f in found) >= 300
    assert [f["false_accepts"] for f in found] == [0, 0]


def test_the_command_says_what_it_does() -> None:
    assert "four catalogues" in CliRunner().invoke(app, ["words", "--help"]).output
