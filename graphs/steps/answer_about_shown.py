"""Answer a question about the items shown from their records; the list and the request stay as they are."""

from __future__ import annotations

from dataclasses import replace

from ...agents.conversation.answers import reply
from ...agents.explaining.close_items import breach, sentence
from ...core.predicates import holds
from ...core.schemas import CloseItem, Item, RankedItem, Reason
from ..turn.state import Replied, State
from ..turn.turn import FLOOR_S, Turn, timed
from .come_close import about_shop, words_for
from .compose import brief
from .rank import recommendation, send_items


@timed
async def answer_about_shown(state: State, turn: Turn) -> Replied:
    """Read the records of the list shown last again, in its order or the one asked for, and answer."""
    ids = [shown.item_id for shown in state.memory.shown]
    timeout = turn.services.settings.timeouts.retrieve_s
    items = await turn.attempt("catalogue", turn.shop.catalogue.get(ids), timeout, list[Item](), floor_s=FLOOR_S)
    order = state.act.order
    if order is not None:
        known = [item for item in items if _number(item, order.field) is not None]
        unknown = [item for item in items if _number(item, order.field) is None]
        items = [*sorted(known, key=lambda item: _number(item, order.field) or 0.0, reverse=order.descending), *unknown]
    below = {shown.item_id for shown in state.memory.shown if shown.close}
    seen = tuple(
        RankedItem(item=item, rank=rank, score=1.0 / rank, close=item.item_id in below)
        for rank, item in enumerate(items, 1)
    )
    act = state.act
    if order is not None:
        act = replace(act, item_ids=tuple(item.item_id for item in items if item.item_id in act.item_ids))
    answer = reply(act, brief(replace(state, ranked=seen)))
    ranked = tuple(r for r in seen if not r.close)
    close = tuple(offered(r, n, state) for n, r in enumerate((r for r in seen if r.close), 1))
    send_items(ranked, replace(state, ranked=ranked, close=close), "", turn)
    return {"ranked": ranked, "close": close, "reply": answer}


def offered(near: RankedItem, rank: int, state: State) -> CloseItem:
    """Return an item that was offered below the list, with what it breaks."""
    words, shop = words_for(state), about_shop(state)
    broken = [c for c in state.understanding.constraints if not holds(c, near.item)]
    breaks = tuple(breach(c, near.item, shop, words) for c in broken)
    reason = Reason(text=sentence(breaks, words), by="data") if breaks else None
    return CloseItem(**dict(recommendation(near.model_copy(update={"rank": rank}), reason)), breaks=breaks)


def _number(item: Item, field: str) -> float | None:
    value = item.attributes.get(field)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
