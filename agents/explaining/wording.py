"""Put facts and conditions into words: the wording itself is data, in ``wording_en.toml``, ``wording_de.toml`` and ``wording_zh.toml``.

The wording of a price reason, for example, is ``price_within`` there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from ...core.moment import is_moment
from ...core.predicates import of_known
from ...core.releases.in_force import in_force, wording_name
from ...core.schemas import AttributeValue, Brief, CatalogueField, Constraint, Language, Predicate
from ...core.text.chinese import is_chinese
from ...core.text.words import COLOURS, number
from ...core.text.words import amount as price_text
from .field_words import (
    NO_WORD,
    SHARED,
    VERBS,
    FieldWords,
    article,
    field_words,
    in_english,
    is_prose,
    keeps_case,
    names_one,
    plain_value,
    shown_value,
    stays,
    translated,
    with_bounds,
)
from .moment_words import OPS as MOMENT_OPS
from .moment_words import asked_moment, moment_text
from .own_words import dislikes, names_figure, own_runs, refuses, typed_words
from .ways_to_say import Phrases

MAX_MEMBERS = 3
MAX_IN_FULL = 20
MAX_VALUE = 60
MAX_SAID = 20_000
"""So many values of fields are remembered as they are said."""
_ONE = re.compile(r"^(1 [a-z]+[a-rt-z])s\b")
MAX_OWN_WORDS = 6
"""A condition is repeated in the shopper's own words where they are no more."""
MAX_SHOPS = 64
"""The words of so many shops are kept."""
_OPS = {">=": "at_least", "<=": "at_most", ">": "above", "<": "below", "=": "exactly"}
_YEAR_OPS = {">=": "year_since", "<=": "year_until", ">": "year_after", "<": "year_before", "=": "year"}
_PRICE_OPS = {">=": "price_at_least", "<=": "price_at_most", ">": "price_above", "<": "price_below", "=": "price"}


