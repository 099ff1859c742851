"""Find out which step dropped an item, by taking the same steps once more with a trace; nothing is kept of it."""

from __future__ import annotations

import time
import uuid
from contextlib import AsyncExitStack
from typing import Any

from ..core.ranking.why_not import Inquiry, Trace, WhyNot, explain
from ..core.schemas import Item, RecommendRequest, ThreadMemory
from ..tools.media.admission import media_folder
from .recommend import build_graph
from .run import serving
from .shop.services import Services
from .steps.rules import screen_of
from .threads.store import Threads
from .turn.state import State
from .turn.turn import FLOOR_S, Turn, check_owner


async def find_out(
    item_id: str, request: RecommendRequest, services: Services, threads: Threads | None, *, allow_paths: bool
) -> WhyNot:
    """Return which step of answering ``request`` drops the item; asked in a thread, as its next turn would be.

    No language model is asked for words or deliberation.

    Raises:
        InvalidRequestError: a field breaks a limit, or the thread belongs to another user.
    """
    async with services.lend(request.tenant) as shop:
        turn = Turn(
            services=services,
            shop=shop,
            thread_id=request.thread_id or uuid.uuid4().hex,
            deadline=time.monotonic() + (request.max_ms or services.settings.max_ms) / 1000,
            allow_paths=allow_paths,
            shows=False,
        )
        turn.serving = services.serving(request, turn.thread_id)
        known = threads is not None and request.thread_id is not None
        memory = await threads.memory(turn.key(request)) if known and threads else ThreadMemory()
        check_owner(memory.owner, request)
        return await _answered(item_id, request, memory, turn)


async def _answered(item_id: str, request: RecommendRequest, memory: ThreadMemory, turn: Turn) -> WhyNot:
    """Answer the request without words, keeping nothing, and look the item up."""
    quiet = request.model_copy(update={"words": False, "route": "direct", "answer": None, "llm_rank": []})
    await turn.check_stated(quiet)
    async with AsyncExitStack() as stack:
        if request.images or request.audio or request.video:
            turn.workdir = await stack.enter_async_context(media_folder())
        given: Any = {"request": quiet, "memory": memory}
        with serving(turn):
            state = State(**await build_graph().ainvoke(given, context=turn))
        return await _traced(item_id, state, turn)


async def _traced(item_id: str, state: State, turn: Turn) -> WhyNot:
    """Rank once more with a trace and look the item up in it."""
    n, timeout = state.request.n, turn.services.settings.timeouts.retrieve_s
    query, trace = state.query, Trace()
    work = turn.shop.ranker(query, state.candidates, n, screen=screen_of(state.request, turn), trace=trace)
    await turn.attempt("ranker", work, timeout, [], floor_s=FLOOR_S)
    trace.denied |= turn.denied
    found: list[Item] = await turn.attempt(
        "catalogue", turn.shop.catalogue.get([item_id]), timeout, [], floor_s=FLOOR_S
    )
    about = Inquiry(
        item_id=item_id,
        item=found[0] if found else next((r.item for r in state.ranked if r.item.item_id == item_id), None),
        query=query,
        candidates=state.candidates,
        trace=trace,
        listed=tuple(r.item.item_id for r in state.ranked),
        n=n,
    )
    return explain(about).model_copy(update={"degraded": tuple(turn.degraded)})
