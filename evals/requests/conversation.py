"""Measure conversations with a scripted person: ``tastemaker bench conversation``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.schemas import Constraint, RecommendResponse
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.report import report
from .catalogues import CATALOGUES, Shop, open_shop
from .person import ASKED_AGAIN, Wish, wishes
from .run import Say

MAX_TURNS, N = 8, 5
TARGETS = {"solved": 0.95, "mean_turns": 2.5, "empty_unexplained": 0}
SEEN = {"tea": "这个我已经看过了,换一个"}
NEXT = {"tea": "下一个"}
SEEN_ELSE, NEXT_ELSE = "I have seen that one", "show me another one"
IMPOSSIBLE: Mapping[str, Sequence[str]] = {
    "cars": ("a diesel convertible under 3000 dollars", "electric pickup", "a Ferrari with 3 cylinders"),
    "films": ("a western from 1998", "a musical film noir"),
    "streaming": ("under 60 minutes", "rated above 9.9", "on Netflix from before 1960"),
    "fashion": ("purple umbrella for boys", "ties for girls"),
    "tea": ("五块钱以下的普洱茶", "台湾产的白茶"),
}
"""Requests that no record of their catalogue fulfils."""


@dataclass(frozen=True)
class Talk:
    """How one conversation went; ``turns`` is how many things were said until the first item was right.

    ``others`` and ``singles`` tell how often another item that was asked for after it was new and right, of ``tried``.
    """

    solved: bool
    turns: int
    empty: int
    unexplained: int
    others: int = 0
    singles: int = 0
    tried: int = 0


async def conversation_run(settings: Settings, data: Path | None, n: int, seed: int, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench conversation`` over ``n`` wishes for each catalogue.

    Raises:
        InvalidRequestError: a catalogue is not in the data folder.
    """
    talks: dict[str, list[Talk]] = {}
    refused: list[bool] = []
    for name in CATALOGUES:
        say(name)
        async with open_shop(name, settings, data or settings.data) as shop:
            talks[name] = [await talk(shop, wish) for wish in wishes(name, shop.records, n, seed)]
            refused += [await _explained(shop.recommender, text) for text in IMPOSSIBLE[name]]
    everything = [talk for group in talks.values() for talk in group]
    figures = {
        **_figures(everything),
        "nothing_fits": {"explained": _share(refused), "n": len(refused)},
        "by_catalogue": {name: _figures(group) for name, group in talks.items()},
    }
    return report("conversation", figures, n=len(everything), seed=seed, targets=TARGETS)


async def talk(shop: Shop, wish: Wish) -> Talk:
    """Let a person with ``wish`` talk until the first item is right, then ask for others; at most ``MAX_TURNS`` until then."""
    thread = uuid.uuid4().hex
    text, empty, unexplained = wish.opening, 0, 0
    for turn in range(1, MAX_TURNS + 1):
        response = await shop.recommender.recommend(text=text, thread_id=thread, n=N, words=False)
        if not response.items:
            empty += 1
            unexplained += not explains(response)
            text = wish.parts[turn % len(wish.parts)].complaint
            continue
        first = shop.records[response.items[0].item_id]
        if wish.fits(first):
            others = await _more(shop, wish, response, N)
            singles = await _more(shop, wish, response, 1)
            return Talk(True, turn, empty, unexplained, others, singles, ASKED_AGAIN)
        text = wish.complaint(first)
    return Talk(False, MAX_TURNS, empty, unexplained)


async def _more(shop: Shop, wish: Wish, last: RecommendResponse, n: int) -> int:
    """Return how often an item asked for after the right one was new and right; ``n`` 1 asks for one at a time."""
    said, otherwise = (NEXT, NEXT_ELSE) if n == 1 else (SEEN, SEEN_ELSE)
    seen = {last.items[0].item_id}
    good = 0
    for _ in range(ASKED_AGAIN):
        text = said.get(wish.catalogue, otherwise)
        last = await shop.recommender.recommend(text=text, thread_id=last.thread_id, n=n, words=False)
        first = last.items[0].item_id if last.items else ""
        good += bool(first) and first not in seen and wish.fits(shop.records[first])
        seen.add(first)
    return good


async def _explained(recommender: Recommender, text: str) -> bool:
    response = await recommender.recommend(text=text, n=N, words=False)
    return not response.items and explains(response)


def explains(response: RecommendResponse) -> bool:
    """Say whether the opening of an empty list names a condition that is in force."""
    said = response.message.casefold().replace(",", "")
    return any(value in said for c in response.understanding.constraints for value in _values(c))


def _values(constraint: Constraint) -> list[str]:
    values = constraint.value if isinstance(constraint.value, list) else [constraint.value]
    return [f"{v:g}" if isinstance(v, float) else str(v).casefold() for v in values]


def _figures(talks: Sequence[Talk]) -> dict[str, Any]:
    solved = [talk for talk in talks if talk.solved]
    tried = max(1, sum(talk.tried for talk in talks))
    return {
        "solved": _share([talk.solved for talk in talks]),
        "mean_turns": round(sum(talk.turns for talk in solved) / max(1, len(solved)), 2),
        "empty": sum(talk.empty for talk in talks),
        "empty_unexplained": sum(talk.unexplained for talk in talks),
        "new_after_seen": round(sum(talk.others for talk in talks) / tried, 4),
        "new_one_at_a_time": round(sum(talk.singles for talk in talks) / tried, 4),
        "n": len(talks),
    }


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / max(1, len(values)), 4)
