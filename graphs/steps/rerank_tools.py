"""Measure how near candidates are to liked items and to what a language model proposes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from ...agents.reranking.llm_ranker import Tools
from ...core.learning.interactions import Floats
from ...core.learning.llm_task import RankTask
from ...core.protocols import Catalogue, TextEmbedder, Vectors
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Item
from ...tools.sources.taste import mean_vector

Embed = Callable[[Sequence[str]], Awaitable[Vectors | None]]


def make_tools(catalogue: Catalogue, embedder: TextEmbedder | None, embed: Embed) -> Tools:
    """Return the tools of a request; ``embedder`` None takes the catalogue's own vectors, and ``embed`` for texts."""

    async def vectors_of(ids: Sequence[str]) -> Mapping[str, Vectors]:
        if embedder is None:
            return await catalogue.vectors("text", ids)
        items = await catalogue.get(ids)
        rows = await embedder.embed_texts([i.title for i in items])
        return {i.item_id: row for i, row in zip(items, rows, strict=True)}

    async def near(liked: Sequence[str], ids: Sequence[str]) -> Floats:
        vectors = await vectors_of(list(dict.fromkeys([*liked, *ids])))
        mean = mean_vector([vectors[i] for i in liked if i in vectors])
        if mean is None:
            return np.full(len(ids), np.nan, dtype=np.float32)
        values: Floats = nearness(vectors, ids, mean.reshape(1, -1))[0]
        return values

    async def near_words(texts: Sequence[str], ids: Sequence[str]) -> Floats:
        rows = await embed(texts) if embedder is None else await embedder.embed_texts(texts)
        if rows is None:
            return np.full((len(texts), len(ids)), np.nan, dtype=np.float32)
        return nearness(await vectors_of(ids), ids, rows)

    return Tools(near, near_words)


def nearness(vectors: Mapping[str, Vectors], ids: Sequence[str], rows: Vectors) -> Floats:
    """Return the dot product of each row, (rows, dim), with each item's vector, (rows, m); NaN for items without one."""
    values = np.full((len(rows), len(ids)), np.nan, dtype=np.float32)
    for place, item_id in enumerate(ids):
        if item_id in vectors:
            values[:, place] = rows @ vectors[item_id].reshape(-1)
    return values


def make_task(query: CandidateQuery, items: Sequence[Item], liked: Sequence[Item], most: int) -> RankTask:
    """Return what the model is asked about ``items``; ``liked`` are the records of the liked ids that exist."""
    titles = {i.item_id: i.title for i in liked}
    ids = query.profile.liked[:most]
    return RankTask(
        items=tuple(items),
        likes=tuple(titles[i] for i in ids if i in titles),
        liked_ids=ids,
        wish=query.understanding.query,
    )
