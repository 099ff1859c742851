"""Read a number with what compares it: before it, after it, in a range, and with the "not" that turns it round.

A unit, a field's name or an adjective beside the number decides the field; then years, then the price, then the only number field
whose range holds the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.field_concepts import comparative_directions, superlatives
from .....core.language.keys import key_of
from .....core.language.word_groups import around_numbers
from .....core.schemas import Operator
from ..number_fields.limit_columns import only_limits
from ..numbers.amount import Amount
from ..segments import Segment
from .negation import negate
from .phrase import NumberPhrase
from .ranges import PRE, PRE_TIME, back, read_range

HARDLY = 0.05
_POST: dict[str, Operator] = {"or_less": "<=", "under_after": "<", "or_more": ">="}
_POST_TIME: dict[str, Operator] = {"on_after": ">=", "before_after": "<"}
_LOWEST = frozenset(("from", "prices from", "从", "自"))
_UPWARDS = frozenset(("on", "up", "upward", "upwards", "onward", "onwards"))
_EXACTLY = frozenset("exactly precisely genau exakt 正好 刚好 恰好".split())  # noqa: SIM905
_OF_TIME = frozenset("newer later older earlier before after younger neuer älter alter jünger junger".split())  # noqa: SIM905


def read_phrase(segments: Sequence[Segment], i: int, language: CatalogueLanguage) -> NumberPhrase:
    """Return the phrase around the number at position ``i``."""
    amount = segments[i].amount
    assert amount is not None
    found = read_range(segments, i, amount) or _single(segments, i, amount, language)
    _named_field(segments, found, language)
    negate(segments, found, language)
    _named_field(segments, found, language)
    return found


def _single(segments: Sequence[Segment], i: int, amount: Amount, language: CatalogueLanguage) -> NumberPhrase:
    """Read a number with a comparison before or after it, or none."""
    phrase = NumberPhrase(i, i + 1, [("=", amount)], bare=True, around=amount.near)
    if amount.high is not None:
        phrase.parts = [(">=", amount), ("<=", amount._replace(value=amount.high))]
        phrase.temporal = True
        _decade_lead(segments, phrase)
        return phrase
    if amount.above:
        phrase.parts, phrase.bare = [(">=", amount), ("<", amount._replace(value=amount.value + amount.above))], False
        phrase.parts = phrase.parts[: 1 if isinf(amount.above) else 2]
    elif i and key_of(segments[i - 1].text) in _EXACTLY:
        phrase.first, phrase.bare = i - 1, False
    elif _before(segments, i, phrase, amount, language) or _after(segments, phrase, amount):
        phrase.bare = False
        later = NumberPhrase(phrase.first, phrase.last, list(phrase.parts))
        if phrase.around and phrase.parts[0][0] == "=" and _after(segments, later, amount) and not later.around:
            phrase.parts, phrase.last, phrase.around = later.parts, later.last, False  # roughly 12 m at most
    _out_of(segments, phrase)
    return phrase


def _decade_lead(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    j = back(segments, phrase.first)
    if j >= 0 and not segments[j].used:
        roles = segments[j].roles
        low, high = phrase.parts[0][1], phrase.parts[1][1]
        if roles & {"before", "until"} and "to" not in roles:
            phrase.parts = [("<", low)]
        elif roles & {"after"}:
            phrase.parts = [(">", high)]
        elif roles & {"since"} and not roles & {"from", "in"}:
            phrase.parts = [(">=", low)]
        if roles & {"before", "until", "after", "since", "from", "in"}:
            phrase.first = j
    k = phrase.last
    if (
        k < len(segments)
        and segments[k].roles & {"or_less", "or_more"}
        and key_of(segments[k].text).split(" ")[-1] in _OF_TIME
    ):
        down = "or_less" in segments[k].roles
        phrase.parts, phrase.last = [phrase.parts[-1] if down else phrase.parts[0]], k + 1
    elif k < len(segments) and "on_after" in segments[k].roles:
        phrase.parts, phrase.last = [(">=", phrase.parts[0][1])], k + 1
    elif k < len(segments) and "before_after" in segments[k].roles:
        phrase.parts, phrase.last = [("<", phrase.parts[0][1])], k + 1


def _before(
    segments: Sequence[Segment], i: int, phrase: NumberPhrase, amount: Amount, language: CatalogueLanguage
) -> bool:
    j = back(segments, i, over=frozenset({"around"}) if _is_around(segments, i) else frozenset())
    if j < 0 or segments[j].used or (segments[j].entries and not segments[j].roles):
        phrase.first -= _is_around(segments, i)
        phrase.around = amount.near or _is_around(segments, i)
        return phrase.around
    s = segments[j]
    if "than" in s.roles and _than(segments, j, phrase, amount):
        return True
    if "hardly" in s.roles and key_of(s.text) != "比":
        phrase.first, phrase.parts = j, [("<=", amount._replace(value=amount.value * (1 + HARDLY)))]
        return True
    for role, op in PRE.items():
        if role in s.roles:
            phrase.first, phrase.parts = j, [(op, amount)]
            k = phrase.last
            if (
                k < len(segments)
                and segments[k].roles & {"or_less", "under_after", "or_more", "around_after"}
                and not _leads_to_number(segments, k)
            ):
                phrase.last = k + 1
            return True
    for role, op in PRE_TIME.items():
        if role in s.roles and (role != "until" or key_of(s.text) not in ("to",)):
            if (
                role == "since"
                and s.roles & {"from", "in"}
                and not _goes_on(segments, phrase.last)
                and key_of(s.text) not in ("since", "seit", "depuis", "ab", "starting from")
            ):
                continue
            phrase.first, phrase.parts, phrase.temporal = j, [(op, amount)], True
            _swallow_on(segments, phrase)
            return True
    if "around" in s.roles or _is_around(segments, i):
        phrase.first, phrase.around = (j if "around" in s.roles else i - 1), True
        return True
    if s.roles & {"from", "in"} and not s.entries:
        phrase.temporal = 1000 <= amount.value <= 2200 and not amount.units and not amount.currency
        if phrase.temporal:
            phrase.first = j
            if _after(segments, phrase, amount):
                return True
            if _goes_on(segments, phrase.last):
                phrase.parts = [(">=", amount)]
                _swallow_on(segments, phrase)
            return True
        if key_of(s.text) in _LOWEST and (amount.units or amount.currency):  # "from 40 euros", "from 8 GB"
            phrase.first, phrase.parts = j, [(">=", amount)]
            _swallow_on(segments, phrase)
            return True
    return False


def _than(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    """Read "cheaper than 20", "better than 4 stars" and 比3000便宜, whose comparison decides the field."""
    k = j - 1
    if k >= 0 and key_of(segments[k].text) in ("better", "besser") and any(m == "rating" for m, _ in amount.units):
        phrase.first, phrase.parts = k, [(">", amount)]
        return True
    free = k >= 0 and not segments[k].used and not segments[k].mark
    comps = [c for c in segments[k].comparisons if c.role in ("more", "less")] if free else []
    if comps:
        phrase.first, phrase.fields = k, tuple(c.field for c in comps)
        phrase.parts = [(">" if comps[0].role == "more" else "<", amount)]
        return True
    said = key_of(segments[k].text) if free else ""
    direction = comparative_directions().get(said, 0)
    if direction:
        phrase.first, phrase.parts = k, [(">" if direction > 0 else "<", amount)]
        return True
    if said.endswith("er") and segments[k].is_word and key_of(segments[j].text) in ("than", "als"):
        phrase.first, phrase.unsure = k, True
        return True
    if key_of(segments[j].text) == "比":
        k = phrase.last
        comps = [c for c in segments[k].comparisons if c.role in ("more", "less")] if k < len(segments) else []
        if comps:
            phrase.first, phrase.last, phrase.fields = j, k + 1, tuple(c.field for c in comps)
            phrase.parts = [(">" if comps[0].role == "more" else "<", amount)]
            return True
    return False


def _is_around(segments: Sequence[Segment], i: int) -> bool:
    return i > 0 and "around" in segments[i - 1].roles and not segments[i - 1].used


def _goes_on(segments: Sequence[Segment], k: int) -> bool:
    return k < len(segments) and bool(
        segments[k].roles & {"on_after", "or_more"} or key_of(segments[k].text) in _UPWARDS
    )


def _swallow_on(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    if _goes_on(segments, phrase.last):
        phrase.last += 1


def _after(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> bool:
    k = phrase.last
    while k < len(segments) and (
        (segments[k].fields and not segments[k].entries and not segments[k].roles & set(_POST))
        or key_of(segments[k].text) in ("euro", "in", "model", "modell", "version")
        or _counted(segments, k)
    ):
        k += 1
        if k - phrase.last > 2:
            break
    if k >= len(segments):
        return False
    s = segments[k]
    if s.entries and not s.roles:
        return False
    if s.mark in ("<", "≤") and k == phrase.last and k + 1 < len(segments) and segments[k + 1].fields:  # 10 < price
        phrase.parts, phrase.last = [(">" if s.mark == "<" else ">=", amount)], k + 1
        return True
    leads_on = s.roles & (set(PRE) | {"since"}) and _leads_to_number(segments, k)
    for role, op in _POST.items():
        if role in s.roles and not leads_on:
            phrase.parts, phrase.last = [(op, amount)], k + 1
            aged = any(m in ("age", "span") for m, _ in amount.units)
            if (aged or 1900 <= amount.value <= 2100) and key_of(s.text).split(" ")[-1] in _OF_TIME:
                phrase.temporal = True
            return True
    for role, op in _POST_TIME.items():
        plain = not amount.units or ("year", 1.0) in amount.units
        if role in s.roles and not leads_on and plain and 1000 <= amount.value <= 2200:
            phrase.parts, phrase.last, phrase.temporal = [(op, amount)], k + 1, True
            return True
    if key_of(s.text) == "on" and 1000 <= amount.value <= 2200:
        phrase.parts, phrase.last, phrase.temporal = [(">=", amount)], k + 1, True
        return True
    if "around_after" in s.roles:
        phrase.around, phrase.last = True, k + 1
        return True
    return False


def _counted(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether what is counted stands between a number and its comparison: "fifteen people or fewer"."""
    s = segments[k]
    plural = (
        s.text.isascii() and s.text.isalpha() and (s.text.endswith("s") or key_of(s.text) in ("people", "children"))
    )
    return plural and not s.roles and not s.used and k + 1 < len(segments) and bool(segments[k + 1].roles & set(_POST))


