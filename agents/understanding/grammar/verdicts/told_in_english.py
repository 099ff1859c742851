"""Name what an English clause tells instead of asking for it: "lamb gives her the runs", "he turns his nose up at wet food", "my last one had retinol"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from .....core.language.keys import key_of
from .....core.language.lexicon.verbs import is_past, is_verb
from .....core.language.tokens import stem
from .....core.language.word_groups import irregular_verbs, wishing_verbs
from ..bounds.bound import Bound
from ..refusals.words import LACKING
from ..segments import Segment
from ..sentence import Sentence
from .clause import Clause, clauses, is_one, plays, says_in_english
from .settle import take_back, wishes_in

_ASKING = ("want", "only", "demand", "praise", "fine", "soft", "also", "release", "own", "seen", "had_after")
"""Roles of words by which a clause asks for something, or that have a rule of their own."""
_ASKED_FOR = re.compile(
    r"\b(?:do you (?:have|sell|stock|carry)|have you (?:got|anything)|got|is there|are there|i(?:'d| would) like|looking for|show me|find me)"
    r"(?: (?:anything|something|any|one|some|ones|those|these|them)(?:\s+(?:like (?:that|those|this|these|it|them)|similar))?)?[\s;]*(?:[,.?!]|$)",
    re.IGNORECASE,
)
"""Words that ask for what was told before them; none of them denies. What points at an item shown has been taken out."""
MOST_NOUNS, FIRST = 2, 3
REACH = 10
"""Segments before a comparison among which stands what takes it back."""
NEAR = 4
"""Segments after a verb among which stands whom it befalls."""


def told_in_english(sentence: Sentence) -> None:
    """Take back the wishes of every clause that tells what somebody did, or what something did to somebody.

    Nothing is taken back before words that ask for what was told: "my wife saw a black one there, do you have anything like that?"
    """
    asked = max((m.start() for m in _ASKED_FOR.finditer(sentence.text)), default=0)
    bounds = {b.start: b for b in sentence.found.bounds if not b.turned and b.op in ("<", ">", "<=", ">=")}
    for clause in _clauses(sentence):
        if bounds:
            _doubt_bounds(sentence, clause, bounds)
        met = clause and clause[0].start < asked and clause.says("met")
        if not met and not clause.plays(*_ASKING):
            _take_back(sentence, clause)


def pointed_refusals(sentence: Sentence) -> None:
    """Take back the one value before a "not" that speaks of something of its own: "her ex is Omar, so not his place"."""
    for i, s in enumerate(sentence.segments[:-1]):
        if s.used != "unmet" or not plays(s, "not") or not says_in_english(sentence.segments[i + 1], "pointing"):
            continue
        before = [p for p in sentence.segments[:i] if p.entries and p.used in ("wanted", "soft")]
        if len(before) == 1:
            take_back(sentence, wishes_in(sentence, before), *before)


def _clauses(sentence: Sentence) -> Iterator[Clause]:
    """Yield the clauses of a sentence; "and" opens one of its own where a subject follows, with no more than "then" between."""
    for clause in clauses(sentence):
        start = 0
        for n, s in enumerate(clause):
            after = clause[n + 1 : n + 3]
            after = after[1:] if after and says_in_english(after[0], "then") else after[:1]
            if plays(s, "and") and after and _is_subject(after[0]):
                yield Clause(clause[start:n], clause.start + start)
                start = n + 1
        yield Clause(clause[start:], clause.start + start)


def _take_back(sentence: Sentence, clause: Clause) -> None:
    """Take back what a clause tells, from its first value or verb to its last."""
    valued = [n for n, s in enumerate(clause) if s.entries and s.used in ("wanted", "soft")]
    verb = next((n for n in range(len(clause)) if _tells(clause, valued, n)), None) if valued else None
    if not valued or (verb is None and not _is_former(clause, valued)):
        return
    told = valued if verb is None else [*valued, verb]
    said = [s for n, s in enumerate(clause) if n in valued or (min(told) <= n <= max(told) and not s.used)]
    take_back(sentence, wishes_in(sentence, [clause[n] for n in valued]), *said)


def _is_subject(s: Segment) -> bool:
    """Tell whether somebody, or what was named before, does what follows."""
    return says_in_english(s, "subjects") or "it" in s.words


def _is_former(clause: Clause, valued: Sequence[int]) -> bool:
    """Tell whether a clause is of an earlier thing: "last week's Grind was burnt"."""
    opens = any(says_in_english(s, "earlier_ones") for s in clause[:FIRST])
    return opens and any(says_in_english(s, "was_or_had") for s in clause[valued[0] + 1 :])


def _doubt_bounds(sentence: Sentence, clause: Clause, bounds: Mapping[int, Bound]) -> None:
    """Take back a comparison that somebody's unknown verb governs, or that a refused noun has: "I fear anything under 20", "no gym with over 2000 members"."""
    for first, s in enumerate(clause):
        bound = bounds.get(s.start)
        if bound is None:
            continue
        start = max(0, first - REACH)
        before = clause[start:first]
        verb = next((clause[n] for n in range(start, first) if _governs(clause, n)), None)
        cause = verb or _refused_noun(before)
        if cause is not None and not any(plays(p, "want", "demand") for p in before):
            sentence.found.bounds = [b for b in sentence.found.bounds if b is not bound]
            sentence.found.unmet.append((cause.start, bound.end))


