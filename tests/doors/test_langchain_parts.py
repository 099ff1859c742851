"""The recommender inside other people's LangChain agents and LangGraph graphs, with scripted chat models and the real graph."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import ToolException
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

from tastemaker.api.http.openapi_examples import tiny_photo
from tastemaker.api.service import Service
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import Constraint, RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.langchain import RecommendRunnable, RecommendTool, SearchRetriever, SharedRecommender, chat_graph

from ..fake_service import FakeService

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedRecommender]:
    async def opened() -> Service:
        return await Recommender(services=constant_services(Settings(home=tmp_path / "home"))).start()

    with SharedRecommender(opened) as recommender:
        yield recommender


@pytest.fixture
async def recommender(tmp_path: Path) -> AsyncIterator[Recommender]:
    async with Recommender(services=constant_services(Settings(home=tmp_path / "home"))) as opened:
        yield opened


class Scripted(GenericFakeChatModel):
    """Says what it is given, tool calls included."""

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self


def calls(*arguments: dict[str, Any]) -> Scripted:
    """Return a model that calls ``recommend`` with each of these, then says that it is done."""
    said = [
        AIMessage("", tool_calls=[{"name": "recommend", "args": given, "id": f"call-{i}"}])
        for i, given in enumerate(arguments)
    ]
    return Scripted(messages=iter([*said, AIMessage("done")]))


def answers(state: dict[str, Any]) -> list[ToolMessage]:
    return [m for m in state["messages"] if isinstance(m, ToolMessage)]


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_an_agent_calls_the_tool(shared: SharedRecommender, way: str) -> None:
    tool = RecommendTool(recommender=shared, fields={"user_id": "ada"})
    agent = create_agent(calls({"text": "something under 40", "n": 2}), [tool])
    given: Any = {"messages": [HumanMessage("find me something")]}
    state = await agent.ainvoke(given) if way == "async" else agent.invoke(given)
    (told,) = answers(state)
    assert told.status == "success"
    assert isinstance(told.artifact, RecommendResponse)
    assert len(told.artifact.items) == 2
    assert told.artifact.user != "stranger"
    assert "under 40" in told.content
    assert told.artifact.thread_id in told.content


async def test_a_model_goes_on_with_the_thread_and_reads_what_was_wrong(shared: SharedRecommender) -> None:
    first = shared.wait(lambda s: s.recommend(text="something under 40"))
    agent = create_agent(
        calls(
            {"text": "not that one", "thread_id": first.thread_id},
            {"text": "x", "n": 51},
            {"text": "x", "thread_id": "a b"},
        ),
        [RecommendTool(recommender=shared)],
    )
    given: Any = {"messages": [HumanMessage("go on")]}
    good, *wrong = answers(await agent.ainvoke(given))
    assert [c.words for c in good.artifact.understanding.conditions] == ["under 40"]
    assert [w.status for w in wrong] == ["error", "error"]
    assert ["n" in wrong[0].content, "thread_id" in wrong[1].content] == [True, True]


async def test_a_model_cannot_change_what_the_program_fixed(recommender: Recommender) -> None:
    limits = [{"field": "price", "op": "<=", "value": 20}]
    tool = RecommendTool(recommender=recommender, fields={"constraints": limits, "user_id": "ada"})
    assert set(tool.args) == {"text", "thread_id", "n"}
    told = await tool.ainvoke({"type": "tool_call", "id": "1", "name": "recommend", "args": {"text": "x", "n": 30}})
    assert [c.model_dump(include={"field", "op", "value"}) for c in told.artifact.understanding.constraints] == limits
    tool.handle_tool_error = False
    tool.fields = {"images": [{"path": "/etc/passwd"}]}
    with pytest.raises(ToolException, match="path"):
        await tool.ainvoke({"text": "x"})


async def test_a_recommender_of_this_loop_says_that_it_is_asynchronous(recommender: Recommender) -> None:
    with pytest.raises(TypeError, match="SharedRecommender"):
        RecommendTool(recommender=recommender).invoke({"text": "x"})


async def test_a_failure_tells_a_model_nothing_of_the_inside() -> None:
    from tastemaker.core.errors import StoreError

    tool = RecommendTool(recommender=FakeService(error=StoreError("secret /var/lib")))
    told = await tool.ainvoke({"type": "tool_call", "id": "1", "name": "recommend", "args": {"text": "x"}})
    assert (told.status, "secret" in told.content) == ("error", False)


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_the_retriever_gives_documents_within_the_limits(shared: SharedRecommender, way: str) -> None:
    limits = [Constraint(field="price", op="<=", value=20)]
    retriever = SearchRetriever(recommender=shared, n=4, constraints=limits)
    found = await retriever.ainvoke("boats") if way == "async" else retriever.invoke("boats")
    assert len(found) == 4
    assert all(isinstance(d, Document) and d.id == d.metadata["item_id"] for d in found)
    assert all(d.metadata["price"] <= 20 for d in found)
    assert [d.metadata["rank"] for d in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_the_runnable_answers_and_obeys_the_configuration(shared: SharedRecommender, way: str) -> None:
    chain = RecommendRunnable(lambda: shared) | (lambda answer: answer["thread_id"])
    config: Any = {"configurable": {"thread_id": "t-7", "user_id": "ada"}}
    given = {"text": "something under 40"}
    assert (await chain.ainvoke(given, config) if way == "async" else chain.invoke(given, config)) == "t-7"
    events = [e["event"] async for e in RecommendRunnable(lambda: shared).astream(given)]
    assert events[-1] == "done"
    assert events.index("items") < events.index("words")


def test_a_runnable_of_one_loop_refuses_synchronous_callers() -> None:
    with pytest.raises(TypeError, match="asynchronous"):
        RecommendRunnable(FakeService).invoke({"text": "x"})


async def test_the_graph_answers_messages_and_keeps_the_conversation(recommender: Recommender) -> None:
    graph = chat_graph(lambda: recommender, InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t-1"}}
    for turn, text in enumerate(("something under 40", "not that one"), 1):
        state = await graph.ainvoke({"messages": [HumanMessage(text)]}, config)
        assert len(state["messages"]) == 2 * turn
        answer = RecommendResponse.model_validate(state["recommendation"])
        assert [c.words for c in answer.understanding.conditions] == ["under 40"]
        assert state["messages"][-1].content
    assert recommender._threads is not None
    assert (await recommender._threads.memory("default/t-1")).turn == 2


async def test_media_and_further_fields_of_a_message_are_asked_for() -> None:
    service = FakeService()
    photo = {"type": "image", "base64": tiny_photo(), "mime_type": "image/png"}
    linked = {"type": "image", "url": "https://example.org/a.jpg"}
    message = HumanMessage([{"type": "text", "text": "like this"}, photo, linked])
    state: Any = {"messages": [message], "request": {"n": 3}, "user_id": "ada"}
    await chat_graph(lambda: service).ainvoke(state)
    await chat_graph(lambda: service).ainvoke({"messages": [message]}, {"configurable": {"user_id": ""}})
    asked, of_a_server = service.requests
    assert of_a_server.user_id is None, "LangGraph's server gives an empty user where it knows none"
    assert (asked.text, asked.n, asked.user_id) == ("like this", 3, "ada")
    assert [m.data or m.url for m in asked.images] == [tiny_photo(), "https://example.org/a.jpg"]


def test_synchronous_graphs_use_a_shared_recommender(shared: SharedRecommender) -> None:
    state = chat_graph(lambda: shared).invoke({"messages": [HumanMessage("something under 40")]})
    assert RecommendResponse.model_validate(state["recommendation"]).items
    with pytest.raises(TypeError, match="SharedRecommender"):
        chat_graph(FakeService).invoke({"messages": [HumanMessage("x")]})


async def test_what_is_wrong_in_a_state_is_named() -> None:
    graph = chat_graph(FakeService)
    for state, field in (
        ({"messages": []}, "messages"),
        ({"messages": [HumanMessage("x")], "request": {"n": 0}}, "n"),
        ({"messages": [HumanMessage("x")], "thread_id": "a b"}, "thread_id"),
    ):
        with pytest.raises(InvalidRequestError) as wrong:
            await graph.ainvoke(state)
        assert wrong.value.field == field


async def test_it_sends_what_it_understood_and_the_items_before_it_ends() -> None:
    kinds = [
        event["name"]
        async for event in chat_graph(FakeService).astream_events({"messages": [HumanMessage("x")]}, version="v2")
        if event["event"] == "on_custom_event"
    ]
    assert kinds.index("items") < kinds.index("words")


class Trip(TypedDict):
    """Somebody else's state."""

    messages: Annotated[list[Any], add_messages]
    place: str
    budget: int
    picks: list[str]


