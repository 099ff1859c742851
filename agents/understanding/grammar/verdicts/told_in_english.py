"""Name what a clause tells instead of asking for it: "lamb gives her the runs", "he turns his nose up at wet food", "my last one had retinol"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile

from .....core.language.keys import key_of
from .....core.language.lexicon.verbs import is_past, is_verb
from .....core.language.tokens import stem
from .....core.language.word_groups import irregular_verbs, wishing_verbs
from ..bounds.bound import Bound
from ..refused_values import LACKING
from ..segments import Segment
from ..sentence import COMMAS, Sentence

_ASKING = frozenset(("want", "only", "demand", "praise", "fine", "soft", "also", "release", "own", "seen", "had_after"))
"""Roles of words by which a clause asks for something, or that have a rule of their own."""
_SUBJECTS = frozenset("i ive we weve he hes she shes they theyve it".split())  # noqa: SIM905
_OBJECTS = frozenset("me my him his her us our them their".split())  # noqa: SIM905
_POINTING = frozenset("that those this these his her hers their theirs him them there".split())  # noqa: SIM905
_FORMER = frozenset("last previous old first other".split())  # noqa: SIM905
"""What a thing is called that somebody had."""
_ANY = frozenset("anything everything those ones any all whatever".split())  # noqa: SIM905
_WITH = frozenset(("with", "having", "that has", "that have", "has", "have"))
_ADVERBS = frozenset("every always on off up down apart out away again badly".split())  # noqa: SIM905
"""Words behind a verb that stands without an object: "Eastgate floods every winter"."""
_DWELLING = frozenset("lives lived works worked".split())  # noqa: SIM905
_OWNERS = frozenset("my our his her their".split())  # noqa: SIM905
_TELLING = frozenset("had bought went came gave took saw".split())  # noqa: SIM905
"""Pasts that are words of everyday grammar as well."""
_WAS = frozenset("was were had".split())  # noqa: SIM905
_DECIDED = frozenset("chose picked decided opted settled wanted hoped fancied".split())  # noqa: SIM905
"""Pasts of verbs by which somebody asks all the same."""
MOST_NOUNS, FIRST = 2, 3
_HAVING = frozenset("ive weve hes shes theyve".split())  # noqa: SIM905
_RELATIVE = frozenset("that which who whose if when".split())  # noqa: SIM905
_APART = frozenset("that which who whose to for if when".split())  # noqa: SIM905
"""Words that part a verb from the value before it, or from the one after it."""
_THEN = frozenset("now then so".split())  # noqa: SIM905
"""Words between "and" and the subject of a clause."""
_ASKED_FOR = re.compile(
    r"\b(?:do you (?:have|sell|stock|carry)|have you (?:got|anything)|got|is there|are there|i(?:'d| would) like|looking for|show me|find me)"
    r"(?: (?:anything|something|any|one|some|ones|those|these|them)(?:\s+(?:like (?:that|those|this|these|it|them)|similar))?)?[\s;]*(?:[,.?!]|$)",
    re.IGNORECASE,
)
"""Words that ask for what was told before them; none of them denies. What points at an item shown has been taken out."""
_MET = frozenset("saw seen noticed spotted found bought wore".split())  # noqa: SIM905
"""Verbs of what somebody came across, of which more may be asked for; what gave a headache is not."""
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
        if clause and clause[0].start < asked and any(set(s.words) & _MET for s in clause):
            continue
        valued = [n for n, s in enumerate(clause) if s.entries and s.used in ("wanted", "soft")]
        if not valued or any(s.roles & _ASKING and not s.entries for s in clause):
            continue
        verb = next((n for n in range(len(clause)) if _tells(clause, valued, n)), None)
        if verb is not None or _is_former(clause, valued):
            _name(sentence, clause, valued, valued[0] if verb is None else verb)


def pointed_refusals(sentence: Sentence) -> None:
    """Take back the one value before a "not" that speaks of something of its own: "her ex is Omar, so not his place"."""
    for i, s in enumerate(sentence.segments):
        words = {w for p in sentence.segments[i + 1 : i + 2] for w in p.words}
        if s.used != "unmet" or "not" not in s.roles or s.entries or not words & _POINTING:
            continue
        before = [p for p in sentence.segments[:i] if p.entries and p.used in ("wanted", "soft")]
        if len(before) == 1:
            own = before[0]
            sentence.found.wishes = [w for w in sentence.found.wishes if w.refused or w.segments[-1] is not own]
            sentence.found.unmet.append((own.start, own.end))
            own.used = "unmet"


def _doubt_bounds(sentence: Sentence, clause: list[Segment], bounds: Mapping[int, Bound]) -> None:
    """Take back a comparison that somebody's unknown verb governs, or that a refused noun has: "I fear anything under 20", "no gym with over 2000 members"."""
    for first, s in enumerate(clause):
        bound = bounds.get(s.start)
        if bound is None:
            continue
        start = max(0, first - REACH)
        before = clause[start:first]
        verb = next((n for n in range(start, first) if _governs(clause, n)), None)
        cause = verb if verb is not None else _refused_noun(before, start)
        if cause is None or any(p.roles & {"want", "demand"} and not p.entries for p in before):
            continue
        sentence.found.bounds = [b for b in sentence.found.bounds if b is not bound]
        sentence.found.unmet.append((clause[cause].start, bound.end))


