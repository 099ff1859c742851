"""Turn phrases about numbers ("under 40 euros", "from 1990 on", "around 30") into predicates and soft wishes.

English in full; the usual German, French and Chinese wording of a price limit as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ...core.schemas import CatalogueField, CatalogueSchema, Constraint, Operator
from ...core.text.field_names import field_for_number, field_names, is_year, label_of, names_pattern, year_field
from .amount_phrases import LEAD, RULES, Rule
from .decades import take_decades
from .numbers_and_money import Number, format_number
from .utterance import NUMBER, Utterance

MIN_HARD_CONFIDENCE = 0.3
_LEAD_WORDS = re.compile(
    r"\b(?:(?:it|they|that|which)\s+)?(?:(?:must|should|has to|have to|needs? to)\s+)?(?:be\s+)?"
    r"(?:rated|rating(?: of)?|delivered|delivery|shipped|ships?|arrives?|weighing|weighs?|weight(?: of)?|measuring|measures?|"
    r"(?:in )?size(?: of)?|width(?: of)?|height(?: of)?|be|must|should)\s+$"
)
_MONEY = re.compile(rf"(?<![a-z0-9]){LEAD}{NUMBER}")
_OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!="}
_NEGATION = re.compile(
    r"\b(?:but\s+)?(?:nothing|not|no|never|none|don't (?:want|show me|like)|do not (?:want|show me|like))\s+(?:anything\s+|something\s+|films?\s+|movies?\s+|items?\s+|ones?\s+)?$"
)
_NOT_NOUNS = frozenset(
    [
        "each",
        "per",
        "please",
        "but",
        "and",
        "or",
        "for",
        "with",
        "that",
        "which",
        "in",
        "on",
        "as",
        "is",
        "are",
        "of",
        "the",
        "a",
        "an",
        "to",
        "at",
        "i",
        "it",
        "from",
        "if",
        "because",
        "so",
        "like",
        "by",
        "total",
        "maximum",
        "max",
        "only",
        "without",
        "no",
        "not",
        "price",
        "budget",
        "altogether",
        "thanks",
        "ideally",
        "preferably",
        "this",
        "these",
        "than",
        "also",
        "then",
        "too",
    ]
)


@dataclass
class Amounts:
    """What phrases about numbers amount to; ``unparsed`` are limits that no catalogue field expresses."""

    hard: list[Constraint] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)


def take_amounts(u: Utterance, schema: CatalogueSchema) -> Amounts:
    """Take every phrase about a number out of ``u``."""
    found = Amounts()
    decades, unread = take_decades(u, year_field(schema))
    found.hard += decades
    found.unparsed += unread
    for rule in RULES:
        for match in list(rule.pattern.finditer(u.low)):
            numbers = _numbers(u, match)
            about = _field(u, schema, rule, match, numbers)
            if about is not None:
                start, ops = _turn(u, match, rule)
                _apply(u, replace(rule, ops=ops), about, numbers, found)
                widened, end = _widen(u, schema, match)
                u.take(min(start, widened), end)
            elif _is_requirement(rule, numbers):
                found.unparsed.append(u.take(_lead_start(u, match.start()), _noun_end(u, match.end())))
    _take_bare_money(u, schema, found)
    return found


def _turn(u: Utterance, match: re.Match[str], rule: Rule) -> tuple[int, tuple[Operator, ...]]:
    """Return where the phrase starts and its operators, turned round after a negation: "nothing before 1970"."""
    negation = _NEGATION.search(u.before(match.start()))
    if negation is None or len(rule.ops) != 1 or rule.soft:
        return match.start(), rule.ops
    return match.start() - len(u.before(match.start())) + negation.start(), (_OPPOSITE[rule.ops[0]],)


def _numbers(u: Utterance, match: re.Match[str]) -> tuple[Number, ...]:
    groups = [i for i in range(1, (match.re.groups or 0) + 1) if match[i]]
    return tuple(u.numbers[match.start(i)] for i in groups if match.start(i) in u.numbers)


def _field(
    u: Utterance, schema: CatalogueSchema, rule: Rule, match: re.Match[str], numbers: tuple[Number, ...]
) -> CatalogueField | None:
    """Return the field a phrase bounds; a noun after the number ("40 pages") must name one."""
    if len(numbers) != len(rule.ops):
        return None
    currency = next((n.currency for n in numbers if n.currency), "")
    near = _words_near(u, schema, match)
    values = tuple(n.value for n in numbers)
    years = year_field(schema) is not None and all(is_year(v) for v in values)
    if not near and not currency and not years and _next_noun(u, match.end()):
        return None
    if not currency and _counts_values(u, schema, match.end()):
        return None
    if rule.temporal and not all(1000 <= v <= 2200 for v in values):
        return None
    if rule.soft and not currency and not near and re.match(r"about", match[0].strip()):
        return None
    about = field_for_number(schema, values, currency=currency, near=near, temporal=rule.temporal)
    if (
        rule.needs_price
        and about is schema.price
        and not (currency or near or "budget" in match[0] or "spend" in match[0])
    ):
        return None
    return about


def _words_near(u: Utterance, schema: CatalogueSchema, match: re.Match[str]) -> tuple[str, ...]:
    names = names_pattern(schema)
    before = re.search(
        rf"(?<!\w)({names})(?:\s+(?:is|of|are|be|was|in|should|must|has|to|range|limit))*[\s:]*$",
        u.before(match.start()),
    )
    after = re.match(rf"\s*-?(?:the\s+)?({names})(?!\w)", u.low[match.end() :])
    inside = re.search(rf"(?<!\w)({names})(?!\w)", match[0])
    return tuple(m[1] for m in (after, before, inside) if m)


def _next_noun(u: Utterance, end: int) -> bool:
    """Tell whether a plural noun or a unit follows, which the number then counts: "under 40 minutes"."""
    follows = re.match(r"[ -](\w+)", u.low[end:])
    if not follows or follows[1] in _NOT_NOUNS:
        return False
    unit = (
        r"(?:minutes?|mins?|hours?|h|kg|kilos?|g|km|cm|mm|m|gb|mb|tb|mp|dpi|ppi|px|ml|cl|l|oz|lbs?|ft|feet|watts?|volts?|hz|fps|mah|"
        r"days?|weeks?|months?|years?|percent|people|stars?|inch(?:es)?|players?|pages?)"
    )
    return bool(re.fullmatch(unit, follows[1])) or (follows[1].endswith("s") and not follows[1].endswith("ss"))


def _counts_values(u: Utterance, schema: CatalogueSchema, end: int) -> bool:
    """Tell whether the number counts values of a field that holds no numbers: "at most 5 colours"."""
    after = re.match(rf"[\s-]*({names_pattern(schema)})(?!\w)", u.low[end:])
    return after is not None and all(f.type != "number" for f in field_names(schema)[after[1]])


def _lead_start(u: Utterance, start: int) -> int:
    """Extend an unread limit over the words that it belongs to: "delivered within 3 days", "rated at least 4 stars"."""
    lead = _LEAD_WORDS.search(u.before(start))
    return start - len(lead[0]) if lead else start


def _noun_end(u: Utterance, end: int) -> int:
    follows = re.match(r"[ -]\w+", u.low[end:])
    if not follows or not _next_noun(u, end):
        return end
    across = re.match(r" (?:wide|tall|high|long|deep|thick|across)\b", u.low[end + follows.end() :])
    return end + follows.end() + (across.end() if across else 0)


def _is_requirement(rule: Rule, numbers: tuple[Number, ...]) -> bool:
    return not rule.temporal and not rule.soft and (not rule.needs_price or any(n.currency for n in numbers))


def _apply(u: Utterance, rule: Rule, about: CatalogueField, numbers: tuple[Number, ...], found: Amounts) -> None:
    values = sorted(n.value for n in numbers)
    if rule.soft or u.confidence < MIN_HARD_CONFIDENCE:
        found.soft.append(f"{label_of(about.name)} around {format_number(values[-1])}")
        return
    for op, value in zip(rule.ops, values, strict=True):
        found.hard.append(_constraint(u, about, op, value))


def _constraint(u: Utterance, about: CatalogueField, op: Operator, value: float) -> Constraint:
    return Constraint(field=about.name, op=op, value=value, source=u.source, confidence=u.confidence)


def _widen(u: Utterance, schema: CatalogueSchema, match: re.Match[str]) -> tuple[int, int]:
    """Extend a match over the field's own name on either side, so that it does not stay in the query."""
    names = names_pattern(schema)
    before = re.search(
        rf"(?<!\w)(?:(?:the|a|my|with|at)\s+)*(?:{names})(?:\s+(?:is|of|are|be|was|in|should|must|has|to|range|limit))*[\s:]*$",
        u.before(match.start()),
    )
    after = re.match(
        rf"\s*-?(?:{names}|each|apiece|per (?:piece|item|print|picture)|in total|altogether|in price)(?!\w)",
        u.low[match.end() :],
    )
    start = match.start() - len(u.before(match.start())) + before.start() if before else match.start()
    return start, match.end() + (after.end() if after else 0)


def _take_bare_money(u: Utterance, schema: CatalogueSchema, found: Amounts) -> None:
    """Read an amount of money without a comparison ("a shirt for 40 euros") as the most to be spent."""
    for match in list(_MONEY.finditer(u.low)):
        number = u.number(match, 1)
        if not number.currency:
            continue
        words = u.take(*_widen(u, schema, match))
        if schema.price is None:
            found.unparsed.append(words)
        elif u.confidence >= MIN_HARD_CONFIDENCE:
            found.hard.append(_constraint(u, schema.price, "<=", number.value))
