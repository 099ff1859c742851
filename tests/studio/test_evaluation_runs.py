"""Check runs over frozen cases: killed and gone on with, figures with the release, stores of cases and traces, replay, the judge model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tastemaker.api.service import Service
from tastemaker.api.traced_service import Traced
from tastemaker.core.errors import BackEndUnavailable, InvalidRequestError
from tastemaker.core.evaluation.traces import case_of, changes, request_of, trace_of
from tastemaker.core.schemas import (
    Constraint,
    Evidence,
    Reason,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    Route,
    StreamEvent,
    Understanding,
)
from tastemaker.core.schemas.cases import AnsweredItem, Case, CaseSet, Outcome
from tastemaker.core.schemas.chat import ChatReply, ChatRequest
from tastemaker.core.schemas.traces import Answered
from tastemaker.core.settings import Settings, load_settings
from tastemaker.graphs.evaluation.desk import EvaluationDesk
from tastemaker.graphs.evaluation.judge_model import judge_outcomes, kappa
from tastemaker.graphs.evaluation.replay import replay
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.releases.desk import ReleaseDesk
from tastemaker.stores.case_files import case_set

SHOP = "default"


class Answers:
    """A recommender that answers with one item; it fails or stops where it is told to."""

    def __init__(self) -> None:
        self.settings = SimpleNamespace(llm=SimpleNamespace(compose_items=3))
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.dropped: list[str] = []
        self.broken: set[str] = set()
        self.waits: str | None = None
        self.waiting = asyncio.Event()

    async def recommend(
        self, request: RecommendRequest, *, prompt_versions: dict[str, str], shows: bool
    ) -> RecommendResponse:
        assert not shows
        self.asked.append((request.text or "", dict(prompt_versions)))
        if request.text == self.waits:
            self.waiting.set()
            await asyncio.Event().wait()
        if request.text in self.broken:
            raise BackEndUnavailable("gone")
        return answer(request, prompt_versions.get("compose", "now"))

    async def drop_thread(self, thread_id: str, tenant: str) -> None:
        self.dropped.append(thread_id)


def answer(request: RecommendRequest, says: str = "now") -> RecommendResponse:
    reason = Reason(text=f"It suits {request.text}.", by="data")
    item = Recommendation(item_id="a", rank=1, score=1.0, title="Sea", attributes={"price": 10.0}, reason=reason)
    return RecommendResponse(
        request_id="r1", thread_id=request.thread_id or "t", user="stranger", message=f"One item, {says}.", items=(item,),
        route=Route(name="direct", why="Default.", decided_by="rule"), understanding=Understanding(),
    )  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[EvaluationDesk]:
    settings: Settings = load_settings(home=tmp_path)
    releases = ReleaseDesk.at(settings)
    evaluations = EvaluationDesk.at(settings, releases)
    yield evaluations
    await evaluations.close()
    await releases.close()


def cases(n: int = 4) -> CaseSet:
    found = [Case(case_id=f"c{i}", request=RecommendRequest(text=f"wish {i}")) for i in range(n)]
    return case_set("mine", "", found)


async def run(desk: EvaluationDesk, shop: Answers, k: int = 2, version: str = "r0") -> Any:
    begun = await desk.begin(SHOP, "compose", version, cases=cases(), k=k, by="ada")
    return await desk.work(cast(Recommender, shop), SHOP, begun, cases(), concurrency=2)


async def test_a_run_that_is_stopped_goes_on_where_it_stood(desk: EvaluationDesk) -> None:
    shop = Answers()
    shop.waits = "wish 3"
    begun = await desk.begin(SHOP, "compose", "r0", cases=cases(), k=2, by="ada")
    work = asyncio.create_task(desk.work(cast(Recommender, shop), SHOP, begun, cases(), concurrency=2))
    await shop.waiting.wait()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    stopped = await desk.runs.run(SHOP, begun.id)
    assert (stopped.state, stopped.done < stopped.total) == ("stopped", True)

    again = Answers()
    ended = await run(desk, again)
    assert (ended.id, ended.state, ended.done, ended.total) == (begun.id, "done", 8, 8)
    assert len(again.asked) == 8 - stopped.done
    assert ended.metrics["pass_k"] == 1.0
    assert len(again.dropped) == len(again.asked), "no conversation of a case is kept"
    assert [r.id for r in await desk.runs.runs(SHOP, "compose")] == [begun.id]
    assert (await run(desk, Answers())).id != begun.id, "a run that ended is not gone on with"


async def test_answers_that_failed_are_asked_again(desk: EvaluationDesk) -> None:
    shop = Answers()
    shop.broken = {"wish 1"}
    first = await run(desk, shop, k=1)
    assert (first.metrics["failed"], first.metrics["pass_1"]) == (0.25, 0.75)
    assert [o.error for o in await desk.runs.outcomes(first.id) if o.error] == ["gone"]
    assert await desk.runs.drop_failed(first.id) == 1


async def test_figures_are_kept_with_the_version_and_compared_with_production(desk: EvaluationDesk) -> None:
    await run(desk, Answers())
    body = desk.releases.shipped("compose").body
    version = await desk.releases.commit(SHOP, "compose", body + "\n", "ada", message="a line more")
    ended = await run(desk, Answers(), version=f"r{version.number}")
    kept = await desk.releases.evaluations(SHOP, "compose", version.number)
    assert (kept[0].run, kept[0].case_set, kept[0].k) == (ended.id, "mine", 2)
    base = (await desk.runs.runs(SHOP, "compose"))[1]
    assert {d.verdict for d in await desk.compare(SHOP, ended.id, base.id)} == {"within noise"}


async def test_a_server_runs_production_beside_where_it_was_not_run_and_the_gate_has_both(desk: EvaluationDesk) -> None:
    body = desk.releases.shipped("compose").body
    await desk.releases.commit(SHOP, "compose", body + "\n", "ada", message="a line more")
    await desk.cases.put(SHOP, "mine", list(cases(20).cases), "ada")
    shop = cast(Recommender, Answers())

    async def started() -> list[str]:
        begun = await desk.start(shop, SHOP, "compose", "r1", case_set="mine", k=1, by="ada")
        assert begun.state == "running"
        await asyncio.gather(*desk._working.values())
        runs = await desk.runs.runs(SHOP, "compose")
        assert {r.state for r in runs} == {"done"}
        return sorted(r.version for r in runs)

    assert await started() == ["r0", "r1"]
    assert await started() == ["r0", "r1", "r1"], "production was run already"
    no_model, approval = (await desk.releases.gate_report(SHOP, "compose", 1)).problems
    assert no_model == "the evaluation on 'mine' has no figure 'schema_valid': no language model answered it"
    assert approval.startswith("1 approval missing")


async def test_the_version_that_is_evaluated_is_the_one_that_answers(desk: EvaluationDesk) -> None:
    shop = Answers()
    await run(desk, shop, k=1)
    assert {tuple(v.items()) for _, v in shop.asked} == {(("compose", "r0"),)}
    draft = await desk.releases.draft(SHOP, "route", "...", "ada")
    for version, problem in ((f"d{draft.id}", "not of compose"), ("r9", "no version 9"), ("d99", "no draft 99")):
        with pytest.raises(InvalidRequestError, match=problem):
            await desk.digest(SHOP, "compose", version)


async def test_sets_are_stored_changed_and_looked_up(desk: EvaluationDesk) -> None:
    assert (await desk.sets(SHOP))["print-shop"] > 90
    with pytest.raises(InvalidRequestError, match="there are: print-shop"):
        await desk.case_set(SHOP, "mine")
    await desk.cases.put(SHOP, "mine", list(cases(2).cases), "ada")
    assert await desk.cases.put(SHOP, "mine", list(cases(3).cases), "ada") == 3
    assert (await desk.case_set(SHOP, "mine")).cases == cases(3).cases
    assert await desk.cases.case_set("other", "mine") is None
    assert await desk.cases.drop(SHOP, "mine", "c1") == 1
    assert (await desk.sets(SHOP))["mine"] == 2


def traced() -> Any:
    request = RecommendRequest(user_id="ada", text="a sea print, write to ada@example.org or token=abcdefgh", n=5)
    read = Understanding(constraints=(Constraint(field="price", op="<=", value=40, source="thread"),))
    photo = Evidence(evidence_id="caption-1", kind="caption", source="image-1", content="a boat", confidence=0.9)
    return trace_of(request, answer(request).model_copy(update={"understanding": read, "evidence": (photo,)}))


async def test_a_trace_holds_no_personal_data_and_becomes_a_case(desk: EvaluationDesk) -> None:
    trace = traced()
    assert "example.org" not in trace.model_dump_json()
    assert "abcdefgh" not in trace.model_dump_json()
    request, notes = request_of(trace)
    assert "a boat" in (request.text or "")
    assert len(notes) == 2
    case = case_of(trace)
    assert case.request.user_id is None
    assert [p.field for p in case.expects.holds] == ["price"]
    await desk.traces.keep(SHOP, trace)
    assert (await desk.case_from_trace(SHOP, "r1", "grown", "ada")).source == "trace:r1"
    assert [c.case_id for c in (await desk.case_set(SHOP, "grown")).cases] == ["trace-r1"]


async def test_traces_expire_and_go_with_their_user(desk: EvaluationDesk) -> None:
    old = traced().model_copy(update={"request_id": "old", "at": datetime.now(UTC) - timedelta(days=15)})
    await desk.traces.keep(SHOP, old)
    await desk.traces.keep(SHOP, traced())
    assert [t.request_id for t in await desk.traces.traces(SHOP)] == ["r1"]
    assert await desk.traces.erase(SHOP, "ben") == 0
    assert await desk.traces.erase(SHOP, "ada") == 1
    with pytest.raises(InvalidRequestError, match=r"traces.enabled"):
        await desk.traces.trace(SHOP, "r1")


async def test_a_replay_says_what_another_version_changes() -> None:
    found = await replay(cast(Recommender, Answers()), traced(), {"compose": "r7"}, SHOP)
    assert found.changed == ("the opening was “One item, now.” and is “One item, r7.”",)
    assert any("Sea: “It suits a sea print" in line for line in found.since)


async def test_a_server_keeps_a_trace_of_what_it_shows_and_of_nothing_else(desk: EvaluationDesk) -> None:
    class Shows:
        async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
            assert request is not None
            return answer(request).model_copy(update={"request_id": str(request.text)})

        async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
            yield StreamEvent(event="done", data=(await self.recommend(request)).model_dump(mode="json"))

        async def close(self) -> None:
            pass

    kept = Traced(cast(Service, Shows()), desk.traces, 1.0)
    here = RecommendRequest(text="one", context={"place": "home", "channel": "web"})
    await kept.recommend(here)
    await kept.recommend(RecommendRequest(text="tried"), shows=False)
    assert [e.event async for e in kept.stream(RecommendRequest(text="two"))] == ["done"]
    await kept.close()
    found = {t.request_id: t for t in await desk.traces.traces(SHOP)}
    assert set(found) == {"one", "two"}
    assert found["one"].request.context == {"channel": "web"}


def test_changes_are_told_in_words() -> None:
    def made(*names: str) -> Answered:
        return Answered(
            items=tuple(AnsweredItem(item_id=n, title=n.upper(), reason="Same.") for n in names), conditions=names[:1]
        )

    assert changes(made("a", "b", "c"), made("b", "a", "d")) == (
        "condition no longer in force: a",
        "new condition: b",
        "C (c) is no longer listed; it was at place 3",
        "D (d) is new at place 3",
        "B (b) moved from place 2 to 1",
        "A (a) moved from place 1 to 2",
    )
    assert changes(made("a"), made("a")) == ()


class Judge:
    """A model that calls an answer good unless it holds the word; every fifth reply is nonsense."""

    name = "judge"

    async def complete(self, request: ChatRequest) -> ChatReply:
        text = request.messages[1].content
        return ChatReply(text="?" if "nonsense" in text else json.dumps({"good": "bad" not in text}))


async def test_a_judge_model_is_told_with_its_agreement() -> None:
    asked = [
        Case(case_id=f"c{i}", request=RecommendRequest(text=t))
        for i, t in enumerate(("good", "bad", "nonsense", "good"))
    ]
    outcomes = [Outcome(case_id=f"c{i}", passed=i != 1) for i in range(4)]
    found = await judge_outcomes(cast(Any, Judge()), asked, outcomes)
    assert (found.answers, found.unjudged, found.self_kappa, found.check_kappa) == (3, 1, 1.0, 1.0)
    assert "agrees well enough" in found.in_words


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([], [], 0.0),
        ([True, True], [True, True], 0.0),
        ([True, False], [True, False], 1.0),
        ([True, False], [False, True], -1.0),
    ],
)
def test_kappa_leaves_out_chance(ours: list[bool], theirs: list[bool], expected: float) -> None:
    assert kappa(ours, theirs) == pytest.approx(expected)
