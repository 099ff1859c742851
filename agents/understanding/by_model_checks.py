"""Check what the model says of a request against its words and the catalogue; what nothing bears out is refused with a reason.

The quoted words must stand in the request; the value must be the field's own; a number must be said, and the field it is for named by its
unit, its name or its currency; the sign ("not", "without", "except") is the grammar's alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.keys import key_of, stem_key, value_key
from ...core.language.tokens import words_of_form
from ...core.language.value_entry import FieldTerms
from ...core.schemas import Condition, Operator, Order
from .by_model_request import NUMBER_OPS, ModelAnswer, Said, SaidOrder
from .grammar.evidence import STOPS
from .grammar.meanings_in_context import settled
from .grammar.numbers.amount import Amount
from .grammar.segments import Segment
from .numbers_and_money import find_numbers, normalise

Construct = Literal["number", "value by word", "value by meaning", "yes or no", "refusal", "order"]
_OPS: dict[str, Operator] = {"<=": "<=", ">=": ">=", "<": "<", ">": ">", "=": "="}
SIGNS = frozenset(("not", "not_after", "except", "except_after", "free", "wanted_double"))
"""Roles of words that turn a wish round."""
MODEL_CONFIDENCE = 0.8
ALIKE = 85.0
SHORTEST = 2


@dataclass(frozen=True)
class Checked:
    """A condition of the model's that the words and the schema bear out, and what kind of reading it is."""

    condition: Condition
    construct: Construct


@dataclass(frozen=True)
class Checks:
    """What passed, and each thing that did not with the reason."""

    conditions: tuple[Checked, ...] = ()
    order: Order | None = None
    refused: tuple[str, ...] = ()


def check(answer: ModelAnswer, text: str, language: CatalogueLanguage) -> Checks:
    """Return what of the model's answer the request's words and the catalogue's schema bear out."""
    segments = settled(text, language)
    passed, refused = [], []
    for said in answer.conditions:
        found = _checked(said, text, segments, language)
        if isinstance(found, Checked):
            passed.append(found)
        else:
            refused.append(f"{said.field}: {found}")
    orders = [_order(said, text, segments, language) for said in answer.order]
    return Checks(tuple(passed), next((o for o in orders if o), None), tuple(refused))


@dataclass(frozen=True)
class _Quote:
    """Where the words of a condition stand, the clause around them, and how many signs that holds."""

    said: Said
    text: str
    start: int
    clause: Sequence[Segment]

    @property
    def end(self) -> int:
        return self.start + len(self.said.words.strip())

    @property
    def words(self) -> str:
        return self.text[self.start : self.end]

    @property
    def signs(self) -> int:
        return sum(map(_signs, self.clause))

    def condition(self, op: Operator, value: float | bool | str, construct: Construct) -> Checked:
        made = Condition(
            condition_id="",
            field=self.said.field,
            op=op,
            value=value,
            words=self.words,
            refused=op in ("!=", "not contains"),
            confidence=MODEL_CONFIDENCE,
            read_by="model",
        )
        return Checked(made, construct)


def _checked(said: Said, text: str, segments: Sequence[Segment], language: CatalogueLanguage) -> Checked | str:
    """Return the condition, or why it is refused."""
    start, term = _position(said.words, text), language.fields.get(said.field)
    if start is None:
        return "the quoted words are not in the request"
    if term is None:
        return "there is no such field"
    quote = _Quote(said, text, start, _clause(segments, start, start + len(said.words.strip())))
    if term.field.type == "number":
        return _number(quote, language)
    if term.field.type == "bool":
        if not isinstance(said.value, bool) or quote.signs or not _names_field(said.field, quote.words):
            return "nothing in the words says yes or no to it"
        return quote.condition("=", said.value, "yes or no")
    return _value(quote, language)


def _value(quote: _Quote, language: CatalogueLanguage) -> Checked | str:
    said, term = quote.said, language.fields[quote.said.field]
    value = next((v for v in term.values if v == said.value), None)
    if value is None:
        return "the value is not one of the field's"
    refuses, listed = said.op == "is not", term.field.type == "list"
    if refuses != bool(quote.signs) or quote.signs > 1:
        return "its sign is not the grammar's"
    by_word = is_called(quote.words, value, said.field, language)
    if refuses:
        op: Operator = "not contains" if listed else "!="
        return quote.condition(op, value, "refusal") if by_word else "what is refused is not named"
    return quote.condition("contains" if listed else "=", value, "value by word" if by_word else "value by meaning")


