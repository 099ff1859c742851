"""Put facts and conditions into words: the wording itself is data, in ``wording_en.toml``, ``wording_de.toml`` and ``wording_zh.toml``.

The wording of a price reason, for example, is ``price_within`` there.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
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
from ...core.text.words import amount as price_text
from ...core.text.words import listed, number
from .field_words import NO_WORD, SHARED, VERBS, FieldWords, field_words, keeps_case, stays
from .moment_words import OPS as MOMENT_OPS
from .moment_words import asked_moment, moment_text
from .own_words import names_figure, refuses, typed_words
from .ways_to_say import Way, start_of, way_of

MAX_MEMBERS = 3
MAX_VALUE = 60
MAX_SAID = 20_000
"""So many values of fields are remembered as they are said."""
_AN = re.compile(r"(?:[aeiou]|hour|8\b|11\b|18\b|[AEFHILMNORSX][A-Z]{1,}\b)")
_ONE = re.compile(r"^(1 [a-z]+[a-rt-z])s\b")
_BOUNDS = {"min": "minimum", "max": "maximum", "minimum": "minimum", "maximum": "maximum"}
"""Words of a field's name that say which end of a range it holds."""
MAX_OWN_WORDS = 6
"""A condition is repeated in the shopper's own words where they are no more."""
MAX_SHOPS = 64
"""The words of so many shops are kept."""
_OPS = {">=": "at_least", "<=": "at_most", ">": "above", "<": "below", "=": "exactly"}
_YEAR_OPS = {">=": "year_since", "<=": "year_until", ">": "year_after", "<": "year_before", "=": "year"}
_PRICE_OPS = {">=": "price_at_least", "<=": "price_at_most", ">": "price_above", "<": "price_below", "=": "price"}


