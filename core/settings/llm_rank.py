"""Hold the settings of how a language model may move a list."""

from __future__ import annotations

from pydantic import Field

from ..schemas import LLMStrategy
from .base import Section


class LLMRankSettings(Section):
    """How a language model may move the list; how far is fitted on held-out events, zero where it does not help."""

    strategies: tuple[LLMStrategy, ...] = Field(
        default=(),
        description="What a request that does not say uses: embeddings, profile, score, listwise, generative.",
    )
    top: int = Field(default=20, ge=2, le=50, description="Items at the top of the list that may change places.")
    orders: int = Field(default=2, ge=1, le=8, description="Orders in which the candidates are shown to the model.")
    timeout_s: float = Field(default=20.0, gt=0, description="Seconds that all strategies together may take.")
    likes: int = Field(default=10, ge=1, le=50, description="Titles of liked items in a prompt.")
    max_events: int = Field(default=400, ge=30, description="Held-out events that `fit-llm` asks the model about.")