def _number(quote: _Quote, language: CatalogueLanguage) -> Checked | str:
    value, term = quote.said.value, language.fields[quote.said.field]
    if isinstance(value, bool | str) or quote.said.op not in NUMBER_OPS or not math.isfinite(value):
        return "the value is not a number"
    if quote.signs:
        return "its sign is not the grammar's"
    amounts = [s.amount for s in quote.clause if s.amount and s.start < quote.end and s.end > quote.start]
    said = [a.value for a in amounts] + [n.value for n in find_numbers(normalise(quote.words))]
    said += [a.value * f / term.factor for a in amounts for measure, f in a.units if measure == term.measure]
    if not any(math.isclose(v, value, rel_tol=0.001) for v in said):
        return "the number is not in the quoted words"
    if any(_is_of_another(amount, term) for amount in amounts):
        return "the number is of another kind"
    if not _is_about(quote.said.field, quote.clause, quote.words, language):
        return "nobody mentioned the field"
    return quote.condition(_OPS[quote.said.op], float(value), "number")


def _is_of_another(amount: Amount, term: FieldTerms) -> bool:
    """Tell whether a number's own currency or unit says that it belongs to another field."""
    if amount.currency:
        return term.field.role != "price"
    return bool(amount.units and term.measure) and all(measure != term.measure for measure, _ in amount.units)


def _is_about(field: str, clause: Sequence[Segment], words: str, language: CatalogueLanguage) -> bool:
    """Tell whether the clause names a number field: by its name or unit, a comparison of it, or a currency for the price."""
    term = language.fields[field]
    for s in clause:
        if field in s.fields or any(c.field == field for c in s.comparisons):
            return True
        if s.amount is not None:
            if term.field.role == "price" and s.amount.currency:
                return True
            if any(measure == term.measure for measure, _ in s.amount.units):
                return True
    unit = value_key(term.field.unit)
    return _names_field(field, words) or bool(unit and any(value_key(s.text) == unit for s in clause))


def _names_field(field: str, words: str) -> bool:
    """Tell whether one of the words is a word of the field's own name."""
    named = {stem_key(w) for w in words_of_form(field.replace("_", " ")) if len(w) > SHORTEST or not w.isascii()}
    return bool(named & {stem_key(w) for w in words_of_form(words)}) or (not field.isascii() and field in words)


def is_called(words: str, value: str, field: str, language: CatalogueLanguage) -> bool:
    """Tell whether ``words`` name ``value``: spelled, inflected, misspelt, in part, or by what the catalogue's language calls it."""
    from rapidfuzz import fuzz, utils

    pieces = settled(words, language)
    if any(e.field == field and value in (*e.wanted, *e.refused) for s in pieces for e in s.entries):
        return True
    key = value_key(value)
    if key and key in value_key(words):
        return True
    return len(value) > SHORTEST and fuzz.partial_ratio(words, value, processor=utils.default_process) >= ALIKE


def _order(said: SaidOrder, text: str, segments: Sequence[Segment], language: CatalogueLanguage) -> Order | None:
    start, term = _position(said.words, text), language.fields.get(said.field)
    if start is None or term is None or term.field.type != "number" or said.direction not in ("highest", "lowest"):
        return None
    end = start + len(said.words.strip())
    quoted = [s for s in segments if s.start < end and s.end > start]
    if any(s.roles & SIGNS for s in _clause(segments, start, end)) or any(s.amount is not None for s in quoted):
        return None
    named = _is_about(said.field, quoted, text[start:end], language)
    return Order(field=said.field, descending=said.direction == "highest", words=text[start:end]) if named else None


def _position(words: str, text: str) -> int | None:
    """Return where the quoted words begin in the text; None where they do not stand there as words."""
    wanted, low = normalise(words).strip(), normalise(text)
    if not wanted or (wanted.isascii() and len(wanted) < SHORTEST) or not key_of(wanted):
        return None
    at = low.find(wanted)
    while at >= 0:
        before, after = low[at - 1 : at], low[at + len(wanted) : at + len(wanted) + 1]
        cut = wanted.isascii() and ((before.isalnum() and before.isascii()) or (after.isalnum() and after.isascii()))
        if not cut:
            return at
        at = low.find(wanted, at + 1)
    return None


def _signs(s: Segment) -> int:
    """Count the signs in a segment: "not without" is two, which no other reader than the grammar undoes."""
    if "wanted_double" in s.roles:
        return 2
    return int(bool(s.roles & SIGNS) and "filler" not in s.roles)


def _clause(segments: Sequence[Segment], start: int, end: int) -> list[Segment]:
    """Return the segments of the clause around a span, and of the next one where that only turns it round: "Merlot? Can't stand it."."""
    touched = [i for i, s in enumerate(segments) if s.start < end and s.end > start]
    if not touched:
        return []
    first, last = touched[0], _end(segments, touched[-1])
    while first > 0 and not _ends(segments[first - 1]):
        first -= 1
    following = segments[last + 1 : _end(segments, last + 1) + 1]
    turns = any(map(_signs, following)) and not any(s.entries or s.amount for s in following)
    return [*segments[first : last + 1], *(following if turns else ())]


def _end(segments: Sequence[Segment], i: int) -> int:
    """Return where the clause that holds segment ``i`` ends."""
    while i + 1 < len(segments) and not _ends(segments[i + 1]):
        i += 1
    return i


def _ends(s: Segment) -> bool:
    return s.mark in STOPS or (bool(s.roles & {"but"}) and not s.entries)
