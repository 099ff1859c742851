"""Read every refusal of a sentence from left to right: what follows it, else what stands before it, else what no field can say.

Two refusals cancel each other. What stands in doubt is noted, never turned into a wish.
"""

from __future__ import annotations

from .....core.language.keys import key_of
from ..sentence import Sentence
from .refuse_after import refuse_after
from .refuse_before import refuse_before

ENDS = frozenset(".!?;。！？；")
_EXEMPTS = frozenset(
    (
        "unless",
        "except",
        "except for",
        "with the exception of",
        "es sei denn",
        "ausser",
        "ausgenommen",
        "mit ausnahme von",
    )
)
"""Words that let something of what was just refused through: "no Fords unless it is a Mustang"."""


def refusals(sentence: Sentence) -> None:
    """Read every "not" and every exception, from left to right."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            if s.entries and not s.used and "free" in s.roles and sentence.value_at(i - 1):
                refuse_before(sentence, i)  # "smoke free" in a shop where "Free" is a value
            continue
        if "wanted_double" in s.roles and _is_relative(sentence, i):
            refuse_after(sentence, i)
        elif "wanted_double" in s.roles:
            s.used = "settled"
        elif key_of(s.text) in _EXEMPTS and _follows_refusal(sentence, i):
            _name_exemption(sentence, i)
        elif s.roles & {"not", "except"} or _is_minus(sentence, i):
            refuse_after(sentence, i)
        elif ("closing" in s.roles or _is_gone(sentence, i)) and sentence.value_at(i - 1) and _closes(sentence, i):
            refuse_before(sentence, i)
        elif (
            s.roles & {"not_after", "except_after", "free"}
            and "filler" not in s.roles
            and not refuse_before(sentence, i)
        ):
            _doubt_before(sentence, i)


def _is_gone(sentence: Sentence, i: int) -> bool:
    """Tell whether "out" or "off" is said of what a contracted "is" stands at: "lime's out"."""
    before = sentence.segments[i - 1].text.casefold() if i else ""
    return key_of(sentence.segments[i].text) in ("out", "off", "gone") and before.endswith(("'s", "’s"))


def _closes(sentence: Sentence, i: int) -> bool:
    """Tell whether nothing follows in the clause of ``i``: "the mint has to go", but not "the lamp has to go in the hall"."""
    return sentence.stops(i + 1) or bool(sentence.segments[i + 1].mark)


def _is_relative(sentence: Sentence, i: int) -> bool:
    """Tell whether a "who doesn't like" says something of somebody rather than asking who wouldn't: "a friend who doesn't like red"."""
    before = sentence.segments[i - 1 : i]
    return (
        key_of(sentence.segments[i].text).startswith("who ")
        and bool(before)
        and (before[0].is_word or bool(before[0].person))
    )


def _follows_refusal(sentence: Sentence, i: int) -> bool:
    """Tell whether something was refused earlier in the same sentence."""
    for wish in sentence.found.wishes:
        last = sentence.place(wish.segments[-1])
        if wish.refused and last < i and not any(p.mark in ENDS for p in sentence.segments[last:i]):
            return True
    return False


def _name_exemption(sentence: Sentence, i: int) -> None:
    """Name as not applied what a refusal lets through, to the end of the clause: no field can say it, and it is not refused."""
    j = i + 1
    while j < len(sentence.segments) and not sentence.stops(j) and not sentence.segments[j].used:
        j += 1
    exempt = sentence.segments[i:j]
    sentence.found.unmet.append((exempt[0].start, exempt[-1].end))
    for piece in exempt:
        piece.used = "unmet"


def _doubt_before(sentence: Sentence, i: int) -> None:
    """Note, rather than want, what stands before a refusal together with words that nothing knows: 皮夹克以外的外套."""
    k = i - 1
    while k >= 0 and (sentence.segments[k].is_word or sentence.segments[k].entries) and not sentence.segments[k].used:
        k -= 1
    run = sentence.segments[k + 1 : i]
    if run and any(p.is_word for p in run):
        sentence.found.unmet.append((run[0].start, sentence.segments[i].end))
        for piece in (*run, sentence.segments[i]):
            piece.used = "unmet"


def _is_minus(sentence: Sentence, i: int) -> bool:
    """Tell whether a hyphen before a word and after a blank excludes it, as in search boxes: "dress -red"."""
    s, following = sentence.segments[i], sentence.segments[i + 1 : i + 2]
    apart = i == 0 or sentence.segments[i - 1].end < s.start
    return s.mark == "-" and apart and bool(following) and not following[0].mark and following[0].start == s.end
