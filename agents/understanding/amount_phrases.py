"""List the phrases that bound a number, in English, German, French and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.schemas import Operator
from .utterance import NUMBER

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
    r"(?:at least|不少于|不低于|no less than|not less than|not under|not below|nothing under|nothing below|min(?:imum)?\.?(?: of)?|"
    r"starting (?:at|from)|≥|>=|mindestens|ab|au moins|至少)"
)
_OR_LESS = r"(?:or (?:less|under|below|fewer|cheaper|lower)|and (?:under|below)|max(?:imum)?\b|at most|tops|at the most|oder weniger|ou moins|以下|以内|之内)"
_OR_MORE = (
    r"(?:or (?:more|above|over|higher|up|better)|and (?:up|above|over|more)|at least|plus\b|\+|oder mehr|ou plus|以上)"
)
_LATER = r"(?:on\b|onwards?|or (?:later|newer|after)|and (?:later|newer|after|on)|upwards?)"
_AROUND = r"(?:around|about|approximately|approx\.?|roughly|circa|ca\.?|somewhere near|close to|~|etwa|ungefähr|environ|大约|大概|差不多)"
_BUDGET = r"(?:budget|spend|pay|afford|have|got|limit|ausgeben|dépenser|预算)(?: about| only| just| up to)?(?: is| of| are|'s)?:?[是为在]?"
LEAD = r"(?:(?:that|which|it|they)?\s*(?:is|are|be|costs?|costing|priced|sold)(?: at)?\s+|for\s+)?"


@dataclass(frozen=True)
class Rule:
    """A phrase with one operator per number in it. ``temporal`` phrases are about years only."""

    pattern: re.Pattern[str]
    ops: tuple[Operator, ...]
    temporal: bool = False
    soft: bool = False
    needs_price: bool = False


def _rule(pattern: str, *ops: Operator, **options: bool) -> Rule:
    return Rule(re.compile(rf"(?<![a-z0-9]){LEAD}{pattern.replace('N', NUMBER)}"), ops, **options)


RULES = (
    _rule(r"(?:between|zwischen|entre)\s*N\s*(?:and|to|und|et|-)\s*N", ">=", "<="),
    _rule(r"(?:from|von|de|从)\s*N\s*(?:to|until|till|through|bis|à|到|-)\s*N", ">=", "<="),
    _rule(r"N\s*(?:to|bis|à|-|~|到|至)\s*N(?:\s*之间的?)?", ">=", "<=", needs_price=True),
    _rule(r"N\s*年(?:以后|之后|后|以来|起)的?", ">=", temporal=True),
    _rule(r"N\s*年(?:以前|之前|前)的?", "<", temporal=True),
    _rule(r"N\s*年(?:的|拍的|上映的|出版的)", "=", temporal=True),
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
    _rule(rf"{_AT_LEAST}\s*N(?!\s*[分星])", ">="),
    _rule(rf"{_BELOW}\s*N(?:以下)?", "<"),
    _rule(rf"N\s*{_OR_LESS}", "<="),
    _rule(rf"{_ABOVE}\s*N(?!\s*[分星])(?:以上)?", ">"),
    _rule(rf"N(?!\s*[分星])\s*{_OR_MORE}", ">="),
    _rule(rf"{_AROUND}\s*N", "=", soft=True),
    _rule(r"N\s*(?:or so|or thereabouts|-ish|ish\b|左右|上下)", "=", soft=True),
    _rule(rf"(?:my |a |the )?{_BUDGET}\s*N", "<=", needs_price=True),
    _rule(r"(?:in|from|of)\s*(?:the year\s*)?N", "=", temporal=True),
    _rule(r"N\s*(?:budget|limit)", "<=", needs_price=True),
)
