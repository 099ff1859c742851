"""Ask for opinions of many lists and keep every answer on disk, so that a run can be killed, resumed and repeated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from ...agents.reranking.combined_signal import prompt_refs
from ...agents.reranking.llm_ranker import LLMRanker, Tools
from ...core.errors import BackEndError
from ...core.learning.interactions import Floats
from ...core.learning.llm_task import RankTask
from ...core.protocols import TextEmbedder
from ...core.schemas import LLMStrategy
from ...stores.llm_opinions import OpinionStore, key_of
from .llm_cases import Games, Listed

Progress = Callable[[str], None]
CALL_S = 600.0
SAY_EVERY_S = 10.0
AT_ONCE = 16
"""Lists asked about at the same time, so that the server answers them as one batch; scoring makes a batch of one list."""


class Asker:
    """Collects the opinions of one model within a time budget.

    Args:
        ranker: what asks.
        tools: nearness, for the strategies that need no server.
        store: where answers are kept.
        live: the server answers; else only kept answers count.
        budget_s: seconds for all questions together.
    """

    def __init__(
        self, ranker: LLMRanker, tools: Tools, store: OpinionStore, *, live: bool, budget_s: float, say: Progress
    ) -> None:
        self.ranker, self.tools, self.store, self.live, self._say = ranker, tools, store, live, say
        self._until = time.monotonic() + budget_s
        self._silent_until = time.monotonic() + SAY_EVERY_S

    @property
    def ready(self) -> bool:
        """Return whether a new question may be asked."""
        return self.live and time.monotonic() < self._until

    async def opinions(self, strategy: LLMStrategy, tasks: Sequence[RankTask], what: str) -> list[Floats | None]:
        """Return scores of the items of each task, None where nobody answered in time.

        Items are asked about in the order of their ids, so that the same candidates are the same question; a model is asked
        about the first ``llm_rank.top`` alone, and the others have no opinion.
        """
        refs = prompt_refs([strategy], self.ranker.library)
        places = asyncio.Semaphore(1 if strategy == "score" else AT_ONCE)
        answered: list[bool] = []

        async def one(task: RankTask) -> Floats | None:
            async with places:
                scores = await self._opinion(strategy, refs, task)
            answered.append(scores is not None)
            if time.monotonic() >= self._silent_until:
                self._silent_until = time.monotonic() + SAY_EVERY_S
                self._say(f"{what}: {strategy} {len(answered)} of {len(tasks)}, {sum(answered)} answered")
            return scores

        return list(await asyncio.gather(*map(one, tasks)))

    async def _opinion(self, strategy: LLMStrategy, refs: Sequence[str], task: RankTask) -> Floats | None:
        """Return the kept or a new answer about one list, which is kept."""
        settings = self.ranker.settings
        most = len(task.items) if strategy == "embeddings" else settings.top
        order = sorted(range(len(task.items[:most])), key=lambda i: task.ids[i])
        ids = [task.ids[i] for i in order]
        key = key_of(strategy, *refs, str(settings.orders), *task.likes[: settings.likes], "", *ids)
        scores = self.store.get(key)
        if scores is None:
            scores = await self._ask(strategy, task, order)
            if scores is not None:
                self.store.put(key, scores)
        return None if scores is None else _back(scores, order, len(task.items))

    async def _ask(self, strategy: LLMStrategy, task: RankTask, order: Sequence[int]) -> Floats | None:
        if not self.ready:
            return None
        sorted_task = RankTask(tuple(task.items[i] for i in order), task.likes, task.liked_ids, task.wish)
        try:
            opinion = await self.ranker.opinion(strategy, sorted_task, self.tools, CALL_S)
        except BackEndError as error:
            self._say(f"no answer: {error}")
            return None
        return opinion.scores if opinion.strategy == strategy else None


def _back(scores: Floats, order: Sequence[int], n: int) -> Floats:
    """Return scores of items in ``order`` as scores by position, shape (n,), NaN for the others."""
    values = np.full(n, np.nan, dtype=np.float32)
    values[list(order)] = scores
    return values


def title_tools(games: Games, likes: int, embedder: TextEmbedder) -> Tools:
    """Return nearness of titles to the mean vector of the newest ``likes`` titles, and to texts."""
    vectors = games.items.text_vectors
    assert vectors is not None

    async def near(liked: Sequence[str], ids: Sequence[str]) -> Floats:
        if not liked:
            return np.full(len(ids), np.nan, dtype=np.float32)
        mean = vectors[[int(i) for i in liked[:likes]]].mean(axis=0)
        return np.asarray(vectors[[int(i) for i in ids]] @ mean, dtype=np.float32)

    async def near_words(texts: Sequence[str], ids: Sequence[str]) -> Floats:
        rows = await embedder.embed_texts(texts)
        return np.asarray(rows @ vectors[[int(i) for i in ids]].T, dtype=np.float32)

    return Tools(near, near_words)


def tasks_of(games: Games, rows: Sequence[Listed]) -> list[RankTask]:
    """Return what is asked about each list."""
    return [games.task(r) for r in rows]
