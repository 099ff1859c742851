"""The graph that ``langgraph.json`` names, for LangGraph's server and Studio; its recommender opens at the first message."""

from __future__ import annotations

from ...graphs.chat_graph import chat_graph
from ..shared_recommender import SharedRecommender

_shared = SharedRecommender.open()
graph = chat_graph(lambda: _shared)
