"""Fit how far a language model may move the lists of a shop, on held-out events of its own users.

The lists are those that the shop makes: its sources and its ranker, for the user as they were before the event. Their models
may have learnt from the event itself, so a list looks better here than it is and the weight is, if anything, too small.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from ...agents.reranking.combined_signal import collect, model_names, prompt_refs
from ...core.errors import StoreError, TastemakerError
from ...core.learning.held_out import HeldOut, hold_out
from ...core.learning.interactions import Floats
from ...core.learning.llm_signal import GROUPS, base_scores
from ...core.learning.llm_task import RankTask
from ...core.learning.llm_weight_fit import Case, fit_weight
from ...core.learning.llm_weight_table import WeightEntry
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate, LLMStrategy, RankedItem, Understanding
from ...stores.llm_opinions import OpinionStore, key_of
from ...tools.sources.listing import Source
from ..shop.services import Services
from ..shop.shop import Shop
from ..steps.rerank_tools import make_task, make_tools

Say = Callable[[str], None]
OPINION_S = 600.0
SAY_EVERY = 10


class Fitter:
    """Collects lists and opinions of them.

    Args:
        parts: the models and settings.
        shop: whose events and lists.
        strategies: what is fitted, together.
        say: told how far it is.
    """

    def __init__(self, services: Services, shop: Shop, strategies: Sequence[LLMStrategy], say: Say) -> None:
        self.services, self.shop, self.strategies, self.say = services, shop, tuple(sorted(set(strategies))), say
        self.refs = prompt_refs(self.strategies, services.prompts)
        folder = services.llm_rank.file(shop.tenant).path.parent
        self.kept = OpinionStore(folder / "llm_opinions.jsonl")
        self.problem = ""

    @property
    def model(self) -> str:
        """Return the models that the strategies ask."""
        return model_names(self.strategies, self.services.chat.name, self.services.llm_rank.embedder_name)

    async def fit(self, most: int, budget_s: float, seed: int) -> WeightEntry:
        """Fit, write the weights and return them; every answer is kept at once, so that a killed run goes on.

        Raises:
            StoreError: the history or the catalogue cannot be read, or the weights not written.
            BackEndError: not one opinion was given.
        """
        until = time.monotonic() + budget_s
        held = hold_out(await self.shop.history.all_events(), most, seed)
        cases: dict[str, list[Case]] = {group: [] for group in GROUPS}
        missed = 0
        for number, one in enumerate(held, 1):
            if time.monotonic() > until:
                self.say(f"the time is up after {number - 1} of {len(held)} events")
                break
            case = await self.case(one)
            if case is None:
                missed += 1
            else:
                cases[one.group].append(case)
            if number % SAY_EVERY == 0:
                self.say(f"{number} of {len(held)} events, {missed} without the item on the list or without an answer")
        if self.problem and not any(cases.values()):
            raise StoreError(f"no list could be judged: {self.problem}")
        entry = WeightEntry(
            model=self.model,
            strategies=self.strategies,
            prompts=self.refs,
            groups={group: fit_weight(found, seed) for group, found in cases.items()},
            base="the shop's list",
            fitted_at=datetime.now(UTC),
        )
        file = self.services.llm_rank.file(self.shop.tenant)
        await asyncio.to_thread(lambda: file.write(file.read().with_entry(entry)))
        return entry

    async def case(self, held: HeldOut) -> Case | None:
        """Return the list, the signal and the target's place; None where the target is not on it or nobody answered."""
        query = CandidateQuery(understanding=Understanding(), profile=held.profile, exclude=held.hidden)
        listed = await self.listed(query)
        ids = [r.item.item_id for r in listed]
        if held.target not in ids or len(ids) < 2:
            return None
        key = key_of(self.model, *self.strategies, *self.refs, *held.profile.liked, "", *sorted(ids))
        order = sorted(range(len(ids)), key=lambda i: ids[i])
        kept = self.kept.get(key)
        if kept is None:
            signal = await self.signal(query, listed)
            if signal is None:
                return None
            kept = signal[order]
            self.kept.put(key, kept)
        values = np.zeros(len(ids), dtype=np.float32)
        values[order] = kept
        base = base_scores([r.score for r in listed])
        return Case(base, values, ids.index(held.target), held.profile.user_id)

    async def listed(self, query: CandidateQuery) -> list[RankedItem]:
        """Return the top of the list that the shop makes. Raises StoreError when every source failed."""
        sources = [s for s in self.shop.sources if s.applies(query)]

        async def ask(source: Source) -> tuple[str, list[Candidate]]:
            try:
                return source.name, await source(query)
            except TastemakerError as error:
                self.problem = str(error)
                return source.name, []

        found = dict(await asyncio.gather(*(ask(s) for s in sources)))
        return await self.shop.ranker(query, found, self.services.settings.llm_rank.top)

    async def signal(self, query: CandidateQuery, listed: Sequence[RankedItem]) -> Floats | None:
        """Return the signal if every strategy answered."""
        most = self.services.settings.llm_rank.likes
        liked = await self.shop.catalogue.get(query.profile.liked[:most])

        tools = make_tools(self.shop.catalogue, self.services.llm_rank.embedder, self.services.image_text.embed_texts)
        task = make_task(query, [r.item for r in listed], liked, most)
        if "profile" in self.strategies:
            task = await self.with_words(task)
        told = await collect(
            self.services.llm_rank.ranker, self.strategies, task, tools, timeout_s=OPINION_S, note=self._note
        )
        return told.values if set(told.used) == set(self.strategies) else None

    async def with_words(self, task: RankTask) -> RankTask:
        """Return the task with its words, waiting for those of the taste."""
        words = self.services.llm_rank.words(self.shop.tenant)
        if not await words.taste(task.likes):
            await words.settled()
        return replace(task, taste=await words.taste(task.likes), keywords=await words.keywords(task.items))

    def _note(self, why: str) -> None:
        if why != self.problem:
            self.problem = why
            self.say(why)


async def fit_llm(
    services: Services,
    tenant: str,
    strategies: Sequence[LLMStrategy],
    *,
    most: int,
    budget_s: float,
    seed: int,
    say: Say,
) -> WeightEntry:
    """Fit the weights of one combination of strategies for a shop. Raises as ``Fitter.fit``."""
    async with services.lend(tenant) as shop:
        return await Fitter(services, shop, strategies, say).fit(most, budget_s, seed)