async def test_it_is_a_subgraph_of_somebody_elses_graph(recommender: Recommender) -> None:
    def plan(state: Trip) -> dict[str, Any]:
        return {"messages": [HumanMessage(f"something under {state['budget']}")]}

    def note(state: Trip) -> dict[str, Any]:
        data = state["messages"][-1].additional_kwargs["recommendation"]
        return {"picks": [item["item_id"] for item in data["items"]]}

    outer = StateGraph(Trip)
    outer.add_node("plan", plan)
    outer.add_node("shop", chat_graph(lambda: recommender))
    outer.add_node("note", note)
    for edge in ((START, "plan"), ("plan", "shop"), ("shop", "note"), ("note", END)):
        outer.add_edge(*edge)
    graph = outer.compile(checkpointer=InMemorySaver())
    state: Any = {"messages": [], "place": "Berlin", "budget": 40, "picks": []}
    done = await graph.ainvoke(state, {"configurable": {"thread_id": "trip-1"}})
    assert done["picks"]
    assert set(done) == {"messages", "place", "budget", "picks"}


def test_langgraph_json_names_a_graph_that_loads_as_langgraphs_server_loads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server imports the module and takes the name; a graph that is compiled needs no configuration."""
    from langgraph.graph.state import CompiledStateGraph

    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    settings = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))
    assert settings["dependencies"] == ["."]
    for path in settings["graphs"].values():
        module, _, name = path.partition(":")
        graph = getattr(importlib.import_module(module), name)
        assert isinstance(graph, CompiledStateGraph)
        assert graph.checkpointer is None, "the server brings its own"
        assert set(graph.get_input_jsonschema()["properties"]) >= {"messages", "user_id", "request"}


async def test_a_recommender_that_cannot_be_opened_is_an_error_and_no_wait() -> None:
    async def opened() -> Service:
        raise InvalidRequestError("home", "is not there")

    with SharedRecommender(opened) as recommender:
        first = anext(recommender.stream(text="boats"))
        with pytest.raises(InvalidRequestError, match="is not there"):
            await asyncio.wait_for(first, 5)
