"""Read halves and single units: "half a kilo", "one and a half metres", "under a litre", "a couple of weeks", "anderthalb Meter"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf

from .....core.language.keys import key_of
from .....core.language.measure_words import units
from .....core.language.tokens import Token
from .....core.language.word_groups import word_group
from .amount import Amount, phrase_at
from .spelled import GERMAN

_ARTICLES = frozenset(("a", "an", "one", "ein", "eine", "einen", "einem", "einer", "eines"))
_SPANS = {
    "minut": 1.0,
    "stund": 60.0,
    "tag": 1440.0,
    "woch": 10080.0,
    "monat": 43830.0,
    "hour": 60.0,
    "day": 1440.0,
    "week": 10080.0,
}
"""Minutes in what an adjective counts."""
_NUMBERS = {"ein": 1.0, "halb": 0.5} | {word: float(value) for word, value in GERMAN.items()}
_COUNTED = re.compile(rf"^({'|'.join((*_NUMBERS, 'mehr'))}|\d+)(minut|stund|tag|woch|monat)ig(?:e|er|es|en|em)?$")
_HALVES = frozenset(("half", "halb", "halbe", "halben", "halbem", "halber", "halbes"))
_FIXED = {"anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5, "viereinhalb": 4.5}
_TOGETHER = {
    "zweit": 2.0, "dritt": 3.0, "viert": 4.0, "funft": 5.0, "sechst": 6.0, "siebt": 7.0, "acht": 8.0, "neunt": 9.0, "zehnt": 10.0,
}  # fmt: skip
"""How many are "zu fünft"."""
PART_WORDS = frozenset((*_HALVES, *_FIXED, *_TOGETHER, "quarter", "couple", "tenner", "fiver", "dozen"))
_SCALES = {"grand": 1e3, "thousand": 1e3, "million": 1e6, "dozen": 12.0}
_LONG_TIMES = frozenset(("week", "weeks", "fortnight", "month", "woche", "monat"))
_AFTER = frozenset(("for", "", "fur"))
_WHOLE = ("mass", "length", "volume", "distance", "data", "time")


def read_part(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the amount of "half a kilo", "ein halbes Kilo", "a couple of weeks", "under a litre" or "anderthalb" at ``i``."""
    word = tokens[i].text
    if word in _TOGETHER and i and tokens[i - 1].text == "zu":
        return Amount(_TOGETHER[word], i + 1, spelled=True)
    if told := _COUNTED.match(word):  # dreitägig, mehrtägige
        several = told[1] == "mehr"
        value = 2.0 if several else _NUMBERS.get(told[1]) or float(told[1] or 1)
        return Amount(value, i + 1, units=(("time", _SPANS[told[2]]),), spelled=True, above=inf if several else 0.0)
    if word in ("multiday", "multinight"):
        return Amount(2.0, i + 1, units=(("time", 1440.0),), spelled=True, above=inf)
    if word == "multi" and [t.text for t in tokens[i + 1 : i + 3]] in (["-", "day"], ["-", "hour"], ["-", "week"]):
        return Amount(2.0, i + 3, units=(("time", _SPANS[tokens[i + 2].text]),), spelled=True, above=inf)
    if word in _FIXED:
        return Amount(_FIXED[word], i + 1, spelled=True)
    lead = i + (word in _ARTICLES)
    if word in _ARTICLES and phrase_at(tokens, lead, 3) == "and a half":
        return Amount(1.5, i + 4, spelled=True)
    if lead < len(tokens) and tokens[lead].text in _HALVES:
        return _half(tokens, lead + 1)
    if phrase_at(tokens, lead, 2) == "quarter of" or phrase_at(tokens, i, 3) == "three quarters of":
        share = 0.25 if tokens[lead].text == "quarter" else 0.75
        at = (lead + 2 if share < 0.5 else i + 3) + 1
        if phrase_at(tokens, at, 1) == "million":
            return Amount(share * 1e6, at + 1, spelled=True, scaled=True)
        return Amount(share, at, spelled=True) if _is_unit(tokens, at) and tokens[at - 1].text in _ARTICLES else None
    if lead > i and phrase_at(tokens, lead, 1) == "couple":
        return _couple(tokens, lead + 1 + (phrase_at(tokens, lead + 1, 1) == "of"))
    if lead > i and phrase_at(tokens, lead, 1) == "dozen":
        return Amount(12.0, lead + 1, spelled=True)
    return _single(tokens, i, lead) if lead > i else None


