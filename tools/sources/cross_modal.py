"""Find the items nearest to words, pictures, or a weighted mixture of both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Catalogue, VectorColumn, Vectors
from ...core.ranking.cross_modal import Hit, LookAt, PartScore, mixed
from ...core.schemas import Constraint, Item

POOL = 300
"""Items that each part proposes; all of them are then compared with every part."""
WORDS_SHARE = 1.0
"""Weight of the words that match literally, beside that of their meaning in one column."""
COLUMNS: dict[LookAt, tuple[VectorColumn, ...]] = {"both": ("image", "text"), "image": ("image",), "text": ("text",)}


@dataclass(frozen=True, slots=True)
class QueryPart:
    """One part of a search: its name, its unit vector (dim,), its weight, and its words if it has any."""

    name: str
    vector: Vectors
    weight: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Scores:
    """One kind of comparison: what with what, its weight, a score per item (NaN: none)."""

    part: str
    against: str
    weight: float
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """The items that were proposed, their scores put together, (m,), and each kind of comparison."""

    ids: list[str]
    total: NDArray[np.float64]
    scores: list[_Scores]

    def hit(self, i: int | None, item: Item, rank: int, rules: tuple[str, ...] = ()) -> Hit:
        """Return the item at position ``i``, or one that was not compared, as it is shown."""
        score, parts = (0.0, ()) if i is None else (float(self.total[i]), _parts(self.scores, i))
        return Hit(
            item_id=item.item_id,
            title=item.title,
            url=item.url,
            image=item.image,
            attributes=item.attributes,
            rank=rank,
            score=round(score, 4),
            rules=rules,
            parts=parts,
        )


async def compare(
    catalogue: Catalogue,
    parts: Sequence[QueryPart],
    look_at: LookAt,
    where: Sequence[Constraint],
    exclude: Iterable[str] = (),
) -> Compared:
    """Return every proposed item but those of ``exclude``, compared with every part.

    Each part, and for a mixture their weighted sum, proposes its nearest items under the constraints. Every proposed item
    is then compared with every part, and the scores are brought to one scale and added by weight.

    Raises:
        InvalidRequestError: a constraint names no field.
        StoreError: the catalogue cannot be read.
    """
    parts, out = [part for part in parts if part.weight > 0], frozenset(exclude)
    worded = [part for part in parts if part.words]
    near, texts = await asyncio.gather(
        _near(catalogue, parts, look_at, where, out),
        asyncio.gather(*(_worded(catalogue, part, look_at, where, out) for part in worded)),
    )
    words = {part.name: found for part, found in zip(worded, texts, strict=True)}
    ids = list(dict.fromkeys([*near, *(item_id for own in words.values() for item_id in own)]))
    compared = await asyncio.gather(*(_compared(catalogue, parts, column, ids) for column in COLUMNS[look_at]))
    scores = [score for of_column in compared for score in of_column]
    scores += [_literal(part, words[part.name], ids) for part in parts if words.get(part.name)]
    if not ids or not scores:
        return Compared([], np.zeros(0), [])
    total = mixed(
        {f"{s.part}:{s.against}": s.values for s in scores}, {f"{s.part}:{s.against}": s.weight for s in scores}
    )
    return Compared(ids, total, scores)


async def _worded(
    catalogue: Catalogue, part: QueryPart, look_at: LookAt, where: Sequence[Constraint], exclude: frozenset[str]
) -> dict[str, float]:
    if look_at == "image":
        return {}
    found = await catalogue.search_text(part.words, POOL, where, exclude)
    best = max((c.score for c in found), default=0.0) or 1.0
    return {c.item_id: c.score / best for c in found}


async def _near(
    catalogue: Catalogue,
    parts: Sequence[QueryPart],
    look_at: LookAt,
    where: Sequence[Constraint],
    exclude: frozenset[str],
) -> list[str]:
    """Return the items nearest to each part and to all together."""
    vectors = [part.vector for part in parts]
    if len(parts) > 1:
        together = np.sum([part.weight * part.vector for part in parts], axis=0)
        vectors.append((together / max(float(np.linalg.norm(together)), 1e-9)).astype(np.float32))
    found = await asyncio.gather(
        *(
            catalogue.search_vector(column, vector, POOL, where, exclude)
            for column in COLUMNS[look_at]
            for vector in vectors
        )
    )
    return [c.item_id for candidates in found for c in candidates]


async def _compared(
    catalogue: Catalogue, parts: Sequence[QueryPart], column: VectorColumn, ids: Sequence[str]
) -> list[_Scores]:
    known = await catalogue.vectors(column, ids)
    if not known:
        return []
    rows = np.full((len(ids), len(parts[0].vector)), np.nan)
    for position, item_id in enumerate(ids):
        if item_id in known:
            rows[position] = known[item_id]
    return [_Scores(part.name, column, part.weight, rows @ part.vector.astype(np.float64)) for part in parts]


def _literal(part: QueryPart, words: dict[str, float], ids: Sequence[str]) -> _Scores:
    values = np.array([words.get(item_id, 0.0) for item_id in ids])
    return _Scores(part.name, "words", WORDS_SHARE * part.weight, values)


def _parts(scores: Sequence[_Scores], i: int) -> tuple[PartScore, ...]:
    return tuple(
        PartScore.model_validate({"part": s.part, "against": s.against, "score": round(float(s.values[i]), 4)})
        for s in scores
        if not np.isnan(s.values[i])
    )