def _leads_to_number(segments: Sequence[Segment], k: int) -> bool:
    k += 1
    while k < len(segments) and segments[k].is_glue:
        k += 1
    return k < len(segments) and segments[k].amount is not None


def _out_of(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    """Read "7 out of 10" and "4/5": the second number is the scale of the first."""
    k = phrase.last
    if k + 1 >= len(segments) or segments[k + 1].amount is None:
        return
    joint, scale = segments[k], segments[k + 1].amount
    if "out_of" not in joint.roles and joint.mark != "/":
        return
    if (
        scale is None
        or scale.value not in (5.0, 10.0, 100.0)
        or (joint.mark == "/" and phrase.parts[0][1].value > scale.value)
        or key_of(joint.text) == "of"
    ):
        return
    phrase.parts = [(op, a._replace(units=(("rating", -scale.value),))) for op, a in phrase.parts]
    phrase.last = k + 2
    later = NumberPhrase(phrase.first, phrase.last, [("=", phrase.parts[0][1])])
    if phrase.bare and _after(segments, later, phrase.parts[0][1]):
        phrase.parts, phrase.last, phrase.bare = later.parts, later.last, False


def _named_field(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Take a field named just before or after the phrase, or inside it."""
    if phrase.fields:
        return
    if segments[phrase.first].amount is not None and segments[phrase.first].fields:
        phrase.fields = segments[phrase.first].fields
        return
    inside = [
        s
        for s in segments[phrase.first : phrase.last]
        if s.fields and not s.entries and s.amount is None and (not only_limits(s.words) or _holds(s, phrase, language))
    ]
    k = phrase.last
    skip = k
    while skip < len(segments) and (
        segments[skip].mark == "-"
        or (
            (segments[skip].is_glue or not segments[skip].text.isascii())
            and not segments[skip].fields
            and key_of(segments[skip].text) in around_numbers()["links"]
        )
        or (segments[skip].is_word and key_of(segments[skip].text) in around_numbers()["counters"])
    ):
        skip += 1
    after = segments[skip] if skip < len(segments) and skip - k <= 3 else None
    if (
        after is not None
        and _number_fields(after, language)
        and not after.used
        and not (after.entries and after.fields and not after.roles)
        and not _next_is_number_phrase(segments, skip)
    ):
        phrase.fields, phrase.last = _number_fields(after, language), skip + 1
        more = skip + 1
        if (
            more + 1 < len(segments)
            and segments[more].is_glue
            and _number_fields(segments[more + 1], language)
            and len(phrase.fields) > 1
        ):
            both = tuple(f for f in _number_fields(segments[more + 1], language) if f in phrase.fields)
            if both:
                phrase.fields, phrase.last = both, more + 2
        if phrase.bare:
            _after(segments, phrase, phrase.parts[0][1])
            phrase.bare = phrase.parts[0][0] == "=" and not phrase.around
        return
    named = next((s for s in reversed(inside) if _number_fields(s, language)), None)
    if named is not None:
        phrase.fields = _number_fields(named, language)
        return
    j = phrase.first - 1
    while j >= 0 and (
        (segments[j].is_glue and not segments[j].fields)
        or segments[j].mark in (":", "：", "=")
        or (segments[j].roles & {"only"} and not segments[j].entries)
        or (segments[j].roles & {"want"} and not segments[j].text.isascii())
    ):
        j -= 1
    ranked = j > 0 and key_of(segments[j - 1].text) in superlatives()  # "the biggest aperture under 900"
    if j >= 0 and _number_fields(segments[j], language) and not (segments[j].entries or segments[j].used or ranked):
        phrase.fields, phrase.first = _number_fields(segments[j], language), j


def _holds(s: Segment, phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    """Tell whether a field that ``s`` names by its limit alone has such numbers: "ab 6" where ``ab_alter`` is 0 to 16."""
    values = [a.value for _, a in phrase.parts]
    named = [language.fields[n].field for n in _number_fields(s, language)]
    return any(
        f.minimum is not None and f.maximum is not None and f.minimum <= v <= f.maximum for f in named for v in values
    )


def _next_is_number_phrase(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether the name at ``k`` belongs to the next number instead: "under 30000, horsepower 200"."""
    following = segments[k + 1] if k + 1 < len(segments) else None
    return following is not None and following.mark in (":", "=", "：")


def _number_fields(s: Segment, language: CatalogueLanguage) -> tuple[str, ...]:
    return tuple(n for n in s.fields if language.fields[n].field.type == "number")
