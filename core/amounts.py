"""Turn phrases about numbers ("under 40 euros", "from 1990 on", "around 30") into predicates and soft wishes.

English in full; the usual German, French and Chinese wording of a price limit as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .fields import field_for_number, is_year, label_of, names_pattern, year_field
from .money import Number, format_number
from .schemas import CatalogueField, CatalogueSchema, Constraint, Operator
from .utterance import NUMBER, TAKEN, Utterance

MIN_HARD_CONFIDENCE = 0.3
_BELOW = (
    r"(?:anything |something )?(?:under|below|beneath|less than|lower than|fewer than|cheaper than|<|unter|weniger als|billiger als|"
    r"günstiger als|moins de|en dessous de|低于|少于|小于)"
)
_AT_MOST = (
    r"(?:at most|no more than|not more than|not over|not above|nothing over|nothing above|nothing more than|never over|"
    r"no higher than|not exceeding|without exceeding|up to|max(?:imum)?\.?(?: of)?|within|≤|<=|bis(?: zu)?|höchstens|"
    r"maximal|jusqu'à|au plus|max|不超过|最多|至多)"
)
_ABOVE = r"(?:over|above|more than|greater than|higher than|exceeding|pricier than|more expensive than|>|über|mehr als|plus de|高于|超过|大于)"
_AT_LEAST = (
    r"(?:at least|no less than|not less than|not under|not below|nothing under|nothing below|min(?:imum)?\.?(?: of)?|"
    r"starting (?:at|from)|≥|>=|mindestens|ab|au moins|至少)"
)
_OR_LESS = r"(?:or (?:less|under|below|fewer|cheaper|lower)|and (?:under|below)|max(?:imum)?\b|at most|tops|at the most|oder weniger|ou moins|以下|以内|之内)"
_OR_MORE = (
    r"(?:or (?:more|above|over|higher|up|better)|and (?:up|above|over|more)|at least|plus\b|\+|oder mehr|ou plus|以上)"
)
_LATER = r"(?:on\b|onwards?|or (?:later|newer|after)|and (?:later|newer|after|on)|upwards?)"
_AROUND = r"(?:around|about|approximately|approx\.?|roughly|circa|ca\.?|somewhere near|close to|~|etwa|ungefähr|environ|大约|大概|差不多)"
_BUDGET = r"(?:budget|spend|pay|afford|have|got|limit|ausgeben|dépenser|预算)(?: about| only| just| up to)?(?: is| of| are|'s)?:?[是为在]?"
_LEAD = r"(?:(?:that|which|it|they)?\s*(?:is|are|be|costs?|costing|priced|sold)(?: at)?\s+|for\s+)?"
_DECADES = {
    w: 10 * i for i, w in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), 2)
}
_DECADE = re.compile(
    r"\b(?:(?:from|in|of|during)\s+)?(?:the\s+)?(?:early |mid |late )?"
    rf"(?:'?(?P<digits>(?:1[89]|20)?\d0)'?s|(?P<word>{'|'.join(_DECADES)}))\b"
)


@dataclass(frozen=True)
class Rule:
    """A phrase with one operator per number in it. ``temporal`` phrases are about years only."""

    pattern: re.Pattern[str]
    ops: tuple[Operator, ...]
    temporal: bool = False
    soft: bool = False
    needs_price: bool = False


def _rule(pattern: str, *ops: Operator, **options: bool) -> Rule:
    return Rule(re.compile(rf"(?<![a-z0-9]){_LEAD}{pattern.replace('N', NUMBER)}"), ops, **options)


_RULES = (
    _rule(r"(?:between|zwischen|entre)\s*N\s*(?:and|to|und|et|-)\s*N", ">=", "<="),
    _rule(r"(?:from|von|de|从)\s*N\s*(?:to|until|till|through|bis|à|到|-)\s*N", ">=", "<="),
    _rule(r"N\s*(?:to|bis|à|-|~|到|至)\s*N", ">=", "<=", needs_price=True),
    _rule(rf"(?:from|since|ab|seit|depuis)\s*N\s*{_LATER}", ">=", temporal=True),
    _rule(rf"N\s*{_LATER}", ">=", temporal=True),
    _rule(r"N\s*or\s*(?:earlier|older|before)", "<=", temporal=True),
    _rule(
        r"(?:made |released |shot )?(?:before|prior to|older than|earlier than|vor|avant)\s*(?:the year\s*)?N",
        "<",
        temporal=True,
    ),
    _rule(
        r"(?:made |released |shot )?(?:after|newer than|later than|more recent than|nach|après)\s*(?:the year\s*)?N",
        ">",
        temporal=True,
    ),
    _rule(r"(?:since|seit|depuis)\s*N", ">=", temporal=True),
    _rule(r"(?:until|till|by)\s*N", "<=", temporal=True),
    _rule(rf"{_AT_MOST}\s*N", "<="),
    _rule(rf"{_AT_LEAST}\s*N", ">="),
    _rule(rf"{_BELOW}\s*N(?:以下)?", "<"),
    _rule(rf"N\s*{_OR_LESS}", "<="),
    _rule(rf"{_ABOVE}\s*N(?:以上)?", ">"),
    _rule(rf"N\s*{_OR_MORE}", ">="),
    _rule(rf"{_AROUND}\s*N", "=", soft=True),
    _rule(r"N\s*(?:or so|or thereabouts|-ish|ish\b|左右|上下)", "=", soft=True),
    _rule(rf"(?:my |a |the )?{_BUDGET}\s*N", "<=", needs_price=True),
    _rule(r"(?:in|from|of)\s*(?:the year\s*)?N", "=", temporal=True),
    _rule(r"N\s*(?:budget|limit)", "<=", needs_price=True),
)
_MONEY = re.compile(rf"(?<![a-z0-9]){_LEAD}{NUMBER}")
_OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!="}
_NEGATION = re.compile(
    r"\b(?:but\s+)?(?:nothing|not|no|never|none|don't (?:want|show me|like)|do not (?:want|show me|like))\s+(?:anything\s+|something\s+|films?\s+|movies?\s+|items?\s+|ones?\s+)?$"
)
_NOT_NOUNS = frozenset(
    "each per please but and or for with that which in on as is are of the a an to at i it from if because so like by total "
    "maximum max only without no not price budget altogether thanks ideally preferably this these than also then too".split()
)


def take_amounts(u: Utterance, schema: CatalogueSchema) -> tuple[list[Constraint], list[str], list[str]]:
    """Take every phrase about a number out of ``u``; return constraints, soft preferences and what no field expresses."""
    hard, soft, unparsed = _take_decades(u, schema)
    for rule in _RULES:
        for match in list(rule.pattern.finditer(u.low)):
            numbers = _numbers(u, match)
            field = _field(u, schema, rule, match, numbers)
            if field is not None:
                start, ops = _turn(u, match, rule)
                _apply(u, replace(rule, ops=ops), field, numbers, hard, soft)
                widened, end = _widen(u, schema, match)
                u.take(min(start, widened), end)
            elif _is_requirement(rule, numbers):
                unparsed.append(u.take(match.start(), _noun_end(u, match.end())))
    _take_bare_money(u, schema, hard, unparsed)
    return hard, soft, unparsed


def _take_decades(u: Utterance, schema: CatalogueSchema) -> tuple[list[Constraint], list[str], list[str]]:
    hard: list[Constraint] = []
    soft: list[str] = []
    unparsed: list[str] = []
    field = year_field(schema)
    for match in list(_DECADE.finditer(u.plain)):
        if TAKEN in u.low[match.start() : match.end()]:
            continue
        if field is None or re.search(r"\b(?:not|no|except|but|nothing)\s*$", u.plain[: match.start()]):
            unparsed.append(u.text[match.start() : match.end()].strip())
            continue
        first = _decade_start(match)
        part = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
        low, high = next((v for k, v in part.items() if f"{k} " in match[0]), (0, 9))
        hard += [_constraint(u, field, ">=", first + low), _constraint(u, field, "<=", first + high)]
        u.take(match.start(), match.end())
    return hard, soft, unparsed


def _decade_start(match: re.Match[str]) -> float:
    years = int(match["digits"]) if match["digits"] else _DECADES[match["word"]]
    return years if years >= 1800 else years + (2000 if years <= 10 else 1900)


def _turn(u: Utterance, match: re.Match[str], rule: Rule) -> tuple[int, tuple[Operator, ...]]:
    """Return where the phrase starts and its operators, turned round after a negation: "nothing before 1970"."""
    negation = _NEGATION.search(u.low[: match.start()])
    if negation is None or len(rule.ops) != 1 or rule.soft:
        return match.start(), rule.ops
    return negation.start(), (_OPPOSITE[rule.ops[0]],)


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
    if rule.temporal and not all(1000 <= v <= 2200 for v in values):
        return None
    if rule.soft and not currency and not near and re.match(r"about", match[0].strip()):
        return None
    field = field_for_number(schema, values, currency=currency, near=near, temporal=rule.temporal)
    if (
        rule.needs_price
        and field is schema.price
        and not (currency or near or "budget" in match[0] or "spend" in match[0])
    ):
        return None
    return field


def _words_near(u: Utterance, schema: CatalogueSchema, match: re.Match[str]) -> tuple[str, ...]:
    names = names_pattern(schema)
    before = re.search(
        rf"(?<!\w)({names})(?:\s+(?:is|of|are|be|was|in|should|must|has|to|range|limit))*[\s:]*$",
        u.low[: match.start()],
    )
    after = re.match(rf"\s*-?(?:the\s+)?({names})(?!\w)", u.low[match.end() :])
    inside = re.search(rf"(?<!\w)({names})(?!\w)", match[0])
    return tuple(m[1] for m in (after, before, inside) if m)


def _next_noun(u: Utterance, end: int) -> bool:
    """Tell whether a plural noun or a unit follows, which the number then counts: "under 40 minutes"."""
    follows = re.match(r"[ -](\w+)", u.low[end:])
    if not follows or follows[1] in _NOT_NOUNS:
        return False
    unit = r"(?:minutes?|mins?|hours?|h|kg|g|km|cm|mm|m|gb|mb|years?|percent|people|stars?|inch(?:es)?|players?|pages?)"
    return bool(re.fullmatch(unit, follows[1])) or (follows[1].endswith("s") and not follows[1].endswith("ss"))


def _noun_end(u: Utterance, end: int) -> int:
    follows = re.match(r"[ -]\w+", u.low[end:])
    return end + (follows.end() if follows and _next_noun(u, end) else 0)


def _is_requirement(rule: Rule, numbers: tuple[Number, ...]) -> bool:
    return not rule.temporal and not rule.soft and (not rule.needs_price or any(n.currency for n in numbers))


def _apply(
    u: Utterance,
    rule: Rule,
    field: CatalogueField,
    numbers: tuple[Number, ...],
    hard: list[Constraint],
    soft: list[str],
) -> None:
    if rule.soft or u.confidence < MIN_HARD_CONFIDENCE:
        soft.append(f"{label_of(field.name)} around {format_number(numbers[0].value)}")
        return
    values = sorted(n.value for n in numbers)
    for op, value in zip(rule.ops, values, strict=True):
        hard.append(_constraint(u, field, op, value))


def _constraint(u: Utterance, field: CatalogueField, op: Operator, value: float) -> Constraint:
    return Constraint(field=field.name, op=op, value=value, source=u.source, confidence=u.confidence)


def _widen(u: Utterance, schema: CatalogueSchema, match: re.Match[str]) -> tuple[int, int]:
    """Extend a match over the field's own name on either side, so that it does not stay in the query."""
    names = names_pattern(schema)
    before = re.search(
        rf"(?<!\w)(?:(?:the|a|my|with|at)\s+)*(?:{names})(?:\s+(?:is|of|are|be|was|in|should|must|has|to|range|limit))*[\s:]*$",
        u.low[: match.start()],
    )
    after = re.match(rf"\s*-?(?:{names}|each|in total|altogether|in price)(?!\w)", u.low[match.end() :])
    return before.start() if before else match.start(), match.end() + (after.end() if after else 0)


def _take_bare_money(u: Utterance, schema: CatalogueSchema, hard: list[Constraint], unparsed: list[str]) -> None:
    """Read an amount of money without a comparison ("a shirt for 40 euros") as the most to be spent."""
    for match in list(_MONEY.finditer(u.low)):
        number = u.number(match, 1)
        if not number.currency:
            continue
        words = u.take(*_widen(u, schema, match))
        if schema.price is None:
            unparsed.append(words)
        elif u.confidence >= MIN_HARD_CONFIDENCE:
            hard.append(_constraint(u, schema.price, "<=", number.value))
