"""Ask for opinions of many lists and keep every answer on disk, so that a run can be killed, resumed and repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ..agents.llm_opinion import prompt_refs
from ..agents.llm_rank import LLMRanker, Tools
from ..core.errors import BackEndError
from ..core.interactions import Floats
from ..core.llm_task import RankTask
from ..core.schemas import LLMStrategy
from ..stores.llm_opinions import OpinionStore, key_of
from .llm_cases import Games, Listed

Progress = Callable[[str], None]
CALL_S = 600.0


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
        found: list[Floats | None] = []
        for number, task in enumerate(tasks, 1):
            most = len(task.items) if strategy == "embeddings" else self.ranker.settings.top
            order = sorted(range(len(task.items[:most])), key=lambda i: task.ids[i])
            ids = [task.ids[i] for i in order]
            settings = self.ranker.settings
            key = key_of(strategy, *refs, str(settings.orders), *task.likes[: settings.likes], "", *ids)
            scores = self.store.get(key)
            if scores is None:
                scores = await self._ask(strategy, task, order)
                if scores is not None:
                    self.store.put(key, scores)
            found.append(None if scores is None else _back(scores, order, len(task.items)))
            if number % 20 == 0:
                self._say(f"{what}: {strategy} {number} of {len(tasks)}, {sum(f is not None for f in found)} answered")
        return found

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


def title_tools(games: Games, likes: int) -> Tools:
    """Return nearness to the mean vector of the newest ``likes`` titles; nothing can be looked up here."""
    vectors = games.items.text_vectors
    assert vectors is not None

    async def find(text: str, limit: int) -> Sequence[str]:
        return ()

    async def near(liked: Sequence[str], ids: Sequence[str]) -> Floats:
        if not liked:
            return np.full(len(ids), np.nan, dtype=np.float32)
        mean = vectors[[int(i) for i in liked[:likes]]].mean(axis=0)
        return np.asarray(vectors[[int(i) for i in ids]] @ mean, dtype=np.float32)

    return Tools(find, near)


def tasks_of(games: Games, rows: Sequence[Listed]) -> list[RankTask]:
    """Return what is asked about each list."""
    return [games.task(r) for r in rows]