def _couple(tokens: Sequence[Token], j: int) -> Amount | None:
    """Read "a couple of weeks" and "a couple hundred" as two of them; a couple of anything else is no number."""
    if j < len(tokens) and tokens[j].text in _SCALES | {"hundred": 100.0}:
        return Amount(2 * (_SCALES | {"hundred": 100.0})[tokens[j].text], j + 1, spelled=True, scaled=True)
    return Amount(2.0, j, spelled=True) if _is_unit(tokens, j) else None


def _half(tokens: Sequence[Token], j: int) -> Amount | None:
    j += j < len(tokens) and tokens[j].text in _ARTICLES | {"of", "-"}
    if j < len(tokens) and tokens[j].text in _SCALES:
        return Amount(_SCALES[tokens[j].text] / 2, j + 1, spelled=True, scaled=tokens[j].text != "dozen")
    return Amount(0.5, j, spelled=True) if _is_unit(tokens, j) else None


def _single(tokens: Sequence[Token], i: int, j: int) -> Amount | None:
    """Read "a litre" as one litre after a comparison, and "a week" as one week where it is no rate ("5 hours a week")."""
    before = key_of(tokens[i - 1].text) if i else ""
    measures = {m for m, _ in units().get(phrase_at(tokens, j, 1), ())} if _is_unit(tokens, j) else set()
    named = tokens[i].text == "one"
    if not measures & set(_WHOLE) and not (named and measures):
        large = j < len(tokens) and tokens[j].text in {*_SCALES, "hundred", "k", "tausend", "hundert"}
        counted = (
            named
            and before in word_group("before_one_unit")
            and j < len(tokens)
            and tokens[j].kind == "word"
            and not large
        )
        return Amount(1.0, i + 1, spelled=True) if counted or _opens_range(tokens, i) else None
    joined = (
        before in ("and", "to", "und", "bis")
        and i > 1
        and tokens[i - 2].text in units()
        and len(tokens[i - 2].text) > 2
    )
    limited = (
        before in word_group("before_one_unit") or joined or (named and before not in ("the", "this", "that", "which"))
    )
    after = tokens[j + 1] if j + 1 < len(tokens) else None
    limited = limited or (bool(measures & {"mass", "volume"}) and after is not None and after.text == "of")
    limited = limited or (
        tokens[j].text == "meter" and after is not None and (after.kind == "number" or after.text.endswith("zig"))
    )
    long = tokens[j].text in _LONG_TIMES and before in _AFTER
    return Amount(1.0, i + 1, spelled=True) if limited or long else None


def _opens_range(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether "one" opens a range of number words: "one to two", "between one and three"."""
    lead = i > 0 and tokens[i - 1].text == "between"
    small = ("two", "three", "four", "five")
    return (
        tokens[i].text == "one"
        and phrase_at(tokens, i + 1, 1) in (("and",) if lead else ("to", "or"))
        and (phrase_at(tokens, i + 2, 1) in small)
    )


def _is_unit(tokens: Sequence[Token], j: int) -> bool:
    """Tell whether a unit written in full stands at ``j``."""
    key = phrase_at(tokens, j, 1)
    return len(key) > 3 and key in units()


def add_halves(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the half of "one and a half metres" and "2 1/2 hours"."""
    if number.currency or number.units or number.high is not None:
        return number
    for said, part in (("and a half", 0.5), ("and a quarter", 0.25), ("and three quarters", 0.75)):
        if phrase_at(tokens, number.end, 3) == said:
            return number._replace(value=number.value + part, end=number.end + 3)
    fraction = [t.text for t in tokens[number.end : number.end + 3]]
    if fraction == ["1", "/", "2"]:
        return number._replace(value=number.value + 0.5, end=number.end + 3)
    return number
