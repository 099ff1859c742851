"""Settle what two negations around one value make of it: a wish, nothing, or a doubt.

A lack that is refused is a wish ("nothing without a sauna", "ohne Sauna will ich nicht", 不是红色的不要); an aversion that is denied is neither ("I don't
hate red"); three are in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.phrases import phrases
from .....core.language.word_groups import clause_words
from ..refusals.refused_lists import take_refused
from ..refusals.words import LACKING, LINKS
from ..segments import Segment
from ..sentence import COMMAS, Sentence
from .clause import clause_around, is_one, plays
from .settle import free, mark

MAX_NEGATIONS = 2
"""More of them in one clause leave the sign in doubt."""


def take_value(sentence: Sentence, j: int, negations: list[Segment]) -> None:
    """Settle what one or more negations before the value at ``j`` and at most one after it make of the value."""
    after = _closing_negation(sentence, j, negations)
    if len(negations) == 1 and not after:
        take_refused(sentence, j, negations, refused=True)
    elif len(negations) + len(after) > MAX_NEGATIONS:
        sentence.doubt(j, [*negations, *after])
    elif any("averse" in n.roles for n in negations[1:]):
        free(sentence, sentence.segments[j], negations)
    elif not after or _lacks(sentence, negations[0], after[0]):
        mark(after, "not")
        take_refused(sentence, j, negations, refused=False)
    elif len(negations) == 1 and _reinforces(sentence, after[0]):
        mark(after, "not")
        take_refused(sentence, j, negations, refused=True)
    else:
        sentence.doubt(j, [*negations, *after])


def says_lacking(s: Segment) -> bool:
    """Tell whether a negation says what a thing lacks or is not, so that a noun may stand before it: "no room without a sauna"."""
    words = key_of(s.text).split(" ")
    return _states_lack(s) or words[0] in clause_words()["stating"] or "except" in s.roles


def _states_lack(s: Segment) -> bool:
    return key_of(s.text) in LACKING or is_one(s, "stating")


def _reinforces(sentence: Sentence, last: Segment) -> bool:
    """Tell whether a second negation only says the first again of "it" or "them": "no red I hate it"."""
    rest = [s for s in sentence.segments[sentence.place(last) + 1 :] if not s.mark]
    return last.text.isascii() and bool(rest) and is_one(rest[0], "taken_up")


def _closing_negation(sentence: Sentence, j: int, negations: Sequence[Segment]) -> list[Segment]:
    """Return the negation that closes the clause of the value at ``j`` and refuses nothing else: "without a sauna I won't buy", 不是红色的不要."""
    first, comma = negations[0], False
    for k in range(j + 1, len(sentence.segments)):
        s = sentence.segments[k]
        if sentence.stops(k):
            break
        if s.mark in COMMAS:
            if comma or _is_whole(sentence, first, j, k) or not _crosses(sentence, first, k):
                break
            comma = True
        elif plays(s, "not", "not_after") and not s.used and "nor" not in s.roles:
            return [s] if _refuses_nothing_else(sentence, k) else []
        elif s.used or ((sentence.value_at(k) or s.amount is not None) and not _same_list(sentence, k, j)):
            break
    return []


def _crosses(sentence: Sentence, first: Segment, k: int) -> bool:
    """Tell whether what a negation says reaches over the comma at ``k``: a condition, an exception, or a lack before "nothing"."""
    following = sentence.segments[k + 1 : k + 4]
    if following and (is_one(following[0], "connecting") or key_of(following[0].text) in ("and", "und")):
        return False  # "dafür" and "and" open a clause of their own
    if says_lacking(first) and any(is_one(p, "rest") for p in following):
        return True
    denies = any(
        "not" in phrases().get(w, ()) for w in first.words if w.isascii()
    )  # "a saw but not a loud one, I hate it"
    return (bool({"conditional", "except"} & first.roles) and not denies) or _is_conditional(sentence, first)


def _is_whole(sentence: Sentence, first: Segment, j: int, k: int) -> bool:
    """Tell whether the clause up to the comma at ``k`` says by itself what an exception leaves: "außer rot ist alles recht"."""
    said = (first, *sentence.between(first, sentence.segments[j]), *sentence.segments[j + 1 : k])
    known = clause_words()["all_of_them"] | clause_words()["any_of_all"]
    return "except" in first.roles and any(not known.isdisjoint(p.words) for p in said)


def _same_list(sentence: Sentence, k: int, j: int) -> bool:
    """Tell whether the values at ``k`` and ``j`` stand side by side or in one list."""
    return all(s.entries or s.is_glue or s.roles & LINKS for s in sentence.segments[j + 1 : k])


def _refuses_nothing_else(sentence: Sentence, k: int) -> bool:
    """Tell whether no value and no unknown noun follows the negation at ``k`` in its clause."""
    if sentence.segments[k + 1 : k + 2] and sentence.segments[k + 1].text == "的":  # 非橡木不可的书桌
        return True
    after = clause_around(sentence, k).after(sentence.segments[k])
    return not any(
        s.amount is not None or s.fields or "instead" in s.roles or sentence.value_at(sentence.place(s)) for s in after
    )


def _is_conditional(sentence: Sentence, negation: Segment) -> bool:
    """Tell whether "if" or "unless" opens the clause of a negation."""
    j = sentence.place(negation) - 1
    while j >= 0 and sentence.segments[j].is_glue:
        if "conditional" in sentence.segments[j].roles:
            return True
        j -= 1
    return False


def _lacks(sentence: Sentence, first: Segment, last: Segment) -> bool:
    """Tell whether two negations around a value make a wish: the first says what is lacking, or one is a condition or an exception."""
    said = (*sentence.between(first, last), last)
    if is_one(first, "unless"):
        return True
    if "except" in first.roles:
        return any(is_one(p, "rest") for p in said)
    if _is_conditional(sentence, first):
        return True
    if not first.text.isascii():
        return _states_lack(first)
    spoken = clause_words()["speakers"]
    return key_of(first.text) in LACKING and any(not spoken.isdisjoint(p.words) for p in said)