def _governs(clause: Clause, n: int) -> bool:
    """Tell whether an unknown verb of somebody's at ``n`` has "anything" or "those" for its object."""
    if not n or not _is_subject(clause[n - 1]):
        return False
    verb = (_is_verb(clause[n]) or _is_plain(clause, n)) and stem(clause[n].words[0]) not in wishing_verbs()
    return verb and any(says_in_english(s, "any_of_them") for s in clause[n + 1 : n + 3])


def _refused_noun(before: Sequence[Segment]) -> Segment | None:
    """Return the refusal of a noun to which "with" joins a comparison, or None."""
    if not any(is_one(s, "having") for s in before[-2:]):
        return None
    for s in reversed(before):
        if plays(s, "not") and key_of(s.text) not in LACKING:
            return s
        if s.roles & {"and", "but"} or not (s.is_glue or s.is_word or s.entries or s.roles & {"terms"}):
            return None
    return None


def _tells(clause: Clause, valued: Sequence[int], n: int) -> bool:
    """Tell whether the word at ``n`` is a verb by which something is told of a value."""
    if _is_verb(clause[n]):
        return _befalls(clause, valued, n) or _did(clause, valued, n)
    used = key_of(clause[n].text) == "used to"
    return valued[-1] > n and (used or (_is_plain(clause, n) and _did(clause, valued, n)))


def _is_verb(s: Segment) -> bool:
    """Tell whether a word that nothing here knows, or "had", is a verb in a finite form."""
    loose = s.text.isascii() and len(s.words) == 1 and not s.used and not s.entries
    return loose and (s.is_word or says_in_english(s, "telling")) and is_verb(s.words[0])


def _is_plain(clause: Clause, n: int) -> bool:
    """Tell whether an unknown word right behind "I" or "we" is a verb in its plain form: "I catch colds from wool"."""
    s = clause[n]
    subject = bool(n) and is_one(clause[n - 1], "pronouns")
    several = n > 1 and says_in_english(clause[n - 2], "owners") and clause[n - 1].text.endswith("s")
    plain = s.is_word and s.text.isascii() and len(s.words) == 1
    return (subject or several) and plain and is_verb(s.words[0], plain=True)


def _befalls(clause: Clause, valued: Sequence[int], n: int) -> bool:
    """Tell whether the verb at ``n`` says what the value that opens the clause does to somebody: "coconut oil clogs my pores"."""
    before = [s for k, s in enumerate(clause[:n]) if k not in valued]
    nouns = [s for s in before if not (s.is_glue or "and" in s.roles)]  # "forest school gave him ticks"
    opened = valued[0] < n and len(nouns) < MOST_NOUNS and all(s.is_word for s in nouns)
    if not opened or any(_is_apart(s) for s in before):
        return False
    whom = any(says_in_english(s, "objects") for s in takewhile(_goes_on, clause[n + 1 : n + 1 + NEAR]))
    named = clause[n - 1].capital and len(clause[n - 1].words) > 1 and n - 1 in valued  # "Ann Lee drones on"
    return whom or named or is_past(clause[n].words[0]) or any(is_one(s, "behind_verbs") for s in clause[n + 1 : n + 2])


def _goes_on(s: Segment) -> bool:
    """Tell whether what a verb is about goes on: the plants of "shade plants that won't poison my dog" are none."""
    return not is_one(s, "opening_relatives")


def _is_apart(s: Segment) -> bool:
    """Tell whether a word parts a verb from the value before it, or from the one after it."""
    return is_one(s, "opening_relatives") or key_of(s.text) in ("to", "for")


def _did(clause: Clause, valued: Sequence[int], n: int) -> bool:
    """Tell whether the verb at ``n`` says what somebody did with a value after it, or what an earlier thing had."""
    after = [k for k in valued if k > n]
    if not after or any(_is_apart(s) for s in clause[n + 1 : after[0]]):
        return False
    lead, word = clause[max(0, n - 2) : n], clause[n].words[0]
    if says_in_english(clause[n], "dwelling"):
        return _is_somebody(lead)  # "my ex lives in Eastgate"
    if word == "had":
        earlier = any(says_in_english(s, "earlier_ones") for s in clause[:n])
        return earlier or any(says_in_english(s, "have_had") for s in lead) or _is_somebody(clause[:n])
    named = n == 1 and clause[0].is_word and clause[0].capital and is_past(word)  # "Rex came back from Ann Lee"
    somebody = any(map(_is_subject, lead)) or _is_somebody(lead) or named
    past = word in irregular_verbs() or word.endswith("ed")
    return somebody and (stem(word) not in wishing_verbs() or (past and not says_in_english(clause[n], "decided")))


def _is_somebody(lead: Sequence[Segment]) -> bool:
    """Tell whether a person, or somebody's thing, is the subject: "my sister", "our machine"."""
    owned = len(lead) > 1 and says_in_english(lead[-2], "owners") and lead[-1].is_word
    return owned or any(s.person and s.text.isascii() for s in lead)
