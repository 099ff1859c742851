"""Let learnt weights say how much words, photos and sound count beside each other, by what a request carries; no I/O.

The weights of the candidate sources of each medium are multiplied by factors learnt from what people chose in the lists that they
were shown: attention over media (the fusion of Baltrusaitis et al. 2019, "Multimodal machine learning: a survey and taxonomy",
section 6.1), one set of factors for each combination of media. Without enough events every factor is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import Field

from ..schemas import Frozen
from .weights import SOURCES

MEDIUM = MappingProxyType({name: row.medium for name, row in SOURCES.items() if row.medium})
"""Candidate source -> the medium that it searches with."""
LEAST, MOST = 0.25, 4.0
NO_ATTENTION: Mapping[str, Mapping[str, float]] = MappingProxyType({})


class SituationFit(Frozen):
    """The factors of one combination of media, and what they rest on; gains are NDCG x 100 on later lists."""

    factors: dict[str, float] = Field(default_factory=dict, description="Candidate source -> factor of its weight.")
    gain: float = Field(default=0.0, description="Mean gain on later lists, with these factors.")
    low: float = Field(default=0.0, description="Lower end of its 95 % interval.")
    high: float = Field(default=0.0, description="Upper end of its 95 % interval.")
    n: int = Field(default=0, ge=0, description="Lists with a choice.")
    why: str = Field(default="", description="Why there are no factors, if there are none.")


class Attention(Frozen):
    """What was learnt for a shop, by situation such as ``photo+words``."""

    situations: dict[str, SituationFit] = Field(default_factory=dict)
    fitted_at: datetime | None = None

    @property
    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return situation -> source -> factor, for the situations that have factors."""
        return {name: fit.factors for name, fit in self.situations.items() if fit.factors}


def situation_of(sources: Iterable[str]) -> str:
    """Return the media that these candidate sources search with, sorted and joined by ``+``; empty if there is none."""
    return "+".join(sorted({MEDIUM[s] for s in sources if s in MEDIUM}))


def attended(weights: Mapping[str, float], factors: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the sources' weights times the factors of their situation; each factor is held within ``LEAST`` and ``MOST``."""
    found = factors.get(situation_of(name for name, weight in weights.items() if weight > 0), {})
    return {name: w * min(MOST, max(LEAST, found.get(name, 1.0))) for name, w in weights.items()}
