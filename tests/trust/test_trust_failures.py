"""With any part of the trust gate failing, a request with a photo is answered and says what was not examined."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.errors import ToolError
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import Settings, TimeoutSettings, load_settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.tools.trust.consistency_checker import ConsistencyChecker
from tastemaker.tools.trust.examiner import Examiner, photo_methods
from tastemaker.tools.trust.method import Method

from ..graph.test_graph import labels, photo

METHODS = photo_methods(load_settings({}).cache, safety=True)
FAULTS = [ToolError("the part is down"), RuntimeError("a fault that nobody foresaw")]


class Broken:
    """Any part of the checker: each call and each method of it fails."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.fault

    probability = __call__


def breaks(method: Method, fault: Exception) -> Method:
    """Return ``method`` with an examination that fails."""

    def fail(_: object) -> Any:
        raise fault

    return replace(method, examine=fail)


async def answer(folder: Path, check: Any) -> RecommendResponse:
    """Ask with a photo, with ``check`` in place of the gate."""
    services = constant_services(Settings(home=folder, timeouts=TimeoutSettings(consistency_s=20)))
    services.check = check
    async with Recommender(services=services) as recommender:
        return await recommender.recommend(text="a print", n=10, images=[photo()])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
async def test_a_method_that_fails_is_named_and_the_request_answered(
    method: Method, fault: Exception, tmp_path: Path
) -> None:
    methods = [breaks(m, fault) if m is method else m for m in METHODS]
    services = constant_services(Settings(home=tmp_path))
    response = await answer(tmp_path, ConsistencyChecker(services.image_text, examiner=Examiner(methods), closely=True))
    [check] = [c for c in response.consistency.checks if c.check == method.name]
    assert len(response.items) == 10
    assert (check.state, check.reason.startswith("Not examined")) == ("no evidence", True)
    assert response.consistency.effects == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("part", ["credentials", "examiner", "whole_text", "printed", "all of it"])
async def test_a_part_of_the_gate_that_fails_is_labelled_and_the_request_answered(
    part: str, fault: Exception, tmp_path: Path
) -> None:
    services, broken = constant_services(Settings(home=tmp_path)), Broken(fault)
    whole = part == "all of it"
    parts: dict[str, Any] = {} if whole else {part: broken}
    check = broken if whole else ConsistencyChecker(services.image_text, **parts, closely=True)
    response = await answer(tmp_path, check)
    said = [c.reason for c in response.consistency.checks if c.reason.startswith("Not ")]
    assert len(response.items) == 10
    assert "consistency" in labels(response) or said


async def test_a_gate_that_works_says_nothing_of_the_kind(tmp_path: Path) -> None:
    services = constant_services(Settings(home=tmp_path))
    response = await answer(tmp_path, ConsistencyChecker(services.image_text, closely=True))
    assert "consistency" not in labels(response)
    assert not [c for c in response.consistency.checks if c.reason.startswith("Not ")]