def _governs(clause: list[Segment], n: int) -> bool:
    """Tell whether an unknown verb of somebody's at ``n`` has "anything" or "those" for its object."""
    subject = bool(n) and bool(set(clause[n - 1].words) & _SUBJECTS)
    verb = (_is_verb(clause[n]) or _is_plain(clause, n)) and stem(clause[n].words[0]) not in wishing_verbs()
    return subject and verb and any(set(s.words) & _ANY for s in clause[n + 1 : n + 3])


def _refused_noun(before: list[Segment], start: int) -> int | None:
    """Return the position of the refusal of a noun to which "with" joins a comparison, or None."""
    if not before or not any(key_of(s.text) in _WITH for s in before[-2:]):
        return None
    for n in range(len(before) - 1, -1, -1):
        s = before[n]
        if "not" in s.roles and not s.entries and key_of(s.text) not in LACKING:
            return start + n
        if s.roles & {"and", "but"} or not (s.is_glue or s.is_word or s.entries or s.roles & {"terms"}):
            return None
    return None


def _tells(clause: list[Segment], valued: list[int], n: int) -> bool:
    if _is_verb(clause[n]):
        return _befalls(clause, valued, n) or _did(clause, valued, n)
    used = key_of(clause[n].text) == "used to"
    return any(k > n for k in valued) and (used or (_is_plain(clause, n) and _did(clause, valued, n)))


def _is_plain(clause: list[Segment], n: int) -> bool:
    """Tell whether an unknown word right behind "I" or "we" is a verb in its plain form: "I catch colds from wool"."""
    s = clause[n]
    subject = bool(n) and clause[n - 1].words in (("i",), ("we",), ("they",), ("he",), ("she",), ("it",))
    several = n > 1 and bool(set(clause[n - 2].words) & _OWNERS) and clause[n - 1].text.endswith("s")
    return (
        (subject or several)
        and s.is_word
        and s.text.isascii()
        and len(s.words) == 1
        and is_verb(s.words[0], plain=True)
    )


def _clauses(sentence: Sentence) -> list[list[Segment]]:
    """Return the clauses of a sentence; "and" and "so" open one of their own where a subject follows."""
    found: list[list[Segment]] = [[]]
    for i, s in enumerate(sentence.segments):
        following = sentence.segments[i + 1 : i + 3]
        following = following[1:] if following and set(following[0].words) & _THEN else following[:1]
        opens = "and" in s.roles and not s.entries and _is_subject(following)
        if sentence.stops(i) or s.mark in COMMAS or opens:
            found.append([])
        else:
            found[-1].append(s)
    return found


