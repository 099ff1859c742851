"""Ask a language model what it thinks of a list, in five ways that can be combined; each gives scores, none moves anything.

``embeddings``, ``profile`` and ``generative`` measure nearness to vectors, words or proposals that a model made (a written
guess finds what is like it: Gao et al., Precise Zero-Shot Dense Retrieval, ACL 2023); ``listwise`` sorts the candidates by
prompt, in several shuffled orders; ``score`` reads the probability of "yes" for each candidate and divides out what the model
would say of it for a stranger (contextual calibration: Zhao et al., ICML 2021).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ...core.errors import BackEndTimeout, BadBackEndResponse, TastemakerError
from ...core.learning.interactions import Floats
from ...core.learning.llm_signal import mean_signal, presentations
from ...core.learning.llm_task import LLMOpinion, RankTask
from ...core.protocols import ChatModel, ScoringModel
from ...core.schemas import LLMStrategy, Usage
from ...core.schemas.chat import ChatRequest, ChatUsage, ScoreRequest
from ...core.settings import LLMRankSettings
from ...core.text.words import stems
from ..prompt_files.library import Prompt, PromptLibrary, render
from .llm_ranker_prompts import (
    proposal_schema,
    proposing_inputs,
    ranking_inputs,
    ranking_schema,
    read_proposals,
    read_ranking,
    scored_text,
    scoring_prompt,
)

LABELS = (" yes", " no")
REMEMBERED = 50_000
SMALLEST = 1e-6
Near = Callable[[Sequence[str], Sequence[str]], Awaitable[Floats]]
"""Nearness of items to the user's liked items: liked ids, item ids -> (m,), NaN where unknown."""
NearWords = Callable[[Sequence[str], Sequence[str]], Awaitable[Floats]]
"""Nearness of items to texts: texts, item ids -> (texts, m), NaN where unknown."""
Answer = Callable[[RankTask, "Tools", float], Awaitable[LLMOpinion]]


class Tools:
    """What the strategies need of a request's shop."""

    def __init__(self, near: Near, near_words: NearWords) -> None:
        self.near, self.near_words = near, near_words


