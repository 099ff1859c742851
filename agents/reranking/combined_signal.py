"""Put the opinions of several strategies together into one bounded signal, and find the weight that belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.learning.interactions import Floats
from ...core.learning.llm_signal import mean_signal
from ...core.learning.llm_task import LLMOpinion, RankTask
from ...core.redaction import public_reason
from ...core.schemas import LLMStrategy
from ..prompt_files.library import PromptLibrary
from .llm_ranker import LLMRanker, Tools

PROMPTS: dict[LLMStrategy, tuple[str, ...]] = {
    "embeddings": (),
    "profile": ("taste", "keywords"),
    "score": ("score",),
    "listwise": ("rank",),
    "generative": ("propose",),
}
Note = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Signal:
    """What the strategies that answered say together; ``values`` has shape (m,) and lies within -1 and 1."""

    values: Floats
    opinions: tuple[LLMOpinion, ...]

    @property
    def used(self) -> tuple[LLMStrategy, ...]:
        """Return the strategies that answered."""
        return tuple(dict.fromkeys(o.strategy for o in self.opinions))


async def collect(
    ranker: LLMRanker, strategies: Sequence[LLMStrategy], task: RankTask, tools: Tools, *, timeout_s: float, note: Note
) -> Signal:
    """Return the mean signal of the strategies, asked at the same time; ``note`` is told what is missing or stands in."""
    asked = list(dict.fromkeys(strategies))
    answers = await asyncio.gather(*(ranker.opinion(s, task, tools, timeout_s) for s in asked), return_exceptions=True)
    found: list[LLMOpinion] = []
    for strategy, answer in zip(asked, answers, strict=True):
        if isinstance(answer, LLMOpinion):
            found.append(answer)
            if answer.why:
                note(f"{strategy}: {answer.why}")
        elif isinstance(answer, Exception):
            note(f"{strategy}: {public_reason(answer, 'llm')}")
        else:
            raise answer
    kept = {o.strategy: o for o in found}
    values = mean_signal([o.scores for o in kept.values()]) if kept else np.zeros(len(task.items), dtype=np.float32)
    return Signal(values, tuple(found))


def prompt_refs(strategies: Sequence[LLMStrategy], library: PromptLibrary) -> tuple[str, ...]:
    """Return the prompts that the strategies use, as ``name@version#digest``, sorted.

    Raises:
        ConfigurationError: one is missing or wrong.
    """
    names = {name for s in strategies for name in PROMPTS[s]}
    return tuple(sorted(library.get(name).ref for name in names))


def model_names(strategies: Sequence[LLMStrategy], chat: str, embedder: str) -> str:
    """Return the models that the strategies ask, as the weights name them."""
    named = dict.fromkeys(embedder if s == "embeddings" else chat for s in sorted(set(strategies)))
    return " + ".join(named)
