"""List every scorer. A new one is one file beside this and one line here; ``tests/training/test_scorers.py`` then covers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .als import Als
from .base import Scorer
from .bpr import Bpr
from .context import Context
from .cooccurrence import CoOccurrence
from .ease import Ease
from .graph import Graph
from .popularity import Popularity
from .segments import SegmentPopularity
from .sequential import Sequential
from .text_vectors import TextVectors
from .titles import Titles
from .transitions import Transitions
from .trend import Trend
from .user_knn import UserNeighbours

SCORERS: Mapping[str, Callable[[], Scorer]] = MappingProxyType(
    {
        "popularity": Popularity,
        "trend": Trend,
        "segments": SegmentPopularity,
        "context": Context,
        "user_knn": UserNeighbours,
        "als": Als,
        "bpr": Bpr,
        "graph": Graph,
        "cooccurrence": CoOccurrence,
        "transitions": Transitions,
        "ease": Ease,
        "titles": Titles,
        "text-vectors": TextVectors,
        "sequential": Sequential,
    }
)
