"""Check that cases and prompts go to promptfoo and Langfuse and come back, and that what cannot be taken is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tastemaker.agents.prompt_files.file_format import read_prompt
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.evaluation.exchange import langfuse, promptfoo
from tastemaker.core.evaluation.exchange.taken import Messages, with_messages
from tastemaker.core.evaluation.prompt_variants import variants
from tastemaker.stores.case_files import read_case_file

BUNDLED = Path(__file__).parents[2] / "api" / "demo" / "data" / "cases" / "print-shop.jsonl"
COMPOSE = (Path(__file__).parents[2] / "prompts" / "compose.md").read_text(encoding="utf-8")
MESSAGES = Messages(name="compose", system="Be short.", user="<data>\n{{ request }}\n</data>")


@pytest.mark.parametrize("tool", [promptfoo, langfuse])
def test_cases_come_back_as_they_went(tool: object) -> None:
    cases = read_case_file(BUNDLED)
    taken = tool.read(tool.write_cases(cases))  # type: ignore[attr-defined]
    assert taken.cases == cases.cases
    assert taken.left_out == ()


def test_prompts_come_back_as_they_went() -> None:
    written = langfuse.write_prompt(MESSAGES, version=3, config={"temperature": 0}, labels=("production",))
    assert langfuse.read(written).prompts == (MESSAGES,)
    assert json.loads(written)["type"] == "chat"
    assert promptfoo.read(promptfoo.write_prompt(MESSAGES, {"request": "a boat"}, "some-model")).prompts == (MESSAGES,)


def test_promptfoo_gets_assertions_that_it_knows() -> None:
    told = yaml.safe_load(promptfoo.write_cases(read_case_file(BUNDLED)))
    kinds = {a["type"] for t in told["tests"] for a in t["assert"]}
    assert kinds <= {"javascript", "icontains", "not-icontains"}
    assert told["providers"][0]["config"]["body"]["text"] == "{{prompt}}"


def test_a_file_of_somebody_else_is_taken_as_far_as_it_goes() -> None:
    told = """
prompts: ["Translate {{input}}", 'file://other.txt']
tests:
- description: says red
  vars: {input: a red bus}
  assert: [{type: icontains, value: Bus}, {type: not-contains, value: train}, {type: llm-rubric, value: is nice}]
- vars: {number: 3}
"""
    taken = promptfoo.read(told)
    assert [(c.case_id, c.request.text, c.expects.says, c.expects.never_says) for c in taken.cases] == [
        ("says-red", "a red bus", ("Bus",), ("train",))
    ]
    assert len(taken.left_out) == 4
    assert any("llm-rubric" in line for line in taken.left_out)
    rows = [
        {"id": "x", "input": "a boat", "expectedOutput": "Boats!", "sourceTraceId": "t1"},
        {"input": {}},
        {"prompt": "plain", "name": "p"},
        5,
    ]
    found = langfuse.read(json.dumps(rows))
    assert [(c.case_id, c.source) for c in found.cases] == [("x", "trace:t1")]
    assert len(found.left_out) == 4


@pytest.mark.parametrize(
    ("tool", "content"),
    [(promptfoo, "a: [b"), (promptfoo, "a: 1"), (langfuse, "{"), (langfuse, '{"items": 3}')],
)
def test_what_is_no_export_is_refused(tool: object, content: str) -> None:
    with pytest.raises(InvalidRequestError):
        tool.read(content)  # type: ignore[attr-defined]


def test_messages_from_elsewhere_make_a_prompt_that_is_in_order() -> None:
    body = with_messages(
        COMPOSE, MESSAGES.model_copy(update={"user": "<data>\n{{ request }} {{ evidence }} {{ items }}\n</data>"})
    )
    prompt, problems = read_prompt(Path("compose.md"), body)
    assert problems == []
    assert prompt is not None
    assert prompt.system == "Be short."
    with pytest.raises(InvalidRequestError, match="# system"):
        with_messages("nothing", MESSAGES)


def test_variants_change_one_block_and_stay_in_order() -> None:
    found = list(variants(COMPOSE))
    assert len({v.body for v in found}) == len(found) > 10
    assert {v.what.split(" ")[0] for v in found} == {"without", "with"}
    for variant in found:
        assert read_prompt(Path("compose.md"), variant.body)[1] == [], variant.what
    without = next(v for v in found if v.what.startswith("without the example “wish: a quiet desk fan"))
    assert "Breeze Mini" not in without.body
    assert "Two Boats" in without.body
    assert list(variants("no prompt")) == []
