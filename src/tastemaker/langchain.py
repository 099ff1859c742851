"""Parts for LangChain and LangGraph, from the extra ``langchain``: a tool, a retriever, a runnable, and the graph itself."""

from __future__ import annotations

from .api.http.langserve_runnable import RecommendRunnable
from .api.langchain.parts import RecommendTool, SearchRetriever
from .api.shared_recommender import SharedRecommender
from .graphs.chat_graph import ShopState, chat_graph

__all__ = ["RecommendRunnable", "RecommendTool", "SearchRetriever", "SharedRecommender", "ShopState", "chat_graph"]
