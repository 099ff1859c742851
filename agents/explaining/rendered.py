"""Render the reasons and the opening line from data alone: no model, nothing that the record or evidence does not say.

The wording is in ``wording_*.toml``; what is worth saying of an item is found in ``item_reasons``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...core.moment import is_moment
from ...core.predicates import ORDERING, TITLE, holds, of_known
from ...core.ranking.soft_preferences import leaning
from ...core.ranking.stated_preferences import WORDS_FIELD
from ...core.schemas import Brief, Composition, Constraint, Language, Question, RankedItem, Words
from ...core.text.field_names import label_of
from ...core.text.words import shorten, stems
from .answer_language import language_of_answer
from .claim_sources import of_kind
from .item_reasons import Points
from .moment_words import between_moments
from .own_words import as_said, dislikes, names_figure, refuses, typed_words
from .points import Point, proven
from .request_words import in_how_many, left_over, part_spoken_of, spoken_of
from .wording import Wording, wording

SENTENCES = 2
FILLERS = frozenset(("details", "story", "unique"))
"""Kinds of sentences that only say something of an item: good enough alone, filler after what answers the request."""
MAX_ASKED = 5
_FIGURE = re.compile(r"\d")
_TURNS = {"more": "more", "undo": "undone", "start again": "afresh", "seen": "others"}
"""Turns that say what to do with the list; their words are no wish to be quoted."""
_LEADS = frozenset("a at between for from in less marked more not with on of".split())  # noqa: SIM905
"""Conditions that begin so come after nouns and colours: "blue, jeans and for women"."""


def render_composition(brief: Brief) -> Composition:
    """Return the words of a whole response without a model."""
    writer = ReasonWriter(brief)
    return Composition(message=render_message(brief), reasons=tuple(writer.reason(r) for r in brief.items))


class ReasonWriter:
    """Writes the reasons of one list, one after the other, so that no two of them begin alike."""

    def __init__(self, brief: Brief) -> None:
        self.words = wording_for(brief)
        self.points = Points(brief, self.words)
        self.taken: Counter[str] = Counter()
        self.first = len(brief.text)  # so that another request starts with other sentences

    def reason(self, ranked: RankedItem) -> Words:
        """Return one or two sentences that say why an item is on the list, each thing once."""
        chosen: list[Point] = []
        told = frozenset[str]()
        for group in self.points.groups(ranked):
            for point in group:
                if chosen and point.kind in FILLERS:
                    continue
                if not point.tells & told:
                    chosen.append(point)
                    told |= point.tells
                    break
            if len(chosen) == SENTENCES:
                break
        chosen = chosen or [next(self.points.last(ranked))]
        text = ""
        for point in chosen:
            kind = "details_alone" if point.kind == "details" and not text else point.kind
            said = self.words.sentence(kind, point.slots, self.taken, self.first + ranked.rank, text)
            text += (str(self.words.table["space"]) if text else "") + said
        ids = tuple(dict.fromkeys(i for p in chosen for i in p.evidence_ids))
        return Words(item_id=ranked.item.item_id, text=text, by="data", evidence_ids=ids)

    def note(self, text: str) -> None:
        """Take notice of a reason that a model wrote, so that none begins like it."""
        self.taken[" ".join(text.lower().split()[:2])] += 1


def render_message(brief: Brief) -> Words:
    """Return the opening line: what disagrees, what the list is and what was not applied, then what all of it keeps to."""
    words = wording_for(brief)
    used = list(_inputs(brief, words))
    parts = [_disagreement(brief, words), _unheard(brief, words)]
    if brief.items:
        parts.append(_list(brief, words, [said for said, _ in used]))
        parts += _mentions(brief, words)
        kept = [
            c
            for c in brief.understanding.constraints
            if all(proven(c, r.item) or ((c.either or c.field == TITLE) and holds(c, r.item)) for r in brief.items)
        ]
        if kept:
            name = {1: "kept_one", 2: "kept_two"}.get(len(brief.items), "kept")
            parts.append(words.opening(name, asked=_asked(kept, brief, words)))
        parts.append(_unlisted([c for c in brief.understanding.constraints if c not in kept], brief, words))
        parts.append(_order(brief, words) or _preferred(brief, words))
        if brief.cold_start and not used and words.language == "en":
            parts.append(_sentence(brief.cold_start))
    else:
        parts.insert(0, _unapplied(brief, words))
        limits = brief.understanding.constraints
        since = brief.nothing_since
        name = "nothing" if since in {"conditions", "search"} else f"nothing_{since}"
        meets = limits and since != "search"
        parts.append(
            words.opening(f"{name}_meets", asked=_asked(limits, brief, words)) if meets else words.opening(name)
        )
    text = str(words.table["space"]).join(p for p in parts if p)
    ids = dict.fromkeys(i for _, evidence in used for i in evidence) if brief.items else {}
    return Words(item_id=None, text=text, by="data", evidence_ids=tuple(ids))


def question_in_words(question: Question, language: Language) -> Question:
    """Return a question as the wording puts it; the values stay as the records have them."""
    words = wording(language)
    other, between = words.question("other"), words.question("between")
    named = [c.text for c in question.choices if c.preference is not None]
    if len(named) < len(question.choices):
        listed = words.question("rest", listed=between.join(named), other=other)
    else:
        listed = words.question("last", listed=between.join(named[:-1]), last=named[-1])
    choices = tuple(c if c.preference is not None else c.model_copy(update={"text": other}) for c in question.choices)
    of_words = all(c.preference is None or c.preference.field == WORDS_FIELD for c in question.choices)
    about = words.label(question.about)
    text = words.question("closest", listed=listed) if of_words else words.question("which", about=about, listed=listed)
    return question.model_copy(update={"text": text, "choices": choices})


def wording_for(brief: Brief) -> Wording:
    """Return the words of the request's language for the items of its shop."""
    spoken = brief.text if brief.text.strip() else " ".join(e.content for e in of_kind(brief, "transcript"))
    return wording(language_of_answer(spoken, brief.understanding)).about(brief.fields)


