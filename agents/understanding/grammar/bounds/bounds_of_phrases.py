"""Turn number phrases into bounds on the fields that they are about, and note what no field expresses."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.field_concepts import field_words
from .....core.language.keys import key_of
from .....core.language.value_entry import SYNONYM, FieldTerms
from .....core.language.word_groups import counting_characters
from .....core.schemas import Constraint, Operator
from .....core.text.field_names import words_of
from ..number_fields.fields import MAX_COUNT, fields_of, in_field
from ..number_fields.limit_columns import WAITED, holds_least, holds_most, is_limit, pair_of, reaches
from ..segments import Segment
from .bound import Bound
from .earlier_turns import resume
from .limits import read_phrase
from .negation import corrects
from .neighbours import correct, inherit_not, share_beside, take_comparison, take_unit
from .phrase import NumberPhrase

BAND = 0.10
DAY = 1440.0
"""Minutes: what is told in days or weeks is counted."""
"""How far "around" reaches on either side."""
OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!="}
_LOADS = frozenset(
    [
        "load",
        "capacity",
        "belastbar",
        "belastbarkeit",
        "traglast",
        "tragkraft",
        "carries",
        "holds",
        "supports",
        "payload",
        "承重",
        "载重",
    ]
)
"""Words of a field's name that say how much weight something bears."""
_LIMITED = ("length", "mass", "speed", "volume", "area", "power", "temperature", "time")
_MINE = frozenset("my our mein meine unser unsere 我的 我家 我们的".split())  # noqa: SIM905
OWN = 10
"""Segments between a measure and whose it is."""
_LEFT = frozenset("free freie frei available left remaining vacancies stock verfugbar spots".split())  # noqa: SIM905
"""Words of a field's name that say how many are left: who needs two takes more."""


def bounds_of(
    segments: list[Segment], language: CatalogueLanguage, earlier: Sequence[Constraint] = ()
) -> tuple[list[Bound], list[tuple[int, int]], int | None, list[str]]:
    """Return the bounds that number phrases set, the spans of those no field expresses, how many items are asked for, and the fields set free.

    ``earlier`` are the conditions of the turns before, which a number without a field may change.
    """
    found: list[tuple[NumberPhrase, list[Bound]]] = []
    unmet: list[tuple[int, int]] = []
    freed: list[str] = []
    decades: list[NumberPhrase] = []
    count: int | None = None
    i = 0
    while i < len(segments):
        s = segments[i]
        if s.amount is None or s.used or s.entries:
            i += 1
            continue
        if _is_top(segments, i):
            count, s.used = int(s.amount.value), "count"
            i += 1
            continue
        phrase = _phrase_at(segments, i, language, found, decades, earlier)
        made = _bounds(phrase, segments, language)
        if made is None:
            span = _unmet_span(phrase, segments)
            if span is not None:
                unmet.append(span)
                _use(segments, phrase, "unmet")
            elif count is None and (_is_count(phrase, segments) or (earlier and _is_alone(phrase, segments))):
                count = int(phrase.parts[-1][1].value)
                _use(segments, phrase, "count")
                if phrase.last < len(segments) and segments[phrase.last].text in counting_characters():
                    segments[phrase.last].used = "count"
        elif _is_permitted(segments, phrase):
            freed += [b.field for b in made]
            _use(segments, phrase, "release")
        else:
            if s.amount.high is not None and len(phrase.parts) == 2:
                while decades and corrects(segments, decades[-1].last, phrase.first):
                    decades.pop()
                decades.append(phrase)
            else:
                same = {b.field for b in made}
                while (
                    found
                    and same & {b.field for b in found[-1][1]}
                    and corrects(segments, found[-1][0].last, phrase.first)
                ):
                    found.pop()
                found.append((phrase, made))
            _use(segments, phrase, "bound")
        i = max(i + 1, phrase.last)
    bounds = [b for _, bs in found for b in bs]
    return (
        [*bounds, *(b for b in _decades(decades, segments, language) if not _told_closer(b, bounds))],
        unmet,
        count,
        freed,
    )


