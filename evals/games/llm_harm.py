"""Measure ``harm``: the language model's re-rank on against off, same candidates, by user group, strategy and model.

Three bases make the lists: title vectors alone, as a shop without events has them, popularity alone, and the blend of
``tastemaker bench games``; the model is asked once for all of them. The weight is fitted on users who are not among the rows
reported, as the service does it, and is zero where it did not help there. The same signal alone, and moved by a weight that
nobody fitted, show what the fit protects from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...agents.prompt_files.library import PromptLibrary
from ...agents.reranking.llm_ranker import LLMRanker
from ...core.learning.interactions import Floats
from ...core.learning.llm_signal import GROUPS, bounded
from ...core.learning.llm_weight_fit import Case, FittedWeight, fit_weight, value_at
from ...core.learning.metrics import interval, ndcg
from ...core.schemas import LLMStrategy
from ...core.settings import Settings
from ...models.llm.client import open_chat_model
from ...models.llm.scoring import GenerativeScoring
from ...models.registry import open_image_text
from ...stores.llm_opinions import OpinionStore
from ..reporting.report import report
from .llm_cases import BASES, Games, Listed, Row, shortened
from .llm_opinions import Asker, Progress, tasks_of, title_tools

UNFITTED = 1.0
TOLERANCE = -0.3
ASKED: tuple[LLMStrategy, ...] = ("generative", "score", "listwise")


async def run(
    settings: Settings,
    data: Path | None,
    *,
    n: int,
    fit_n: int,
    llm_n: int,
    llm_fit_n: int,
    budget_s: float,
    seed: int,
    say: Progress,
) -> dict[str, Any]:
    """Return the figures of every model whose answers are at hand: ``n`` rows, ``llm_n`` where a model is asked."""
    games = await Games.open(settings, data or settings.data, seed)
    parts = {
        group: (
            shortened(games.fitting, group)[:fit_n],
            shortened(games.reported, group)[:n],
        )
        for group in GROUPS
    }
    figures: dict[str, Any] = {"bases": list(BASES), "models": {}}
    for name, asker, strategies in await askers(settings, games, budget_s, say):
        found: dict[str, Any] = {}
        for strategy in strategies:
            most = (fit_n, n) if strategy == "embeddings" else (llm_fit_n, llm_n)
            found[strategy] = {
                group: await over_bases(asker, games, strategy, (fit[: most[0]], shown[: most[1]]), seed)
                for group, (fit, shown) in parts.items()
            }
        figures["models"][name] = found
    return report("harm", figures, n=n, seed=seed, targets={"on_minus_off": TOLERANCE, "cold_with_1.5B": "> 0"})


async def askers(
    settings: Settings, games: Games, budget_s: float, say: Progress
) -> list[tuple[str, Asker, tuple[LLMStrategy, ...]]]:
    """Return what can be asked: the embedded vectors, the model that is served now, and those whose answers were kept."""
    folder = settings.cache / "bench" / "llm"
    tools = title_tools(games, settings.llm_rank.likes, open_image_text(settings))
    chat = open_chat_model(settings)
    live = await chat.health()
    ranker = LLMRanker(chat, GenerativeScoring(chat), PromptLibrary(None, {}), settings.llm_rank)
    own = OpinionStore(folder / "embeddings.jsonl")
    made: list[tuple[str, Asker, tuple[LLMStrategy, ...]]] = [
        ("text embeddings", Asker(ranker, tools, own, live=True, budget_s=budget_s, say=say), ("embeddings",))
    ]
    served = (await chat.served()) if live else ""
    for name in sorted({*(p.stem.removeprefix("model-") for p in folder.glob("model-*.jsonl")), served} - {""}):
        store = OpinionStore(folder / f"model-{name}.jsonl")
        made.append((name, Asker(ranker, tools, store, live=name == served, budget_s=budget_s, say=say), ASKED))
    return made


async def over_bases(
    asker: Asker, games: Games, strategy: LLMStrategy, rows: tuple[Sequence[Row], Sequence[Row]], seed: int
) -> dict[str, Any]:
    """Return the figures of one strategy for one group by base; answers to the same candidates are asked for once."""
    figures: dict[str, Any] = {}
    for base in BASES:
        fit, shown = ([games.listed(row, base) for row in part] for part in rows)
        figures[base] = await measured(asker, games, strategy, fit, shown, seed=seed)
    return figures


async def measured(
    asker: Asker, games: Games, strategy: LLMStrategy, fit: Sequence[Listed], shown: Sequence[Listed], *, seed: int
) -> dict[str, Any]:
    """Return the figures of one base: the weight fitted on the first rows, its worth on the second."""
    fitted = fit_weight(cases(fit, await asker.opinions(strategy, tasks_of(games, fit), "to fit")), seed)
    told = await asker.opinions(strategy, tasks_of(games, shown), "to report")
    return compared(cases(shown, told), alone(shown, told), fitted, seed)


def cases(rows: Sequence[Listed], opinions: Sequence[Floats | None]) -> list[Case]:
    """Return the rows that have an opinion."""
    return [
        Case(row.base, bounded(scores), row.target, row.row.user)
        for row, scores in zip(rows, opinions, strict=True)
        if scores is not None
    ]


def alone(rows: Sequence[Listed], opinions: Sequence[Floats | None]) -> list[float]:
    """Return NDCG@10 x 100 of the opinions alone; equal scores share the mean over their places, no opinion comes last."""
    values = []
    for row, opinion in zip(rows, opinions, strict=True):
        if opinion is not None:
            scores = np.where(np.isnan(opinion), -np.inf, opinion)
            above = int((scores > scores[row.target]).sum())
            same = int((scores == scores[row.target]).sum())
            values.append(100.0 * float(ndcg(above + np.arange(same)).mean()))
    return values


def compared(shown: Sequence[Case], raw: Sequence[float], fitted: FittedWeight, seed: int) -> dict[str, Any]:
    """Return NDCG@10 x 100 off, on, alone and moved by a weight that nobody fitted, with intervals of the differences."""
    figures: dict[str, Any] = {"weight": fitted.model_dump(), "n": len(shown)}
    if not shown:
        return figures
    users = [c.user for c in shown]
    off = np.array([value_at(c, 0.0) for c in shown])
    figures |= {"off": round(float(off.mean()), 2), "model_alone": round(float(np.mean(raw)), 2)}
    for name, weight in (("on", fitted.weight), ("unfitted", UNFITTED)):
        on = np.array([value_at(c, weight) for c in shown])
        low, high = interval(on - off, seed, owners=users)
        figures[name] = round(float(on.mean()), 2)
        figures[f"{name}_minus_off"] = [round(float((on - off).mean()), 2), round(low, 2), round(high, 2)]
    return figures
