"""What a language model is asked about a list, and what it said; values handed between agents and graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..schemas import Item, LLMStrategy, Usage
from .interactions import Floats
from .llm_signal import seed_of


@dataclass(frozen=True, eq=False)
class RankTask:
    """A list to judge, best first, and what is known of the user.

    ``likes`` are titles, newest first; ``taste`` and ``keywords`` (item id -> words) are what a model wrote before.
    """

    items: tuple[Item, ...]
    likes: tuple[str, ...] = ()
    liked_ids: tuple[str, ...] = ()
    wish: str = ""
    taste: tuple[str, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the items, best first."""
        return tuple(i.item_id for i in self.items)

    @property
    def seed(self) -> int:
        """Return the seed of this request: the same for the same user, wish and candidates, in whatever order these come."""
        return seed_of(self.wish, *self.likes, "", *sorted(self.ids))


@dataclass(frozen=True, eq=False)
class LLMOpinion:
    """What one strategy says of a list: ``scores`` has shape (m,), higher is better, NaN for no opinion.

    ``strategy`` is what answered, which may be another than the one asked; ``why`` then says so.
    """

    strategy: LLMStrategy
    scores: Floats
    usage: Usage = field(default_factory=Usage)
    prompts: tuple[str, ...] = ()
    why: str = ""
