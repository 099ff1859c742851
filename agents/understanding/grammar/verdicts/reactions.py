"""Refuse what somebody suffers from, said as an experience: "my skin reacts to wool", "wool makes me itch", "von Wolle krieg ich Ausschlag", 穿羊毛会痒."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .....core.language.word_groups import clause_words
from ..meanings_in_context import says_what_for
from ..segments import Segment
from ..sentence import Sentence
from .clause import Clause, clause_around, is_one, says
from .settle import mark, refuse

COLONS = frozenset(":：")


def reactions(sentence: Sentence) -> None:
    """Read every reaction of a body that no negation turns round."""
    for i, s in enumerate(sentence.segments):
        if s.used or not _reacts(sentence, i):
            continue
        clause = _clause(sentence, i)
        if clause.plays("not"):
            continue
        before, after = clause.before(s), clause.after(s)
        causes = list(_before(sentence, _since_cause(before))) or list(_after(sentence, after))
        if causes:
            refuse(sentence, causes, s)
            s.used = "not"
            mark((p for p in clause if p.is_word or p.person or "reaction" in p.roles), "not", over=False)


def _reacts(sentence: Sentence, i: int) -> bool:
    """Tell whether the segment at ``i`` is a reaction, or an aversion that a colon lists the causes of: "allergies: nuts"."""
    s = sentence.segments[i]
    listed = _opens_list(sentence, i)
    if s.roles & {"not", "not_after"}:
        return listed and "not_after" in s.roles and not s.entries
    reacts = "reaction" in s.roles or says_what_for(s)
    return reacts and (not s.entries or _is_brought_on(sentence, i))


def _opens_list(sentence: Sentence, i: int) -> bool:
    return i + 1 < len(sentence.segments) and sentence.segments[i + 1].mark in COLONS


def _is_brought_on(sentence: Sentence, i: int) -> bool:
    """Tell whether something is said to bring a reaction on that is a value as well: "milk gives me heartburn" where heartburn is treated."""
    s, after = sentence.segments[i], sentence.segments[i + 1 : i + 2]
    if "reaction" in s.roles and after and is_one(after[0], "caused_by"):
        return sentence.value_at(sentence.next(i + 1))  # "I have allergies to nuts"
    return any(p.words and p.words[0] in clause_words()["bringing"] for p in _clause(sentence, i).before(s))


def _clause(sentence: Sentence, i: int) -> Clause:
    """Return the clause around ``i``; a colon after it opens the list of what it names."""
    clause = clause_around(sentence, i)
    if not _opens_list(sentence, i):
        return clause
    end = i + 2
    while not sentence.stops(end):
        end += 1
    return Clause(sentence.segments[clause.start : end], clause.start)


def _since_cause(before: Clause) -> Sequence[Segment]:
    """Return what stands from the last Chinese verb of cause on, whose subject is before it: 成猫一吃牛肉就拉肚子."""
    last = max((n for n, p in enumerate(before) if p.entries), default=0)
    verbs = [n for n, p in enumerate(before[:last]) if says(p, "causing", language="chinese")]
    return before[verbs[-1] :] if verbs else before


def _before(sentence: Sentence, before: Sequence[Segment]) -> Iterator[Segment]:
    """Yield the values before a reaction, unless something parts them or they are asked for: "a cream for itchy skin" wants the cream."""
    for n, p in enumerate(before):
        asked = any("want" in q.roles for q in before[:n]) or any(is_one(q, "parting") for q in before[n + 1 :])
        if sentence.value_at(sentence.place(p)) and not asked:
            yield p


def _after(sentence: Sentence, after: Sequence[Segment]) -> Iterator[Segment]:
    """Yield the values after a reaction that a word of cause, or a colon, leads to."""
    led = False
    for p in after:
        led = led or is_one(p, "causing") or p.mark in COLONS
        if not led and is_one(p, "parting"):
            return
        if led and sentence.value_at(sentence.place(p)):
            yield p
