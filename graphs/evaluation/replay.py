"""Answer a stored trace again, with what serves now and with other versions, and say what is different."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...core.evaluation.traces import answered, changes, request_of
from ...core.schemas import RecommendRequest
from ...core.schemas.traces import Answered, Replayed, Trace

if TYPE_CHECKING:
    from ..recommender import Recommender


async def replay(
    recommender: Recommender,
    trace: Trace,
    versions: Mapping[str, str],
    tenant: str = "default",
    other: Recommender | None = None,
) -> Replayed:
    """Return a trace answered twice: with what serves now, and with ``versions``, by ``other`` where another model is to be tried.

    Comparing the two, and not the new answer with the old one, leaves out what changed in the shop since.

    Raises:
        InvalidRequestError: there is no such version, or the catalogue no longer has a field that was asked for.
    """
    request, notes = request_of(trace)
    now = await _answer(recommender, request, {}, tenant)
    tried = await _answer(other or recommender, request, versions, tenant)
    return Replayed(
        trace=trace, now=now, other=tried, since=changes(trace, now), changed=changes(now, tried), notes=notes
    )


async def _answer(
    recommender: Recommender, request: RecommendRequest, versions: Mapping[str, str], tenant: str
) -> Answered:
    started = time.perf_counter()
    asked = request.model_copy(update={"tenant": tenant})
    answer = await recommender.recommend(asked, prompt_versions=versions, shows=False)
    await recommender.drop_thread(answer.thread_id, tenant)
    return answered(answer, time.perf_counter() - started)
