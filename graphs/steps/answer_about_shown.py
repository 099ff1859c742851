"""Answer a question about the items shown from their records; the list and the request stay as they are."""

from __future__ import annotations

from dataclasses import replace

from ...agents.conversation.answers import reply
from ...core.schemas import Item, RankedItem
from ..turn.state import Replied, State
from ..turn.turn import FLOOR_S, Turn, timed
from .compose import brief
from .rank import send_items


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
    ranked = tuple(RankedItem(item=item, rank=rank, score=1.0 / rank) for rank, item in enumerate(items, 1))
    state = replace(state, ranked=ranked)
    act = state.act if order is None else replace(state.act, item_ids=tuple(item.item_id for item in items))
    send_items(ranked, state, "", turn)
    return {"ranked": ranked, "reply": reply(act, brief(state))}


def _number(item: Item, field: str) -> float | None:
    value = item.attributes.get(field)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
