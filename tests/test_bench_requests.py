"""Requests with typed ground truth: the format, the project's own requests, and how an answer is judged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.evals.requests.cases import PARTS, Case, fits, load_cases, problems, satisfies
from tastemaker.evals.requests.catalogues import CATALOGUES, records_of

DATA = Path(os.environ.get("TASTEMAKER_DATA", "../shared/data"))


@pytest.mark.parametrize(
    ("predicate", "holds"),
    [
        (("price", "<=", 10), True),
        (("price", "<", 10), False),
        (("absent", "<", 10), False),
        (("absent", "!=", "x"), True),
        (("absent", "not-in", ["x"]), True),
        (("tags", "contains", "a"), True),
        (("tags", "contains", "A"), False),
        (("tags", "not-contains", "a"), False),
        (("tags", "overlaps", ["z", "b"]), True),
        (("tags", "in", ["z"]), False),
        (("name", "contains", "GREEN"), True),
        (("name", "in", ["green tea", "x"]), True),
        (("organic", "=", True), True),
    ],
)
def test_predicates_mean_what_the_format_says(predicate: Any, holds: bool) -> None:
    record = {"price": 10.0, "tags": ["a", "b"], "name": "green tea", "organic": True, "absent": None}
    assert satisfies(record, predicate) is holds


def test_any_needs_one_and_none_allows_none() -> None:
    case = Case(catalogue="x", text="x", any=(("a", "=", 1), ("b", "=", 1)), none=(("c", "=", 1),))
    assert fits({"a": 1}, case)
    assert fits({"b": 1, "c": 2}, case)
    assert not fits({"a": 1, "c": 1}, case)
    assert not fits({"c": 2}, case)


@pytest.mark.parametrize("catalogue", CATALOGUES)
@pytest.mark.parametrize("part", PARTS)
def test_the_truth_of_every_request_holds_over_its_catalogue(part: str, catalogue: str) -> None:
    try:
        records = records_of(catalogue, DATA)
    except InvalidRequestError as absent:
        pytest.skip(str(absent))
    cases = load_cases(part=part, catalogues=[catalogue])
    assert cases
    assert {case.texts: found for case in cases if (found := problems(case, records))} == {}


def test_parts_share_no_request() -> None:
    dev, held_out = ({(c.catalogue, c.texts) for c in load_cases(part=part)} for part in PARTS)
    assert not dev & held_out


def test_a_wrong_truth_is_found() -> None:
    records: dict[str, dict[str, Any]] = {"1": {"colour": "red"}, "2": {"colour": "blue"}}
    wrong: dict[str, dict[str, Any]] = {
        "no field size": {"all": [["size", "=", 1]]},
        "nothing fits": {"all": [["colour", "in", ["green"]]]},
        "everything fits": {"all": [["colour", "!=", "green"]]},
        "1 records fit, though nothing should": {"all": [["colour", "=", "red"]], "empty": True},
        "no truth": {},
    }
    for problem, truth in wrong.items():
        assert problems(Case.model_validate({"catalogue": "x", "text": "x", **truth}), records) == [problem]


def test_a_file_that_is_no_request_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "asks.jsonl"
    file.write_text('{"catalogue": "cars", "text": "a car", "all": [["make", "like", "Ford"]]}\n', encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=r"(?s)line 1.*unknown operator 'like'"):
        load_cases([file])