@dataclass(frozen=True, eq=False)
class Wording:
    """The words of one language."""

    language: Language
    table: Mapping[str, Any]
    fields: Mapping[str, CatalogueField] = field(default_factory=dict)
    stays: bool = False
    keeps_case: bool = False
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

    def sentence(self, kind: str, slots: Mapping[str, str], taken: Counter[str], turn: int, before: str = "") -> str:
        """Return one sentence of a kind, worded as no other in ``taken`` begins and as ``before`` is not, if possible.

        How it begins is added to ``taken``; ``turn`` says which way is tried first.
        """
        ways, before = self._sentences[kind], before.lower()
        best, least, start = ways[0], (1 << 30, True), ""
        for i in range(len(ways)):
            way = ways[(turn + i) % len(ways)]
            begins = way.start or start_of(way.filled(slots), self.language)
            rank = (taken[begins], begins in before)
            if rank < least:
                best, least, start = way, rank, begins
            if rank == (0, False):
                break
        taken[start] += 1
        return best.filled(slots)

    def opening(self, name: str, **slots: str) -> str:
        """Return a piece of the opening line."""
        return way_of(self.table["opening"][name], self.language).filled(slots)

    def breach(self, name: str, **slots: str) -> str:
        """Return a piece of what is said of an item that comes close."""
        return way_of(self.table["breaches"][name], self.language).filled(slots)

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

    def quote(self, words: str) -> str:
        """Return words of a request or a record as they are quoted."""
        return self._filled(self.table["quote"], {"words": words})

    def question(self, name: str, **slots: str) -> str:
        """Return a piece of a question that narrows the list down."""
        return way_of(self.table["questions"][name], self.language).filled(slots)

    def answer(self, name: str, **slots: str) -> str:
        """Return a piece of an answer to a question about items shown."""
        return way_of(self.table["answers"][name], self.language).filled(slots)

    def counted(self, name: str, n: int) -> str:
        """Return a piece of an answer that counts, in the form for one or for several."""
        return self.answer(f"{name}_one" if n == 1 else name, n=str(n))

    def joined(self, parts: Sequence[str], joint: Literal["and", "or"] = "and") -> str:
        """Join words: "a, b and c"; in Chinese "a、b"."""
        if self.language == "zh":
            return "、".join(parts) if joint == "and" or len(parts) > 2 else self.table[joint].join(parts)
        return listed(parts, self.table[joint])

    def facts(self, says: Sequence[str]) -> str:
        """Join what is said of an item, field by field; in Chinese by commas, as values are joined by 、."""
        return "，".join(says) if self.language == "zh" else self.joined(says)

    def count(self, n: int) -> str:
        """Write a count of items: "five", "12"."""
        return str(self.table["counts"][n]) if n <= 10 else str(n)

    def both(self, says: Sequence[str]) -> str:
        """Join what is said of an item; words that come again are left out: "has 185 horsepower and 4 doors"."""
        if self.language != "zh" and len(says) == 2:
            one, other = (s.split() for s in says)
            same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            says = [says[0], " ".join(other[max(same - 1, min(same, 1)) :])]
        joint = str(self.table["join"])
        return (f",{joint}" if joint in says[0] else joint).join(says)

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
        members = [value] if isinstance(value, str) else value[:MAX_MEMBERS]
        if not members or any(NO_WORD.fullmatch(m) or len(m) > MAX_VALUE for m in members):
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
        typed = typed_words(held, brief.understanding).strip()
        typed = typed.replace(" ", "") if is_chinese(typed) else typed
        if not typed or (isinstance(held.value, int | float) and not isinstance(held.value, bool)):
            return ""
        if self.language == "zh":
            fits = is_chinese(typed) and len(typed) <= 2 * MAX_OWN_WORDS
        else:
            plain = isinstance(held.value, bool) or not self.of(held.field).entry or is_chinese(str(held.value))
            own = plain if self.language == "en" else not (self.keeps_case or is_chinese(typed))
            fits = own and len(typed.split()) <= MAX_OWN_WORDS
        refused = held.op in {"!=", "not in", "not contains"} or (held.op == "=" and held.value is False)
        typed = self.opening("not", asks=typed) if refused and not refuses(typed) else typed
        return typed if fits else ""

    def _asks(self, constraint: Predicate, brief: Brief) -> str:
        field, op, value = constraint.field, of_known(constraint.op), constraint.value
        if isinstance(value, bool):
            flag = self.opening("flag", label=self.label(field))
            return flag if value is (op == "=") else self.opening("not", asks=flag)
        if isinstance(value, int | float) and op in _OPS:
            return self._bound(field, op, value, brief)
        if isinstance(value, str) and is_moment(value) and op in MOMENT_OPS:
            return asked_moment(field, op, value, self)
        values = [moment_text(str(v), self) for v in (value if isinstance(value, list) else [value])]
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
        counted = self._counted(field, self.measure(field, value, brief), brief)
        return _ONE.sub(r"\1", counted) if value == 1 and self.language == "en" else counted

    def _counted(self, field: str, shown: str, brief: Brief) -> str:
        """Return a number, or words for a range of it, with what it counts."""
        if entry := self._number(field, brief):
            return self._filled(entry["amount"], {"value": shown})
        known = self.of(field)
        words = [_BOUNDS.get(w, w) for w in known.label.split()]
        if self.language == "en" and words:
            bound = next((w for w in words if w in _BOUNDS), "")
            rest = [w for w in words if w != bound]
            if bound and rest and rest[-1].endswith("s") and not known.unit:
                return f"a {bound} of {shown} {' '.join(rest)}"
            if known.unit or not words[0].endswith("s"):
                return f"{'an' if _AN.match(words[0]) else 'a'} {' '.join(words)} of {shown}"
        label = self.label(field) if self.language == "de" else " ".join(words)
        return self._filled(self.table["number"], {"value": shown, "label": label})

    def value(self, field: str, value: str) -> str:
        """Return a value as it stands in a sentence: "Navy Blue" as "navy blue", a brand as it is written."""
        entry = self.of(field).entry
        values = entry.get("values", {})
        known = values.get(value, values.get(value.title()))
        if known is not None:
            return str(known)
        plain = re.sub(r"\s*\([^)]*\)", "", value).strip() or value
        if entry.get("keep_case") or not entry or self.language != "en" or self.keeps_case:
            return plain
        return re.sub(r"\b[A-Z][a-z'’]*\b", lambda m: m.group(0).lower(), plain)

    def superlative(self, field: str, brief: Brief, *, most: bool) -> str:
        """Return what the item with the most or the least of a number is called; empty if nothing."""
        return str(self._number(field, brief).get("most" if most else "least", ""))

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
        word = entry.get(f"{form}_word") if all(len(m) > 3 and m.isalpha() for m in members) else None
        place = entry.get(f"{form}_place") if self.stays else None
        way, label = word or place or entry.get(form), self.label(field)
        if way is None and self.language == "zh" and is_chinese(label):
            bare = form == "asks" or label in VERBS
            return f"{label}{'' if bare else '是'}{shown}"
        way = way or (self.table["listed"] if form == "says" else self.table["opening"]["listed"])
        return self._filled(way, {"value": shown, "label": label, "a": "an" if _AN.match(shown) else "a"})

    def _number(self, field: str, brief: Brief) -> Mapping[str, Any]:
        known = self.of(field)
        if field == brief.price_field or known.is_price:
            return self.named["numbers"]["price"]
        needs_unit = known.number.get("unit") == ""
        return {} if needs_unit and not known.unit else known.number

    @cached_property
    def _sentences(self) -> Mapping[str, tuple[Way, ...]]:
        kinds = self.table["sentences"].items()
        return {kind: tuple(way_of(text, self.language) for text in ways) for kind, ways in kinds}

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
            found = self._known[field] = field_words(field, self.fields.get(field), self.named)
        return found

    def _filled(self, way: str, slots: Mapping[str, str]) -> str:
        return way_of(way, self.language).filled(slots)


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
