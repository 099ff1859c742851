"""Settle what two negations around one value make of it: a wish, nothing, or a doubt."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.phrases import phrases
from ..refusals.refused_lists import take_refused
from ..refusals.words import LACKING, LINKS
from ..segments import Segment
from ..sentence import COMMAS, Sentence, Wish

MAX_NEGATIONS = 2
"""More of them in one clause leave the sign in doubt."""
STATES = frozenset(
    "not isnt arent aint wasnt non nicht kein keine keinen lacking lacks lack missing 不是 非 没有 没 无 不含 不带 少了 缺了 缺 没了".split()  # noqa: SIM905
)
"""Negations that say what a thing is not or has not."""
REST = frozenset(
    "nothing none nobody nichts else everything 都 都不 都不要 都不喜欢 都不吃 都不爱 都不用 都不考虑 其他 其它 别的 其余 什么 一律 其他都 其他的 别的都".split()  # noqa: SIM905
)
"""What is left beside an exception."""
_ALL = frozenset("alles alle all everything anything any egal".split())  # noqa: SIM905
_OPENING = frozenset("and und dafur though so also but aber".split())  # noqa: SIM905
_UNLESS = frozenset(("unless", "除非", "es sei denn"))


def take_value(sentence: Sentence, j: int, negations: list[Segment]) -> None:
    """Settle what one or more negations before the value at ``j`` and at most one after it make of the value.

    A lack that is refused is a wish ("nothing without a sauna", 不是红色的不要); an aversion that is denied is neither ("I don't hate
    red"); three are in doubt.
    """
    after = _closing_negation(sentence, j, negations)
    if len(negations) == 1 and not after:
        take_refused(sentence, j, negations, refused=True)
    elif len(negations) + len(after) > MAX_NEGATIONS:
        sentence.doubt(j, [*negations, *after])
    elif any("averse" in n.roles for n in negations[1:]):
        _set_free(sentence, j, negations)
    elif after and not _lacks(sentence, negations[0], after[0]):
        if len(negations) == 1 and _reinforces(sentence, after[0]):
            after[0].used = "not"
            take_refused(sentence, j, negations, refused=True)
            return
        sentence.doubt(j, [*negations, *after])
    else:
        for n in after:
            n.used = "not"
        take_refused(sentence, j, negations, refused=False)


def _reinforces(sentence: Sentence, last: Segment) -> bool:
    """Tell whether a second negation only says the first again of "it" or "them": "no red I hate it"."""
    rest = [s for s in sentence.segments[sentence.place(last) + 1 :] if not s.mark]
    return last.text.isascii() and [key_of(s.text) for s in rest[:1]] in (
        ["it"],
        ["them"],
        ["that"],
        ["those"],
        ["ones"],
    )


def _set_free(sentence: Sentence, j: int, negations: Sequence[Segment]) -> None:
    """Take the value at ``j`` as neither wanted nor refused."""
    for entry in sentence.segments[j].entries:
        sentence.found.wishes.append(Wish(entry, [sentence.segments[j]], released=True))
    for s in (*negations, sentence.segments[j]):
        s.used = "release"


def says_lacking(s: Segment) -> bool:
    """Tell whether a negation says what a thing lacks or is not, so that a noun may stand before it: "no room without a sauna"."""
    words = key_of(s.text).split(" ")
    return key_of(s.text) in LACKING | STATES or words[0] in STATES or "except" in s.roles


def _closing_negation(sentence: Sentence, j: int, negations: Sequence[Segment]) -> list[Segment]:
    """Return the negation that closes the clause of the value at ``j`` and refuses nothing else: "without a sauna I won't buy", 不是红色的不要."""
    first = negations[0]
    denies = any(
        "not" in phrases().get(w, ()) for w in first.words if w.isascii()
    )  # "a saw but not a loud one, I hate it"
    wide = (bool({"conditional", "except"} & first.roles) and not denies) or _is_conditional(sentence, first)
    k, comma = j + 1, False
    while k < len(sentence.segments) and not sentence.stops(k):
        s = sentence.segments[k]
        if s.mark in COMMAS:
            following = sentence.segments[k + 1 :][:3]
            if _is_whole(sentence, first, j, k) or _opens_clause(following):
                return []
            if comma or not (wide or (says_lacking(first) and any(key_of(p.text) in REST for p in following))):
                return []
            comma = True
        elif s.roles & {"not", "not_after"} and not s.used and not s.entries and "nor" not in s.roles:
            return [s] if _refuses_nothing_else(sentence, k) else []
        elif s.used or ((sentence.value_at(k) or s.amount is not None) and not _same_list(sentence, k, j)):
            return []
        k += 1
    return []


def _is_whole(sentence: Sentence, first: Segment, j: int, k: int) -> bool:
    """Tell whether the clause up to the comma at ``k`` says by itself what an exception leaves: "außer rot ist alles recht"."""
    rest = {
        w
        for p in (first, *sentence.between(first, sentence.segments[j]), *sentence.segments[j + 1 : k])
        for w in p.words
    }
    return "except" in first.roles and bool(rest & _ALL)


def _opens_clause(following: Sequence[Segment]) -> bool:
    """Tell whether "and" or "dafür" behind a comma opens a clause of its own."""
    return bool(following) and key_of(following[0].text) in _OPENING


def _same_list(sentence: Sentence, k: int, j: int) -> bool:
    """Tell whether the values at ``k`` and ``j`` stand side by side or in one list."""
    return all(
        sentence.segments[n].entries or sentence.segments[n].is_glue or sentence.segments[n].roles & LINKS
        for n in range(j + 1, k)
    )


def _refuses_nothing_else(sentence: Sentence, k: int) -> bool:
    """Tell whether no value and no unknown noun follows the negation at ``k`` in its clause."""
    n = k + 1
    if sentence.segments[n : n + 1] and sentence.segments[n].text == "的":  # 非橡木不可的书桌
        return True
    while n < len(sentence.segments) and not sentence.stops(n) and sentence.segments[n].mark not in COMMAS:
        s = sentence.segments[n]
        if sentence.value_at(n) or s.amount is not None or s.fields or "instead" in s.roles:
            return False
        n += 1
    return True


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
    said = key_of(first.text)
    if said in _UNLESS:
        return True
    if "except" in first.roles:
        return any(key_of(p.text) in REST for p in sentence.between(first, last)) or key_of(last.text) in REST
    if _is_conditional(sentence, first):
        return True
    if first.text.isascii():
        return said in LACKING and bool(
            {"i", "we", "ich", "wir"} & {w for p in (last, *sentence.between(first, last)) for w in p.words}
        )
    return said in LACKING | STATES
