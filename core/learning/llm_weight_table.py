"""The weights that were fitted for language models' signals: what they belong to, and how one is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from ..schemas import Frozen, LLMStrategy
from .llm_weight_fit import NOT_FITTED, FittedWeight


class WeightEntry(Frozen):
    """What one model with one set of prompts is worth to the user groups of a shop.

    ``strategies`` are sorted; ``prompts`` are ``name@version#digest``: an edited prompt has no weight until it is fitted.
    """

    model: str
    strategies: tuple[LLMStrategy, ...]
    prompts: tuple[str, ...] = ()
    groups: dict[str, FittedWeight] = Field(default_factory=dict)
    base: str = Field(default="", description="What made the lists that the signal was measured against.")
    fitted_at: datetime | None = None

    @property
    def key(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Return what tells this entry from others."""
        return self.model, self.strategies, self.prompts


class WeightTable(Frozen):
    """Every weight of a shop."""

    version: Literal[1] = 1
    entries: tuple[WeightEntry, ...] = ()

    def find(self, model: str, strategies: Sequence[LLMStrategy], prompts: Sequence[str], group: str) -> FittedWeight:
        """Return the weight of exactly this combination for ``group``; zero, with the reason, where it was not fitted."""
        wanted = (model, tuple(sorted(set(strategies))), tuple(sorted(set(prompts))))
        found: Mapping[str, FittedWeight] = next((e.groups for e in self.entries if e.key == wanted), {})
        return found.get(group, NOT_FITTED)

    def with_entry(self, entry: WeightEntry) -> WeightTable:
        """Return the table with ``entry`` in place of an earlier one of the same key."""
        kept = tuple(e for e in self.entries if e.key != entry.key)
        return self.model_copy(update={"entries": (*kept, entry)})
