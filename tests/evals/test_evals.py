"""The benchmarks' own arithmetic: percentiles, broken promises, hostile answers, and both sides of the comparison."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import tastemaker.api.demo
from tastemaker.agents.explaining.composer_prompt import AnswerReader, answer_schema
from tastemaker.core.errors import BadBackEndResponse, TastemakerError
from tastemaker.core.schemas import (
    Brief,
    Constraint,
    Item,
    MediaInput,
    RankedItem,
    Reason,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    Route,
    Understanding,
)
from tastemaker.core.schemas.chat import ChatMessage, ChatReply, ChatRequest, ChatUsage
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.evals.reporting.report import percentiles, report
from tastemaker.evals.service import first_item, overhead
from tastemaker.evals.service import graph_against_tool_loop as turn
from tastemaker.evals.service import promises as valid
from tastemaker.evals.service.graph_against_tool_loop import Meter, message, through_loop
from tastemaker.evals.stand_ins import BY_ID, ConstantChat, constant_services
from tastemaker.graphs.recommender import Recommender

from ..live_server import serving

DATA = Path(tastemaker.api.demo.__file__).parent / "data"
PHOTO, VOICE = DATA / "request" / "photo.jpg", DATA / "voice" / "voice-animals.ogg"
ITEMS = tuple(
    RankedItem(item=Item(item_id=i, title=f"Film {i}"), rank=r, score=1.0) for r, i in enumerate(("a", "b"), 1)
)


# --- report --------------------------------------------------------------------------------------


def test_percentiles_are_in_milliseconds() -> None:
    figures = percentiles([i / 1000 for i in range(1, 102)])
    assert figures == {"p50_ms": 51.0, "p95_ms": 96.0, "max_ms": 101.0, "n": 101}
    assert percentiles([0.25]) == {"p50_ms": 250.0, "p95_ms": 250.0, "max_ms": 250.0, "n": 1}


def test_a_report_says_how_to_repeat_it() -> None:
    made = report("x", {"p50_ms": 1.0}, n=3, seed=7, targets={"p50_ms": 2})
    assert (made["bench"], made["p50_ms"], made["n"], made["seed"], made["targets"]) == ("x", 1.0, 3, 7, {"p50_ms": 2})
    assert made["versions"]["tastemaker"]
    assert "seed" not in report("x", {}, n=3, targets={})
    json.dumps(made)


# --- valid ---------------------------------------------------------------------------------------

CATALOGUE = {
    i: Item(item_id=i, title=f"Film {i}", attributes={"year": year}) for i, year in (("a", 1990.0), ("b", 1950.0))
}
CASE = valid.Case(
    RecommendRequest(text="a film"), (Constraint(field="year", op=">=", value=1980),), consumed=frozenset({"c"})
)


def answer(*items: tuple[str, str], opening: str = "Here you are.") -> RecommendResponse:
    """Return a response with these (item id, reason)."""
    return RecommendResponse(
        request_id="r",
        thread_id="t",
        user="known",
        route=Route(name="direct", why="w", decided_by="rule"),
        understanding=Understanding(),
        message=opening,
        items=tuple(
            Recommendation(
                item_id=i, rank=r, score=1.0, title="t", attributes={}, reason=Reason(text=why, by="model")
            )
            for r, (i, why) in enumerate(items, 1)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("response", "promise", "times"),
    [
        (answer(("zzz", "Good.")), "off_catalogue", 1),
        (answer(("a", "Good."), ("a", "Good."), ("a", "Good.")), "duplicate", 2),
        (answer(("c", "Good.")), "already_consumed", 1),
        (answer(("b", "Good.")), "constraint_broken", 1),
        (answer(("a", "  ")), "shown_not_discussed", 1),
        (answer(("a", f"Try {valid.MARKER}.")), "false_words", 1),
        (answer(("a", "For 1 dollar."), opening="With free shipping."), "false_words", 2),
    ],
)
def test_every_broken_promise_is_counted(response: RecommendResponse, promise: str, times: int) -> None:
    catalogue = {**CATALOGUE, "c": Item(item_id="c", title="Film c", attributes={"year": 1999.0})}
    counted = valid.broken(CASE, response, catalogue)
    assert counted == {**dict.fromkeys(valid.PROMISES, 0), promise: times}


def test_a_good_answer_breaks_nothing() -> None:
    assert not any(valid.broken(CASE, answer(("a", "A film of 1990.")), CATALOGUE).values())


def composed(seed: int, calls: int = 60, *, with_message: bool = True) -> list[str]:
    brief = Brief(text="a funny film", items=ITEMS)
    request = ChatRequest(
        messages=(ChatMessage(role="user", content="x"),),
        json_schema=answer_schema(brief, ITEMS, message=with_message),
    )
    chat = valid.HostileChat(seed)
    return [chat._answer(request) for _ in range(calls)]


def test_the_hostile_model_answers_in_the_composers_form_and_falsely() -> None:
    whole = broken_off = 0
    for text in composed(1):
        try:
            members = read(text)
        except BadBackEndResponse:
            broken_off += 1
            continue
        if {"message", "1", "2"} <= set(members):
            whole += 1
            assert all(valid.MARKER in str(members[name]) for name in ("message", "1", "2"))
            assert valid.MARKER in members  # something that was not asked for
    assert whole > 5
    assert broken_off > 5


def read(text: str) -> dict[str, Any]:
    reader = AnswerReader()
    return dict([*reader.feed(text), *reader.finish()])


def test_the_hostile_model_is_repeatable_and_follows_what_is_asked() -> None:
    assert composed(3) == composed(3)
    assert composed(3) != composed(4)
    wholes = [json.loads(t) for t in composed(1, with_message=False) if t.startswith("{") and t.endswith("}")]
    assert any("1" in w for w in wholes)
    assert not any("message" in w for w in wholes)


async def test_nothing_of_a_hostile_model_is_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    services = constant_services(settings)
    services.chat = valid.HostileChat(5)
    services.rebuild()
    where = (Constraint(field="price", op=">=", value=0),)
    made = [valid.Case(RecommendRequest(text="a print", n=4), where, frozenset())] * 8
    async with Recommender(settings, services=services) as recommender:
        counted = await valid.count(recommender, made, BY_ID)
    assert counted["requests"] == 8
    assert counted["items"] == 32
    assert not any(counted[promise] for promise in valid.PROMISES)


def test_cases_state_what_they_hold_the_answer_to() -> None:
    made = valid.cases(40, ["Horror"], {"7": frozenset({"x"})}, seed=2)
    assert made == valid.cases(40, ["Horror"], {"7": frozenset({"x"})}, seed=2)
    for case in made:
        typed = tuple(case.request.constraints)
        assert typed == case.where or ("no Horror" in str(case.request.text) and not typed)
        assert case.consumed == (frozenset({"x"}) if case.request.user_id else frozenset())
    assert 0 < sum(bool(c.request.user_id) for c in made) < 40


def test_a_tenth_of_the_items_is_poisoned() -> None:
    items = [Item(item_id=str(i), title="t", text="plain") for i in range(50)]
    poisoned = valid.poisoned(items, seed=1)
    assert sum(valid.INJECTION in i.text for i in poisoned) == 5
    assert poisoned == valid.poisoned(items, seed=1)


# --- overhead and first-item ---------------------------------------------------------------------


async def test_overhead_runs() -> None:
    figures = await overhead.run(n=5)
    for level in overhead.LEVELS:
        measured = figures[f"concurrent_{level}"]
        assert measured["n"] == 5
        assert 0 < measured["p50_ms"] <= measured["p95_ms"] <= measured["max_ms"]


def test_first_item_requests_follow_the_seed() -> None:
    def bodies(seed: int) -> list[dict[str, Any]]:
        rng = random.Random(seed)
        return [first_item.body("text_photo_voice", i, [PHOTO], [VOICE], rng) for i in range(5)]

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)
    assert len({body["text"] for body in bodies(1)}) == 5
    assert all(body["images"] and body["audio"] for body in bodies(1))
    assert set(first_item.body("text", 0, [], [], random.Random(0))) == {"user_id", "text"}


# --- turn ----------------------------------------------------------------------------------------


class CountingChat(ConstantChat):
    """A constant model that says what its server would report."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Return the fixed answer."""
        return ChatReply(text=self.answer, usage=ChatUsage(prompt_tokens=100, completion_tokens=1))


