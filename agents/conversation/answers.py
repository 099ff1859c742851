"""Answer questions about the items shown from their records alone; the wording is in ``agents/explaining/wording_*.toml``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ...core.choices import fitting
from ...core.predicates import as_shown, holds
from ...core.schemas import Act, AttributeValue, Brief, Constraint, Item, Order, RankedItem
from ...core.text.words import shorten
from ..explaining.close_items import breach, sentence
from ..explaining.points import proven
from ..explaining.rendered import ReasonWriter, wording_for
from ..explaining.wording import Wording
from .acts import TurnAct

MAX_SPOKEN_OF = 3
MAX_DIFFERENCES = 6
MAX_TITLE, MAX_WORDS = 80, 60


def reply(act: TurnAct, brief: Brief) -> str:
    """Return the answer to a question about ``brief.items``, the list as it was shown; data only, nothing is guessed."""
    by_id = {ranked.item.item_id: ranked for ranked in brief.items}
    spoken_of = [by_id[i] for i in act.item_ids if i in by_id]
    return Answerer(brief).reply(act, spoken_of)


class Answerer:
    """Answers in the language of the request."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.words: Wording = wording_for(brief).in_full()

    def reply(self, act: TurnAct, items: Sequence[RankedItem]) -> str:
        """Return the answer; where none of the items is there any more, say so."""
        if act.name in {"unclear", "pause", "thanks", "complaint"}:
            return self._said_nothing(act.name)
        if act.name == "doubt":
            return self._sure(items)
        if not items:
            return self._say("gone" if act.item_ids else "beyond")
        return self._of_items(act, items)

    def _of_items(self, act: TurnAct, items: Sequence[RankedItem]) -> str:
        """Return the answer about items that are there."""
        first, some = items[0].item, [ranked.item for ranked in items[:MAX_SPOKEN_OF]]
        if act.name == "why":
            writer = ReasonWriter(self.brief)
            return self._joined([self._why(r, writer) for r in items[:MAX_SPOKEN_OF]])
        if act.name == "price of":
            return self._joined([self._price(item) for item in some])
        if act.name == "compare":
            return self._compare([ranked.item for ranked in items])
        if act.name == "taken":
            return self._say("taken", first_title(first))
        if act.name == "of these" and act.order is not None:
            return self._best(act.order, first)
        return self._joined([self._fact(act, item) for item in some])

    def _why(self, ranked: RankedItem, writer: ReasonWriter) -> str:
        """Say what was asked for and the item's record shows, and what else speaks for it."""
        held = [c for c in self.brief.understanding.constraints if proven(c, ranked.item)]
        kept = self.words.joined([self.words.asks(c, self.brief) for c in held[:MAX_DIFFERENCES]])
        broken = [c for c in self.brief.understanding.constraints if ranked.close and not holds(c, ranked.item)]
        breaks = [breach(c, ranked.item, self.brief, self.words) for c in broken]
        reason = sentence(breaks, self.words) if breaks else writer.reason(ranked).text
        return self._say("why_kept" if held else "why", first_title(ranked.item), kept=kept, reason=reason)

    def _best(self, order: Order, item: Item) -> str:
        """Name the item that comes first by a number, by what it then is where the wording has a word for that."""
        says = self._says(order.field, item.attributes.get(order.field))
        called = self.words.superlative(order.field, self.brief, most=order.descending)
        return self._say("best_called" if called else "best", first_title(item), says=says, called=called)

    def _sure(self, items: Sequence[RankedItem]) -> str:
        """Say which conditions the records of all items bear out."""
        held = [c for c in self.brief.understanding.constraints if all(proven(c, ranked.item) for ranked in items)]
        kept = self.words.joined([self.words.asks(c, self.brief) for c in held[:MAX_DIFFERENCES]])
        return self._say("sure_kept" if held and items else "sure", kept=kept)

    def _price(self, item: Item) -> str:
        price = item.attributes.get(self.brief.price_field or "")
        if not isinstance(price, int | float) or isinstance(price, bool):
            return self._say("no_price", first_title(item))
        return self._say(
            "price", first_title(item), price=self.words.figure(self.brief.price_field or "", price, self.brief)
        )

    def _fact(self, act: TurnAct, item: Item) -> str:
        """Answer yes or no by the record, tell the fields asked for, or say that the catalogue does not know."""
        title = first_title(item)
        told = []
        for condition in act.asked.conditions:
            limit = Constraint(field=condition.field, op=condition.op, value=condition.value)
            shown = fitting(item, [limit]) or item
            known = shown.attributes.get(condition.field)
            if known is None or known == []:
                told.append(self._say("unknown", title, words=self.words.quote(shorten(condition.words, MAX_WORDS))))
            else:
                told.append(
                    self._say(
                        "yes" if holds(limit, as_shown(shown)) else _no(known, limit),
                        title,
                        says=self._says(condition.field, known),
                    )
                )
        told += [
            self._say("fact", title, says=self._says(f, item.attributes[f]))
            for f in act.fields
            if item.attributes.get(f)
        ]
        named = " ".join(self.words.label(f) for f in (*(c.field for c in act.asked.conditions), *act.fields))
        left = [self.words.quote(shorten(w, MAX_WORDS)) for w in act.asked.not_applied if w not in named]
        told += [self._say("unknown", title, words=self.words.joined(left))] if left else []
        return self._joined(list(dict.fromkeys(told))) or self._say("not_known", title)

    def _compare(self, items: Sequence[Item]) -> str:
        """Say what differs, field by field, and only that."""
        fields = list(dict.fromkeys(name for item in items for name in item.attributes))
        fields.sort(key=lambda name: name != self.brief.price_field)
        differing = [f for f in fields if len({repr(item.attributes.get(f)) for item in items}) > 1]
        differing = [f for f in differing if not all(_in_title(f, item) for item in items)] or differing
        if not differing:
            return self._say("no_difference")
        told = [
            self._say(
                "differs",
                first_title(item),
                says=self.words.facts(
                    self._apart([f for f in differing if item.attributes.get(f) not in (None, [])], item)[
                        :MAX_DIFFERENCES
                    ]
                )
                or self._say("nothing"),
            )
            for item in items
        ]
        return self._joined(told)

    def _apart(self, fields: Sequence[str], item: Item) -> list[str]:
        """Return what the record says of fields, each by its own name where two of them would read alike: stars and a rating."""
        said = [self._says(f, item.attributes.get(f)) for f in fields]
        alike = Counter(re.sub(r"[\d.,]+", "#", words) for words in said)
        return [
            self._named(f, item) if alike[re.sub(r"[\d.,]+", "#", words)] > 1 else words
            for f, words in zip(fields, said, strict=True)
        ]

    def _named(self, field: str, item: Item) -> str:
        value = item.attributes.get(field)
        shown = self.words.figure(field, value, self.brief) if isinstance(value, int | float) else str(value)
        return self._say("field", label=self.words.label(field), value=shown)

    def _says(self, field: str, value: AttributeValue | None) -> str:
        """Return what the record says of one field, as it stands after the item's title."""
        if value is None:
            return self._say("nothing")
        if said := self.words.says(field, value, self.brief):
            return said
        if isinstance(value, bool):
            return self._say("marked" if value else "unmarked", label=self.words.label(field))
        if isinstance(value, int | float):
            shown = self.words.figure(field, value, self.brief)
        else:
            shown = self.words.joined([value] if isinstance(value, str) else value)
        return self._say("field", label=self.words.label(field), value=shown)

    def _said_nothing(self, name: Act) -> str:
        """Say that the request stays as it is, after words that ask for nothing or are not understood."""
        kept = [self.words.asks(c, self.brief) for c in self.brief.understanding.constraints]
        return self._say(
            f"{name}_kept" if kept else name,
            words=shorten(self.brief.text, MAX_WORDS),
            kept=self.words.joined(kept[:MAX_DIFFERENCES]),
        )

    def _say(self, name: str, title: str = "", **slots: str) -> str:
        return self.words.answer(name, title=title, **slots)

    def _joined(self, sentences: Sequence[str]) -> str:
        return str(self.words.table["space"]).join(sentences)


def first_title(item: Item) -> str:
    """Return the title as it stands in a sentence."""
    return shorten(item.title, MAX_TITLE)


def _no(known: AttributeValue, limit: Constraint) -> str:
    """Return how to say no: a list without a value may be incomplete, so that its record is said to be what is gone by."""
    return "no_listed" if isinstance(known, list) and limit.op in ("=", "in", "contains") else "no"


def _in_title(field: str, item: Item) -> bool:
    """Say whether an item's title shows what it has in a field."""
    value = item.attributes.get(field)
    return isinstance(value, str) and value.casefold() in item.title.casefold()
