"""Refuse what somebody suffers from, said as an experience: "my skin reacts to wool", "wool makes me itch", 穿羊毛会痒."""

from __future__ import annotations

from collections.abc import Iterator

from .....core.language.keys import key_of
from ..meanings_in_context import says_what_for
from ..segments import Segment
from ..sentence import COMMAS, Sentence, Wish

CAUSES = frozenset(
    "to from by of on when whenever if after because over due against auf von gegen bei durch wegen wenn nach beim vom 对 穿 吃 用 喝 碰".split()  # noqa: SIM905
)
"""Words that lead from a reaction to what causes it."""
_HAN_CAUSES = frozenset("对 穿 吃 用 喝 碰 闻 涂 抹".split())  # noqa: SIM905
BRINGING = frozenset(
    "gives give gave makes make made causes cause caused triggers get gets got brings macht machen verursacht kriege bekomme krieg bekomm 让 使 引起 导致 会".split()  # noqa: SIM905
)
"""Verbs that lead from a cause to a reaction."""
_CAUSED = frozenset(("to", "from", "auf", "durch", "von"))
APART = frozenset("for with that which who whose fur mit das die der welche welcher 的 给 适合".split())  # noqa: SIM905
"""Words that part a reaction from a value: "a cream for itchy skin" wants the cream."""


def reactions(sentence: Sentence) -> None:
    """Read every reaction of a body that no negation turns round."""
    for i, s in enumerate(sentence.segments):
        listed = sentence.segments[i + 1 : i + 2] and sentence.segments[i + 1].mark in (":", "：")
        reacts = "reaction" in s.roles or says_what_for(s) or (listed and "not_after" in s.roles)
        if s.used or not reacts or (s.entries and not _is_brought_on(sentence, i)):
            continue
        if s.roles & {"not", "not_after"} and not listed:
            continue
        clause = _clause(sentence, i)
        if any("not" in p.roles and not p.entries for p in clause):
            continue
        before = [p for p in clause if p.start < s.start]
        after = [p for p in clause if p.start > s.start]
        causes = list(_before(sentence, _since_cause(before))) or list(_after(sentence, after))
        for p in causes:
            entries = [e for e in p.entries if sentence.evident(p, e)]
            sentence.found.wishes += [Wish(e, [p, s], refused=True) for e in entries]
            p.used = "refused"
        if causes:
            s.used = "not"
            for p in clause:
                p.used = p.used or ("not" if p.is_word or p.person or "reaction" in p.roles else "")


def _is_brought_on(sentence: Sentence, i: int) -> bool:
    """Tell whether something is said to bring a reaction on that is a value as well: "milk gives me heartburn" where heartburn is treated."""
    before = [p for p in _clause(sentence, i) if p.start < sentence.segments[i].start]
    after = sentence.segments[i + 1 : i + 2]
    if (
        "reaction" in sentence.segments[i].roles
        and after
        and key_of(after[0].text) in _CAUSED
        and sentence.value_at(sentence.next(i + 1))
    ):
        return True  # "I have allergies to nuts"
    return any(p.words and p.words[0] in BRINGING for p in before)


def _clause(sentence: Sentence, i: int) -> list[Segment]:
    """Return the clause around ``i``; a colon after it opens the list of what it names."""
    a, b = i, i + 1
    while a > 0 and not sentence.stops(a - 1) and sentence.segments[a - 1].mark not in COMMAS:
        a -= 1
    listed = b < len(sentence.segments) and sentence.segments[b].mark in (":", "：")
    b += listed
    while b < len(sentence.segments) and not sentence.stops(b):
        if sentence.segments[b].mark in COMMAS and not listed:
            break
        b += 1
    return sentence.segments[a:b]


def _since_cause(before: list[Segment]) -> list[Segment]:
    """Return what stands from the last Chinese verb of cause on, whose subject is before it: 成猫一吃牛肉就拉肚子."""
    last = max((n for n, p in enumerate(before) if p.entries), default=0)
    verbs = [n for n, p in enumerate(before[:last]) if key_of(p.text) in _HAN_CAUSES]
    return before[verbs[-1] :] if verbs else before


def _before(sentence: Sentence, before: list[Segment]) -> Iterator[Segment]:
    """Yield the values before a reaction, unless something parts them or they are asked for."""
    for n, p in enumerate(before):
        asked = any("want" in q.roles for q in before[:n]) or any(key_of(q.text) in APART for q in before[n + 1 :])
        if sentence.value_at(sentence.place(p)) and not asked:
            yield p


def _after(sentence: Sentence, after: list[Segment]) -> Iterator[Segment]:
    """Yield the values after a reaction that a word of cause, or a colon, leads to."""
    led = False
    for p in after:
        led = led or key_of(p.text) in CAUSES or p.mark in (":", "：")
        if not led and key_of(p.text) in APART:
            return
        if led and sentence.value_at(sentence.place(p)):
            yield p