class LLMRanker:
    """Collects opinions of a list.

    Args:
        chat: the language model.
        scoring: the same model, where its server can score; None where it cannot.
        library: where the prompts come from.
        settings: how many orders and titles.
    """

    def __init__(
        self, chat: ChatModel, scoring: ScoringModel | None, library: PromptLibrary, settings: LLMRankSettings
    ) -> None:
        self.chat, self.scoring, self.library, self.settings = chat, scoring, library, settings
        self._priors: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._ways: Mapping[LLMStrategy, Answer] = MappingProxyType(
            {
                "embeddings": self._embeddings,
                "profile": self._profile,
                "score": self._score,
                "listwise": self._listwise,
                "generative": self._generative,
            }
        )

    def with_library(self, library: PromptLibrary) -> LLMRanker:
        """Return this ranker with other prompt versions; what was remembered is shared."""
        ranker = LLMRanker(self.chat, self.scoring, library, self.settings)
        ranker._priors = self._priors
        return ranker

    async def opinion(self, strategy: LLMStrategy, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        """Return what ``strategy`` says of the list within ``timeout_s`` seconds.

        Where the server cannot score, the model sorts the list instead, and the opinion says so.

        Raises:
            BackEndError: no answer in time, or none that can be used.
            StoreError: the catalogue failed.
            ConfigurationError: a prompt is missing or wrong.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ways[strategy](task, tools, timeout_s)
        except TimeoutError as error:
            raise BackEndTimeout(f"no opinion by {strategy} within {timeout_s:g} s", back_end="llm") from error

    async def _embeddings(self, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        return LLMOpinion("embeddings", await tools.near(task.liked_ids, task.ids))

    async def _profile(self, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        """Compare the words of the user's taste with those of each item: Jaccard similarity of their stems."""
        taste = stems(" ".join(task.taste))
        if not taste:
            raise BadBackEndResponse("the user's taste is not described yet", back_end="profile")
        scores = [jaccard(taste, stems(" ".join([i.title, *task.keywords.get(i.item_id, ())]))) for i in task.items]
        return LLMOpinion("profile", np.array(scores, dtype=np.float32))

    async def _listwise(self, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        """Let the model sort the list in every order; at least one answer must be usable."""
        prompt = self.library.get("rank")
        orders = presentations(task.ids, self.settings.orders, task.seed)
        answers = await asyncio.gather(
            *(self.sort_once(prompt, task, order.tolist(), timeout_s) for order in orders), return_exceptions=True
        )
        found = [a for a in answers if isinstance(a, tuple)]
        for failed in answers:
            if isinstance(failed, BaseException) and (not found or not isinstance(failed, TastemakerError)):
                raise failed
        usage = total(u for _, u in found)
        why = "" if len(found) == len(orders) else f"{len(orders) - len(found)} of {len(orders)} orders got no answer"
        return LLMOpinion("listwise", mean_signal([s for s, _ in found]), usage, (prompt.ref,), why)

    async def sort_once(
        self, prompt: Prompt, task: RankTask, order: Sequence[int], timeout_s: float
    ) -> tuple[Floats, ChatUsage]:
        """Return the model's scores for the items shown in ``order``. Raises BackEndError."""
        request = ChatRequest(
            messages=render(prompt, **ranking_inputs(task, order, self.settings.likes)),
            json_schema=ranking_schema(len(order)),
            max_tokens=prompt.config.max_tokens,
            temperature=prompt.config.temperature,
            timeout_s=timeout_s,
        )
        reply = await self.chat.complete(request)
        return read_ranking(reply.text, order), reply.usage

    async def _score(self, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        """Score every item alone, so that no place in a list can count; else sort the list."""
        if self.scoring is None:
            return replace(await self._listwise(task, tools, timeout_s), why="no scoring; sorted by prompt instead")
        prompt = self.library.get("score")
        head, tail = scoring_prompt(prompt, task, self.settings.likes)
        items = tuple(scored_text(i, tail) for i in task.items)
        try:
            said = await self.scoring.score(ScoreRequest(query=head, items=items, labels=LABELS, timeout_s=timeout_s))
            prior, extra = await self._prior(prompt, task, timeout_s)
        except BadBackEndResponse:
            sorted_ = await self._listwise(task, tools, timeout_s)
            return replace(sorted_, why="the server has no generative scoring; sorted by prompt instead")
        usage = total([said.usage, *([extra] if extra else [])])
        return LLMOpinion("score", log_odds(said.scores) - log_odds(prior), usage, (prompt.ref,))

    async def _prior(self, prompt: Prompt, task: RankTask, timeout_s: float) -> tuple[list[float], ChatUsage | None]:
        """Return what the model says of each item for a stranger; asked once for each item, model and prompt."""
        assert self.scoring is not None
        head, tail = scoring_prompt(prompt, task, self.settings.likes, stranger=True)
        texts = [scored_text(i, tail) for i in task.items]
        keys = [(self.scoring.name, prompt.ref, text) for text in texts]
        new = [k for k in dict.fromkeys(keys) if k not in self._priors]
        usage = None
        if new:
            request = ScoreRequest(query=head, items=tuple(k[2] for k in new), labels=LABELS, timeout_s=timeout_s)
            reply = await self.scoring.score(request)
            usage = reply.usage
            self._priors.update(zip(new, reply.scores, strict=True))
        found = [self._priors[k] for k in keys]
        while len(self._priors) > REMEMBERED:
            self._priors.popitem(last=False)
        return found, usage

    async def _generative(self, task: RankTask, tools: Tools, timeout_s: float) -> LLMOpinion:
        """Let the model propose and score items by nearness to the proposals, the nearest and on average; no proposal is shown."""
        prompt = self.library.get("propose")
        request = ChatRequest(
            messages=render(prompt, **proposing_inputs(task, self.settings.likes)),
            json_schema=proposal_schema(),
            max_tokens=prompt.config.max_tokens,
            temperature=prompt.config.temperature,
            timeout_s=timeout_s,
        )
        reply = await self.chat.complete(request)
        near = await tools.near_words(read_proposals(reply.text), task.ids)
        return LLMOpinion("generative", near.max(axis=0) + near.mean(axis=0), total([reply.usage]), (prompt.ref,))


def jaccard(a: Set[str], b: Set[str]) -> float:
    """Return the share of words that two sets have in common."""
    return len(a & b) / len(a | b) if a | b else 0.0


def log_odds(shares: Sequence[float]) -> Floats:
    """Return the logarithm of the odds of shares from 0 to 1, shape (m,)."""
    p = np.clip(np.asarray(shares, dtype=np.float64), SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float32)


def total(usages: Iterable[ChatUsage]) -> Usage:
    """Return the use of several calls."""
    used = list(usages)
    return Usage(
        llm_calls=len(used),
        prompt_tokens=sum(u.prompt_tokens for u in used),
        cached_tokens=sum(u.cached_tokens for u in used),
        completion_tokens=sum(u.completion_tokens for u in used),
    )
