"""Free what is not needed: "no cab needed", "kein Garten nötig", "I don't need wifi" where wifi is yes or no; whoever needs none takes both."""

from __future__ import annotations

from ....core.language.word_data import key_of
from .segments import Segment
from .sentence import Sentence, Wish

_NO = frozenset("no kein keine keinen not a 不".split())  # noqa: SIM905
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
        if key in _NO or key in _NEED_NOT:
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


def _is_noun(s: Segment) -> bool:
    """Tell whether a word may stand between a value and "needed": the Essen of "kein warmes Essen nötig"."""
    return (s.is_word or bool(s.fields) or key_of(s.text) in ("is", "ist", "are", "sind")) and not s.used
