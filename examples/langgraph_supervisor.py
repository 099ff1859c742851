"""A LangGraph supervisor that uses the recommender as one of its workers: shop questions go to it, others to somebody else.

Run with a catalogue in TASTEMAKER_HOME: scripts/env.sh run app examples/langgraph_supervisor.py
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Literal

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph

from tastemaker import Recommender
from tastemaker.langchain import chat_graph

ORDERS = ("order", "parcel", "refund", "delivery")


def supervise(state: MessagesState) -> Literal["orders", "shop"]:
    """Say who answers; a language model could decide this as well."""
    said = str(state["messages"][-1].content).lower()
    return "orders" if any(word in said for word in ORDERS) else "shop"


def orders(state: MessagesState) -> dict[str, Any]:
    """Stand for another worker."""
    return {"messages": [AIMessage("Your order is on its way.")]}


def build(recommender: Recommender) -> Any:
    """Return the supervisor's graph, with the shop as a subgraph."""
    graph = StateGraph(MessagesState)
    graph.add_node("shop", chat_graph(lambda: recommender))
    graph.add_node("orders", orders)
    graph.add_conditional_edges(START, supervise)
    graph.add_edge("shop", END)
    graph.add_edge("orders", END)
    return graph.compile(checkpointer=InMemorySaver())


async def main() -> None:
    """Answer three messages of one conversation."""
    async with Recommender() as recommender:
        graph, config = build(recommender), {"configurable": {"thread_id": "visit-1"}}
        for text in ("a dog outdoors, under 40 euros", "where is my order?", "cheaper"):
            state = await graph.ainvoke({"messages": [HumanMessage(text)]}, config)
            sys.stdout.write(f"> {text}\n{state['messages'][-1].content}\n\n")


if __name__ == "__main__":
    asyncio.run(main())
