"""Read a number with what compares it: before it, after it, in a range, and with the "not" that turns it round."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..number_fields.named_beside import take_named_field
from ..numbers.amount import Amount
from ..positions import at
from ..segments import Segment
from .compared import OF_TIME, compare_after, compare_before
from .negation import negate
from .phrase import NumberPhrase
from .ranges import back, read_range

_EXACTLY = frozenset("exactly precisely genau exakt 正好 刚好 恰好".split())  # noqa: SIM905
_SCALES = (5.0, 10.0, 100.0)


def read_phrase(segments: Sequence[Segment], i: int, language: CatalogueLanguage) -> NumberPhrase:
    """Return the phrase around the number at position ``i``."""
    amount = segments[i].amount
    assert amount is not None
    found = read_range(segments, i, amount) or _single(segments, i, amount)
    take_named_field(segments, found, language)
    negate(segments, found, language)
    take_named_field(segments, found, language)
    return found


def _single(segments: Sequence[Segment], i: int, amount: Amount) -> NumberPhrase:
    """Read a number with a comparison before or after it, or none."""
    if amount.high is not None:
        return _decade(segments, i, amount, amount.high)
    phrase = NumberPhrase(i, i + 1, [("=", amount)], bare=True, around=amount.near)
    if amount.above:
        phrase.parts, phrase.bare = [(">=", amount)], False
        if not isinf(amount.above):
            phrase.parts.append(("<", amount._replace(value=amount.value + amount.above)))
    elif key_of(at(segments, i - 1).text) in _EXACTLY:
        phrase.first, phrase.bare = i - 1, False
    elif compare_before(segments, phrase, amount) or compare_after(segments, phrase, amount):
        phrase.bare = False
        _say_more_closely(segments, phrase, amount)
    _out_of(segments, phrase)
    return phrase


def _say_more_closely(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> None:
    """Let the limit after a mere "around" hold: "roughly 12 m at most"."""
    later = NumberPhrase(phrase.first, phrase.last, list(phrase.parts))
    mere = phrase.around and phrase.parts[0][0] == "="
    if mere and compare_after(segments, later, amount) and not later.around:
        phrase.parts, phrase.last, phrase.around = later.parts, later.last, False


def _decade(segments: Sequence[Segment], i: int, low: Amount, last: float) -> NumberPhrase:
    """Read "before the 80s", "since the nineties", "60s or older", "the seventies on"."""
    high = low._replace(value=last)
    phrase = NumberPhrase(i, i + 1, [(">=", low), ("<=", high)], bare=True, temporal=True)
    lead = at(segments, back(segments, i))
    roles = frozenset() if lead.used else lead.roles
    if roles & {"before", "until"} and "to" not in roles:
        phrase.parts = [("<", low)]
    elif "after" in roles:
        phrase.parts = [(">", high)]
    elif "since" in roles and not roles & {"from", "in"}:
        phrase.parts = [(">=", low)]
    if roles & {"before", "until", "after", "since", "from", "in"}:
        phrase.first = back(segments, i)
    trail = at(segments, phrase.last)
    if trail.roles & {"or_less", "or_more"} and key_of(trail.text).split(" ")[-1] in OF_TIME:
        phrase.parts, phrase.last = [phrase.parts[-1] if "or_less" in trail.roles else phrase.parts[0]], phrase.last + 1
    elif trail.roles & {"on_after", "before_after"}:
        op: Operator = ">=" if "on_after" in trail.roles else "<"
        phrase.parts, phrase.last = [(op, phrase.parts[0][1])], phrase.last + 1
    return phrase


def _out_of(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    """Read "7 out of 10" and "4/5": the second number is the scale of the first."""
    joint, scale = at(segments, phrase.last), at(segments, phrase.last + 1).amount
    if scale is None or scale.value not in _SCALES or key_of(joint.text) == "of":
        return
    if "out_of" not in joint.roles and (joint.mark != "/" or phrase.parts[0][1].value > scale.value):
        return
    phrase.parts = [(op, a._replace(units=(("rating", -scale.value),))) for op, a in phrase.parts]
    phrase.last += 2
    later = NumberPhrase(phrase.first, phrase.last, [("=", phrase.parts[0][1])])
    if phrase.bare and compare_after(segments, later, phrase.parts[0][1]):
        phrase.parts, phrase.last, phrase.bare = later.parts, later.last, False
