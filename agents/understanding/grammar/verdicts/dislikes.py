"""Refuse what somebody is said in German not to like, or finds too much or bad, whatever adverbs stand between.

"Auf Licht will ich nicht verzichten" wants it. "Wolle vertrage ich leider überhaupt nicht", "Gold ist mir dann doch zu protzig", "Rot find ich echt furchtbar".
"""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.word_groups import clause_words, doubtful_words
from ..refuse_before import listed_with
from ..segments import Segment, is_german
from ..sentence import Sentence, Wish
from .unsettled import clauses

_TOO = frozenset(("zu", "viel zu", "etwas zu", "allzu"))
_ASIDE = frozenset(("and", "or", "also", "soft", "praise", "too"))
"""Roles of words that leave the sign of a sentence alone where one word denies it."""

_OTHERWISE = frozenset(("only", "wanted_double", "release", "except"))
"""Roles of phrases with a "nicht" that deny nothing."""


def dislikes(sentence: Sentence) -> None:
    """Refuse the values of every clause that has a verb of liking, one "nicht" behind it, and nothing else that means something."""
    if not is_german(sentence.segments):
        return
    before: list[Segment] = []
    for clause, mark in clauses(sentence):
        said = [s for s in clause if sentence.value_at(sentence.place(s))]
        values = said or (before if clause and not any(s.entries for s in clause) else [])
        denial = None if not values or mark in ("?", "？") else _denial(clause)
        if denial is not None and (said or _points(clause)) and _is_list(sentence, values):
            _take(sentence, values, denial, wanted=_says(clause[-1], "missing"))
            for s in clause:
                s.used = s.used or ("not" if not s.is_glue else "")
        own = set(map(id, said))
        before = said if all(id(s) in own or s.is_glue or s.fields or s.roles & _ASIDE for s in clause) else []


def _points(clause: Sequence[Segment]) -> bool:
    """Tell whether a clause of its own is about what was named before: "Rosenduft. Den mag ich nicht.", "Gold? Mag ich nicht"."""
    return any(_says(s, "pointing") for s in clause) or _says(clause[0], "likings")


def _is_list(sentence: Sentence, values: Sequence[Segment]) -> bool:
    places = [sentence.place(s) for s in values]
    return {*places} == {*listed_with(sentence, places[-1])}


def _take(sentence: Sentence, values: Sequence[Segment], denial: Segment, *, wanted: bool) -> None:
    for s in values:
        best = sentence.best(s, evident=True)
        sentence.found.wishes += [Wish(e, [s, denial], refused=not wanted) for e in best[: 1 if wanted else None]]
        s.used = "wanted" if wanted else "refused"


def _denial(clause: Sequence[Segment]) -> Segment | None:
    """Return the one word of a clause that says that its values are not liked, where no other word could say otherwise."""
    if any("conditional" in s.roles or s.used for s in clause):
        return None
    denied = [s for s in clause if _says(s, "nots") and not s.roles & _OTHERWISE]
    said = [s for s in clause if not (s.entries or s.is_glue or s.person or s.roles & _ASIDE)]
    if len(denied) == 1 and any(_says(s, "likings") or _says(s, "missing") for s in clause):
        return denied[0] if all(_known(s) for s in said) else None
    last = clause[-1]
    if denied or last.entries or not any(_says(s, "judging") for s in clause):
        return None
    too = len(clause) > 2 and key_of(clause[-2].text) in _TOO and any(_says(s, "bearing") for s in clause)
    bad = key_of(last.text) in doubtful_words()
    return last if (too or bad) and all(_known(s) or s is last or s is clause[-2] for s in said) else None


def _known(s: Segment) -> bool:
    return any(_says(s, part) for part in ("likings", "nots", "degrees", "persons", "judging", "missing"))


def _says(s: Segment, part: str) -> bool:
    return not s.entries and bool(clause_words()[part].intersection(s.words))