@dataclass(frozen=True, eq=False)
class Wording(Phrases):
    """The words of one language, for the items of one shop."""

    fields: Mapping[str, CatalogueField] = field(default_factory=dict)
    stays: bool = False
    keeps_case: bool = False
    members: int = MAX_MEMBERS
    _shops: dict[tuple[object, ...], Wording] = field(default_factory=dict, repr=False, compare=False)
    _said: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False, compare=False)
    _known: dict[str, FieldWords] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, language: Language, text: str) -> Wording:
        """Return the words that a file holds."""
        return cls(language, tomllib.loads(text))

    def about(self, fields: Sequence[CatalogueField]) -> Wording:
        """Return the words for the items of a shop: its fields tell by their units and concepts what else they are called."""
        key = tuple((f.name, f.type, f.unit, f.role, len(f.values)) for f in fields)
        found = self._shops.get(key)
        if found is None:
            if len(self._shops) >= MAX_SHOPS:
                self._shops.clear()
            given = {f.name: f for f in fields}
            found = replace(self, fields=given, stays=stays(fields), keeps_case=keeps_case(fields), _said={}, _known={})
            self._shops[key] = found
        return found

    def gap(self, condition: Constraint, value: float, brief: Brief) -> str:
        """Return by how much a number misses what was asked: "12 minutes longer than you asked"."""
        field, by = condition.field, value - float(str(condition.value))
        name = "over" if by > 0 else "under" if by < 0 else "at"
        way = self._number(field, brief).get(name) or self.table["breaches"][name]
        if not names_figure(condition, brief.understanding):  # nobody set it as a limit
            way = self.table["breaches"][name if by or not condition.relative else "as_before"]
        amount = self.amount(field, abs(by), brief) if by else self.amount(field, value, brief)
        return self._filled(
            way,
            {
                "amount": amount,
                "value": self.measure(field, value, brief),
                "gap": number(abs(by), self.language),
            },
        )

    def in_full(self) -> Wording:
        """Return the same words, which name all values of a list: a question about an item is answered from its whole record."""
        return replace(self, members=MAX_IN_FULL, _said={})

    def says(self, field: str, value: AttributeValue, brief: Brief) -> str:
        """Return what may be said of an item that holds ``value``, after "it"; empty if there is no plain way to say it."""
        held = tuple(value) if isinstance(value, list) else value
        key = (field, type(value), held, brief.price_field, brief.price_unit)
        said = self._said.get(key)
        if said is None:
            if len(self._said) >= MAX_SAID:
                self._said.clear()
            said = self._said[key] = self._says(field, value, brief)
        return said

    def _says(self, field: str, value: AttributeValue, brief: Brief) -> str:
        if isinstance(value, bool):
            return self._filled(self.table["flag"], {"label": self.label(field)}) if value else ""
        if isinstance(value, int | float):
            entry, shown = self._number(field, brief), self.amount(field, value, brief)
            if not value and entry.get("zero"):
                return str(entry["zero"])
            slots = {"amount": shown, "value": self.measure(field, value, brief)}
            return self._filled(entry.get("says", self.table["number_says"]), slots)
        if isinstance(value, str) and is_moment(value):
            return ""
        members = [value] if isinstance(value, str) else value[: self.members]
        if not members or any(NO_WORD.fullmatch(m) or len(m) > MAX_VALUE or is_prose(m) for m in members):
            return ""
        known = self.of(field)
        if self.language != "zh" and not known.entry and is_chinese(known.label):
            return ""
        told = known.entry.get("told", {})
        shown = self.joined([str(told[m]) if m in told else self.value(field, m) for m in members])
        return self._worded(field, members, "says", shown)

    def asks(self, constraint: Constraint, brief: Brief) -> str:
        """Return a condition in words: "at most 40 EUR", "for women", "not from Volvo", "hybrid or electric"."""
        if constraint.either:
            return self.joined([self._asks(c, brief) for c in (constraint, *constraint.either)], "or")
        if not names_figure(constraint, words := brief.understanding):
            return self.opening("reckoned", asks=self._asks(constraint, brief), words=typed_words(constraint, words))
        return self._own(constraint, brief) or self._asks(constraint, brief)

    def _own(self, held: Constraint, brief: Brief) -> str:
        """Return a condition on words as the shopper put it, where the wording has no better way or another language; else nothing."""
        runs = own_runs(held, brief)
        if not runs or (self.of(held.field).entry.get("own") is False and self._knows_values(held)):
            return ""
        typed = self.joined(runs, "or")
        if self.language == "zh":
            fits = is_chinese(typed) and len(typed) <= 2 * MAX_OWN_WORDS
        else:
            plain = isinstance(held.value, bool) or not self.of(held.field).entry or is_chinese(str(held.value))
            own = plain if self.language == "en" else not (self.keeps_case or is_chinese(typed))
            fits = own and len(typed.split()) <= MAX_OWN_WORDS
        refused = held.op in {"!=", "not in", "not contains"} or (held.op == "=" and held.value is False)
        if refused and dislikes(typed):
            return ""
        typed = self.opening("not", asks=typed) if refused and not refuses(typed) else typed
        return typed if fits else ""

    def _knows_values(self, held: Constraint) -> bool:
        """Say whether every value of a condition is in the language of the answer, by itself or by the wording."""
        values = held.value if isinstance(held.value, list) else [held.value]
        return all((self.language == "zh") == is_chinese(self.value(held.field, str(v))) for v in values)

    def _asks(self, constraint: Predicate, brief: Brief) -> str:
        field, op, value = constraint.field, of_known(constraint.op), constraint.value
        if isinstance(value, bool):
            flag = self.opening("flag", label=self.label(field))
            return flag if value is (op == "=") else self.opening("not", asks=flag)
        if isinstance(value, int | float) and op in _OPS:
            return self._bound(field, op, value, brief)
        if isinstance(value, str) and is_moment(value) and op in MOMENT_OPS:
            return asked_moment(field, op, value, self)
        values = [moment_text(shown_value(v), self) for v in (value if isinstance(value, list) else [value])]
        values = [v for v in values if v not in SHARED or len(values) == 1]
        members = [self.value(field, v) for v in values][:MAX_MEMBERS]
        shown = self._worded(field, members, "asks", self.joined(members, "or"))
        return self.opening("not", asks=shown) if op in {"!=", "not in", "not contains"} else shown

    def between(self, field: str, low: float, high: float, brief: Brief) -> str:
        """Return a lower and an upper limit of one field in words: "1980 to 1989"."""
        if field == brief.price_field:
            return self.opening(
                "price_between", low=self.figure(field, low, brief), price=self.figure(field, high, brief)
            )
        if self.of(field).is_year:
            return self.opening("year_between", low=f"{low:.0f}", value=f"{high:.0f}")
        shown = self.opening("between", low=self.figure(field, low, brief), value=self.figure(field, high, brief))
        return self._counted(field, self._with_unit(field, shown), brief)

    def measure(self, field: str, value: float, brief: Brief) -> str:
        """Return a number with its unit: "20 kg", "1 hour"; a price with its currency."""
        shown = self._with_unit(field, self.figure(field, value, brief))
        return _ONE.sub(r"\1", shown) if value == 1 and self.language == "en" else shown

    def _with_unit(self, field: str, shown: str) -> str:
        known = self.of(field)
        unit = str(known.unit or known.number.get("unit", ""))
        unit = str(self.table["units"].get(unit, unit))
        return f"{shown}{'' if self.language == 'zh' or unit in '%°' else ' '}{unit}" if unit else shown

    def figure(self, field: str, value: float, brief: Brief) -> str:
        """Return a number as it is written for its field: a price with its currency, a year without a comma."""
        currency = brief.price_unit if field == brief.price_field else self.of(field).currency
        if field == brief.price_field or currency:
            return price_text(value, currency, self.language)
        return f"{value:.0f}" if self.of(field).is_year and float(value).is_integer() else number(value, self.language)

    def amount(self, field: str, value: float, brief: Brief) -> str:
        """Return a number with what it counts: "552 horsepower", "4 doors", "1 door", "28 EUR"."""
        if not value and self.is_price(field, brief):
            return str(self.named["numbers"]["price"]["free"])
        if value == 1 and (one := self._number(field, brief).get("one")):
            return str(one)
        counted = self._counted(field, self.measure(field, value, brief), brief)
        return _ONE.sub(r"\1", counted) if value == 1 and self.language == "en" else counted

    def _counted(self, field: str, shown: str, brief: Brief) -> str:
        """Return a number, or words for a range of it, with what it counts."""
        if entry := self._number(field, brief):
            return self._filled(entry["amount"], {"value": shown})
        known = self.of(field)
        if self.language == "en" and (said := in_english(known, shown)):
            return said
        label = self.label(field) if self.language == "de" else with_bounds(known.label)
        return self._filled(self.table["number"], {"value": shown, "label": label})

    def value(self, field: str, value: str) -> str:
        """Return a value as it stands in a sentence: "Navy Blue" as "navy blue", a brand as it is written."""
        entry = self.of(field).entry
        values = entry.get("values", {})
        known = values.get(value, values.get(value.title()))
        if known is not None:
            return str(known)
        kept = entry.get("keep_case") or not entry or self.language != "en" or self.keeps_case
        return plain_value(value, lower=not kept)

    def superlative(self, field: str, brief: Brief, *, most: bool) -> str:
        """Return what the item with the most or the least of a number is called; empty if nothing."""
        return str(self._number(field, brief).get("most" if most else "least", ""))

    def is_quiet(self, field: str, *, most: bool) -> bool:
        """Say whether a superlative is no reason unless it was asked for: nobody is told unasked that a coat is the oldest."""
        entry = self.of(field).number
        return entry.get("quiet") == entry.get("most" if most else "least")

    def with_(self, field: str, value: float, brief: Brief) -> str:
        """Return a number as it stands after a comma: "with 552 horsepower"."""
        way = self._number(field, brief).get("with", self.table["number_with"])
        return self._filled(
            way, {"amount": self.amount(field, value, brief), "value": self.measure(field, value, brief)}
        )

    def trait(self, field: str, name: Literal["skip", "mixes", "guarded"]) -> bool:
        """Say whether a field tells nothing worth saying, mixes its values, or is about safety."""
        return bool(self.of(field).entry.get(name))

    def knows(self, field: str) -> bool:
        """Say whether there is a wording for a field, so that it may be told without being asked for."""
        known = self.of(field)
        shops_own = {"zh": is_chinese(known.label), "de": self.keeps_case}.get(self.language, False)
        return bool(known.entry or known.number or known.is_price or shops_own)

    def tells(self, field: str) -> bool:
        """Say whether the values of a field are worth telling, and not about safety."""
        entry = self.of(field).entry
        return not (entry.get("skip") or entry.get("guarded"))

    def is_price(self, field: str, brief: Brief) -> bool:
        """Say whether a field holds the price."""
        return field == brief.price_field or self.of(field).is_price

    def label(self, field: str) -> str:
        """Return a field's name for people, translated where it is a common one."""
        plain, labels = self.of(field).label, self.table.get("labels", {})
        found = str(labels.get(plain, labels.get(plain.split(" ")[0], plain)))
        return " ".join(w[:1].upper() + w[1:] for w in found.split(" ")) if self.language == "de" else found

    def _bound(self, field: str, op: str, value: float, brief: Brief) -> str:
        if self.is_price(field, brief):
            return self.opening(_PRICE_OPS[op], price=self.figure(field, value, brief))
        if self.of(field).is_year:
            return self.opening(_YEAR_OPS[op], value=f"{value:.0f}")
        if fits := self.fits(field, op, value, brief):
            return self.opening("fits", fits=fits)
        return self._counted(field, self.opening(_OPS[op], value=self.measure(field, value, brief)), brief)

    def fits(self, field: str, op: str, value: float, brief: Brief) -> str:
        """Return what a limit of an item is met by, "age 13" by a least age of 6; empty where the limit is the shopper's."""
        way = self._number(field, brief).get(_OPS[op])
        return self._filled(way, {"value": self.figure(field, value, brief)}) if way else ""

    def _worded(self, field: str, members: Sequence[str], form: Literal["says", "asks"], shown: str) -> str:
        entry = self.of(field).entry
        kind = entry.get(f"{form}_kind")
        kind = kind if kind and len(members) == 1 and names_one(members[0], self.table["uncounted"]) else None
        if (odd := entry.get(f"{form}_odd")) and not COLOURS & set(shown.lower().split()):
            kind = odd
        word = entry.get(f"{form}_word") if all(len(m) > 3 and m.isalpha() for m in members) else None
        place = entry.get(f"{form}_place") if self.stays else None
        way, label = kind or word or place or entry.get(form), self.label(field)
        if way is None and self.language == "zh" and is_chinese(label):
            bare = form == "asks" or label in VERBS
            return f"{label}{'' if bare else '是'}{shown}"
        way = way or (self.table["listed"] if form == "says" else self.table["opening"]["listed"])
        return self._filled(way, {"value": shown, "label": label, "a": article(shown)})

    def is_one(self, field: str, value: str) -> bool:
        """Say whether a value is the name of one thing that can be counted, as "Pop-up Tent" is of a kind."""
        return "says_kind" in self.of(field).entry and names_one(value, self.table["uncounted"])

    def _number(self, field: str, brief: Brief) -> Mapping[str, Any]:
        known = self.of(field)
        if field == brief.price_field or known.is_price:
            return self.named["numbers"]["price"]
        needs_unit = known.number.get("unit") == ""
        return {} if needs_unit and not known.unit else known.number

    @cached_property
    def named(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Return the entries of fields and of numbers by every name that such a field has."""
        tables = {kind: self.table[kind].values() for kind in ("fields", "numbers")}
        return {kind: {name: e for e in entries for name in e["names"]} for kind, entries in tables.items()}

    def of(self, field: str) -> FieldWords:
        """Return what the wording knows of a field."""
        found = self._known.get(field)
        if found is None:
            if len(self._known) >= MAX_SAID:
                self._known.clear()
            known = field_words(field, self.fields.get(field), self.named)
            found = translated(known, self.language, self.table["common"], self.quote, foreign=self.keeps_case)
            self._known[field] = found
        return found


def wording(language: Language) -> Wording:
    """Return the words of a language, as they were released for the request that is answered, else as they ship."""
    released: Wording | None = in_force(wording_name(language))
    return released or _shipped(language)


@lru_cache(maxsize=3)
def _shipped(language: Language) -> Wording:
    return Wording.read(language, shipped_wording(language))


def shipped_wording(language: Language) -> str:
    """Return the file of a language's words."""
    return Path(__file__).with_name(f"{wording_name(language)}.toml").read_text(encoding="utf-8")
