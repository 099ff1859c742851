"""Name, rather than want, the values of Chinese clauses that complain, tell of the past, or that a bare refusal follows.

Chinese says what it thinks of a thing by a comment behind it, without a verb that tells which way: 泰国的上回买到假货, 鸡肉一吃就吐, 三文鱼踩雷了.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .....core.language.keys import key_of
from .....core.language.lexicon.lexicon import sense, senses_of
from .....core.language.word_groups import around_han
from .....core.text.chinese import is_han
from ..refusals.words import ELSE
from ..segments import Segment
from ..sentence import Sentence
from .clause import Clause, clauses, is_one, plays
from .settle import mark, take_back, wishes_in

_SPEAKS_WELL = ("want", "praise", "only", "demand", "fine", "soft", "also")
_REFUSING = ("not", "not_after")
_COMPLAINING = frozenset(("against", "reaction"))
_SETTLED = frozenset(("not", "refused", "settled", "release"))
_NOUNS = range(3, 29)
"""Kinds of senses that are nouns (WordNet's lexicographer files)."""


def told_in_chinese(sentence: Sentence) -> None:
    """Take back every wish for a value that a Chinese clause speaks of in a way that may be a complaint."""
    before = Clause()
    found = [c for c in clauses(sentence) if c]
    for n, clause in enumerate(found):
        if any(s.text and is_han(s.text[0]) for s in clause):
            if _only_refuses(clause):
                _take_back(sentence, before, clause)
            elif _is_doubtful(clause, alone=len(found) == 1, last=n + 1 == len(found)):
                _take_back(sentence, clause, ())
        before = clause if any(s.entries for s in clause) or n == 0 else before


def _is_doubtful(clause: Clause, *, alone: bool, last: bool) -> bool:
    if _tells(clause, "former"):
        return not last
    if any(plays(s, *_SPEAKS_WELL) and not _is_done(clause, n) for n, s in enumerate(clause)):
        return False
    return _tells(clause, "past") or (not alone and _comments(clause))


def _is_done(clause: Clause, n: int) -> bool:
    """Tell whether a verb of wishing is one of the past: 买过."""
    return n + 1 < len(clause) and clause[n + 1].text == "过"


def _only_refuses(clause: Clause) -> bool:
    """Tell whether a clause says no more than no, and no rule found to what: 不敢再买了, 踩雷了."""
    if any(is_one(s, "rest") or key_of(s.text) in ELSE for s in clause):  # 要红色，其他不要
        return False
    said = [s for s in clause if not (s.is_glue or "instead" in s.roles)]
    return bool(said) and all(plays(s, *_REFUSING, *_COMPLAINING) and s.used in ("", "glue", "unmet") for s in said)


def _tells(clause: Clause, what: str) -> bool:
    """Tell whether an unused word of a group stands in a clause: 上次 and 买过 tell of the past, 本来 of what one thought first."""
    told = around_han()[what]
    return any(not s.used and key_of(s.text) in told for s in clause)


def _comments(clause: Clause) -> bool:
    """Tell whether a comment that nothing knows stands behind the first value of a clause: 三文鱼吃了掉毛, 鸡肉一吃就吐."""
    valued = next(
        (n for n, s in enumerate(clause) if s.entries and not any(p.entries for p in clause[n + 1 : n + 2])), -1
    )
    rest = clause[valued + 1 :]
    if valued < 0 or any(s.used in _SETTLED for s in clause):
        return False
    if any(s.roles & _COMPLAINING and not s.used for s in rest):
        return True
    if any(plays(s, *_REFUSING) and s.used == "unmet" for s in rest):
        return True
    unknown = [s for s in rest if s.is_word and not s.used and is_han(s.text[0])]
    told = any(key_of(s.text) in around_han()["predicates"] for s in rest) or _doubles(unknown)
    named = rest[-1:] and rest[-1].text == "的"
    return bool(unknown) and (told or not (named or all(map(_is_noun, unknown))))


def _doubles(unknown: Sequence[Segment]) -> bool:
    """Tell whether a character is said twice, as those do that paint a feeling: 冷冰冰."""
    said = "".join(s.text for s in unknown)
    return any(a == b for a, b in pairwise(said))


def _is_noun(s: Segment) -> bool:
    kinds = [sense(name).kind for name in senses_of(key_of(s.text), "zh")]
    return bool(kinds) and all(kind in _NOUNS for kind in kinds)


def _take_back(sentence: Sentence, clause: Clause, around: Sequence[Segment]) -> None:
    """Take back the wishes and the numbers of a clause, and name all of it."""
    wishes = wishes_in(sentence, clause)
    if not wishes:
        return
    found = sentence.found
    found.bounds = [b for b in found.bounds if not clause[0].start <= b.start < clause[-1].end]
    mark((s for s in clause if s.used == "bound"), "")
    said = [s for s in (*clause, *around) if s.used == "unmet" or not (s.used or s.is_glue)]
    take_back(sentence, wishes, *said)
