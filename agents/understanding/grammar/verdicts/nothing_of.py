"""Read that a thing has nothing of what a field measures, or costs nothing: "no sugar", "caffeine-free", "free delivery", "ohne Zucker", "gratis", 无糖."""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.thing_words import thing_words
from .....core.language.tokens import stem
from .....core.language.value_concepts import value_concepts
from .....core.language.word_groups import clause_words
from .....core.schemas import Operator
from ..bounds.bound import Bound
from ..segments import Segment
from ..sentence import Sentence
from .clause import is_one
from .settle import mark

_MEASURES = frozenset(("mass", "percent", "energy", "money"))
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
        before, after = _beside(sentence, i)
        free = after is not None and "free" in after.roles and not after.used and not after.entries
        refused = before is not None and is_one(before, "nothing_of") and not before.used
        if refused == free or (refused and after is not None and (after.amount is not None or after.fields)):
            continue
        first, last = (before, s) if refused and before is not None else (s, after or s)
        sentence.found.bounds.append(Bound(field, "=", 0.0, first.start, last.end))
        mark((first, *sentence.between(first, last), last), "bound")


def _beside(sentence: Sentence, i: int) -> tuple[Segment | None, Segment | None]:
    """Return what stands before and after ``i``, over the hyphen of "caffeine-free"."""
    j = i + 1
    while j < len(sentence.segments) and j <= i + REACH and sentence.segments[j].mark == "-":
        j += 1
    return sentence.segments[i - 1] if i else None, sentence.segments[j] if j < len(sentence.segments) else None


def _free_delivery(sentence: Sentence) -> None:
    """Read "free shipping" and 包邮 as a delivery that costs nothing, where a field has its cost and no other one says so."""
    shipping = (f.field.name for f in sentence.language.of_concept("shipping"))
    cost = next((name for name in shipping if _may_be_none(sentence, name)), "")
    forms = set(map(key_of, value_concepts()["free delivery"].forms)) if cost else set()
    for i, s in enumerate(sentence.segments):
        if not s.used and not s.entries and key_of(s.text) in forms and not sentence.negated_before(i):
            _bound(sentence, cost, "=", s)


def _free_of_charge(sentence: Sentence) -> None:
    """Read "free of charge", "kostenlos" and 免费 as a price of nothing, "free" only where the shop gives something away."""
    price = sentence.language.schema.price
    if price is None:
        return
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if "gratis" in s.roles and _is_included(sentence, i - 1):
            s.roles = frozenset(["filler"])
            continue
        given = key_of(s.text) == "free" and price.minimum == 0
        if "gratis" in s.roles or (given and (_gives_away(sentence, i) or _stands_alone(sentence, i))):
            _bound(sentence, price.name, ">" if sentence.negated_before(i) else "=", s)


def _bound(sentence: Sentence, field: str, op: Operator, s: Segment) -> None:
    sentence.found.bounds.append(Bound(field, op, 0.0, s.start, s.end))
    s.used = "bound"


def _is_included(sentence: Sentence, i: int) -> bool:
    """Tell whether what the shop says to be there stands at ``i``, so that only that is free: "a sample for nothing"."""
    return i >= 0 and any(e.field in sentence.language.flags for e in sentence.segments[i].entries)


def _gives_away(sentence: Sentence, i: int) -> bool:
    """Tell whether "free" at ``i`` stands before what the shop sells, and after nothing that it may lack: "free events"."""
    before, after = sentence.segments[i - 1] if i else None, sentence.segments[i + 1 : i + 2]
    apart = before is None or before.is_glue or bool(before.mark and before.mark != "-") or "want" in before.roles
    if not after or not apart or any(e.denies for e in after[0].entries):
        return False
    named = set(map(stem, after[0].words)) & (thing_words() | sentence.language.things)
    return bool(named) or sentence.says_what(after[0])


def _stands_alone(sentence: Sentence, i: int) -> bool:
    """Tell whether "free" at ``i`` is said of the things themselves: "free ones", "it has to be free", "only free"; not "sugar free"."""
    before, after = sentence.segments[i - 1] if i else None, sentence.segments[i + 1 : i + 2]
    ends = not after or bool(after[0].mark or after[0].roles & {"and", "but"}) or is_one(after[0], "plain_things")
    if before is None or not ends:
        return ends
    asked = bool(before.roles & {"want", "only", "and", "demand", "not"})
    return asked or before.mark in (",", ".", ";", ":") or _is_being(before)


def _is_being(s: Segment) -> bool:
    return key_of(s.text).split(" ")[-1] in clause_words()["only_being"]


def _may_be_none(sentence: Sentence, name: str) -> bool:
    terms = sentence.language.fields[name]
    measured = terms.measure in _MEASURES or not terms.concept  # an excess, a deposit, a train
    return terms.field.type == "number" and terms.field.minimum == 0 and measured
