"""Check the search over wordings: it finds the block that does harm, tells the held-out result, and leaves a draft or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tastemaker.core.schemas import RecommendRequest, RecommendResponse, Route, Understanding, Usage
from tastemaker.core.schemas.cases import Case, CaseSet, Expectations
from tastemaker.core.settings import load_settings
from tastemaker.graphs.evaluation.optimise import halves, optimise
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.releases.desk import ReleaseDesk
from tastemaker.stores.case_files import case_set

SHOP = "default"


class Follows:
    """A recommender that says boat only where its prompt has no rule against counting."""

    def __init__(self, desk: ReleaseDesk, harm: str) -> None:
        self.desk, self.harm = desk, harm
        self.settings = SimpleNamespace(llm=SimpleNamespace(compose_items=3))

    async def recommend(
        self, request: RecommendRequest, *, prompt_versions: dict[str, str], shows: bool
    ) -> RecommendResponse:
        draft = await self.desk.one_draft(SHOP, int(prompt_versions["compose"][1:]))
        return RecommendResponse(
            request_id="r", thread_id=request.thread_id or "t", user="stranger",
            message="Nothing." if self.harm in draft.body else "A boat.", understanding=Understanding(),
            route=Route(name="direct", why="Default.", decided_by="rule"), usage=Usage(llm_calls=1, prompt_tokens=100),
        )  # fmt: skip

    async def drop_thread(self, thread_id: str, tenant: str) -> None:
        assert tenant == SHOP


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ReleaseDesk]:
    made = ReleaseDesk.at(load_settings(home=tmp_path))
    yield made
    await made.close()


def boats() -> CaseSet:
    expects = Expectations(says=("boat",))
    return case_set(
        "boats", "", [Case(case_id=f"c{i}", request=RecommendRequest(text="x"), expects=expects) for i in range(40)]
    )


async def test_it_leaves_out_the_rule_that_does_harm(desk: ReleaseDesk) -> None:
    shop = cast(Recommender, Follows(desk, "Do not count the items."))
    found = await optimise(shop, desk, SHOP, "compose", cases=boats(), by="ada", tries=8)
    assert len(found.changes) == 1
    assert "If “message”" in found.changes[0] or 'If "message"' in found.changes[0]
    assert found.chosen_on + found.held_out == 40
    assert {d.metric: d.verdict for d in found.differences}["passed"] == "better"
    draft = await desk.one_draft(SHOP, found.draft or 0)
    assert "Do not count the items." not in draft.body
    assert draft.note == found.in_words
    assert (await desk.status(SHOP, "compose")).labels == {}, "nothing is released"


async def test_where_nothing_is_better_no_draft_is_left(desk: ReleaseDesk) -> None:
    shop = cast(Recommender, Follows(desk, "no such words"))
    found = await optimise(shop, desk, SHOP, "compose", cases=boats(), by="ada", tries=3)
    assert (found.changes, found.draft, len(found.tried)) == ((), None, 3)
    assert await desk.drafts(SHOP) == []
    assert "None of 3 variants" in found.in_words


def test_the_halves_are_the_same_in_every_search() -> None:
    cases = boats().cases
    one, two = halves(cases)
    assert halves(cases[::-1])[0] == one[::-1]
    assert {c.case_id for c in one}.isdisjoint(c.case_id for c in two)
