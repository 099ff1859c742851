"""Check frozen cases: their files, the judging of an answer, the figures, differences within noise, runs and their interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.evaluation.figures import differences, figures_of, noise_floor
from tastemaker.core.evaluation.judging import judge, language_of, length
from tastemaker.core.schemas import (
    Constraint,
    Degradation,
    Evidence,
    Reason,
    Recommendation,
    RecommendResponse,
    Route,
    Understanding,
    Usage,
)
from tastemaker.core.schemas.cases import Case, Outcome
from tastemaker.stores.case_files import digest_of, read_case_file, write_case_file

BUNDLED = Path(__file__).parents[2] / "api" / "demo" / "data" / "cases" / "print-shop.jsonl"


def answer(*prices: float, message: str = "Here are some prints.", **more: Any) -> RecommendResponse:
    """Return an answer whose items a, b, c ... have these prices; reasons cite a photo."""
    items = tuple(
        Recommendation(
            item_id=chr(97 + n), rank=n + 1, score=1.0, title=f"Print {n}", attributes={"price": price, "theme": ["sea"]},
            reason=Reason(text="It shows the sea.", by="model" if n == 0 else "data", evidence_ids=("caption-1",)),
        )
        for n, price in enumerate(prices)
    )  # fmt: skip
    read = Understanding(constraints=(Constraint(field="price", op="<=", value=40),), unparsed=("signed by hand",))
    given: dict[str, Any] = {
        "understanding": read,
        "evidence": (
            Evidence(evidence_id="caption-1", kind="caption", source="image-1", content="a sea", confidence=0.9),
        ),
        **more,
    }
    route = Route(name="direct", why="Default.", decided_by="rule")
    return RecommendResponse(
        request_id="r", thread_id="t", user="stranger", route=route, message=message, items=items, **given
    )


def case(**expects: Any) -> Case:
    return Case.model_validate({"case_id": "one", "request": {"text": "a sea print"}, "expects": expects})


@pytest.mark.parametrize(
    ("expects", "failure"),
    [
        ({"must": ["a"]}, ""),
        ({"must": ["z"]}, "z must be in the list and is not"),
        ({"must_not": ["b"]}, "b must not be in the list and is"),
        ({"may": ["a"]}, "b is in the list and is none of those that may be"),
        ({"may": ["a", "b"]}, ""),
        ({"holds": [{"field": "price", "op": "<=", "value": 20}]}, "b breaks price <= 20"),
        ({"holds": [{"field": "theme", "op": "contains", "value": "sea"}]}, ""),
        ({"reads": [{"field": "price", "op": "<=", "value": 40}]}, ""),
        ({"reads": [{"field": "price", "op": ">=", "value": 40}]}, "price >= 40 was not read"),
        ({"not_applied": ["signed"]}, ""),
        ({"not_applied": ["waterproof"]}, "'waterproof' is not named as not applied"),
        ({"says": ["the SEA"]}, ""),
        ({"says": ["mountain"]}, "the text does not say 'mountain'"),
        ({"never_says": ["Prints"]}, "the text says 'Prints', which it must not"),
        ({"language": "zh"}, "the text is in 'en', expected 'zh'"),
        ({"max_words": 3}, "the text has 12 words, at most 3 are expected"),
        ({"cites": ["caption"]}, ""),
        ({"cites": ["transcript"]}, "no reason rests on evidence of the kind 'transcript'"),
        ({"items": [0, 0]}, "2 items are listed, expected 0 to 0"),
    ],
)
def test_every_check_says_what_is_wrong(expects: dict[str, Any], failure: str) -> None:
    found = judge(case(**expects), 1, answer(10, 30), 0.5, compose_items=3)
    assert found.failures == ((failure,) if failure else ())
    assert found.passed is not bool(failure)


def test_the_scores_of_an_answer() -> None:
    kept = {"holds": [{"field": "price", "op": "<=", "value": 20}], "must": ["a", "z"]}
    asked: dict[str, Any] = {
        "usage": Usage(llm_calls=1, prompt_tokens=50, completion_tokens=7),
        "prompts": ("compose@1#ab",),
    }
    scores = judge(case(**kept), 1, answer(10, 30, **asked), 0.5, compose_items=3).scores
    assert scores["conditions_kept"] == 0.5
    assert scores["recall"] == 0.5
    assert 0 < scores["ndcg"] < 1
    assert (scores["schema_valid"], scores["grounded"], scores["tokens"]) == (1.0, 0.5, 57)
    broken = answer(10, **asked, degraded=(Degradation(what="llm", why="broke off"),))
    assert judge(case(), 1, broken, 0.5, compose_items=3).scores["schema_valid"] == 0.0
    assert "grounded" not in judge(case(), 1, answer(10), 0.5, compose_items=3).scores, "no model was asked"
    assert judge(case(), 1, answer(), 0.5, compose_items=3).scores["refusals"] == 1.0


@pytest.mark.parametrize(
    ("wanted", "used", "valid"), [("r3", "r3", 1.0), ("r3", "1", 0.0), ("d4", "r2", 0.0), ("r0", "1", 1.0)]
)
def test_a_version_that_another_had_to_stand_in_for_has_failed(wanted: str, used: str, valid: float) -> None:
    made = answer(10, usage=Usage(llm_calls=1), prompts=(f"compose@{used}#ab", "read@1#cd"))
    found = judge(case(), 1, made, 0.5, compose_items=3, versions={"compose": wanted})
    assert found.scores["schema_valid"] == valid
    assert found.passed is bool(valid)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Here is a print of the sea.", "en", 7),
        ("这是一张海边的照片。", "zh", 6),
        ("Das ist ein Bild mit der See.", "de", 7),
        ("", "en", 0),
    ],
)
def test_language_and_length(text: str, language: str, words: int) -> None:
    assert language_of(text) == language
    assert abs(length(text) - words) <= 1


def outcome(name: str, repetition: int, passed: bool, words: float = 10, **more: Any) -> Outcome:
    scores = {"passed": float(passed), "words": words, "seconds": 1.0}
    return Outcome(case_id=name, repetition=repetition, passed=passed, scores=scores, **more)


def test_a_case_that_passes_only_sometimes_does_not_count_for_pass_k() -> None:
    runs = [outcome("x", 1, True), outcome("x", 2, False), outcome("y", 1, True), outcome("y", 2, True)]
    found = figures_of([*runs, Outcome(case_id="z", repetition=1, error="down"), Outcome(case_id="z", repetition=2)])
    assert (found.cases, found.k) == (3, 2)
    assert found.metrics["pass_k"].value == pytest.approx(1 / 3)
    assert found.metrics["pass_1"].value == pytest.approx(1.5 / 3)
    assert found.metrics["failed"].value == pytest.approx(0.5 / 3)
    assert found.plain["latency_s"] == 1.0
    assert figures_of([]).cases == 0


def test_a_difference_within_the_noise_is_called_that() -> None:
    names = [f"c{n}" for n in range(30)]
    shaky = [outcome(c, r, True, words=10 + 4 * ((n + r) % 3)) for n, c in enumerate(names) for r in (1, 2, 3)]
    again = [outcome(c, r, True, words=10 + 4 * ((n + r + 1) % 3)) for n, c in enumerate(names) for r in (1, 2)]
    longer = [outcome(c, r, r != 2, words=40 + 4 * ((n + r) % 3)) for n, c in enumerate(names) for r in (1, 2, 3)]
    same = {d.metric: d for d in differences(shaky, again)}
    assert same["words"].verdict == "within noise"
    assert same["words"].noise > 0
    found = {d.metric: d for d in differences(shaky, longer)}
    assert found["words"].verdict == "different", "longer is neither better nor worse"
    assert found["passed"].verdict == "worse"
    assert found["words"].low <= found["words"].difference <= found["words"].high
    assert {d.verdict for d in differences(shaky[:9], longer[:9])} == {"within noise"}, "three cases prove nothing"
    assert noise_floor([[1.0], [2.0]]) == 0.0, "with one run of each case it cannot be known"


def test_the_bundled_set_is_in_order_and_its_media_exist() -> None:
    found = read_case_file(BUNDLED)
    assert len(found.cases) >= 100
    media = [m for c in found.cases for m in (*c.request.images, *c.request.audio)]
    assert media
    assert all(m.path and Path(m.path).is_file() for m in media)
    assert {"photo", "voice", "chinese", "refusal", "hostile", "follow-up"} <= {t for c in found.cases for t in c.tags}


def test_a_set_that_is_written_is_read_back(tmp_path: Path) -> None:
    found = read_case_file(BUNDLED)
    copy = tmp_path / "print-shop.jsonl"
    copy.write_text(write_case_file(found), encoding="utf-8")
    assert read_case_file(copy) == found
    assert digest_of(found.cases[1:]) != found.digest


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not a JSON object"),
        (json.dumps({"case_id": "a b", "request": {}}), "line 2: .*case_id"),
        (json.dumps({"case_id": "a", "request": {"thread_id": "t"}}), "leave out thread_id"),
        (json.dumps({"case_id": "first", "request": {}}), "two cases"),
        (json.dumps({"case_id": "a", "request": {}, "expects": {"must_be": []}}), "must_be"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"case_id": "first", "request": {}}) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=problem):
        read_case_file(path)


def test_cases_are_values() -> None:
    with pytest.raises(ValidationError):
        case(must=["a"]).case_id = "two"  # type: ignore[misc]
