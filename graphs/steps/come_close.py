"""Offer, below the list, what comes close where few items meet every condition: each with what it breaks, in words.

A condition is broken by as little as possible: one at a time, two only where one is not enough. What refuses something or is about safety
(``agents/explaining/close_items.py``), the shop's rules, content filters and what the user has or refused are kept as in the list itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from ...agents.explaining.answer_language import language_of_answer
from ...agents.explaining.close_items import LAST, breach, distance, is_number, may_break, values_of
from ...agents.explaining.wording import Wording, wording
from ...core.predicates import holds
from ...core.ranking.query import CandidateQuery
from ...core.ranking.refused_in_text import refused_things, told_of
from ...core.schemas import Breach, Brief, Constraint, Item, Order, RankedItem, Reading
from ...core.text.field_names import is_closed
from ..turn.state import State
from ..turn.turn import FLOOR_S, Turn
from .retrieve import ask_sources
from .rules import screen_of

OFFERS = 5
"""List and offers together hold at most so many items, unless the list alone does."""
MAX_PAIRS = 6
ALIKE, MAX_VALUES = 6, 80
"""Values most alike to one asked for that are looked for, among the first so many of a field."""
NAMES = frozenset(("brand", "author", "director", "cast", "artist", "platform"))
"""Concepts whose values are names: no name is near to another by its letters."""


Near = tuple[RankedItem, tuple[Breach, ...]]
"""An item with what it breaks."""


async def come_close(listed: Sequence[RankedItem], below: Sequence[RankedItem], state: State, turn: Turn) -> list[Near]:
    """Return what comes close to a short list: items without the name that was asked for, or that break a condition by a little."""
    n, words = state.request.n, words_for(state)
    room = min(n, OFFERS) - len(listed)
    if below:
        return [(r, (Breach(words=lacks(r.item, state, words)),)) for r in below[:room]]
    timeout = turn.services.settings.timeouts.retrieve_s
    work = NearMisses(listed, state, turn, words).find(room)
    return await turn.attempt("close_items", work, timeout, [], floor_s=FLOOR_S)


def lacks(item: Item, state: State, words: Wording) -> str:
    """Return why an item is below the end of the list: its text has what was refused, or it has not the name that was asked for."""
    had = [thing.said for thing in refused_things(state.understanding) if told_of(item, thing) < 0]
    if had:
        return words.breach("mentions", wanted=words.joined([words.quote(w) for w in had]))
    return words.breach("unnamed", wanted=words.joined([words.quote(w) for w in state.query.remaining]))


def words_for(state: State) -> Wording:
    """Return the words of the request's language for the shop's items."""
    return wording(language_of_answer(state.said, state.understanding)).about(state.schema.fields)


def about_shop(state: State) -> Brief:
    """Return what the words of conditions need: what was understood, and the shop's fields."""
    price = state.schema.price
    return Brief(
        understanding=state.understanding,
        price_field=price.name if price else None,
        price_unit=price.unit if price else "",
        fields=state.schema.fields,
    )