def _phrase_at(
    segments: list[Segment],
    i: int,
    language: CatalogueLanguage,
    found: Sequence[tuple[NumberPhrase, list[Bound]]],
    decades: Sequence[NumberPhrase],
    earlier: Sequence[Constraint],
) -> NumberPhrase:
    """Return the phrase around the number at ``i`` with what it takes over from its neighbours and from earlier turns."""
    phrase = read_phrase(segments, i, language)
    inherit_not(segments, phrase, [*(p for p, _ in found[-1:]), *decades[-1:]])
    share_beside(segments, phrase, language)
    if found:
        take_unit(segments, phrase, found[-1][0], language)
        take_comparison(segments, phrase, found[-1][0], language)
    if found and corrects(segments, found[-1][0].last, phrase.first):
        correct(phrase, *found[-1])
    elif not found:
        resume(phrase, segments, earlier, language)
    return phrase


def _is_permitted(segments: Sequence[Segment], phrase: NumberPhrase) -> bool:
    """Tell whether more than a number is only allowed, or less not needed: "es darf ruhig über 500 kosten", "needn't be under 80"."""
    j, k = phrase.first - 1, phrase.last
    while j >= 0 and segments[j].is_glue and not segments[j].roles & {"permits", "release"}:
        j -= 1
    while k < len(segments) and segments[k].is_glue and not segments[k].roles & {"fine", "release"}:
        k += 1
    before = segments[j] if j >= 0 and not segments[j].used else None
    after = segments[k] if k < len(segments) and not segments[k].used else None
    more = all(op in (">", ">=") for op, _ in phrase.parts)
    beyond = all(op == ">" for op, _ in phrase.parts)
    if phrase.negated or phrase.bare:
        return False
    allowed = ((before, "permits", more), (before, "release", True), (after, "fine", beyond), (after, "release", True))
    for s, role, fits in allowed:
        if s is not None and role in s.roles and not s.entries and fits:
            s.used = "release"
            return True
    return False


def _told_closer(decade: Bound, bounds: Sequence[Bound]) -> bool:
    """Tell whether both ends of the years are given beside the decade: "late eighties, 1985-1989"."""
    return {b.op for b in bounds if b.field == decade.field} >= {">=", "<="} and decade.op in (">=", "<=")


def _decades(found: Sequence[NumberPhrase], segments: Sequence[Segment], language: CatalogueLanguage) -> list[Bound]:
    """Return the years of several decades: wanted ones are alternatives, refused ones a hole."""
    years = language.of_measure("year")
    if not found or not years:
        return []
    made: list[Bound] = []
    for negated in (False, True):
        some = [p for p in found if p.negated == negated]
        spans = {float(y) for p in some for y in range(int(p.parts[0][1].value), int(p.parts[1][1].value) + 1)}
        if not spans:
            continue
        name, start, end = years[0].field.name, segments[some[0].first].start, segments[some[-1].last - 1].end
        if not negated and max(spans) - min(spans) == len(spans) - 1:
            made += [Bound(name, ">=", min(spans), start, end), Bound(name, "<=", max(spans), start, end)]
        else:
            made.append(Bound(name, "not in" if negated else "in", tuple(sorted(spans)), start, end))
    return made


def _use(segments: Sequence[Segment], phrase: NumberPhrase, used: str) -> None:
    for k in range(phrase.first, phrase.last):
        s = segments[k]
        noun = s.amount is None and not s.roles and any(e.rank <= SYNONYM for e in s.entries)
        if not noun or used == "unmet":  # the flat of "no flat below 60 sqm" stays wanted
            segments[k].used = used


