"""Candidates and the ranked list."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import (
    Field,
)

from .catalogue import Frozen, Item


class Candidate(NamedTuple):
    """An item id proposed by one source; ``rank`` counts from 1, ``score`` is the source's own scale.

    A tuple, since a request makes more than a thousand of them.
    """

    item_id: str
    source: str
    rank: int
    score: float


class SourceScore(Frozen):
    """Where a source placed an item."""

    source: str = Field(description="Candidate source, such as `text`, `image`, `full_text`, `together` or `popular`.")
    rank: int = Field(description="Place that the source gave the item, from 1.")
    score: float = Field(description="The source's own score; not comparable between sources.")


class PathStep(Frozen):
    """One edge of how a scorer came to an item: ``source`` to ``target`` over ``relation``, such as ``director: Lynch``."""

    source: str = Field(description="Id of the item it starts from.")
    relation: str = Field(description="What joins the two, borne out by their records.")
    target: str = Field(description="Id of the item it leads to.")
    source_title: str = Field(default="", description="Title of the item it starts from.")


class RankedItem(Frozen):
    """An item in the final order, with the record that every price, title and link is rendered from.

    ``close`` tells that others hold every word that was asked for and this one does not, ``below`` that the list ends before it.
    """

    item: Item
    rank: int = Field(ge=1)
    score: float
    sources: tuple[SourceScore, ...] = ()
    rules: tuple[str, ...] = ()
    path: tuple[PathStep, ...] = ()
    predicted_rating: float | None = None
    close: bool = False
    below: bool = False
