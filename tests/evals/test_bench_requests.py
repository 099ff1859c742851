"""Requests with typed ground truth: the format, the project's own requests, and how an answer is judged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import Constraint
from tastemaker.evals.requests.cases import PARTS, Case, fits, load_cases, problems, satisfies
from tastemaker.evals.requests.catalogues import as_written, records_of
from tastemaker.evals.requests.judging import Answer, judge, names

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


ALL_CASES = [(part, case) for part in PARTS for case in load_cases(part=part)]


@pytest.mark.parametrize("catalogue", sorted({case.catalogue for _, case in ALL_CASES}))
def test_the_truth_of_every_request_holds_over_its_catalogue(catalogue: str) -> None:
    try:
        records = records_of(catalogue, DATA)
    except InvalidRequestError as absent:
        pytest.skip(str(absent))
    cases = [case for _, case in ALL_CASES if case.catalogue == catalogue]
    assert {case.texts: found for case in cases if (found := problems(case, records))} == {}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_asks_several_catalogues_in_several_languages(part: str) -> None:
    own = [case for name, case in ALL_CASES if name == part]
    assert len({case.catalogue for case in own}) >= 5
    assert {case.language for case in own} >= {"en", "zh", "de"}


def test_parts_share_no_request() -> None:
    said = [(case.catalogue, case.texts) for _, case in ALL_CASES]
    assert len(set(said)) == len(said)


def test_a_shop_is_sold_as_its_export_writes_it_and_judged_by_what_that_means() -> None:
    record = {"id": "1", "price": 1299, "written": {"price": "1.299,00 \u20ac"}}
    assert as_written(record) == {"id": "1", "price": "1.299,00 \u20ac"}
    assert satisfies(record, ("price", "<=", 1299))


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


SHOP: dict[str, dict[str, Any]] = {
    str(number): {
        "colour": ("red", "blue", "green")[number % 3],
        "price": 10 * number,
        "tags": ["a"] if number % 2 else ["b"],
    }
    for number in range(12)
}


def case(**truth: Any) -> Case:
    return Case.model_validate({"catalogue": "x", "text": "something", **truth})


def read(*conditions: tuple[str, Any, Any]) -> list[Constraint]:
    return [Constraint(field=field, op=op, value=value) for field, op, value in conditions]


@pytest.mark.parametrize(
    ("truth", "condition", "inverted"),
    [
        (("price", "<=", 30), ("price", ">=", 30.0), True),
        (("price", "<=", 30), ("price", "<", 20.0), False),
        (("colour", "!=", "red"), ("colour", "=", "red"), True),
        (("colour", "=", "red"), ("colour", "!=", "red"), True),
        (("colour", "=", "red"), ("colour", "=", "blue"), False),
        (("colour", "=", "red"), ("colour", "!=", "blue"), False),
        (("colour", "not-in", ["red", "blue"]), ("colour", "in", ["red", "blue"]), True),
        (("tags", "not-contains", "a"), ("tags", "contains", "a"), True),
        (("tags", "contains", "a"), ("tags", "not contains", "a"), True),
        (("tags", "contains", "a"), ("colour", "!=", "red"), False),
        (("colour", "contains", "re"), ("colour", "!=", "green"), True),
        (("price", "<=", 30), ("price", "=", 20.0), False),
    ],
)
def test_a_condition_read_the_wrong_way_round_is_inverted(truth: Any, condition: Any, inverted: bool) -> None:
    asked = case(all=[truth])
    shown = [i for i, record in SHOP.items() if fits(record, asked)][:5]
    assert judge(asked, Answer(shown, read(condition)), SHOP).inverted == inverted
    refusing = {"!=": "=", "not-in": "in", "not-contains": "contains"}
    if truth[1] in refusing:
        as_none = case(none=[(truth[0], refusing[truth[1]], truth[2])])
        assert judge(as_none, Answer(shown, read(condition)), SHOP).inverted == inverted


def test_both_ends_of_a_range_are_no_inversion() -> None:
    asked = case(all=[("price", ">=", 20), ("price", "<=", 50)])
    verdict = judge(asked, Answer(["2", "3", "4", "5"], read(("price", ">=", 20.0), ("price", "<=", 50.0))), SHOP)
    assert (verdict.obeyed, verdict.inverted, verdict.silent) == (True, 0, 0)


def test_a_range_that_is_wider_than_what_was_asked_is_no_inversion() -> None:
    both = read(("price", ">=", 0.0), ("price", "<=", 50.0))
    assert judge(case(all=[("price", "<=", 50)]), Answer(["1", "2", "3", "4", "5"], both), SHOP).inverted == 0


def test_a_list_of_only_what_was_refused_is_inverted_in_effect() -> None:
    assert judge(case(none=[("colour", "=", "red")]), Answer(["0", "3", "6"]), SHOP).inverted == 1
    assert judge(case(none=[("colour", "=", "red")]), Answer(["0", "3", "1"]), SHOP).inverted == 0


def test_what_is_broken_must_be_named_else_it_is_silent() -> None:
    asked = case(all=[("colour", "=", "red"), ("price", "<=", 30)], unmet=["size 43"])
    assert judge(asked, Answer(["0", "3", "9"]), SHOP).silent == 1, "only two fit, so the third is not looked at"
    assert judge(asked, Answer(["0", "9"]), SHOP).silent == 2
    assert judge(asked, Answer(["0", "9"], not_applied=["size 43"]), SHOP).silent == 1
    assert judge(asked, Answer(["0", "9"], not_applied=["in size 43", "cheap"]), SHOP).silent == 0


def test_order_is_part_of_obeying_and_equal_values_may_change_places() -> None:
    asked = case(all=[("tags", "contains", "a")], first=("colour", "asc"), k=4)
    fine = judge(asked, Answer(["7", "1", "5", "11"]), SHOP)
    assert (fine.obeyed, fine.silent) == (True, 0)
    wrong = judge(asked, Answer(["5", "1", "7", "11"]), SHOP)
    assert (wrong.obeyed, wrong.precision, wrong.silent) == (False, 1.0, 1)


def test_a_short_list_is_not_obeyed_and_an_empty_one_is_counted() -> None:
    asked = case(all=[("colour", "=", "red")])
    assert judge(asked, Answer(["0", "3"]), SHOP).precision == 0.5
    assert not judge(asked, Answer(["0", "3"]), SHOP).obeyed
    assert judge(asked, Answer([]), SHOP).empty


def test_where_nothing_fits_the_answer_must_be_empty_and_say_why() -> None:
    asked = Case(catalogue="x", text="red under 5,000", empty=True)
    assert judge(asked, Answer([], message="Nothing is below 5000."), SHOP).obeyed
    assert not judge(asked, Answer([], message="Nothing."), SHOP).obeyed
    assert judge(asked, Answer(["1"], message="red"), SHOP).silent == 1
    chinese = Case(catalogue="x", text="紫檀的摇椅", empty=True)
    assert judge(chinese, Answer([], message="没有商品符合：紫檀、摇椅。"), SHOP).obeyed
    assert not judge(chinese, Answer([], message="没有商品符合。"), SHOP).obeyed


def test_an_opening_that_leaves_out_what_is_not_applied_is_counted() -> None:
    asked = case(unmet=["size 43"], all=[("colour", "=", "red")])
    quiet = Answer(["0"], not_applied=["size 43"], message="Here are 10 items.")
    assert judge(asked, quiet, SHOP).unsaid
    assert not judge(asked, Answer(["0"], not_applied=["size 43"], message="Not applied: Size 43."), SHOP).unsaid


def test_where_two_readings_are_right_either_is_obeyed() -> None:
    asked = case(all=[("price", "=", 20)], also=[{"all": [("price", ">=", 20)], "none": [("colour", "=", "red")]}])
    assert judge(asked, Answer(["2"]), SHOP).obeyed
    assert judge(asked, Answer(["4", "5", "7", "8", "10"]), SHOP).obeyed
    assert not judge(asked, Answer(["4", "5", "6", "7", "8"]), SHOP).obeyed
    assert problems(case(all=[("price", "=", 20)], also=[{"all": [("size", "=", 1)]}]), SHOP) == ["no field size"]


def test_a_wish_is_named_by_half_of_its_words() -> None:
    assert names(["leather seats"], "red leather seats")
    assert names(["今天能送到的"], "今天能送到")
    assert names(["明天", "送到"], "明天能送到")
    assert not names(["明天"], "后天中午能送到")
    assert not names(["the"], "the size")
