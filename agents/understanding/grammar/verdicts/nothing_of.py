"""Read that a thing has nothing of what a field measures: "no sugar", "caffeine-free", "ohne Zucker", 无糖."""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.thing_words import thing_words
from .....core.language.tokens import stem
from .....core.language.value_concepts import value_concepts
from .....core.schemas import Operator
from ..bounds.bound import Bound
from ..sentence import Sentence

_NONE = frozenset("no zero without non ohne kein keine keinen sans 无 零 免 不含 不加 不收 不要 免收 没有".split())  # noqa: SIM905
_MEASURES = frozenset(("mass", "percent", "energy", "money"))
_PLAIN_THINGS = frozenset(("one", "ones", "stuff", "things", "only", "please"))
_BEING = frozenset(
    ("be", "being", "is", "are", "its", "theyre", "thats", "the", "any", "some", "only", "totally", "completely")
)
REACH = 2


def zero_of(sentence: Sentence) -> None:
    """Read "0% alcohol" before a value as none of it."""
    for i, s in enumerate(sentence.segments[:-1]):
        if s.amount is None or s.amount.value != 0 or s.amount.high is not None or s.entries:
            continue
        following = sentence.segments[i + 1]
        if sentence.value_at(i + 1) and not following.fields and following.amount is None:
            s.amount, s.roles = None, frozenset(["not"])


def nothing_of(sentence: Sentence) -> None:
    """Read what there is nothing of: of what a field measures, or to pay."""
    _none_of(sentence)
    _free_delivery(sentence)
    _free_of_charge(sentence)


def _none_of(sentence: Sentence) -> None:
    """Bound a field whose least value is nothing, where a "no" stands before its name or "free" after it."""
    for i, s in enumerate(sentence.segments):
        field = next((n for n in s.fields if _may_be_none(sentence, n)), "")
        if not field or s.used or s.entries:
            continue
        before = sentence.segments[i - 1] if i else None
        j = i + 1
        while j < len(sentence.segments) and j <= i + REACH and sentence.segments[j].mark == "-":
            j += 1
        after = sentence.segments[j] if j < len(sentence.segments) else None
        free = after is not None and "free" in after.roles and not after.used and not after.entries
        refused = before is not None and key_of(before.text) in _NONE and not before.used
        if refused == free or (refused and after is not None and (after.amount is not None or after.fields)):
            continue
        first, last = (before, s) if refused and before is not None else (s, after or s)
        sentence.found.bounds.append(Bound(field, "=", 0.0, first.start, last.end))
        for piece in sentence.segments[sentence.place(first) : sentence.place(last) + 1]:
            piece.used = "bound"


def _free_delivery(sentence: Sentence) -> None:
    """Read "free shipping" and 包邮 as a delivery that costs nothing, where a field has its cost and no other one says so."""
    cost = next(
        (f.field.name for f in sentence.language.of_concept("shipping") if _may_be_none(sentence, f.field.name)), ""
    )
    forms = set(map(key_of, value_concepts()["free delivery"].forms)) if cost else set()
    for i, s in enumerate(sentence.segments):
        if not s.used and not s.entries and key_of(s.text) in forms and not sentence.negated_before(i):
            sentence.found.bounds.append(Bound(cost, "=", 0.0, s.start, s.end))
            s.used = "bound"


def _free_of_charge(sentence: Sentence) -> None:
    """Read "free of charge", "kostenlos" and 免费 as a price of nothing, "free" only where the shop gives something away."""
    price = sentence.language.schema.price
    for i, s in enumerate(sentence.segments):
        if price is None or s.used or s.entries:
            continue
        said = "gratis" in s.roles
        if said and _is_included(sentence, i - 1):
            s.roles = frozenset(["filler"])
            continue
        if said or (
            key_of(s.text) == "free" and price.minimum == 0 and (_gives_away(sentence, i) or _stands_alone(sentence, i))
        ):
            op: Operator = ">" if sentence.negated_before(i) else "="
            sentence.found.bounds.append(Bound(price.name, op, 0.0, s.start, s.end))
            s.used = "bound"


def _is_included(sentence: Sentence, i: int) -> bool:
    """Tell whether what the shop says to be there stands at ``i``, so that only that is free: "a sample for nothing"."""
    return i >= 0 and any(e.field in sentence.language.flags for e in sentence.segments[i].entries)


def _gives_away(sentence: Sentence, i: int) -> bool:
    """Tell whether "free" at ``i`` stands before what the shop sells, and after nothing that it may lack: "free events"."""
    before, after = sentence.segments[i - 1] if i else None, sentence.segments[i + 1 : i + 2]
    apart = before is None or before.is_glue or bool(before.mark and before.mark != "-") or "want" in before.roles
    if not after or not apart:
        return False
    thing = bool(set(map(stem, after[0].words)) & (thing_words() | sentence.language.things)) or sentence.says_what(
        after[0]
    )
    return thing and not any(e.denies for e in after[0].entries)


def _stands_alone(sentence: Sentence, i: int) -> bool:
    """Tell whether "free" at ``i`` is said of the things themselves: "free ones", "it has to be free", "only free"; not "sugar free"."""
    before, after = sentence.segments[i - 1] if i else None, sentence.segments[i + 1 : i + 2]
    ends = (
        not after
        or bool(after[0].mark)
        or key_of(after[0].text) in _PLAIN_THINGS
        or bool(after[0].roles & {"and", "but"})
    )
    said = before is None or key_of(before.text).split(" ")[-1] in _BEING or before.mark in (",", ".", ";", ":")
    return ends and (said or (before is not None and bool(before.roles & {"want", "only", "and", "demand", "not"})))


def _may_be_none(sentence: Sentence, name: str) -> bool:
    terms = sentence.language.fields[name]
    measured = terms.measure in _MEASURES or not terms.concept  # an excess, a deposit, a train
    return terms.field.type == "number" and terms.field.minimum == 0 and measured