def _bounds(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[Bound] | None:
    """Return the bounds of a phrase on the fields it is about; None where no field takes it."""
    fields = fields_of(phrase, segments, language)
    if not fields:
        return None
    start, end = segments[phrase.first].start, segments[phrase.last - 1].end
    made: list[Bound] = []
    for terms in fields:
        values = [in_field(a, terms) for _, a in phrase.parts]
        ops: list[Operator] = [op for op, _ in phrase.parts]
        name = terms.field.name
        if (pair := pair_of(terms, language)) and not phrase.negated and ops in (["="], [">=", "<="]):
            return _within(*pair, values, start, end)
        if phrase.negated:
            made += _turned(name, ops, values, start, end, terms)
        elif phrase.around:
            band = (
                2.0
                if terms.measure == "year"
                else max(abs(values[0]) * BAND, 0.5 if terms.measure == "rating" else 0.0)
            )
            made += [
                Bound(name, ">=", values[0] - band, start, end, True),
                Bound(name, "<=", values[0] + band, start, end, True),
            ]
        elif phrase.choice and terms.measure in ("count", "data", "") and terms.field.role != "price":
            made.append(Bound(name, "in", tuple(values), start, end))
        elif phrase.bare and ops == ["="] and _leaves_open(terms, phrase, segments):
            return None
        elif phrase.bare and ops == ["="]:
            made += _bare(terms, values[0], start, end)
        elif terms.field.role == "price" and any(
            op in ("<", "<=") and value <= 0 for op, value in zip(ops, values, strict=True)
        ):
            return None
        else:
            made += [Bound(name, op, value, start, end) for op, value in zip(ops, values, strict=True)]
    unsaid = not made and phrase.parts[0][1].high is None  # "not 60k": more or less is not said
    return None if unsaid else made


def _within(least: FieldTerms, most: FieldTerms, values: Sequence[float], start: int, end: int) -> list[Bound]:
    """Return what makes a value, or a range, lie between two columns: 26 degrees between the lowest and the highest temperature."""
    return [
        Bound(least.field.name, "<=", min(values), start, end),
        Bound(most.field.name, reaches(most), max(values), start, end),
    ]


def _leaves_open(terms: FieldTerms, phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether nobody knows if more or less is meant: "our drive is 6 m long" wants shorter campers, "our bus is" longer garages."""
    settled = terms.concept == "body_height" or holds_least(terms.field.name) or holds_most(terms.field.name)
    return terms.measure in ("length", "mass") and not settled and _is_of_own(phrase, segments)


def _is_of_own(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a measure is of what somebody has: "our boat is 11 m long", "mein Bus ist 2,60 m hoch und 5,4 m lang"."""
    being = False
    for j in range(phrase.first - 1, max(-1, phrase.first - 1 - OWN), -1):
        s, key = segments[j], key_of(segments[j].text)
        if s.mark or s.roles & {"want", "not"}:
            return False
        being = being or key in ("is", "ist", "are", "sind", "measures", "misst", "weighs", "wiegt", "是", "有")
        if key in _MINE:
            return being
    return False


def _turned(
    name: str, ops: Sequence[Operator], values: Sequence[float], start: int, end: int, terms: FieldTerms
) -> list[Bound]:
    if ops == ["="] and (
        terms.field.role == "price" or terms.measure in ("mass", "length", "time", "distance", "area")
    ):
        return []  # who cannot do 60k wants less or more: which is not said
    if len(ops) == 1:
        return [Bound(name, OPPOSITE[ops[0]], values[0], start, end, turned=True)]
    if terms.measure == "year" and values[1] - values[0] <= 60:
        return [Bound(name, "not in", tuple(float(y) for y in range(int(values[0]), int(values[1]) + 1)), start, end)]
    return []


def _bare(terms: FieldTerms, value: float, start: int, end: int) -> list[Bound]:
    """Read a number without comparison by what it measures: money is the most to spend, a count exact, a measure about so much."""
    name = terms.field.name
    own = set(words_of(name))
    if terms.measure == "money":
        return [Bound(name, "<=", value, start, end)]
    if terms.measure in ("count", "age") and holds_least(name):
        return [Bound(name, "<=", value, start, end)]
    if terms.measure == "time" and own & WAITED:
        return [Bound(name, "<=", value, start, end)]  # "in six weeks"
    if is_limit(terms.field) and terms.measure in _LIMITED:
        return [
            Bound(name, ">=" if holds_most(name) else "<=", value, start, end)
        ]  # a berth takes boats up to its most
    if terms.concept == "body_height" and (holds_least(name) or holds_most(name)):
        return [Bound(name, ">=" if holds_most(name) else "<=", value, start, end)]
    if terms.measure == "count" and own & _LEFT:
        return [Bound(name, ">=", value, start, end)]
    if terms.measure == "mass" and own & _LOADS:
        return [Bound(name, ">=", value, start, end)]
    if terms.concept in ("berths", "capacity") or (terms.measure in ("count", "age") and holds_most(name)):
        return [Bound(name, ">=", value, start, end)]
    if terms.measure == "age":
        return [Bound(name, "<=", value, start, end)]
    if terms.measure == "rating":
        return [Bound(name, ">=", value, start, end)]
    if terms.measure == "time" and terms.factor >= DAY:
        return [Bound(name, "=", value, start, end)]
    if terms.measure in ("power", "time", "economy", "charge", "volume", "speed", "distance", "noise", "area"):
        if terms.better != "none" and terms.measure != "power":
            return [Bound(name, ">=" if terms.better == "high" else "<=", value, start, end)]
        low = value if terms.better == "high" else value * (1 - BAND)
        high = value * (1 + BAND)
        return [Bound(name, ">=", low, start, end), Bound(name, "<=", high, start, end)]
    return [Bound(name, "=", value, start, end)]


def _unmet_span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the span of a number phrase that no field expresses, where it is a requirement and no mere count."""
    amount = phrase.parts[0][1]
    if not amount.units and not amount.currency and (phrase.around or (amount.spelled and amount.value == 1)):
        return None
    if amount.scaled and phrase.bare and not amount.spelled and not amount.currency:  # "4K"
        return segments[phrase.first].start, segments[phrase.last - 1].end
    if phrase.bare and not amount.units and not amount.currency and not phrase.negated:
        j = phrase.first - 1
        named = j >= 0 and not segments[j].used and (segments[j].fields or key_of(segments[j].text) in field_words())
        k = phrase.last
        if k < len(segments) and segments[k].is_word and key_of(segments[k].text) in field_words():
            return segments[phrase.first].start, segments[k].end
        if not named:
            return None
        return segments[j].start, segments[phrase.last - 1].end
    if phrase.temporal and not amount.units and phrase.bare:
        return None
    while phrase.first > 0 and _han_word(segments[phrase.first - 1]):
        phrase.first -= 1
    if (
        phrase.bare
        and amount.units
        and all(m in ("rating", "age", "span", "year") for m, _ in amount.units)
        and not phrase.negated
    ):
        return None
    while (
        phrase.first > 0
        and (segments[phrase.first - 1].fields or key_of(segments[phrase.first - 1].text) in field_words())
        and not segments[phrase.first - 1].used
        and not segments[phrase.first - 1].entries
    ):
        phrase.first -= 1
    if (
        phrase.last < len(segments)
        and (segments[phrase.last].fields or key_of(segments[phrase.last].text) in field_words())
        and not segments[phrase.last].entries
        and not segments[phrase.last].used
    ):
        phrase.last += 1
    return segments[phrase.first].start, segments[phrase.last - 1].end


def _han_word(s: Segment) -> bool:
    return s.is_word and not s.used and not s.text.isascii()


def _is_top(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether a number says how many: "top five", "die besten drei", 前三."""
    amount = segments[i].amount
    whole = amount is not None and not amount.units and not amount.currency and amount.value == int(amount.value)
    led = i > 0 and key_of(segments[i - 1].text) in ("top", "best", "first", "besten", "ersten", "前")
    return led and whole and amount is not None and 1 <= amount.value <= MAX_COUNT


def _is_alone(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a later turn says no more than how many: "actually two"."""
    value = phrase.parts[0][1].value
    content = [s for s in segments if not (s.mark or s.is_glue or s.roles & {"instead", "number"})]
    return phrase.bare and not content and value == int(value) and 1 <= value <= MAX_COUNT


def _is_count(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    amount = phrase.parts[-1][1]
    if (
        not phrase.bare
        or (len(phrase.parts) != 1 and not phrase.choice)
        or amount.value != int(amount.value)
        or not 1 <= amount.value <= MAX_COUNT
    ):
        return False
    j = phrase.first - 1
    while j >= 0 and segments[j].is_glue:
        j -= 1
    k = phrase.last
    counting = k < len(segments) and segments[k].text in counting_characters() and not segments[k].used
    follows = k < len(segments) and bool(segments[k].entries or segments[k].is_glue or segments[k].comparisons)
    extreme = j >= 0 and any(c.role in ("most", "least") for c in segments[j].comparisons)
    if extreme and (counting or k >= len(segments) or segments[k].mark):  # the heaviest three
        return True
    return follows and (j < 0 or extreme or bool(segments[j].roles & {"want", "most"}))