class ToolServer:
    """A stand-in for a model's server that calls each tool once and then answers, or refuses after so many calls."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.dies_after = dies_after
        self.app = FastAPI()
        self.app.post("/v1/chat/completions")(self.chat)

    async def chat(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.bodies.append(body)
        made = sum(m["role"] == "tool" for m in body["messages"])
        if self.dies_after is not None and made >= self.dies_after:
            return JSONResponse({"error": {"message": "too long for http://a:hunter2@h/v1", "code": 400}}, 400)
        tools = [t["function"]["name"] for t in body["tools"]]
        said: dict[str, Any] = {"role": "assistant", "content": "Take Print 3, for you like prints."}
        if made < len(tools):
            arguments = json.dumps({"query": "a print"} if tools[made] == "search_catalogue" else {})
            call = {"id": f"c{made}", "type": "function", "function": {"name": tools[made], "arguments": arguments}}
            said = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "finish_reason": "stop", "message": said}
        usage = {"prompt_tokens": 200, "completion_tokens": 5, "total_tokens": 205}
        return JSONResponse(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        )


@asynccontextmanager
async def talking_to(server: ToolServer, home: Path) -> AsyncIterator[Recommender]:
    pytest.importorskip("langchain_openai", reason="the bench extra is not installed")
    async with serving(server.app) as url:
        settings = Settings(home=home, llm=LLMSettings(base_url=f"{url}/v1"))
        services = constant_services(settings, CountingChat(name="vllm:m"))
        async with Recommender(settings, services=services) as recommender:
            yield recommender


REQUEST = RecommendRequest(
    user_id="7",
    text="a print",
    images=[MediaInput(path=str(PHOTO))],
    audio=[MediaInput(path=str(VOICE))],
    n=5,
)


async def test_the_loop_has_the_graphs_tools_and_its_cost_is_metered(tmp_path: Path) -> None:
    server = ToolServer()
    async with talking_to(server, tmp_path) as recommender:
        cost = await through_loop(recommender, REQUEST)
    assert cost.failure == ""
    assert (cost.llm_calls, cost.tool_calls, cost.prompt_tokens) == (5, 4, 1000)
    assert cost.seconds > 0
    assert cost.names_an_item
    names = {t["function"]["name"] for t in server.bodies[0]["tools"]}
    assert names == {"look_up_history", "describe_photos", "write_down_voice", "search_catalogue"}
    assert server.bodies[0]["model"] == "m"
    told = [m["content"] for m in server.bodies[-1]["messages"] if m["role"] == "tool"]
    assert told[1:3] == ["image-1: a print", "audio-1: a print"]
    assert "1 photos, 1 voice clips" in server.bodies[0]["messages"][1]["content"]


async def test_a_loop_that_fails_keeps_its_cost_and_no_password(tmp_path: Path) -> None:
    async with talking_to(ToolServer(dies_after=2), tmp_path) as recommender:
        figures = await turn.run(recommender, [REQUEST, REQUEST])
    assert figures["loop_failures"] == 2
    assert (figures["loop_until_failure"]["llm_calls"], figures["loop_until_failure"]["prompt_tokens"]) == (3, 400)
    assert "too long for" in figures["last_loop_failure"]
    assert "hunter2" not in json.dumps(figures)
    assert "seconds_ratio" not in figures
    assert figures["graph"]["seconds"] > 0


async def test_both_take_the_same_requests(tmp_path: Path) -> None:
    async with talking_to(ToolServer(), tmp_path) as recommender:
        figures = await turn.run(recommender, [REQUEST] * 3, seed=4)
    assert (figures["bench"], figures["n"], figures["seed"], figures["loop_failures"]) == ("turn", 3, 4, 0)
    assert (figures["graph"]["llm_calls"], figures["loop"]["llm_calls"]) == (1, 5)
    assert figures["loop_names_an_item"] == 3
    assert figures["seconds_ratio"] > 0


def test_the_ratio_is_of_medians_over_what_the_loop_finished() -> None:
    ours = [Meter(seconds=s) for s in (1.0, 2.0, 9.0, 100.0)]
    loops = [Meter(seconds=s) for s in (4.0, 8.0, 100.0)] + [Meter(seconds=0.1, failure="x")]
    figures = turn.compare(ours, loops)
    assert figures["seconds_ratio"] == 0.25
    assert figures["loop_failures"] == 1
    assert figures["loop_until_failure"]["seconds"] == 0.1


async def test_without_a_model_there_is_no_comparison(tmp_path: Path) -> None:
    class DeadChat(ConstantChat):
        async def health(self) -> bool:
            return False

    settings = Settings(home=tmp_path)
    async with Recommender(settings, services=constant_services(settings, DeadChat())) as opened:
        with pytest.raises(TastemakerError, match="tastemaker llm up"):
            await turn.run(opened, [REQUEST])


def test_requests_carry_text_photo_and_some_voice() -> None:
    made = turn.requests_for(6, [PHOTO], [VOICE], seed=1)
    assert all(r.text and len(r.images) == 1 for r in made)
    assert [len(r.audio) for r in made] == [0, 1, 0, 1, 0, 1]
    assert made == turn.requests_for(6, [PHOTO], [VOICE], seed=1)
    assert made != turn.requests_for(6, [PHOTO], [VOICE], seed=2)
    assert "1 photos, 0 voice clips" in message(made[0])
