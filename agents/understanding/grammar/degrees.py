"""Read how much of a number is wanted where its name is said: "low in sugar", "a higher deposit", "möglichst viel Speicher", 延迟越低越好."""

from __future__ import annotations

import re
from functools import lru_cache

from ....core.language.follow_up_words import comparing_words
from ....core.language.keys import key_of
from .segments import Segment
from .sentence import Sentence

REACH = 4
"""Segments between a number's name and the word that says how much of it."""
_ENDINGS = re.compile(r"(?:e[snrm]?)$|[的点些一]+$")
_TOO = frozenset(("too", "zu", "太"))
_TOO_MUCH = frozenset(("too much", "too many", "zu viel", "zu viele", "太多"))
"""Words that want less of what there is too much of, denied or not."""
_LINKS = frozenset(
    "in im an am of as so very really is are be should sein ist sind sei soll sollte sollten möglichst moglichst sehr a an the 越 要 尽量 尽可能 更 很 的 比较".split()  # noqa: SIM905
)
"""Words between a number's name and the word that says how much of it."""

_AT_MOST = frozenset(map(key_of, "möglichst 尽量 尽可能 越".split()))  # noqa: SIM905


def degrees(sentence: Sentence) -> None:
    """Prefer much or little of every number beside whose name stands a word that says so."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries or s.amount is not None or s.comparisons:
            continue
        name = next((n for n in s.fields if sentence.language.fields[n].field.type == "number"), None)
        at = (_degree_at(sentence, i, -1) or _degree_at(sentence, i, 1)) if name else None
        if name and at:
            _prefer(sentence, name, i, *at)


def _degree_at(sentence: Sentence, i: int, step: int) -> tuple[int, int] | None:
    """Return the position and the sign of the word for much (1) or little (-1) that belongs to the name at ``i``."""
    for j in range(i + step, i + step * (REACH + 1), step):
        if not 0 <= j < len(sentence.segments):
            return None
        s = sentence.segments[j]
        sign = 0 if s.used or s.entries or s.fields else sign_of(s.text)
        if sign:
            return None if _is_counted(sentence, j) else (j, sign)
        if s.mark or s.used or not (key_of(s.text) in _LINKS or _turns(s)):
            return None
    return None


def _is_counted(sentence: Sentence, j: int) -> bool:
    """Tell whether the word at ``j`` asks or counts instead: "how much sugar", "a little sugar", "lower than 5"."""
    said = key_of(sentence.segments[j].text)
    before = key_of(sentence.segments[j - 1].text) if j else ""
    after = sentence.segments[j + 1] if j + 1 < len(sentence.segments) else None
    asked = before in ("how", "wie", "多") or (before in ("a", "ein") and said in ("little", "wenig"))
    return asked or (after is not None and (after.amount is not None or "than" in after.roles))


@lru_cache(maxsize=1024)
def sign_of(word: str) -> int:
    """Return 1 for a word that means much or more of any number, -1 for little or less, 0 for all others."""
    key, table = key_of(word), comparing_words()
    found = table.get(key) or table.get(key_of(_ENDINGS.sub("", word.casefold())))
    return found[0] if found else int(key in _TOO_MUCH)


def _prefer(sentence: Sentence, name: str, i: int, j: int, sign: int) -> None:
    """Note what is preferred; "too high" and "not too high" want little, "not high" does as well."""
    first, last = min(i, j), max(i, j)
    while first > 0 and _turns(sentence.segments[first - 1]):
        first -= 1
    first -= first > 0 and key_of(sentence.segments[first - 1].text) in _AT_MOST
    said = sentence.segments[first : last + 1]
    too = any(key_of(s.text) in _TOO | _TOO_MUCH for s in said)
    denied = any("not" in s.roles and s is not sentence.segments[j] for s in said)
    sentence.found.leanings.append((name, (sign > 0) != (too or denied), sentence.segments[j]))
    for s in said:
        s.used = "leaning"


def _turns(s: Segment) -> bool:
    return not s.used and not s.entries and ("not" in s.roles or key_of(s.text) in _TOO)
