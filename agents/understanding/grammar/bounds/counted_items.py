"""Tell when a number says how many items are asked for: "top five", "die besten drei", 前三, "three tents"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.word_groups import counting_characters
from ..number_fields.fields import MAX_COUNT
from ..numbers.amount import Amount
from ..positions import at, past
from ..segments import Segment
from .phrase import NumberPhrase

_TOP = frozenset(("top", "best", "first", "besten", "ersten", "前"))


def is_top(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether the number at ``i`` says how many of the best: "top five", "die besten drei", 前三."""
    amount = segments[i].amount
    led = key_of(at(segments, i - 1).text) in _TOP
    return led and amount is not None and not amount.units and not amount.currency and _is_few(amount)


def is_alone(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a later turn says no more than how many: "actually two"."""
    content = [s for s in segments if not (s.mark or s.is_glue or s.roles & {"instead", "number"})]
    return phrase.bare and not content and _is_few(phrase.parts[0][1])


def is_count(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a bare number stands before what is asked for, or behind "the heaviest"."""
    if not phrase.bare or (len(phrase.parts) != 1 and not phrase.choice) or not _is_few(phrase.parts[-1][1]):
        return False
    before = at(segments, past(segments, phrase.first - 1, lambda s: s.is_glue, -1))
    after = at(segments, phrase.last)
    extreme = any(c.role in ("most", "least") for c in before.comparisons)
    counting = after.text in counting_characters() and not after.used
    if extreme and (counting or after.mark):  # the heaviest three
        return True
    follows = bool(after.entries or after.is_glue or after.comparisons)
    return follows and (before.start < 0 or extreme or bool(before.roles & {"want", "most"}))


def _is_few(amount: Amount) -> bool:
    return amount.value == int(amount.value) and 1 <= amount.value <= MAX_COUNT
