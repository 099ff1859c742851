"""Look up what a language model proposes and measure nearness to liked items, within every limit of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from ..agents.llm_rank import Tools
from ..core.candidates import CandidateQuery
from ..core.interactions import Floats
from ..core.llm_task import RankTask
from ..core.protocols import Catalogue, TextEmbedder, Vectors
from ..core.ranking import combine_ranked
from ..core.schemas import Item
from ..tools.candidate_sources import mean_vector

SOURCE = "language_model"
Embed = Callable[[str], Awaitable[Vectors | None]]


def make_tools(query: CandidateQuery, catalogue: Catalogue, embedder: TextEmbedder | None, embed: Embed) -> Tools:
    """Return the tools of a request; ``embedder`` None takes the catalogue's own vectors."""

    async def find(text: str, limit: int) -> Sequence[str]:
        vector = await embed(text)
        found = [(await catalogue.search_text(text, limit, query.where, query.excluded), 1.0)]
        if vector is not None:
            found.append((await catalogue.search_vector("text", vector, limit, query.where, query.excluded), 1.0))
        return [c.item_id for c in combine_ranked(found, SOURCE, limit)]

    async def near(liked: Sequence[str], ids: Sequence[str]) -> Floats:
        wanted = list(dict.fromkeys([*liked, *ids]))
        if embedder is None:
            vectors = await catalogue.vectors("text", wanted)
        else:
            items = await catalogue.get(wanted)
            rows = await embedder.embed_texts([i.title for i in items])
            vectors = {i.item_id: row for i, row in zip(items, rows, strict=True)}
        mean = mean_vector([vectors[i] for i in liked if i in vectors])
        if mean is None:
            return np.full(len(ids), np.nan, dtype=np.float32)
        near_to = [float(vectors[i].reshape(-1) @ mean) if i in vectors else np.nan for i in ids]
        return np.array(near_to, dtype=np.float32)

    return Tools(find, near)


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
