"""Run one version over frozen cases, as often as asked, a few at a time; what is done already is not done again."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ...core.errors import TastemakerError
from ...core.evaluation.judging import judge
from ...core.redaction import redact
from ...core.schemas import RecommendRequest, RecommendResponse
from ...core.schemas.cases import Case, Outcome

if TYPE_CHECKING:
    from ..recommender import Recommender

CONCURRENCY = 4
Keep = Callable[[Outcome], Awaitable[None]]
Done = Collection[tuple[str, int]]
"""(case id, repetition) of what was done."""


async def run_cases(
    recommender: Recommender,
    cases: Sequence[Case],
    keep: Keep,
    *,
    repetitions: int = 1,
    versions: Mapping[str, str] | None = None,
    tenant: str = "default",
    done: Done = (),
    concurrency: int = CONCURRENCY,
) -> None:
    """Answer every case ``repetitions`` times with ``versions`` in force, judge each answer and give it to ``keep`` at once.

    Nobody sees the answers, so nothing is logged as shown, and the conversations are forgotten. All cases are asked once before any
    is asked again, so that what stands after an interruption is a whole look at the set. ``keep`` is never called twice at once.

    Raises:
        StoreError: an outcome could not be kept.
    """
    turns = asyncio.Semaphore(concurrency)
    keeping = asyncio.Lock()

    async def one(case: Case, repetition: int) -> None:
        async with turns:
            outcome = await run_case(recommender, case, repetition, versions or {}, tenant)
        async with keeping:
            await keep(outcome)

    try:
        async with asyncio.TaskGroup() as group:
            for repetition in range(1, repetitions + 1):
                for case in cases:
                    if (case.case_id, repetition) not in done:
                        group.create_task(one(case, repetition))
    except* TastemakerError as failed:
        raise failed.exceptions[0] from None


async def run_case(
    recommender: Recommender, case: Case, repetition: int, versions: Mapping[str, str], tenant: str = "default"
) -> Outcome:
    """Return what came of one case; a failure is an outcome, too. Earlier turns are answered without a model's words."""
    thread = str(uuid.uuid4())
    started = time.perf_counter()
    try:
        for before in case.before:
            await _ask(recommender, before.model_copy(update={"words": False}), thread, versions, tenant)
        started = time.perf_counter()
        answer = await _ask(recommender, case.request, thread, versions, tenant)
    except TastemakerError as error:
        why = redact(str(error))
        return Outcome(
            case_id=case.case_id,
            repetition=repetition,
            failures=(f"there was no answer: {why}",),
            seconds=round(time.perf_counter() - started, 4),
            error=why,
        )
    finally:
        await recommender.drop_thread(thread, tenant)
    seconds = time.perf_counter() - started
    asked = recommender.settings.llm.compose_items
    return judge(case, repetition, answer, seconds, compose_items=asked, versions=versions)


async def _ask(
    recommender: Recommender, request: RecommendRequest, thread: str, versions: Mapping[str, str], tenant: str
) -> RecommendResponse:
    asked = request.model_copy(update={"thread_id": thread, "tenant": tenant})
    return await recommender.recommend(asked, prompt_versions=versions, shows=False)
