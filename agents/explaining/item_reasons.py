"""Find what speaks for an item: points from data, each with what it tells and the evidence that it rests on.

Points come in four groups, best first: what was asked for, what is known of the shopper, what sets the item apart from the others
of the list, and what else the record holds. They are found one by one, so nothing is looked up that no sentence needs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice

from ...core.language.foreign import is_foreign
from ...core.ranking.recommendation_paths import PEOPLE
from ...core.ranking.refused_in_text import denies, refused_things, texts_of
from ...core.ranking.soft_preferences import leaning
from ...core.ranking.weights import families_of
from ...core.schemas import AttributeValue, Brief, Constraint, Evidence, Item, RankedItem
from ...core.text.chinese import is_chinese
from ...core.text.words import COLOURS, content_words, shorten, stem, stems, tokens, value_text
from .claim_sources import of_kind
from .field_words import article
from .own_words import refused_words, typed_words
from .points import Point, cited, limit_points, proven
from .record_claims import GUARDED, claims_of
from .request_words import first_quote, free_words, quote_with, quoted, untitled
from .wording import Wording

_ALTERNATIVES = re.compile(r"[,/、]|\b(?:or|and|either|oder|und)\b|或|和|还是")
"""Words that name several values, not one word for many."""
MOST_REFUSED = 2
"""More values than this that are refused together are called as the shopper did: "SUV", not each kind of it."""
PEERS = 3
"""Superlatives and "the only one" need so many items."""


class Points:
    """What can be said of the items of one brief.

    Args:
        brief: everything that may be spoken about.
        words: the language; what it has no plain words for is left unsaid.
    """

    def __init__(self, brief: Brief, words: Wording) -> None:
        self.brief = brief
        self.words = words
        self.items = [r.item for r in brief.items]
        self.kinds: dict[str, list[Evidence]] = {}
        self._told: dict[str, Sequence[tuple[str, str]]] = {}

    def evidence(self, kind: str) -> list[Evidence]:
        """Return the trusted evidence of one kind, looked up once."""
        if kind not in self.kinds:
            self.kinds[kind] = of_kind(self.brief, kind)
        return self.kinds[kind]

    def groups(self, ranked: RankedItem) -> Iterator[Iterator[Point]]:
        """Yield the groups of points of an item, the best first."""
        families = families_of(ranked.sources)
        yield self._asked_for(ranked, families)
        yield self._personal(ranked, families)
        yield self._apart(ranked.item)
        yield self._details(ranked.item)

    def last(self, ranked: RankedItem) -> Iterator[Point]:
        """Yield what is said of an item whose record says nothing worth repeating."""
        families = families_of(ranked.sources)
        if "popular" in families:
            yield Point("popular")
        for held in self.brief.understanding.constraints:
            value = ranked.item.attributes.get(held.field)
            says = self.words.says(held.field, value, self.brief) if value is not None else ""
            if says and proven(held, ranked.item):
                yield Point("asked", {"says": says}, evidence_ids=cited(held))
        ids = tuple(e.evidence_id for e in (*self.evidence("text"), *self.evidence("transcript")))
        if families & {"words", "picture"} and (self.brief.text or ids):
            yield Point("meaning" if "words" in families else "picture", evidence_ids=ids)
        yield Point("closest")

    # --- what was asked for ----------------------------------------------------------------------

    def _asked_for(self, ranked: RankedItem, families: set[str]) -> Iterator[Point]:
        item = ranked.item
        labels = [s.source.partition(":")[2] for s in ranked.sources if s.source.startswith("deliberate:")]
        if labels and labels[0] != "compare":
            yield Point("set_part", {"label": labels[0]})
        yield from limit_points(item, self.brief, self.words)
        yield from self._leanings(item)
        if "anchor" in families:
            yield Point("anchor_many" if len(self.brief.understanding.like_item_ids) > 1 else "anchor_one")
        if "sound" in families:
            yield Point("sound", evidence_ids=tuple(e.evidence_id for e in self.evidence("transcript")))
        yield from self._photo_things(item)
        yield from self._wished_words(item)
        yield from self._values(item)
        captions = self.evidence("caption")
        if "photo" in families and (captions or not self.brief.verdict.distrusted):
            photo = self.words.opening("photos" if len(captions) > 1 else "photo")
            yield Point("photo_looks", {"photo": photo}, evidence_ids=tuple(c.evidence_id for c in captions))

    def _leanings(self, item: Item) -> Iterator[Point]:
        """Yield the figure of which less or more is liked better: "a quiet one" is told how loud each is."""
        liked = filter(None, (leaning(p, self.brief.fields) for p in self.brief.understanding.preferences))
        for name, low in liked:
            have = item.attributes.get(name)
            if isinstance(have, bool) or not isinstance(have, int | float):
                continue
            ends = self._extremes.get(name, (None, None)) if len(self.items) >= PEERS else (None, None)
            if have == ends[not low]:
                yield from self._extreme(name, have, self.words.count(len(self.items)), most=not low)
            if says := self.words.says(name, have, self.brief):
                yield Point("leaning", {"says": says}, frozenset({name}))

    def _photo_things(self, item: Item) -> Iterator[Point]:
        captions = self.evidence("caption")
        record = claims_of(item, self.brief.price_field).affirmed if captions else frozenset()
        spoken = stems(" ".join([self.brief.text, *(e.content for e in self.evidence("transcript"))]))
        for caption in captions:
            seen = [t.label for t in caption.tags] or content_words(caption.content)
            shared = [w for w in seen if content_words(w) and all(stem(c) in record for c in content_words(w))]
            things = [w for w in shared if w.lower() not in COLOURS] or (shared if spoken & COLOURS else [])
            if things:
                told = frozenset(stem(w) for t in things[:2] for w in tokens(t))
                yield Point("photo_things", {"things": self.words.joined(things[:2])}, told, (caption.evidence_id,))
                return

    def _wished_words(self, item: Item) -> Iterator[Point]:
        """Yield where the record has words of the request that no condition took: in a value, or quoted from the text; first where it
        says that it is without what was refused.
        """
        for thing in refused_things(self.brief.understanding):
            if quote := quoted(next((text for text in texts_of(item) if denies(text, thing)), "")):
                slots = {"words": self.words.quote(thing.said), "quote": quote}
                yield Point("mention", slots, frozenset({"text", *thing.words}))
        for kind in ("text", "transcript"):
            ids = tuple(e.evidence_id for e in self.evidence(kind))
            wanted = untitled(self._free[kind], item, self.words.language)
            held = {word: self._field_with(word, item) for word in wanted}
            yield from [self._value_with(word, name, item, ids) for word, name in held.items() if name]
            quote, shown = quote_with(wanted, item, self.words.language) if wanted else ("", [])
            if quote:
                slots = {"words": self.words.joined([self.words.quote(w) for w in shown[:2]]), "quote": quote}
                yield Point("mention", slots, frozenset({"text", *map(stem, shown)}), ids)
            if wanted:
                return

    @cached_property
    def _free(self) -> Mapping[str, Sequence[str]]:
        """Return the words, typed or spoken, that no condition shows."""
        said = {"text": self.brief.text, "transcript": " ".join(e.content for e in self.evidence("transcript"))}
        return {kind: free_words(s, self.brief.understanding, self.words.language) for kind, s in said.items()}

    def _field_with(self, word: str, item: Item) -> str:
        """Return the first field worth telling whose value has a word of the request; empty if none."""
        key, chinese = stem(word), self.words.language == "zh"
        held = (n for n, text in self._tellable(item) if (word in text if chinese else key in stems(text)))
        return next((name for name in held if self._says(item, name)), "")

    def _tellable(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the fields of words that are worth telling, each with its values as one text; found once for an item."""
        found = self._told.get(item.item_id)
        if found is None:
            texts = ((n, " , ".join(v) if isinstance(v, list) else v) for n, v in item.attributes.items())
            found = self._told[item.item_id] = [(n, t) for n, t in texts if isinstance(t, str) and self.words.tells(n)]
        return found

    def _value_with(self, word: str, name: str, item: Item, ids: tuple[str, ...]) -> Point:
        same = stem(word) == stem(value_text(item.attributes[name]))
        slots = {"words": word, "says": self._says(item, name)}
        return Point("asked" if same else "matches", slots, frozenset({name, stem(word)}), ids)

    def _values(self, item: Item) -> Iterator[Point]:
        """Yield how the item meets conditions on words where the record says more than the condition."""
        for held in self.brief.understanding.constraints:
            have = item.attributes.get(held.field)
            if have is None or not proven(held, item) or isinstance(have, int | float):
                continue
            point = (
                self._refused(held, item)
                if held.op in {"!=", "not in", "not contains"}
                else self._wanted(held, have, item)
            )
            if point:
                yield point

    def _refused(self, held: Constraint, item: Item) -> Point | None:
        says = self._says(item, held.field)
        values = [str(v) for v in (held.value if isinstance(held.value, list) else [held.value])]
        guarded = self.words.trait(held.field, "guarded") or any(stems(v) & GUARDED for v in values)
        wanted = refused_words(held, self.brief.understanding, short=len(values) > MOST_REFUSED)
        wanted = wanted or self.words.joined([self.words.value(held.field, v) for v in values], "or")
        one = len(values) == 1 and self.words.is_one(held.field, values[0])
        kind = "unlisted" if guarded else "instead_of_kind" if one else "instead"
        slots = {"wanted": wanted, "says": says, "a": article(wanted)}
        return Point(kind, slots, frozenset({held.field}), cited(held)) if says else None

    def _wanted(self, held: Constraint, have: AttributeValue, item: Item) -> Point | None:
        """Say what mixes with the values asked for, or which of several alternatives it is."""
        if isinstance(have, list) and self.words.trait(held.field, "mixes"):
            every = [c for c in self.brief.understanding.constraints if c.field == held.field]
            asked = {v for c in every if c.op in {"=", "in", "contains"} for v in _members(c)}
            mine = [self.words.value(held.field, v) for v in have if v.casefold() in asked]
            others = [self.words.value(held.field, v) for v in have if v.casefold() not in asked]
            if mine and (others or len(mine) == len(asked) == 1):
                slots = {"asked": self.words.joined(mine), "others": self.words.joined(others[:2])}
                return Point("besides" if others else "only_asked", slots, frozenset({held.field}), cited(held))
        typed = typed_words(held, self.brief.understanding)
        several = len(_members(held)) > 1 and (not typed or _ALTERNATIVES.search(typed))
        if several and (says := self._says(item, held.field)):
            return Point("chosen", {"says": says}, frozenset({held.field}), cited(held))
        return None

    # --- what is known of the shopper ------------------------------------------------------------

    def _personal(self, ranked: RankedItem, families: set[str]) -> Iterator[Point]:
        """Yield what history, stated likes and the other shoppers say, the most telling first."""
        brief, ids = self.brief, tuple(e.evidence_id for e in self.evidence("history"))
        learnt = {"learnt": self.words.table["learnt"].get(brief.strategy or "", "")}
        known = brief.user == "known"
        one = {"liked": shorten(brief.liked_titles[0], 60)} if known and len(brief.liked_titles) == 1 else {}
        yield from self._path(ranked)
        if "new" in families:
            yield Point("new")
        if families & {"stated", "elsewhere"} and brief.strategy == "other_domain":
            yield Point("elsewhere")
        elif "stated" in families:
            yield Point("stated")
        if "described" in families and known:
            yield from self._described(ranked.item, ids)
        for family in ("taste", "profile"):
            if family in families and learnt["learnt"]:
                yield Point(f"{family}_learnt", learnt)
            elif family in families and known:
                kind = "profile" if family == "profile" else "taste_one" if one else "taste_many"
                yield Point(kind, one, evidence_ids=ids)

    def _described(self, item: Item, ids: tuple[str, ...]) -> Iterator[Point]:
        """Yield the words for the taste of a known user that the item's own record holds."""
        record = claims_of(item, self.brief.price_field).affirmed
        held = [w for w in self.brief.taste if stems(w) and stems(w) <= record][:2]
        if held:
            yield Point("described", {"words": self.words.joined(held)}, frozenset(stems(" ".join(held))), ids)

    def _path(self, ranked: RankedItem) -> Iterator[Point]:
        """Yield the item the shopper liked from which a checked path of one edge leads here; its title is in the evidence."""
        if len(ranked.path) != 1 or not ranked.path[0].source_title:
            return
        step = ranked.path[0]
        ids = tuple(e.evidence_id for e in self.evidence("history") if step.source_title in e.content)
        slots = {"liked": shorten(step.source_title, 60)}
        if ids and step.relation == PEOPLE:
            yield Point("because_people", slots, evidence_ids=ids)
            return
        name, _, value = step.relation.partition(": ")
        have = ranked.item.attributes.get(name)
        says = self.words.says(name, value if value and isinstance(have, str | list) else have or "", self.brief)
        if ids and says:
            yield Point("because_value", slots | {"says": says}, frozenset({name}), ids)

    # --- what sets it apart, and what else it is -------------------------------------------------

    def _apart(self, item: Item) -> Iterator[Point]:
        if len(self.items) < PEERS:
            return
        n = self.words.count(len(self.items))
        for name, (least, most) in self._extremes.items():
            have = item.attributes.get(name)
            ends = [most_of for end, most_of in ((most, True), (least, False)) if end is not None and have == end]
            if ends and isinstance(have, int | float):
                yield from self._extreme(name, have, n, most=ends[0])
        for name, value in item.attributes.items():
            alone = (
                isinstance(value, str)
                and name in self._alike
                and self._alike[name][value] == 1
                and self.words.knows(name)
            )
            if alone and (says := self._says(item, name)):
                yield Point("unique", {"says": says, "n": n}, frozenset({name}))

    def _extreme(self, name: str, have: float, n: str, *, most: bool) -> Iterator[Point]:
        if have == 0 and self.words.is_price(name, self.brief):
            yield Point("free", {}, frozenset({name}))
        elif called := self.words.superlative(name, self.brief, most=most):
            slots = {"superlative": called, "n": n, "with": self.words.with_(name, have, self.brief)}
            yield Point("superlative", slots | {"amount": self.words.amount(name, have, self.brief)}, frozenset({name}))

    def _details(self, item: Item) -> Iterator[Point]:
        """Yield two things of the record that the title does not show, the rarer in this list first, or the start of its text."""
        asked = {c.field for c in self.brief.understanding.constraints}
        names = [n for n in item.attributes if n not in asked and not self.words.trait(n, "skip")]
        shares = {n: self._holders[n][value_text(item.attributes[n])] for n in names if n in self._holders}
        names.sort(key=lambda n: (not self.words.knows(n), shares.get(n, 0)))
        names = [n for n in names if self._is_worth(n, item)]
        told = ((n, says) for n in names if not self.words.is_price(n, self.brief) and (says := self._says(item, n)))
        pair, quote = list(islice(told, 2)), first_quote(item)
        abroad = bool(quote) and not self._is_understood(quote)
        if len(self.items) >= PEERS and len(pair) == 2 and shares.get(pair[1][0]) == len(self.items):
            pair = pair[:1]  # what every item of the list is tells nothing beside what is not
        if len(pair) == 2:
            yield Point("details", {"says": self.words.both([s for _, s in pair])}, frozenset(n for n, _ in pair))
        elif quote and not abroad:
            yield Point("story", {"quote": quote}, frozenset({"text"}))
        yield from (Point("details", {"says": s}, frozenset({n})) for n, s in chain(pair, told))
        if quote:
            yield Point("story", {"quote": quote}, frozenset({"text"}))
        for name in (n for n in names if self.words.is_price(n, self.brief)):
            if says := self._says(item, name):
                yield Point("details", {"says": says}, frozenset({name}))

    def _is_understood(self, text: str) -> bool:
        """Say whether a text is in the language of the answer, as far as that can be told."""
        if self.words.language == "zh" or is_chinese(text):
            return self.words.language == "zh" and is_chinese(text)
        return is_foreign(text) == (self.words.language == "de")

    def _is_worth(self, name: str, item: Item) -> bool:
        """Say whether a field is worth telling: no rating below the mean of the list."""
        value = item.attributes.get(name)
        if self.words.of(name).label not in self.words.named["numbers"]["rating"]["names"] or not isinstance(
            value, int | float
        ):
            return True
        every = [v for i in self.items if isinstance(v := i.attributes.get(name), int | float)]
        return value >= sum(every) / len(every)

    def _says(self, item: Item, name: str) -> str:
        """Return what may be said of a field, empty where the title shows it already."""
        value = item.attributes.get(name)
        if value is None or value in ("", []):
            return ""
        shown = value_text(value) if not isinstance(value, int | float) else f"{value:g}"
        title, words = stems(item.title), stems(shown)
        in_title = shown in item.title or (bool(words) and words <= title)
        return "" if in_title else self.words.says(name, value, self.brief)

    @cached_property
    def _extremes(self) -> dict[str, tuple[float | None, float | None]]:
        """Return the least and the most of every number that all items have and that has superlatives, None where several share it."""
        found: dict[str, tuple[float | None, float | None]] = {}
        for name in self.items[0].attributes:
            ends = [most for most in (True, False) if self.words.superlative(name, self.brief, most=most)]
            ends = [most for most in ends if not self.words.is_quiet(name, most=most) or self._is_order(name)]
            if not ends:
                continue
            values = [
                v
                for i in self.items
                if isinstance(v := i.attributes.get(name), int | float) and not isinstance(v, bool)
            ]
            if len(values) == len(self.items):
                low, high = ((end if values.count(end) == 1 else None) for end in (min(values), max(values)))
                found[name] = (low if False in ends else None, high if True in ends else None)
        return found

    def _is_order(self, name: str) -> bool:
        order = self.brief.understanding.reading.order
        return order is not None and order.field == name

    @cached_property
    def _holders(self) -> dict[str, Counter[str]]:
        """Return how many items hold each value of each field."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for item in self.items:
            for name, value in item.attributes.items():
                found[name][value_text(value)] += 1
        return dict(found)

    @cached_property
    def _alike(self) -> dict[str, Counter[str]]:
        """Return of ``_holders`` the fields worth telling of which many items hold the same."""
        worth = ((name, held) for name, held in self._holders.items() if not self.words.trait(name, "skip"))
        return {name: held for name, held in worth if max(held.values()) >= max(2, len(self.items) // 2)}


def _members(held: Constraint) -> frozenset[str]:
    values = held.value if isinstance(held.value, list) else [held.value]
    return frozenset(str(v).casefold() for v in values)