def _is_subject(following: list[Segment]) -> bool:
    return bool(following) and bool(set(following[0].words) & _SUBJECTS)


def _is_verb(s: Segment) -> bool:
    """Tell whether a word that nothing here knows, or "had", is a verb in a finite form."""
    loose = s.text.isascii() and len(s.words) == 1 and not s.used and not s.entries
    return loose and (s.is_word or bool(set(s.words) & _TELLING)) and is_verb(s.words[0])


def _befalls(clause: list[Segment], valued: list[int], n: int) -> bool:
    """Tell whether the verb at ``n`` says what the value that opens the clause does to somebody: "coconut oil clogs my pores"."""
    before = [s for k, s in enumerate(clause[:n]) if k not in valued]
    nouns = [s for s in before if not (s.is_glue or "and" in s.roles)]  # "forest school gave him ticks"
    opened = any(k < n for k in valued) and len(nouns) < MOST_NOUNS and all(s.is_word for s in nouns)
    parted = any(key_of(s.text) in _APART for s in before)
    whom = any(set(s.words) & _OBJECTS for s in takewhile(_goes_on, clause[n + 1 : n + 1 + NEAR]))
    named = n and clause[n - 1].capital and len(clause[n - 1].words) > 1 and n - 1 in valued  # "Ann Lee drones on"
    verb = clause[n].words[0]
    alone = is_past(verb) or (n + 1 < len(clause) and key_of(clause[n + 1].text) in _ADVERBS)
    return opened and not parted and bool(whom or named or alone)


def _goes_on(s: Segment) -> bool:
    """Tell whether what a verb is about goes on: the plants of "shade plants that won't poison my dog" are none."""
    return key_of(s.text) not in _RELATIVE


def _did(clause: list[Segment], valued: list[int], n: int) -> bool:
    """Tell whether the verb at ``n`` says what somebody did with a value after it, or what an earlier thing had."""
    lead = {w for s in clause[max(0, n - 2) : n] for w in s.words}
    after = [k for k in valued if k > n]
    if not after or any(key_of(s.text) in _APART for s in clause[n + 1 : after[0]]):
        return False
    word = clause[n].words[0]
    named = n == 1 and clause[0].is_word and clause[0].capital and is_past(word)  # "Rex came back from Ann Lee"
    somebody = bool(lead & _SUBJECTS) or _is_somebody(clause[max(0, n - 2) : n]) or named
    if word in _DWELLING:
        return _is_somebody(clause[max(0, n - 2) : n])  # "my ex lives in Eastgate"
    if word == "had":
        return bool({w for s in clause[:n] for w in s.words} & _FORMER or lead & _HAVING) or _is_somebody(clause[:n])
    past = word in irregular_verbs() or word.endswith("ed")
    return somebody and (stem(word) not in wishing_verbs() or (past and word not in _DECIDED))


def _is_somebody(lead: list[Segment]) -> bool:
    """Tell whether a person, or somebody's thing, is the subject: "my sister", "our machine"."""
    owned = len(lead) > 1 and bool(set(lead[-2].words) & _OWNERS) and lead[-1].is_word
    return owned or any(s.person and s.text.isascii() for s in lead)


def _is_former(clause: list[Segment], valued: list[int]) -> bool:
    """Tell whether a clause is of an earlier thing: "last week's Grind was burnt"."""
    opens = bool({w for s in clause[:FIRST] for w in s.words} & _FORMER)
    return opens and any(set(s.words) & _WAS and valued[0] < n for n, s in enumerate(clause))


def _name(sentence: Sentence, clause: list[Segment], valued: list[int], n: int) -> None:
    """Note the values of a clause with its verb as not applied."""
    own = {id(clause[k]) for k in valued}
    sentence.found.wishes = [w for w in sentence.found.wishes if w.refused or id(w.segments[-1]) not in own]
    first, last = min(*valued, n), max(*valued, n)
    sentence.found.unmet.append((clause[first].start, clause[last].end))
    for s in clause[first : last + 1]:
        s.used = s.used if s.used and id(s) not in own else "unmet"
