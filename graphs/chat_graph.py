"""Offer the recommender as a graph over messages, with a state schema of its own: for other graphs, LangGraph's server and Studio."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, NotRequired, Protocol, TypedDict, cast, runtime_checkable

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import MessagesState
from langgraph.graph.state import CompiledStateGraph
from pydantic import ValidationError

from ..agents.explaining.markdown import whole
from ..core.background import stop
from ..core.errors import InvalidRequestError
from ..core.schemas import RecommendRequest, RecommendResponse, StreamEvent
from ..core.validation import invalid_request

ANNOUNCED = frozenset({"route", "reading", "evidence", "items", "words", "degraded"})
"""Events of a recommender that are handed on as custom events while it works."""

SPOKEN = "manually_emit_message"
"""The custom event that ``ag-ui-langgraph`` and CopilotKit show as a message of the assistant."""


class Streams(Protocol):
    """What the graph needs of a recommender."""

    def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event."""
        ...


@runtime_checkable
class Waits(Protocol):
    """A recommender that synchronous code can use."""

    def wait(self, work: Callable[[Any], Any]) -> Any:
        """Return what ``work`` returns of the recommender."""
        ...


class ShopState(MessagesState):
    """A conversation: its messages, what else a request may say, and the last answer as data.

    ``thread_id`` is the recommender's own; it is kept here, so that the next turn goes on. ``request`` holds further fields of a
    request, such as ``n`` or ``constraints``.
    """

    thread_id: NotRequired[str | None]
    user_id: NotRequired[str | None]
    request: NotRequired[dict[str, Any]]
    recommendation: NotRequired[dict[str, Any]]


class _Answered(TypedDict):
    messages: list[AnyMessage]
    thread_id: str
    request: dict[str, Any]
    recommendation: dict[str, Any]


def chat_graph(
    recommender: Callable[[], Streams], checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[ShopState, None, Any, Any]:
    """Return a compiled graph of one step, ``recommend``; ``recommender`` is called when it runs, so that it may be opened later.

    Only the last message of the user is asked about: what was said before is in the recommender's thread, which is the state's
    ``thread_id`` or else ``configurable.thread_id`` of the run. While it works it sends custom events (``ANNOUNCED``).
    """

    async def recommend(state: ShopState, config: RunnableConfig) -> _Answered:
        """Answer the last message with items of the catalogue."""
        request = request_of(state, config)
        response: RecommendResponse | None = None
        async for event in _apart(recommender().stream(request, allow_paths=False)):
            if event.event == "done":
                response = RecommendResponse.model_validate(event.data)
            elif event.event in ANNOUNCED:
                await adispatch_custom_event(event.event, event.data, config=config)
        assert response is not None
        spoken = {"message_id": response.request_id, "message": whole(response)}
        await adispatch_custom_event(SPOKEN, spoken, config=config)
        return _answered(response)

    def recommend_at_once(state: ShopState, config: RunnableConfig) -> _Answered:
        """Answer the last message for synchronous code."""
        shared, request = recommender(), request_of(state, config)
        if not isinstance(shared, Waits):
            raise TypeError("this recommender is asynchronous: call ainvoke, or give a SharedRecommender")
        return _answered(shared.wait(lambda service: service.recommend(request, allow_paths=False)))

    graph = StateGraph(ShopState)
    graph.add_node("recommend", RunnableLambda(recommend_at_once, recommend, name="recommend"))
    graph.add_edge(START, "recommend")
    graph.add_edge("recommend", END)
    compiled: CompiledStateGraph[ShopState, None, Any, Any] = cast(Any, graph.compile(checkpointer, name="tastemaker"))
    return compiled


async def _apart(events: AsyncIterator[StreamEvent]) -> AsyncGenerator[StreamEvent]:
    """Yield the events of a run that the callbacks and streams of this one do not see: the state inside is told to nobody."""
    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    waiting: asyncio.Queue[StreamEvent | None] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for event in events:
                waiting.put_nowait(event)
        finally:
            waiting.put_nowait(None)

    task = asyncio.create_task(pump(), context=context)
    try:
        while (event := await waiting.get()) is not None:
            yield event
        await task
    finally:
        await stop(task)


def _answered(response: RecommendResponse) -> _Answered:
    data = response.model_dump(mode="json")
    message = AIMessage(content=whole(response), id=response.request_id, additional_kwargs={"recommendation": data})
    return {"messages": [message], "thread_id": response.thread_id, "request": {}, "recommendation": data}


def chat_graph_for_one_run(recommender: Callable[[], Streams]) -> CompiledStateGraph[ShopState, None, Any, Any]:
    """Return the graph with a checkpointer that lives as long as it does, for callers that send the whole conversation each time."""
    return chat_graph(recommender, InMemorySaver())


def request_of(state: ShopState, config: RunnableConfig) -> RecommendRequest:
    """Return what the last message of the user asks, with what state and config say beside it.

    Raises:
        InvalidRequestError: there is no message of a user, or a field is wrong.
    """
    said = next((m for m in reversed(state["messages"]) if m.type == "human"), None)
    if said is None:
        raise InvalidRequestError("messages", "needs a message of the user")
    configurable = config.get("configurable", {})
    given: dict[str, Any] = {**(state.get("request") or {}), **_content(said)}
    for name in ("user_id", "thread_id"):
        value = state.get(name) or configurable.get(name)  # LangGraph's server gives an empty user
        if value:
            given.setdefault(name, str(value))
    try:
        return RecommendRequest.model_validate(given)
    except ValidationError as error:
        raise invalid_request(error) from error


def _content(message: AnyMessage) -> dict[str, Any]:
    """Return words and media of a message, in LangChain's content blocks."""
    texts: list[str] = []
    media: dict[str, list[dict[str, str]]] = {}
    for number, block in enumerate(message.content_blocks):
        kind = block["type"]
        if kind == "text":
            texts.append(str(block.get("text", "")))
        elif kind in ("image", "audio", "video"):
            field = "images" if kind == "image" else kind
            media.setdefault(field, []).append(_medium(cast(Any, block), f"messages.content[{number}]"))
        else:
            raise InvalidRequestError(f"messages.content[{number}]", "must be text, image, audio or video")
    return {"text": "\n".join(texts).strip() or None, **media}


def _medium(block: dict[str, Any], where: str) -> dict[str, str]:
    if isinstance(block.get("base64"), str):
        return {"data": block["base64"]}
    if isinstance(block.get("url"), str):
        return {"url": block["url"]}
    raise InvalidRequestError(where, "a medium needs base64 or url")
