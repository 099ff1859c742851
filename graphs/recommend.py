"""Say who runs after whom; read this file to follow a request.

START -> admit -> in parallel {caption_images, transcribe_audio, read_video, look_up_history}
      -> check_consistency -> understand -> retrieve_candidates -> rank_candidates (items are sent here)
      -> [rerank_with_llm: items are sent again if they moved] -> [deliberate]
      -> compose_recommendations (words are sent here) -> finish -> END
      or, where a question was asked, -> hear_answer (waits for the next request; its answer goes on at admit)
"""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from .answer import compose_recommendations, deliberate, finish
from .ask import after_finish, hear_answer
from .decide import rank_candidates, retrieve_candidates, understand
from .llm_choice import strategies_of
from .perceive import admit, caption_images, check_consistency, look_up_history, read_video, transcribe_audio
from .rerank import rerank_with_llm
from .state import State
from .turn import Turn

PERCEPTION = {
    "caption_images": caption_images,
    "transcribe_audio": transcribe_audio,
    "read_video": read_video,
    "look_up_history": look_up_history,
}


async def perceive(state: State) -> list[str]:
    """Return the perception steps this request needs; what a request does not carry is not run."""
    kinds = {m.kind for m in state.media}
    needed = {
        "caption_images": "image" in kinds,
        "transcribe_audio": "audio" in kinds,
        "read_video": "video" in kinds,
        "look_up_history": state.request.user_id is not None,
    }
    return [name for name, wanted in needed.items() if wanted] or ["check_consistency"]


async def after_ranking(state: State, *, runtime: Runtime[Turn]) -> str:
    """Return the step after ranking: the language model's opinion only where the request or the deployment asks for it."""
    asked = strategies_of(state.request, runtime.context.parts.settings.llm_rank.strategies)
    return "rerank_with_llm" if asked else await after_reranking(state)


async def after_reranking(state: State) -> str:
    """Return the step after the list is in order: deliberation only where the route says so."""
    wanted = state.route is not None and state.route.name == "deliberate"
    return "deliberate" if wanted else "compose_recommendations"


def build_graph(checkpointer: BaseCheckpointSaver[Any] | None = None) -> CompiledStateGraph[State, Turn, Any, Any]:
    """Return the compiled graph; input ``{"request": RecommendRequest}``, context a Turn, output holds ``response``."""
    graph = StateGraph(State, context_schema=Turn)
    graph.add_node("admit", admit)
    for name, node in PERCEPTION.items():
        graph.add_node(name, node)
        graph.add_edge(name, "check_consistency")
    graph.add_node("check_consistency", check_consistency)
    graph.add_node("understand", understand)
    graph.add_node("retrieve_candidates", retrieve_candidates)
    graph.add_node("rank_candidates", rank_candidates)
    graph.add_node("rerank_with_llm", rerank_with_llm)
    graph.add_node("deliberate", deliberate)
    graph.add_node("compose_recommendations", compose_recommendations)
    graph.add_node("finish", finish)
    graph.add_node("hear_answer", hear_answer)
    graph.add_edge(START, "admit")
    graph.add_conditional_edges("admit", perceive, [*PERCEPTION, "check_consistency"])
    graph.add_edge("check_consistency", "understand")
    graph.add_edge("understand", "retrieve_candidates")
    graph.add_edge("retrieve_candidates", "rank_candidates")
    written = ["deliberate", "compose_recommendations"]
    graph.add_conditional_edges("rank_candidates", after_ranking, ["rerank_with_llm", *written])
    graph.add_conditional_edges("rerank_with_llm", after_reranking, written)
    graph.add_edge("deliberate", "compose_recommendations")
    graph.add_edge("compose_recommendations", "finish")
    graph.add_conditional_edges("finish", after_finish, ["hear_answer", END])
    graph.add_edge("hear_answer", "admit")
    return graph.compile(checkpointer=checkpointer)