def _unlisted(held: list[Constraint], brief: Brief, words: Wording) -> str:
    """Say which refused values no record lists, where one that lists nothing at all is no proof that they are absent."""
    refused = [c for c in held if c.op in {"!=", "not in", "not contains"} and not c.either and c.field != TITLE]
    absent = [
        words.value(c.field, value)
        for c in refused
        for value in (c.value if isinstance(c.value, list) else [c.value])
        if isinstance(value, str) and all(holds(c, r.item) for r in brief.items)
    ]
    if not absent:
        return ""
    said = words.joined(list(dict.fromkeys(absent))[:MAX_ASKED], "or")
    return words.opening("unlisted_one" if len(brief.items) == 1 else "unlisted", words=said)


def _asked(held: tuple[Constraint, ...] | list[Constraint], brief: Brief, words: Wording) -> str:
    """Return conditions in words, two limits of one number as one range."""
    said: dict[str, str] = {}
    for c in sorted(held, key=lambda c: c.op in {"!=", "not in", "not contains"}):
        ends = {
            of_known(o.op)[0]: o.value
            for o in held
            if o.field == c.field and of_known(o.op) in ORDERING and not isinstance(o.value, list)
        }
        if c.field == TITLE:
            said[f"{c.field} {c.value}"] = words.opening("not_called", value=str(c.value).capitalize())
        elif c.either:
            said[f"{c.field} {c.op} {c.value} or"] = words.asks(c, brief)
        elif len(ends) == 2 and of_known(c.op)[0] in ends:
            shown = _range(c.field, ends[">"], ends["<"], brief, words)
            typed = "" if names_figure(c, brief.understanding) else typed_words(c, brief.understanding)
            said[c.field] = words.opening("reckoned", asks=shown, words=typed) if typed else shown
        else:
            long = isinstance(c.value, list) and len(c.value) > 2 - (c.op == "not in") and c.op in {"in", "not in"}
            typed = typed_words(c, brief.understanding) if long else ""
            typed = "" if dislikes(typed) else typed
            quote = words.joined([words.quote(run) for run in as_said(typed, brief.text)], "or")
            shown = words.opening("not", asks=quote) if c.op == "not in" and not refuses(typed) else quote
            said[f"{c.field} {c.op} {c.value}"] = shown if typed else words.asks(c, brief)
    plain = list(dict.fromkeys(said.values()))
    return words.joined(sorted(plain, key=lambda s: s.split(" ")[0] in _LEADS)[:MAX_ASKED])


