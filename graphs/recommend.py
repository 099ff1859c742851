"""Say who runs after whom; read this file to follow a request.

START -> [admit: only where there are media or corrections] -> in parallel {caption_images, transcribe_audio, read_video, look_up_history}
      -> [check_consistency: only where there are media] -> understand
      -> rank_candidates (retrieves them, too; items are sent here), or answer_about_shown where the turn only asks about items shown
      -> [beside it read_with_model, then settle_reading: back to rank_candidates, which sends items again, if the reading changed]
      -> [rerank_with_llm: items are sent again if they moved] -> [deliberate]
      -> compose_recommendations (words are sent here; the response is put together) -> END
      or, where a question was asked, -> hear_answer (waits for the next request; its answer goes on where a request begins)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from ..agents.conversation.acts import ANSWERED
from .steps.answer_about_shown import answer_about_shown
from .steps.ask import hear_answer
from .steps.compose import compose_recommendations
from .steps.deliberate import deliberate
from .steps.perceive import admit, caption_images, check_consistency, look_up_history, read_video, transcribe_audio
from .steps.rank import rank_candidates
from .steps.read_with_model import read_with_model, reads_with_model, settle_reading
from .steps.rerank import rerank_with_llm
from .steps.understand import understand
from .turn.state import State
from .turn.turn import Step, Turn


def begin(state: State) -> str | list[str]:
    """Return the first steps of a request; what it does not carry is not run."""
    request = state.request
    carries = bool(request.images or request.audio or request.video or request.corrections)
    return "admit" if carries else perceive(state)


def perceive(state: State) -> str | list[str]:
    """Return the perception steps this request needs."""
    kinds = {m.kind for m in state.media}
    needed = {
        "caption_images": "image" in kinds,
        "transcribe_audio": "audio" in kinds,
        "read_video": "video" in kinds,
        "look_up_history": state.request.user_id is not None,
    }
    return [name for name, wanted in needed.items() if wanted] or after_perception(state)


def after_perception(state: State, turn: Turn | None = None) -> str:
    """Return the step after perception: without media there is nothing to compare with the words."""
    return "check_consistency" if state.media else "understand"


def after_understanding(state: State, turn: Turn) -> str | list[str]:
    """Return what follows understanding: a question about the items shown is answered from their records.

    Where the language model reads, too, it does so beside the first search.
    """
    if state.act.name in ANSWERED:
        return "answer_about_shown"
    reads = turn.services.model_reads[0] and reads_with_model(state)
    return ["rank_candidates", "read_with_model"] if reads else "rank_candidates"


def after_ranking(state: State, turn: Turn) -> str:
    """Return the step after ranking: the model's reading if it is awaited, its opinion of the list only where that is asked for."""
    if turn.services.model_reads[0] and not state.settled and reads_with_model(state):
        return "settle_reading"
    return "rerank_with_llm" if turn.strategies(state.request) else after_reranking(state)


def after_settling(state: State, turn: Turn) -> str:
    """Return the step after the readings are settled: items are looked for again only if that changed what is asked for."""
    return "rank_candidates" if state.settled == "changed" else after_ranking(state, turn)


def after_reranking(state: State, turn: Turn | None = None) -> str:
    """Return the step after the list is in order: deliberation only where the route says so."""
    wanted = state.route is not None and state.route.name == "deliberate"
    return "deliberate" if wanted else "compose_recommendations"


def after_answer(state: State, turn: Turn) -> str:
    """Return the step after the answer: wait for the user if a question was asked and the thread is kept."""
    return "hear_answer" if state.asked is not None and turn.thread is not None else END


Choose = Callable[[State, Turn], str | list[str]]
STRAIGHT = frozenset(("understand", "rank_candidates", "rerank_with_llm", "compose_recommendations"))
"""Steps that are gone on to within the task of the step before: they join nothing and do not wait for the user."""


def then(step: Step, choose: Choose, following: Mapping[str, tuple[Step, Choose]]) -> Step:
    """Return ``step`` saying also which steps follow, chosen from the state as it leaves it; a single one of ``following`` runs at once.

    A conditional edge would have LangGraph read and check the whole state a second time; a task for each step, and what LangGraph does
    between two, costs as much as some of the steps.
    """

    async def run(state: State, *, runtime: Runtime[Turn]) -> Any:
        update = dict(await step(state, runtime=runtime))
        state = state.with_update(update)
        goto = choose(state, runtime.context)
        while isinstance(goto, str) and goto in following:
            another, choose_next = following[goto]
            if runtime.context.send is not None:
                await asyncio.sleep(0)  # what a step told goes out before the next one works
            more = await another(state, runtime=runtime)
            update |= more
            state = state.with_update(more)
            goto = choose_next(state, runtime.context)
        return Command(update=update, goto=goto)

    run.__annotations__ = {"state": State, "runtime": Runtime[Turn]}
    run.__doc__ = step.__doc__
    return run


def build_graph(checkpointer: BaseCheckpointSaver[Any] | None = None) -> CompiledStateGraph[State, Turn, Any, Any]:
    """Return the compiled graph; input ``{"request": RecommendRequest}``, context a Turn, which then holds ``response``."""
    return _graph().compile(checkpointer=checkpointer)


@cache
def _graph() -> StateGraph[State, Turn, Any, Any]:
    """Return the graph as it is, with its steps; it holds nothing of a run, and LangGraph takes a while to read the types of each step."""
    graph = StateGraph(State, context_schema=Turn)
    perception = ("caption_images", "transcribe_audio", "read_video", "look_up_history")
    compared, written = ("check_consistency", "understand"), ("deliberate", "compose_recommendations")

    following: dict[str, tuple[Step, Choose]] = {}

    def add(name: str, step: Step, choose: Choose, *targets: str) -> None:
        graph.add_node(name, then(step, choose, following), destinations=targets)
        if name in STRAIGHT:
            following[name] = step, choose

    async def first(state: State) -> str | list[str]:  # LangGraph would run a plain function in a thread
        return begin(state)

    graph.add_conditional_edges(START, first, ["admit", "look_up_history", "understand"])
    add("admit", admit, lambda state, _: perceive(state), *perception, *compared)
    graph.add_node("caption_images", caption_images)
    graph.add_node("transcribe_audio", transcribe_audio)
    graph.add_node("read_video", read_video)
    add("look_up_history", look_up_history, after_perception, *compared)
    graph.add_node("check_consistency", check_consistency)
    add("understand", understand, after_understanding, "rank_candidates", "read_with_model", "answer_about_shown")
    graph.add_node("answer_about_shown", answer_about_shown)
    add("rank_candidates", rank_candidates, after_ranking, "settle_reading", "rerank_with_llm", *written)
    graph.add_node("read_with_model", read_with_model)
    graph.add_edge("read_with_model", "settle_reading")
    add("settle_reading", settle_reading, after_settling, "rank_candidates", "rerank_with_llm", *written)
    add("rerank_with_llm", rerank_with_llm, after_reranking, *written)
    graph.add_node("deliberate", deliberate)
    add("compose_recommendations", compose_recommendations, after_answer, "hear_answer", END)
    add("hear_answer", hear_answer, lambda state, _: begin(state), "admit", "look_up_history", "understand")
    for name in perception[:-1]:
        graph.add_edge(name, "check_consistency")
    graph.add_edge("check_consistency", "understand")
    graph.add_edge("answer_about_shown", "compose_recommendations")
    graph.add_edge("deliberate", "compose_recommendations")
    return graph
