"""Take a list of values as refused: how far it goes on, and where a second "not" makes a wish of it."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from ..segments import Segment
from ..sentence import COMMAS, Sentence
from .refused_phrases import OF, refuse_phrase
from .words import BESIDE, LACKING, LINKS

_MORE = frozenset(("plus", "+"))
"""Words that add what is wanted to what was taken away: "minus the bar plus a pool"."""
_OVER = frozenset("a an the any ein eine einem einer colour color has have is are is in".split())  # noqa: SIM905
_RELATIVE = frozenset("was das die der den dem that which who welche welcher welches".split())  # noqa: SIM905


def opens_relative(sentence: Sentence, j: int) -> bool:
    """Tell whether a relative clause with a second "not" opens at ``j``: "nichts, was nicht rot ist"."""
    following = sentence.segments[j : j + 3]
    return (
        len(following) > 1 and key_of(following[0].text) in _RELATIVE and any("not" in p.roles for p in following[1:])
    )


def take_refused(sentence: Sentence, j: int, negations: Sequence[Segment], *, refused: bool) -> None:
    """Take the list of values that begins at ``j`` as refused (or as wanted, after two negations), phrase by phrase."""
    phrases: list[list[int]] = [[j]]
    k = j + 1
    while k < len(sentence.segments):
        if sentence.value_at(k):
            if negations and key_of(negations[0].text) in BESIDE and _same_field(sentence, k - 1, k):
                break  # "statt Techno Jazz"
            phrases[-1].append(k)
            k += 1
            continue
        of = key_of(sentence.segments[k].text) in OF
        following = _continues(sentence, k, phrases[-1][-1])
        if (
            following is not None
            and not of
            and sentence.segments[k].mark in COMMAS
            and _opens_anew(sentence, k, phrases)
        ):
            if refused:
                sentence.doubt(following, sentence.segments[k + 1 : k + 2])
            break
        if following is None:
            break
        if of:
            phrases[-1].append(following)
        else:
            phrases.append([following])
        k = following + 1
    inner = _inner_negation(sentence, k)
    for n in negations:
        n.used = "not"
    if inner is not None and refused:
        sentence.segments[inner].used = "not"
        return
    for phrase in phrases:
        refuse_phrase(sentence, phrase, negations, refused=refused)


def _same_field(sentence: Sentence, a: int, b: int) -> bool:
    """Tell whether two values may belong to one field that holds one value only."""
    first = {e.field for e in sentence.segments[a].entries}
    return any(
        e.field in first and sentence.language.fields[e.field].field.type == "text"
        for e in sentence.segments[b].entries
    )


def _opens_anew(sentence: Sentence, k: int, phrases: Sequence[Sequence[int]]) -> bool:
    """Tell whether the "and" behind the comma at ``k`` may open a wish of its own: two values are no list with a comma before its "and"."""
    after = sentence.segments[k + 1 : k + 2]
    return len(phrases) == 1 and bool(after) and after[0].roles & LINKS == {"and"} and after[0].text.isascii()


def _inner_negation(sentence: Sentence, k: int) -> int | None:
    """Return the position of the second "not" of "no shoes that aren't formal", which wants shoes that are.

    A "not" behind "and" or "or" refuses more: "ohne Sahne und ohne Zwiebeln".
    """
    relative = False
    while k < len(sentence.segments) and not (sentence.segments[k].roles & LINKS and not sentence.segments[k].entries):
        s = sentence.segments[k]
        if not (s.is_glue or "not" in s.roles or (s.mark in COMMAS and opens_relative(sentence, k + 1))):
            return None
        if "not" in s.roles and not s.entries:
            j = k + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue:
                j += 1
            lacking = s.text.isascii() and key_of(s.text) in LACKING | {"lacking", "lack", "lacks", "missing"}
            return k if (relative or lacking) and sentence.value_at(j) else None
        relative = relative or key_of(s.text) in ("that", "which", "who", "die", "der", "das")
        k += 1
    return None


def _continues(sentence: Sentence, k: int, last: int) -> int | None:
    """Return the position of the next value of a refused list whose joint begins at ``k``, or None where it ends."""
    s = sentence.segments[k]
    if s.used or key_of(s.text) in _MORE:
        return None
    if key_of(s.text) in OF and not s.entries:
        n = k + 1
        while n < len(sentence.segments) and key_of(sentence.segments[n].text) in _OVER:
            n += 1
        return n if sentence.value_at(n) else None
    roles = set(s.roles & LINKS) | ({"or"} if s.mark == "/" else set())
    comma = s.mark in COMMAS
    if not roles and not comma:
        return None
    n = k + 1
    while (
        n < len(sentence.segments)
        and (sentence.segments[n].is_glue or sentence.segments[n].roles & (LINKS | {"any"}))
        and not sentence.segments[n].entries
    ):
        roles |= sentence.segments[n].roles & LINKS
        n += 1
    if (
        n < len(sentence.segments)
        and sentence.segments[n].is_word
        and sentence.value_at(n + 2)
        and sentence.segments[n + 1].roles & LINKS
    ):
        n += 2
    if not sentence.value_at(n):
        return None
    same = bool({e.field for e in sentence.segments[n].entries} & {e.field for e in sentence.segments[last].entries})
    if roles & {"or", "nor"} or s.mark == "、" or ("and" in roles and (same or not s.text.isascii())):
        return n
    return n if same and comma and not roles and _closes(sentence, n) else None


def _closes(sentence: Sentence, n: int) -> bool:
    """Tell whether a list of commas goes on from ``n`` to an "or" or "and": "no horror, war or drama"."""
    k = n + 1
    comma = False
    while k < len(sentence.segments):
        s = sentence.segments[k]
        if s.roles & LINKS and not s.entries:
            m = k + 1
            while m < len(sentence.segments) and sentence.segments[m].is_glue:
                m += 1
            return sentence.value_at(m)
        if s.entries:
            if not comma:
                return False
            comma = False
        elif s.mark in COMMAS:
            comma = True
        elif not s.is_glue:
            return False
        k += 1
    return False