def _range(field: str, low: float | str, high: float | str, brief: Brief, words: Wording) -> str:
    if isinstance(low, str) or isinstance(high, str):
        return between_moments(field, str(low), str(high), words)
    return words.between(field, low, high, brief)


def _inputs(brief: Brief, words: Wording) -> Iterator[tuple[str, tuple[str, ...]]]:
    if brief.text.strip():
        said = shorten(brief.text, 10_000)
        quoted = words.quote(said.rstrip(".。")) if len(said) <= 60 else words.opening("for_words")
        yield quoted, tuple(e.evidence_id for e in of_kind(brief, "text"))
    for kind, name in (("caption", "photo"), ("transcript", "recording")):
        found = of_kind(brief, kind)
        plural = "s" if len({e.source.partition("-frame-")[0] for e in found}) > 1 else ""
        if found and any(e.content.strip() for e in found):
            yield words.opening(f"for_{name}{plural}"), tuple(e.evidence_id for e in found)


def _list(brief: Brief, words: Wording, used: list[str]) -> str:
    understood = brief.understanding
    left = [
        w for w in _unmet(brief, words) if w not in spoken_of(brief, words.language) and not part_spoken_of(w, brief)
    ]
    slots = {"n": str(len(brief.items)), "words": words.joined([words.quote(w) for w in left])}
    one = "_one" if len(brief.items) == 1 else ""
    tail = words.opening("unapplied_after", words=slots["words"]) if left else ""
    act = understood.reading.act
    if act == "refine" and understood.intent == "refine" and len(used) == 1 and brief.text.strip():
        return words.opening(f"refined{one}", **slots, left=tail)
    if act in _TURNS:
        return words.opening(f"{_TURNS[act]}{one}", **slots, left=tail)
    if understood.intent == "compare":
        basis = words.opening("compare")
    elif understood.intent == "similar" and understood.like_item_ids:
        basis = words.opening("similar")
    elif used:
        basis = words.opening("for", used=words.joined(used))
    elif brief.user == "known" and brief.liked_titles:
        basis = words.opening("liked", title=shorten(brief.liked_titles[0], 60))
    else:
        basis = words.opening("start") if brief.cold_start or words.language == "zh" else ""
    return words.opening("one" if one else "list", n=slots["n"], basis=basis, left=tail)


def _order(brief: Brief, words: Wording) -> str:
    """Say by what the list is ordered, where it was asked for and the list shows it."""
    order = brief.understanding.reading.order
    values = [r.item.attributes.get(order.field) for r in brief.items] if order else []
    if order is not None and values and all(isinstance(v, str) and is_moment(v) for v in values):
        shown = [str(v) for v in values]
        name = "latest_first" if order.descending else "earliest_first"
        return words.opening(name) if len(shown) > 1 and shown == sorted(shown, reverse=order.descending) else ""
    figures = [float(v) for v in values if isinstance(v, int | float)]
    if order is None or len(figures) != len(brief.items) or figures != sorted(figures, reverse=order.descending):
        return ""
    if len(figures) < 2:
        return ""
    called = words.superlative(order.field, brief, most=order.descending)
    currency, label = _one_of_currencies(order.field, words), words.label(order.field)
    if called and currency:
        return words.opening("ordered_in", superlative=called, currency=currency)
    name = "ordered" if called else "ordered_down" if order.descending else "ordered_up"
    return words.opening(name, superlative=called, label=f"{label} ({currency})" if currency else label)


