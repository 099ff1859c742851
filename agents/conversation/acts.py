"""Recognise what a turn does with the items shown before: "why the first one?", "show more", "I have seen that one", "undo".

An act is recognised only in a later turn, and one about items only where some were shown. What a sentence says beyond its act is left to be read as a request.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.keys import key_of
from ...core.schemas import Act, Constraint, Item, Order, Reading, ShownItem, ThreadMemory
from ...core.text.titles import spoken
from ..understanding.grammar.meanings_in_context import settled
from ..understanding.reader import read
from ..understanding.turns.turn_phrases import without_reminders
from .act_phrases import (
    ALL,
    CONCEPTS,
    DESCRIBED,
    DIFFERENCE,
    DIGITS,
    LAST,
    MORE,
    OF_THESE,
    ONE,
    OPEN,
    ORDINALS,
    PLACE,
    PRICE,
    SEEN,
    TAKES,
    THAT_FIELD,
    UNDO,
    WHAT,
    WHY,
    WISHES,
    YES_NO,
    ZH_ASKS,
)

ANSWERED: frozenset[Act] = frozenset(
    ("why", "price of", "fact", "compare", "of these", "unclear", "thanks", "pause", "doubt", "complaint", "taken")
)
"""Acts that are answered from the record: the list and the request stay as they are."""
SMALL_TALK: tuple[Act, ...] = ("complaint", "doubt", "thanks", "pause")
"""What asks for nothing; of several in one turn the first of these is answered."""
MAX_QUESTION_CHARS = 200
MAX_SHORT_WORDS = 4
NOTHING_ASKED = Reading()
_SMALL_TALK = Path(__file__).with_name("small_talk.toml")


@dataclass(frozen=True)
class TurnAct:
    """What a turn does: the items it speaks of, what it asks about them, and the words left to be read as a request."""

    name: Act = "ask"
    item_ids: tuple[str, ...] = ()
    asked: Reading = NOTHING_ASKED
    fields: tuple[str, ...] = ()
    order: Order | None = None
    same_field: tuple[str, Literal["=", "!="]] | None = None
    rest: str = ""


def read_act(text: str, memory: ThreadMemory, language: CatalogueLanguage) -> TurnAct:
    """Return what a turn does; ``ask`` where it only states or changes a wish. Takes time in proportion to the text."""
    text = without_reminders(text)
    low, shown = spoken_low(text), memory.shown
    if not memory.turn or not text.strip() or len(text) > MAX_QUESTION_CHARS:
        return TurnAct(rest=text)
    act = _whole_turn(low) or _small_talk(low, text, shown, language)
    if act is None and shown:
        act = (
            _seen(low, text, shown) or _question(low, text, shown, language) or _that_field(low, text, shown, language)
        )
    if act is None and not shown and PLACE.search(low) and (WHY.search(low) or PRICE.search(low)):
        act = TurnAct("fact")
    return act or TurnAct(rest=_meant(low, text, language))


def spoken_low(text: str) -> str:
    """Return the text in lower case with plain apostrophes, of the same length where lower case keeps it."""
    return text.lower().replace("’", "'")


def referred(low: str, shown: Sequence[ShownItem], *, digits: bool = False) -> tuple[str, ...]:
    """Return the ids of the shown items that are spoken of, in the order of the text; with ``digits`` bare numbers count."""
    found: list[tuple[int, int]] = []
    for match in PLACE.finditer(low):
        if match["num"]:
            found.append((match.start(), int(match["num"]) - 1))
            continue
        place = ORDINALS[match["ord"]]
        n = {"two": 2, "2": 2, "beiden": 2, "zwei": 2, "两": 2, "three": 3, "3": 3, "drei": 3, "三": 3}.get(
            match["n"] or "", 1
        )
        start = len(shown) - n if place == LAST else place
        found += [(match.start(), start + i) for i in range(n)]
    if digits:
        found += [(m.start(), int(m[1] or m[2]) - 1) for m in DIGITS.finditer(low)]
    for index, item in enumerate(shown):
        named = re.search(rf"(?<!\w){re.escape(spoken(item.title))}(?!\w)", low) if len(item.title) > 2 else None
        found += [(named.start(), index)] if named else []
    ids = [shown[index].item_id for _, index in sorted(found) if 0 <= index < len(shown)]
    if not found and ALL.search(low):
        ids = [item.item_id for item in listed(shown)]
    elif not found and ONE.search(low):
        ids = [shown[0].item_id]
    return tuple(dict.fromkeys(ids))


def listed(shown: Sequence[ShownItem]) -> Sequence[ShownItem]:
    """Return what "these" are: the list, or what was offered below where nothing was listed."""
    return [item for item in shown if not item.close] or shown


def _meant(low: str, text: str, language: CatalogueLanguage) -> str:
    """Return a complaint about what is shown as the wish that it is: "that's no sedan" means a sedan; else the text itself."""
    match = DESCRIBED.search(low)
    if match is None or len(low) != len(text):
        return text
    about = text[match.start(next(name for name in ("about", "de", "zh") if match[name])) :]
    conditions = read(about, language).conditions
    return about if conditions and not any(c.refused for c in conditions) else text


def _whole_turn(low: str) -> TurnAct | None:
    """Return an act that is all a turn says."""
    if UNDO.search(low):
        return TurnAct("undo")
    return TurnAct("more") if MORE.search(low) else None


@cache
def small_talk() -> Mapping[str, Act]:
    """Return what people say between requests -> what it does; the phrases are in ``small_talk.toml``."""
    table = tomllib.loads(_SMALL_TALK.read_text(encoding="utf-8"))
    insults = {
        f"{who}{between}{what}".strip()
        for who in table["insulted"]
        for what in table["insults"]
        for between in ("", " ")
    }
    return {**dict.fromkeys(insults, "complaint"), **{phrase: act for act in SMALL_TALK[1:] for phrase in table[act]}}


@cache
def _intensified() -> re.Pattern[str]:
    words = tomllib.loads(_SMALL_TALK.read_text(encoding="utf-8"))["intensified"]
    spaced = "|".join(word for word in words if word.isascii())
    return re.compile(rf"\b(?:{spaced})\b|{'|'.join(word for word in words if not word.isascii())}")


def _small_talk(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return an act that asks for nothing: thanks, a pause to think, a doubt, or an item taken."""
    if shown and TAKES.search(low) and (ids := referred(low, shown)):
        return TurnAct("taken", ids[:1])
    name = _said_between(low)
    if name is None:
        pieces = [_said_between(piece) for piece in re.split(r"[,.!?;…，。！？；]+", low) if piece.strip()]
        name = next((n for n in SMALL_TALK if n in pieces), None) if all(pieces) else None
    if name is None or read(text, language).conditions:
        return None
    return TurnAct(name, tuple(item.item_id for item in listed(shown)))


