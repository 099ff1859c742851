"""Read what no longer matters: "any colour", "the price doesn't matter", "doesn't have to be red"."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.keys import key_of
from .bounds.negation import is_correcting_no
from .orders import field_after
from .segments import Segment
from .sentence import COMMAS, Sentence, Wish

OTHERS = frozenset(("other", "another", "different", "andere", "anderer", "anderes", "其他", "其它", "别的"))
FINE = frozenset(("fine", "also"))
POINTING = frozenset(("that", "it", "this", "das", "es", "这个", "那个"))
SHEDDING = frozenset(
    ("lose the", "ditch the", "ditch", "drop the", "cancel the", "scrap the", "scrap", "take away the")
)
"""Releases that leave out one of several values."""
_NEED = frozenset(("muss", "mussen", "doesnt", "neednt"))
WELCOMES = ("都", "随便", "也")
"""How a release begins that welcomes the values before it: 红茶绿茶都可以 is either."""


def releases(sentence: Sentence) -> None:
    """Read "any colour", "the price doesn't matter", "doesn't have to be red"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if "release" in s.roles:
            _release_around(sentence, i)
        elif key_of(s.text) in OTHERS:
            _others_fine(sentence, i)
        elif "whether" in s.roles:
            _whether(sentence, i)
        elif "any" in s.roles and "not" not in s.roles:
            j = i + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue and not sentence.segments[j].fields:
                j += 1
            if (
                j < len(sentence.segments)
                and sentence.segments[j].fields
                and not sentence.segments[j].used
                and not sentence.segments[j].entries
            ):
                _free_fields(sentence, sentence.segments[j].fields, [s, sentence.segments[j]])
                k = sentence.next(j)
                if k < len(sentence.segments) and "fine" in sentence.segments[k].roles:
                    sentence.segments[k].used = "release"


def _whether(sentence: Sentence, i: int) -> None:
    """Free the value of 有没有阳台都行 and 是不是红色无所谓, which ask for nothing."""
    k = i + 1
    while k < len(sentence.segments) and sentence.segments[k].is_glue:
        k += 1
    end = next((p for p in sentence.segments[k + 1 : k + 4] if "release" in p.roles and not p.used), None)
    if sentence.value_at(k) and end is not None:
        _free_value(sentence, k, end)
        sentence.segments[i].used = "release"


def _others_fine(sentence: Sentence, i: int) -> None:
    """Free the field of "other brands are fine too"."""
    j, k = field_after(sentence, i), i + 1
    while (
        k < len(sentence.segments)
        and (sentence.segments[k].is_glue or k == j)
        and not sentence.segments[k].roles & FINE
    ):
        k += 1
    if j is not None and k < len(sentence.segments) and sentence.segments[k].roles & FINE:
        _free_fields(
            sentence, sentence.segments[j].fields, [sentence.segments[i], sentence.segments[j], sentence.segments[k]]
        )


def _release_around(sentence: Sentence, i: int) -> None:
    s = sentence.segments[i]
    j = i + 1
    while j < len(sentence.segments) and sentence.segments[j].is_glue and not sentence.segments[j].fields:
        j += 1
    after = sentence.segments[j] if j < len(sentence.segments) else None
    if after and after.fields and not after.entries and not after.used:
        _free_fields(sentence, after.fields, [s, after])
        return
    bound = any(p.text == "的" for p in sentence.segments[i + 1 : j])
    if after and after.entries and not after.used and not bound and not sentence.comma_between(i, j):
        if key_of(s.text) in SHEDDING and any(
            sentence.language.fields[e.field].field.type == "list" for e in after.entries
        ):
            _refuse_value(sentence, j, s)  # who loses the garlic wants none, whatever else there is
        else:
            _free_value(sentence, j, s)
        return
    k = i - 1
    while k >= 0 and (
        (sentence.segments[k].is_glue and not sentence.segments[k].fields)
        or sentence.segments[k].roles & {"only"}
        or (k >= i - 2 and sentence.segments[k].roles & {"but", "fine"} and not sentence.segments[k].entries)
    ):
        k -= 1
    if sentence.value_at(k) and not (after and after.is_word) and not s.text.startswith(WELCOMES):
        _free_value(sentence, k, s)
        return
    if k >= 0 and s.text.startswith(WELCOMES) and sentence.value_at(k - 1):  # 林晚舟演的都可以
        return
    if k >= 0 and sentence.segments[k].fields and not sentence.segments[k].entries and not sentence.segments[k].used:
        _free_fields(sentence, sentence.segments[k].fields, [s, sentence.segments[k]])
        return
    if s.words[0] in _NEED and _needed_not(sentence, i):
        return
    pointing = [key_of(p.text) for p in sentence.segments[k + 1 : i] + sentence.segments[i + 1 : i + 2]]
    if any(word in POINTING for word in pointing):
        _release_last(sentence, i, s)


def _needed_not(sentence: Sentence, i: int) -> bool:
    """Free the value before the comma in "vegan, muss aber nicht" and "waterproof, no, it doesn't have to be"."""
    if not (sentence.stops(i + 1) or sentence.segments[i + 1].mark):
        return False
    k = i - 1
    while k >= 0 and not sentence.segments[k].entries:
        piece = sentence.segments[k]
        if not (
            piece.mark in COMMAS or "instead" in piece.roles or piece.is_glue or is_correcting_no(sentence.segments, k)
        ):
            return False
        k -= 1
    if not sentence.value_at(k):
        return False
    _free_value(sentence, k, sentence.segments[i])
    return True


def _release_last(sentence: Sentence, i: int, s: Segment) -> None:
    """Take back the value just before "forget that" and "that doesn't matter after all"."""
    j = i - 1
    while j >= 0 and not sentence.segments[j].entries:
        piece = sentence.segments[j]
        if (
            not (piece.mark or piece.is_glue or piece.roles & {"instead", "not", "but"})
            or piece.used
            or piece.amount is not None
        ):
            return
        j -= 1
    if sentence.value_at(j) and not sentence.negated_before(j):
        sentence.found.wishes += [Wish(e, [sentence.segments[j]], released=True) for e in sentence.segments[j].entries]
        for piece in sentence.segments[j : i + 1]:
            piece.used = piece.used or "release"
        s.used = "release"


def _refuse_value(sentence: Sentence, k: int, s: Segment) -> None:
    value = sentence.segments[k]
    sentence.found.wishes += [Wish(e, [s, value], refused=True) for e in sentence.best(value, evident=True)]
    s.used, value.used = "not", "refused"


def _free_value(sentence: Sentence, k: int, s: Segment) -> None:
    """Take the value at ``k`` as neither wanted nor refused, because of ``s``."""
    values = [sentence.segments[k]]
    while "or" in sentence.segments[min(k + 1, len(sentence.segments) - 1)].roles and sentence.value_at(k + 2):
        k += 2  # "egal ob Dose oder Beutel"
        values.append(sentence.segments[k])
    sentence.found.wishes += [Wish(e, [value], released=True) for value in values for e in value.entries]
    for piece in (s, *values):
        piece.used = "release"


def _free_fields(sentence: Sentence, names: Sequence[str], segments: Sequence[Segment]) -> None:
    sentence.found.freed += names
    for s in segments:
        s.used = "release"
