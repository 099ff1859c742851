"""Measure ``order``: the candidates shown with the wanted one at each place, for the final list and for plain LLM ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...agents.reranking.llm_ranker import LLMRanker
from ...agents.reranking.llm_ranker_prompts import read_ranking
from ...core.errors import BackEndError
from ...core.learning.interactions import Floats
from ...core.learning.llm_signal import MAX_WEIGHT, base_scores, bounded, moved
from ...core.learning.llm_task import RankTask
from ...core.learning.metrics import ndcg
from ...core.schemas import LLMStrategy
from ...core.settings import Settings
from ...stores.llm_opinions import key_of
from ..reporting.report import report
from .llm_cases import Games, Listed, Row, shortened
from .llm_harm import askers
from .llm_opinions import Asker, Progress

PLACES = 20
PLAIN_PLACES = (0, 5, 10, 15, 19)
CALL_S = 600.0


async def run(
    settings: Settings, data: Path | None, *, n: int, llm_n: int, budget_s: float, seed: int, say: Progress
) -> dict[str, Any]:
    """Return the spread over places: of the final list for every kind of signal, and of one plain answer as it comes."""
    games = await Games.open(settings, data or settings.data, seed)
    rows = shortened(games.reported, "cold")[:n]
    figures: dict[str, Any] = {"final_list": {}, "plain_listwise": {}}
    for name, asker, strategies in await askers(settings, games, budget_s, say):
        for strategy in strategies:
            some = rows if strategy == "embeddings" else rows[:llm_n]
            found = await final_by_place(asker, games, some, strategy)
            figures["final_list"][f"{name}, {strategy}"] = spread(found)
        if "listwise" in strategies:
            figures["plain_listwise"][name] = spread(await plain_by_place(asker, games, rows[:llm_n], say))
    return report("order", figures, n=n, seed=seed, targets={"best_minus_worst": 3.0})


def placed(row: Row, place: int) -> Row:
    """Return the row with the wanted candidate at ``place``, the others in their order."""
    others = [c for c in row.candidates if c != row.target]
    return Row(row.user, row.history, (*others[:place], row.target, *others[place:]), row.target)


async def final_by_place(
    asker: Asker, games: Games, rows: Sequence[Row], strategy: LLMStrategy
) -> dict[int, list[float]]:
    """Return NDCG@10 x 100 of the final list, moved as far as is possible, by the place of the wanted candidate."""
    found: dict[int, list[float]] = {place: [] for place in range(PLACES)}
    for place in range(PLACES):
        lists = [games.listed(placed(row, place)) for row in rows]
        opinions = await asker.opinions(strategy, [games.task(r) for r in lists], f"place {place}")
        for listed, scores in zip(lists, opinions, strict=True):
            if scores is not None:
                found[place].append(_value(listed, scores))
    return found


def _value(listed: Listed, scores: Floats) -> float:
    order = moved(listed.base, bounded(scores), MAX_WEIGHT)
    return 100.0 * float(ndcg(np.flatnonzero(order == listed.target)[0]))


async def plain_by_place(asker: Asker, games: Games, rows: Sequence[Row], say: Progress) -> dict[int, list[float]]:
    """Return NDCG@10 x 100 of one list-wise answer to the candidates as they stand; those not named follow as they stand."""
    found: dict[int, list[float]] = {place: [] for place in PLAIN_PLACES}
    for number, row in enumerate(rows, 1):
        for place in PLAIN_PLACES:
            shown = placed(row, place)
            listed = Listed(shown, shown.candidates, base_scores([0.0] * len(shown.candidates)), place)
            scores = await plain(asker, games.task(listed))
            if scores is not None:
                order = np.argsort(-scores, kind="stable")
                found[place].append(100.0 * float(ndcg(np.flatnonzero(order == place)[0])))
        if number % 5 == 0:
            say(f"plain list-wise ranking: {number} of {len(rows)}")
    return found


async def plain(asker: Asker, task: RankTask) -> Floats | None:
    """Return the scores of one answer to the candidates in the order they stand, asked once."""
    ranker: LLMRanker = asker.ranker
    prompt = ranker.library.get("rank")
    key = key_of("plain", prompt.ref, *task.likes[: ranker.settings.likes], "", *task.ids)
    kept = asker.store.get(key)
    if kept is not None or not asker.ready:
        return kept
    places = list(range(len(task.items)))
    try:
        scores, _ = await ranker.sort_once(prompt, task, places, CALL_S)
    except BackEndError:
        scores = read_ranking('{"1":"1"}', places)  # an answer that names nobody is a list left as it stands
    asker.store.put(key, scores)
    return scores


def spread(found: dict[int, list[float]]) -> dict[str, Any]:
    """Return the mean by place, and the difference between the best and the worst place."""
    means = {place: round(float(np.mean(values)), 2) for place, values in found.items() if values}
    n = min((len(v) for v in found.values()), default=0)
    gap = round(max(means.values()) - min(means.values()), 2) if means else None
    return {"best_minus_worst": gap, "ndcg_by_place": means, "n": n}