def _said_between(low: str) -> Act | None:
    """Return what a phrase that asks for nothing does, or None."""
    said = re.sub(r"[^\w']+", " ", low).strip()
    bare = re.sub(r"^(?:(?:ok|okay|so|well|but|and|und|aber) )+|(?: (?:please|bitte))+$", "", said)
    plain = " ".join(_intensified().sub(" ", bare).split())
    return (
        small_talk().get(said)
        or small_talk().get(bare)
        or ("complaint" if small_talk().get(plain) == "complaint" else None)
    )


def _seen(low: str, text: str, shown: Sequence[ShownItem]) -> TurnAct | None:
    titles = "|".join(sorted((re.escape(spoken(item.title)) for item in shown), key=len, reverse=True))
    marked = re.sub(rf"(?<!\w)(?:{titles})(?!\w)", lambda m: "\x03" * len(m[0]), low)
    match = SEEN.search(marked)
    if match is None or len(low) != len(text):
        return None
    ids = referred(low[match.start() : match.end()], shown) or (shown[0].item_id,)
    rest = f"{text[: match.start()]} {text[match.end() :]}".strip(" ,.;!?，。、")
    return TurnAct("seen", ids, rest="" if MORE.search(rest.lower()) else rest)


def _question(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return a question about items shown; their titles and places are no part of what is asked."""
    ids, here = referred(low, shown), listed(shown)
    if WHY.search(low):
        return TurnAct("why", ids or _all_but_missing(low, here))
    if DIFFERENCE.search(low):
        compared = referred(low, shown, digits=True)
        compared = compared or (tuple(item.item_id for item in here) if len(here) == 2 else ())
        return TurnAct("compare", compared) if len(compared) > 1 else None
    if PRICE.search(low) and (ids or not read(PRICE.sub(" ", low), language).conditions):
        return TurnAct("price of", ids or _all_but_missing(low, shown[:1]))
    if OF_THESE.search(low) and (order := read(text, language).order) is not None:
        return TurnAct("of these", tuple(item.item_id for item in here), order=order)
    return _fact(low, text, shown, language)


def _all_but_missing(low: str, shown: Sequence[ShownItem]) -> tuple[str, ...]:
    """Return the items meant where none is named; none where a place is named that the list does not have."""
    return () if PLACE.search(low) else tuple(item.item_id for item in shown)


def _fact(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return a question about a fact of items shown, or a short question that no field answers ("size 42?")."""
    ids = referred(low, shown)
    yes_no = YES_NO.search(low)
    about = asked_in(text, yes_no) if yes_no and len(text) == len(low) else text
    is_question = bool(yes_no or ZH_ASKS.search(low) or WHAT.search(low))
    direct = yes_no is not None and (yes_no["got"] or yes_no["haben"]) is not None
    if ids and is_question and (direct or not WISHES.search(low)):
        about = PLACE.sub(" ", about) if yes_no is None else about
        asked, fields = read(about, language), fields_in(low, language)
        if fields and OPEN.search(low):
            return TurnAct("fact", ids, fields=fields)
        fields = () if asked.conditions else fields
        if not (asked.conditions or fields or asked.not_applied):
            asked = asked.model_copy(update={"not_applied": (about.strip(" ?？。."),)})
        return TurnAct("fact", ids, asked, fields)
    if low.rstrip().endswith(("?", "？")) and len(low.split()) <= MAX_SHORT_WORDS and not WISHES.search(low):
        asked = read(text, language)
        if asked.not_applied and not asked.conditions:
            return TurnAct("fact", ids or (shown[0].item_id,), asked)
    if is_question and not ids and PLACE.search(low) and not WISHES.search(low):
        return TurnAct("fact")  # of a place that the list does not have
    return None


def asked_in(text: str, match: re.Match[str]) -> str:
    """Return what a question asks of an item, without what opens it and names the item."""
    name = next(name for name in ("about", "inside", "got", "haben", "dort") if match[name] is not None)
    return text[match.start(name) : match.end(name)]


def fields_in(low: str, language: CatalogueLanguage) -> tuple[str, ...]:
    """Return the catalogue fields that words name, ask for ("who is in it") or measure ("how long"), in this order."""
    segments = settled(low, language)
    named = [name for s in segments for name in s.fields]
    measured = [c.field for s in segments for c in s.comparisons]
    concepts = next((names for pattern, names in CONCEPTS if pattern.search(low)), ())
    meant = [terms.field.name for name in concepts for terms in language.of_concept(name)][:1]
    return tuple(dict.fromkeys(named or meant or measured))


def _that_field(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return "not that brand", "the same colour": a wish about one field's value of an item shown."""
    for match in THAT_FIELD.finditer(low):
        words = (match["name"] or match["name2"]).split()
        for n in range(len(words), 0, -1):
            fields = language.names.get(key_of(" ".join(words[:n])), ())
            if fields and len(text) == len(low):
                ids = referred(low[match.end() :], shown) or (shown[0].item_id,)
                end = match.end() - len(" ".join(words)) + len(" ".join(words[:n]))
                rest = f"{text[: match.start()]} {text[end:]}".strip(" ,.;!?，。、")
                return TurnAct("refine", ids[:1], same_field=(fields[0], "=" if match["same"] else "!="), rest=rest)
    return None


def value_constraints(act: TurnAct, items: Sequence[Item]) -> list[Constraint]:
    """Return "not that brand" as a condition, from the record of the item spoken of; none where it has no such value."""
    if act.same_field is None or not items:
        return []
    field, op = act.same_field
    value = items[0].attributes.get(field)
    if value is None or value == []:
        return []
    if isinstance(value, list):
        return [Constraint(field=field, op="in" if op == "=" else "not in", value=value, source="text")]
    return [Constraint(field=field, op=op, value=value, source="text")]
