"""Free what is not needed or is borne: "no cab needed", "kein Garten nötig", 阳台不需要; whoever needs none takes both.

Of "I don't need wifi", "second hand is fine" and "auf bio kann ich verzichten" only what is yes or no is freed.
"""

from __future__ import annotations

from .....core.language.keys import key_of
from ..segments import Segment
from ..sentence import Sentence
from .clause import is_one, plays, says
from .settle import free


def needless(sentence: Sentence) -> None:
    """Take the value of "no ... needed" as neither wanted nor refused, and that of "I don't need" where it is a flag."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if s.roles & {"fine", "enough"} or key_of(s.text) == "fine":
            _tolerate(sentence, i)
        elif "or" in s.roles:
            _free_or_not(sentence, i)
        if "needless_after" in s.roles:
            _spare(sentence, i)
        elif is_one(s, "mindless"):
            _free_lack(sentence, i)
        elif is_one(s, "need_not"):
            _free_unneeded(sentence, i)
        elif is_one(s, "none_of"):
            _free_needed(sentence, i)


def _free_unneeded(sentence: Sentence, i: int) -> None:
    """Free the flag of "I don't need wifi"."""
    k = sentence.next(i)
    if sentence.value_at(k) and _is_flag(sentence, k):
        _free(sentence, k, i, k + 1)


def _free_needed(sentence: Sentence, i: int) -> None:
    """Free the value of "no cab needed" and "kein warmes Essen nötig"."""
    k = sentence.next(i)
    end = k + 1
    while end < len(sentence.segments) and _is_noun(sentence.segments[end]):
        end += 1
    if sentence.value_at(k) and end < len(sentence.segments) and is_one(sentence.segments[end], "needed"):
        _free(sentence, k, i, end + 1)


def _free_lack(sentence: Sentence, i: int) -> None:
    """Free the value of "I don't mind it not being washable"."""
    k = sentence.next(i)
    if k < len(sentence.segments) and "not" in sentence.segments[k].roles:
        k = sentence.next(k)
        if sentence.value_at(k):
            _free(sentence, k, i, k + 1)


def _tolerate(sentence: Sentence, i: int) -> None:
    """Free the flag of "second hand is fine", "an audition is ok with me" and "unbewacht reicht"."""
    k = i - 1
    while k >= 0 and (sentence.segments[k].is_glue or plays(sentence.segments[k], "only")):
        k -= 1
    verb = "enough" in sentence.segments[i].roles or any(
        says(p, "being", "passing") for p in sentence.segments[k + 1 : i + 1]
    )
    if not verb or not sentence.value_at(k) or sentence.negated_before(k) or not _ends(sentence, i + 1):
        return
    asked = any(p.roles & {"want", "demand"} for p in sentence.segments[max(0, k - 3) : k])
    if _is_flag(sentence, k) and not asked:
        _free(sentence, k, k, i + 1)


def _spare(sentence: Sentence, i: int) -> None:
    """Free the flag of "auf bio kann ich verzichten"."""
    if sentence.value_at(i - 1) and _is_flag(sentence, i - 1):
        _free(sentence, i - 1, i - 1, i + 1)


def _free_or_not(sentence: Sentence, i: int) -> None:
    """Free the value of "religious or not", "wifi or no wifi" and "bio oder nicht ist mir egal"."""
    k, after = i - 1, sentence.segments[i + 1 : i + 2]
    if not after or not sentence.value_at(k):
        return
    if is_one(after[0], "none_of") and _is_same(sentence, k, i + 2):
        _free(sentence, k, k, i + 3)
        return
    ends = _ends(sentence, i + 2) or sentence.segments[i + 2].is_glue
    if is_one(after[0], "or_not") and not sentence.value_at(i + 2) and ends:
        _free(sentence, k, k, _end_of_remark(sentence, i + 2))


def _end_of_remark(sentence: Sentence, start: int) -> int:
    """Return where what is said behind ``start`` ends, ``start`` itself where it is of something else."""
    end = start
    while not sentence.stops(end) and not sentence.segments[end].mark:
        end += 1
    return start if any(p.entries or p.amount is not None for p in sentence.segments[start:end]) else end


def _is_flag(sentence: Sentence, k: int) -> bool:
    """Tell whether the value at ``k`` is yes or no."""
    return all(e.field in sentence.language.flags for e in sentence.segments[k].entries)


def _is_same(sentence: Sentence, k: int, j: int) -> bool:
    """Tell whether the same value stands at ``k`` and ``j``."""
    return sentence.value_at(j) and key_of(sentence.segments[k].text) == key_of(sentence.segments[j].text)


def _ends(sentence: Sentence, k: int) -> bool:
    """Tell whether a clause ends at ``k``, but for "with me", "für mich" and "and"."""
    while k < len(sentence.segments) and is_one(sentence.segments[k], "with_me"):
        k += 1
    return sentence.stops(k) or bool(sentence.segments[k].mark) or bool(sentence.segments[k].roles & {"and", "but"})


def _free(sentence: Sentence, k: int, start: int, end: int) -> None:
    """Free the value at ``k`` by the words at ``start:end``."""
    free(sentence, sentence.segments[k], sentence.segments[start:end])


def _is_noun(s: Segment) -> bool:
    """Tell whether a word may stand between a value and "needed": the Essen of "kein warmes Essen nötig"."""
    return (s.is_word or bool(s.fields) or key_of(s.text) in ("is", "ist", "are", "sind")) and not s.used
