"""List every scorer. A new one is one file beside this and one line here; ``tests/test_scorers.py`` then covers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .base import Scorer
from .popularity import Popularity

SCORERS: Mapping[str, Callable[[], Scorer]] = MappingProxyType(
    {
        "popularity": Popularity,
    }
)