def _one_of_currencies(field: str, words: Wording) -> str:
    """Return the currency of a price where the shop has prices in others too, which it is not compared with; else nothing."""
    priced = {known.currency for name in words.fields if (known := words.of(name)).is_price and known.currency}
    return words.of(field).currency if len(priced) > 1 else ""


def _preferred(brief: Brief, words: Wording) -> str:
    """Say of which numbers less or more was liked better."""
    told = [
        words.opening(f"leaning_{_way(low, is_year=words.of(name).is_year)}", label=words.label(name))
        for name, low in _leanings(brief)
    ]
    return words.opening("preferred", asked=words.joined(list(dict.fromkeys(told)))) if told else ""


def _way(low: bool, *, is_year: bool) -> str:
    return ("old" if low else "new") if is_year else ("low" if low else "high")


def _leanings(brief: Brief) -> list[tuple[str, bool]]:
    """Return the numbers of which less (True) or more is liked better."""
    return [found for p in brief.understanding.preferences if (found := leaning(p, brief.fields))]


def _unapplied(brief: Brief, words: Wording) -> str:
    """Say which wishes no condition expresses."""
    left = _unmet(brief, words)
    return words.opening("unapplied", words=words.joined([words.quote(w) for w in left])) if left else ""


def _unmet(brief: Brief, words: Wording) -> list[str]:
    """Return the words left over that do not only name what a condition is about: "warranty" of "5 year warranty", "bed" of "king size bed"."""
    held = brief.understanding.constraints
    numbers = " ".join(words.asks(c, brief) for c in held if isinstance(c.value, float))
    order = [brief.understanding.reading.order.field] if brief.understanding.reading.order else []
    leant = [name for name, _ in _leanings(brief)]
    named = stems(" ".join([numbers, *map(label_of, (*(c.field for c in held), *order, *leant))]))
    return [w for w in left_over(brief) if not stems(w) or not stems(w) <= named or refuses(w) or _FIGURE.search(w)]


def _mentions(brief: Brief, words: Wording) -> Iterator[str]:
    """Say how many of the items speak of wishes that no condition expresses, those that as many speak of together."""
    held, every = spoken_of(brief, words.language), len(brief.items)
    held |= {
        part: in_how_many(part, brief)
        for w in _unmet(brief, words)
        if w not in held and (part := part_spoken_of(w, brief))
    }
    for count in sorted(set(held.values()), reverse=True):
        told = words.joined([words.quote(w) for w, n in held.items() if n == count])
        name = "only" if every == 1 else "all" if count == every else "one" if count == 1 else "some"
        yield words.opening(f"mentions_{name}", words=told, n=str(count))


def _disagreement(brief: Brief, words: Wording) -> str:
    """Say what conflicts there are and what each leads to, each kind once."""
    told = {
        effect.check: effect for effect in reversed(brief.verdict.effects) if effect.check in words.table["conflicts"]
    }
    sentences = []
    for effect in reversed(told.values()):
        fact, pair = words.table["conflicts"][effect.check], len(effect.about) > 1
        name = f"{'pair' if pair else 'one'}_{effect.action}"
        sentence = str(words.table["conflict_effects"][name])
        sentences.append(sentence.format(fact=fact["fact"], followed=fact.get("followed", "")))
    return str(words.table["space"]).join(sentences)


def _unheard(brief: Brief, words: Wording) -> str:
    """Say what a recording without words holds instead of them."""
    sounds = dict.fromkeys(e.sound for e in of_kind(brief, "transcript") if not e.content.strip() and e.sound)
    what = [words.opening("unclear") if sound == "unclear" else sound for sound in sounds]
    return words.opening("unheard", sounds=words.joined(what)) if what else ""


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""
