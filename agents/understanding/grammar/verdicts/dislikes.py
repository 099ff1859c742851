"""Refuse what somebody is said in German not to like, or finds too much or bad, whatever adverbs stand between.

"Auf Licht will ich nicht verzichten" wants it. "Wolle vertrage ich leider überhaupt nicht", "Gold ist mir dann doch zu protzig", "Rot find ich echt furchtbar".
English and Chinese say it by phrases ("I can't stand", 受不了), which ``refusals`` reads.
"""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.word_groups import doubtful_words
from ..refusals.refuse_before import listed_with
from ..segments import Segment, is_german
from ..sentence import Sentence, Wish
from .clause import Clause, clauses, is_one, says, says_in_german
from .settle import mark, refuse

_ASIDE = frozenset(("and", "or", "also", "soft", "praise", "too"))
"""Roles of words that leave the sign of a sentence alone where one word denies it."""
_OTHERWISE = frozenset(("only", "wanted_double", "release", "except"))
"""Roles of phrases with a "nicht" that deny nothing."""
_KNOWN = ("likings", "nots", "degrees", "persons", "judging", "finding", "supposing", "missing")
"""Groups of the words that such a clause may have."""


def dislikes(sentence: Sentence) -> None:
    """Refuse the values of every clause that has a verb of liking, one "nicht" behind it, and nothing else that means something."""
    if not is_german(sentence.segments):
        return
    before: list[Segment] = []
    for clause in clauses(sentence):
        said = [s for s in clause if sentence.value_at(sentence.place(s))]
        values = said or (before if clause and not any(s.entries for s in clause) else [])
        denial = None if not values or clause.is_question else _denial(clause)
        if denial is not None and (said or _points(clause)) and _is_list(sentence, values):
            _settle(sentence, values, denial, wanted=says_in_german(clause[-1], "missing"))
            mark((s for s in clause if not s.is_glue), "not", over=False)
        own = set(map(id, said))
        before = said if all(id(s) in own or s.is_glue or s.fields or s.roles & _ASIDE for s in clause) else []


def _points(clause: Clause) -> bool:
    """Tell whether a clause of its own is about what was named before: "Rosenduft. Den mag ich nicht.", "Gold? Mag ich nicht"."""
    return clause.says("pointing", language="german") or says_in_german(clause[0], "likings")


def _is_list(sentence: Sentence, values: Sequence[Segment]) -> bool:
    places = [sentence.place(s) for s in values]
    return {*places} == {*listed_with(sentence, places[-1])}


def _settle(sentence: Sentence, values: Sequence[Segment], denial: Segment, *, wanted: bool) -> None:
    if not wanted:
        refuse(sentence, values, denial)
        return
    for s in values:
        sentence.found.wishes += [Wish(e, [s, denial]) for e in sentence.best(s, evident=True)[:1]]
        s.used = "wanted"


def _denial(clause: Clause) -> Segment | None:
    """Return the one word of a clause that says that its values are not liked, where no other word could say otherwise."""
    if any("conditional" in s.roles or s.used for s in clause):
        return None
    denied = [s for s in clause if says(s, "nots") and not s.roles & _OTHERWISE]
    said = [s for s in clause if not (s.entries or s.is_glue or s.person or s.roles & _ASIDE)]
    if len(denied) == 1 and clause.says("likings", "missing"):
        return denied[0] if all(map(_is_known, said)) else None
    bad = None if denied else _judgement(clause)
    return bad if all(_is_known(s) or s in clause[-2:] for s in said) else None


def _judgement(clause: Clause) -> Segment | None:
    """Return the last word of a clause that finds something bad, or too much for somebody."""
    last = clause[-1]
    if last.entries or not clause.says("judging", "finding", "supposing", language="german"):
        return None
    too = len(clause) > 2 and is_one(clause[-2], "too") and clause.says("bearing")
    return last if too or key_of(last.text) in doubtful_words() else None


def _is_known(s: Segment) -> bool:
    return says_in_german(s, *_KNOWN)
