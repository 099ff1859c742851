"""Let no sign be guessed: a value beside a negation that no rule settled is named as not applied, neither wanted nor refused."""

from __future__ import annotations

from collections.abc import Iterator

from ....core.language.word_data import doubtful_words, key_of
from .segments import Segment
from .sentence import COMMAS, Sentence, Wish

NEGATIVE = frozenset(("not", "not_after", "except", "except_after"))
JUDGING = frozenset(
    "is are was tastes taste smells smell feels feel looks look sounds sound seems makes make gives give drives leaves "  # noqa: SIM905
    "ist sind war schmeckt schmecken riecht riechen sieht wirkt macht 太 让 使 觉得".split()
)
"""Verbs that judge what stands before or after them."""
LEADS = frozenset("about with in by from on for of mit aus von und and or oder".split())  # noqa: SIM905
"""Words after which a word that sounds like a refusal speaks of something else: "horror about a forbidden love"."""
OPENERS = frozenset(("no", "none", "kein", "keine", "keinen", "keins"))


def doubts(sentence: Sentence) -> None:
    """Take back every wish whose clause holds a negation that no rule accounted for, and note its words."""
    found = sentence.found
    for clause in _clauses(sentence):
        _doubt_judged(sentence, clause)
        asks = bool(sentence.segments) and sentence.segments[-1].mark in ("?", "？")
        if not (asks or any(_may_deny(s) for s in clause)):
            continue
        inside = {id(s) for s in clause}
        wishes = [w for w in found.wishes if not w.released and id(w.segments[-1]) in inside]
        for wish in wishes:
            negation = _unsettled(clause, wish) or (_asks(sentence, wish) if wish.refused else None)
            if negation is not None:
                found.wishes.remove(wish)
                touched = [*wish.segments, negation]
                found.unmet.append((min(s.start for s in touched), max(s.end for s in touched)))
                wish.segments[-1].used = negation.used = "unmet"


def _doubt_judged(sentence: Sentence, clause: list[Segment]) -> None:
    """Note, rather than want, the value that opens a clause and that unknown words judge: "leather is cruel", "I find wool itchy"."""
    verbs = [s for s in clause if key_of(s.text) in JUDGING or _finds(sentence, s)]
    said = [s for s in clause if s in verbs[:1] or not (s.mark or s.is_glue)]
    verb = said.index(verbs[0]) if verbs else -1
    if verb < 0 or any(s.roles & {"want", "praise", "only", "demand", "fine"} and not s.entries for s in said):
        return
    subject = said[:verb] if said[0].entries else said[verb + 1 : verb + 2]
    judged = said[max(verb, len(subject)) :]
    judgement = [s for s in judged if s is not said[verb] and s not in subject]
    wishes = [w for w in sentence.found.wishes if w.segments[-1] in subject and not w.refused and not w.released]
    if not subject or not wishes or len(subject) > 2 or not judgement or not all(s.is_word for s in judgement):
        return
    for wish in wishes:
        sentence.found.wishes.remove(wish)
    sentence.found.unmet.append((subject[0].start, judgement[-1].end))
    for s in (*subject, *judgement):
        s.used = "unmet"


def _finds(sentence: Sentence, s: Segment) -> bool:
    """Tell whether somebody finds something so: "I find wool dull", but not "I hope to find wool"."""
    if key_of(s.text) not in ("find", "found", "finde", "finden", "fand"):
        return False
    beside = [p.text.casefold() for p in sentence.segments if abs(sentence.place(p) - sentence.place(s)) == 1]
    return bool({"i", "we", "ich", "wir"} & set(beside))


def _may_deny(s: Segment) -> bool:
    """Tell whether a segment that no rule used may turn a value's sign."""
    loose = not s.entries and s.used in ("", "glue")
    return loose and (
        bool(s.roles & NEGATIVE and not s.is_glue)
        or ((s.is_word or "reaction" in s.roles) and key_of(s.text) in doubtful_words())
    )


def _clauses(sentence: Sentence) -> Iterator[list[Segment]]:
    clause: list[Segment] = []
    for i, s in enumerate(sentence.segments):
        if sentence.stops(i) or s.mark in COMMAS:
            yield clause
            clause = []
        else:
            clause.append(s)
    yield clause


def _unsettled(clause: list[Segment], wish: Wish) -> Segment | None:
    own = {id(s) for s in wish.segments}
    last = wish.segments[-1]
    for s in clause:
        if id(s) in own or s.entries or s.used not in ("", "glue"):
            continue
        if s.roles & NEGATIVE and not s.is_glue and not _goes_with(wish, s):
            return s
        if (
            not wish.refused
            and (s.is_word or "reaction" in s.roles)
            and s.start >= last.end
            and key_of(s.text) in doubtful_words()
        ):
            return None if _led(clause, last, s) else s
    return None


def _goes_with(wish: Wish, s: Segment) -> bool:
    """Tell whether a negation only completes the wish's own: the "nor" of "neither", the 以外 of 除了."""
    excepts = wish.refused and any("except" in p.roles for p in wish.segments)
    return "nor" in s.roles or (excepts and bool(s.roles & {"except_after", "free"}))


def _led(clause: list[Segment], value: Segment, word: Segment) -> bool:
    """Tell whether something else than the value is what a word after it speaks of."""
    between = [p for p in clause if value.end <= p.start < word.start]
    return any(p.entries or p.amount is not None or key_of(p.text) in LEADS for p in between)


def _asks(sentence: Sentence, wish: Wish) -> Segment | None:
    """Return the "no" of "no red ones?", which rather asks for red ones."""
    first = next((s for s in sentence.segments if not s.mark), None)
    asked = sentence.segments[-1].mark in ("?", "？") if sentence.segments else False
    short = sum(1 for s in sentence.segments if not (s.mark or s.is_glue)) <= len(wish.segments)
    if asked and short and first is not None and key_of(first.text) in OPENERS and first in wish.segments:
        return first
    return None
