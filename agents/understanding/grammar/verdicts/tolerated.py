"""Free what is not needed: "no cab needed", "kein Garten nötig", "I don't need wifi" where wifi is yes or no; whoever needs none takes both."""

from __future__ import annotations

from .....core.language.keys import key_of
from ..segments import Segment
from ..sentence import Sentence, Wish

_NO = frozenset("no kein keine keinen not a 不".split())  # noqa: SIM905
_MINDLESS = frozenset(
    ("dont mind", "i dont mind", "doesnt matter", "macht nichts", "stort mich nicht", "no problem if")
)
_BEING = frozenset("is are be would ist sind ware geht ok okay".split())  # noqa: SIM905
_WITH_ME = frozenset("with me by for us fur mich mir uns auch too as well vollkommen vollig".split())  # noqa: SIM905
_NEEDED = frozenset("needed necessary required notig notwendig erforderlich".split())  # noqa: SIM905
_NEED_NOT = frozenset(
    ("dont need", "i dont need", "we dont need", "dont require", "i dont require", "no need for", "不需要")
)


def needless(sentence: Sentence) -> None:
    """Take the value of "no ... needed" as neither wanted nor refused, and that of "I don't need" where it is a flag."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        key = key_of(s.text)
        if s.roles & {"fine", "enough"} or key == "fine":
            _tolerate(sentence, i)
        elif "or" in s.roles:
            _free_or_not(sentence, i)
        if "needless_after" in s.roles:
            _spare(sentence, i)
        elif key in _MINDLESS:
            _free_lack(sentence, i)
        elif key in _NO or key in _NEED_NOT:
            _free(sentence, i, flags_only=key in _NEED_NOT)


def _free(sentence: Sentence, i: int, *, flags_only: bool) -> None:
    k = i + 1
    while k < len(sentence.segments) and sentence.segments[k].is_glue:
        k += 1
    if not sentence.value_at(k):
        return
    value, end = sentence.segments[k], k + 1
    if flags_only:
        if not all(e.field in sentence.language.flags for e in value.entries):
            return
    else:
        while end < len(sentence.segments) and _is_noun(sentence.segments[end]):
            end += 1
        if end >= len(sentence.segments) or key_of(sentence.segments[end].text) not in _NEEDED:
            return
        end += 1
    sentence.found.wishes += [Wish(e, [value], released=True) for e in value.entries]
    for piece in sentence.segments[i:end]:
        piece.used = "release"


def _free_lack(sentence: Sentence, i: int) -> None:
    """Free the value of "I don't mind it not being washable"."""
    k, denied = i + 1, False
    while k < len(sentence.segments) and (
        sentence.segments[k].is_glue or (not denied and "not" in sentence.segments[k].roles)
    ):
        denied = denied or "not" in sentence.segments[k].roles
        k += 1
    if denied and sentence.value_at(k):
        value = sentence.segments[k]
        sentence.found.wishes += [Wish(e, [value], released=True) for e in value.entries]
        for piece in sentence.segments[i : k + 1]:
            piece.used = "release"


def _tolerate(sentence: Sentence, i: int) -> None:
    """Free the flag of "second hand is fine", "an audition is ok with me" and "unbewacht reicht": whoever bears it takes both."""
    k = i - 1
    while (
        k >= 0
        and (sentence.segments[k].is_glue or sentence.segments[k].roles & {"only"})
        and not sentence.segments[k].entries
    ):
        k -= 1
    said = sentence.segments[k + 1 : i + 1]
    verb = any(set(p.words) & _BEING for p in said) or "enough" in sentence.segments[i].roles
    if not verb or not sentence.value_at(k) or sentence.negated_before(k) or not _ends(sentence, i + 1):
        return
    value = sentence.segments[k]
    if not all(e.field in sentence.language.flags for e in value.entries):
        return
    if any(p.roles & {"want", "demand"} for p in sentence.segments[max(0, k - 3) : k]):
        return
    _release(sentence, k, i + 1)


def _spare(sentence: Sentence, i: int) -> None:
    """Free the flag of "auf bio kann ich verzichten"."""
    if sentence.value_at(i - 1) and all(e.field in sentence.language.flags for e in sentence.segments[i - 1].entries):
        _release(sentence, i - 1, i + 1)


def _free_or_not(sentence: Sentence, i: int) -> None:
    """Free the value of "religious or not" and "bio oder nicht ist mir egal"."""
    after = sentence.segments[i + 1 : i + 2]
    if after and key_of(after[0].text) in _NO and sentence.value_at(i - 1) and _is_same(sentence, i - 1, i + 2):
        _release(sentence, i - 1, i + 3)  # "wifi or no wifi"
        return
    if not after or key_of(after[0].text) not in ("not", "nicht", "without", "ohne") or sentence.value_at(i + 2):
        return
    if not sentence.value_at(i - 1) or not (_ends(sentence, i + 2) or sentence.segments[i + 2].is_glue):
        return
    end = i + 2
    while end < len(sentence.segments) and not sentence.stops(end) and not sentence.segments[end].mark:
        end += 1
    if any(p.entries or p.amount is not None for p in sentence.segments[i + 2 : end]):
        end = i + 2
    _release(sentence, i - 1, end)


def _is_same(sentence: Sentence, k: int, j: int) -> bool:
    """Tell whether the same value stands at ``k`` and ``j``."""
    return sentence.value_at(j) and key_of(sentence.segments[k].text) == key_of(sentence.segments[j].text)


def _ends(sentence: Sentence, k: int) -> bool:
    """Tell whether a clause ends at ``k``, but for "with me", "für mich" and "and"."""
    while k < len(sentence.segments) and key_of(sentence.segments[k].text) in _WITH_ME:
        k += 1
    return sentence.stops(k) or bool(sentence.segments[k].mark) or bool(sentence.segments[k].roles & {"and", "but"})


def _release(sentence: Sentence, k: int, end: int) -> None:
    value = sentence.segments[k]
    sentence.found.wishes += [Wish(e, [value], released=True) for e in value.entries]
    for piece in sentence.segments[k:end]:
        piece.used = "release"


def _is_noun(s: Segment) -> bool:
    """Tell whether a word may stand between a value and "needed": the Essen of "kein warmes Essen nötig"."""
    return (s.is_word or bool(s.fields) or key_of(s.text) in ("is", "ist", "are", "sind")) and not s.used