class NearMisses:
    """Looks for items that break as little as possible of one request."""

    def __init__(self, listed: Sequence[RankedItem], state: State, turn: Turn, words: Wording) -> None:
        self.state, self.turn, self.words = state, turn, words
        self.taken = frozenset(r.item.item_id for r in listed)
        self.concepts: Mapping[str, str] = {}
        self.brief = about_shop(state)

    async def find(self, room: int) -> list[Near]:
        """Return at most ``room`` items, the nearest first, each with what it breaks.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        concepts = self.concepts = {name: terms.concept for name, terms in self.state.catalogue_language.fields.items()}
        conditions = self.state.understanding.constraints
        free = [c for c in conditions if may_break(c, concepts.get(c.field, ""))]
        first = [c for c in free if concepts.get(c.field, "") not in LAST]
        pairs = list(combinations(first or free, 2))[:MAX_PAIRS]
        for tried in ([(c,) for c in first], [(c,) for c in free if c not in first], pairs):
            found = await asyncio.gather(*(self.breaking(broken) for broken in tried))
            if any(found):
                return [(r, self.breaks(r.item)) for r in fairly(found, room)]
        return []

    async def breaking(self, broken: Sequence[Constraint]) -> list[tuple[float, RankedItem]]:
        """Return items that break all of ``broken`` and nothing else, each with how far it is from them."""
        rest = [c for c in self.state.understanding.constraints if c not in broken]
        near = await self.likeness([c for c in broken if not is_number(c)])
        if len(broken) == 1 and is_number(broken[0]):
            ranked = [r for found in await asyncio.gather(*self.beyond(broken[0], rest)) for r in found]
        else:
            ranked = await self.search(rest, broken, near)
        rows = [(r, [distance(c, r.item, self.words, near.get(c.field, {})) for c in broken]) for r in ranked]
        return [(sum(f for f in far if f is not None), r) for r, far in rows if None not in far]

    def beyond(self, limit: Constraint, rest: Sequence[Constraint]) -> list[Coroutine[Any, Any, list[RankedItem]]]:
        """Return what looks for the items just beyond a limit, on each side that breaks it."""
        sides = [">", "<"] if limit.op == "=" else [">" if "<" in limit.op else "<"]
        looks = []
        for side in sides:
            op = side if "=" in limit.op else f"{side}="
            reading = Reading(order=Order(field=limit.field, descending=side == "<"))
            where = [*rest, limit.model_copy(update={"op": op})]
            looks.append(self.ranked(self.asking(where, reading), ordered=True))
        return looks

    async def search(
        self, rest: Sequence[Constraint], broken: Sequence[Constraint], near: Mapping[str, Mapping[str, float]]
    ) -> list[RankedItem]:
        """Return the items that fit best without conditions on words, of the values most alike to those asked for, where known."""
        alike = [
            Constraint(field=c.field, op="in", value=values)
            for c in broken
            if (values := self.nearest_values(c, near.get(c.field, {})))
        ]
        found = await self.ranked(self.asking([*rest, *alike], Reading()), ordered=False)
        return found or (await self.ranked(self.asking(rest, Reading()), ordered=False) if alike else [])

    def nearest_values(self, condition: Constraint, near: Mapping[str, float]) -> list[str]:
        """Return the values of a field most alike to those asked for."""
        asked = {v.casefold() for v in values_of(condition)}
        others = [v for v in self.vocabulary(condition) if v in near and v.casefold() not in asked]
        return sorted(others, key=lambda v: -near[v])[:ALIKE]

    def vocabulary(self, condition: Constraint) -> Sequence[str]:
        """Return the values of a field, where they are few enough to be compared."""
        about = self.state.schema.field(condition.field)
        compared = about is not None and is_closed(about) and self.concepts.get(condition.field) not in NAMES
        return about.values[:MAX_VALUES] if about is not None and compared else ()

    async def ranked(self, query: CandidateQuery, *, ordered: bool) -> list[RankedItem]:
        """Return the first items for a question; the order of a number field needs no source."""
        found = {} if ordered else await ask_sources(query, self.turn)
        return await self.turn.shop.ranker(query, found, 2 * OFFERS, screen=screen_of(self.state.request, self.turn))

    def asking(self, where: Sequence[Constraint], reading: Reading) -> CandidateQuery:
        """Return the request's question with other conditions; what the list holds is left out."""
        understood = self.state.understanding.model_copy(update={"constraints": tuple(where), "reading": reading})
        query = self.state.query
        return replace(query, understanding=understood, exclude=query.exclude | self.taken)

    async def likeness(self, conditions: Sequence[Constraint]) -> Mapping[str, Mapping[str, float]]:
        """Return by field, then by value, how alike it is in meaning to what was asked for there; nothing if that cannot be told."""
        compared = [c for c in conditions if self.vocabulary(c)]
        if not compared or self.words.language == "zh":
            return {}
        told = sorted({v for c in compared for v in (*values_of(c), *self.vocabulary(c))})
        vectors = dict(zip(told, await self.turn.services.image_text.embed_texts(told), strict=True))
        return {
            c.field: {
                v: min(1.0, max(0.0, *(float(vectors[v] @ vectors[w]) for w in values_of(c))))
                for v in self.vocabulary(c)
            }
            for c in compared
        }

    def breaks(self, item: Item) -> tuple[Breach, ...]:
        """Return every condition that an item breaks, in words."""
        broken = (c for c in self.state.understanding.constraints if not holds(c, item))
        return tuple(breach(c, item, self.brief, self.words) for c in broken)


def fairly(found: Sequence[Sequence[tuple[float, RankedItem]]], room: int) -> list[RankedItem]:
    """Return the nearest items, the nearest of each condition before the second of any, each item once."""
    rows = [sorted(one, key=lambda row: row[0]) for one in found]
    turns = [(place, far, r) for one in rows for place, (far, r) in enumerate(one)]
    chosen = {r.item.item_id: r for _, _, r in sorted(turns, key=lambda turn: turn[:2])}
    return list(chosen.values())[:room]
