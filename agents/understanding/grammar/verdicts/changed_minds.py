"""Read what the next clause takes back: "I used to hate horror but now I love it", "früher kein Fleisch, heute schon", 以前不喜欢红色，现在喜欢.

And what is left for good: "my Northlight broke, never again", "I loved oud but not any more", "lass den Zucker weg".
"""

from __future__ import annotations

from itertools import pairwise, takewhile

from .....core.language.word_groups import clause_words
from ..evidence import STOPS
from ..segments import Segment
from ..sentence import Sentence
from .clause import Clause, clauses, ends, is_one, plays
from .settle import free, mark, refuse

SHORT = 3
"""Segments of a clause that only tolerates: "but it's ok"."""
MAX_CLAUSE = 7
"""Segments of the clause that takes something back."""
_ENDS = STOPS - {":", "："}


def changes_of_mind(sentence: Sentence) -> None:
    """Settle the one value of a clause of which the next one, or the verb's own end, says that it is otherwise now."""
    found = [c for c in clauses(sentence, _parts) if c]
    for rule in (_no_more, _never_again, _falls_away, _taken_back):
        for before, clause in pairwise([Clause(), *found]):
            rule(sentence, before, clause)


def _parts(sentence: Sentence, i: int) -> bool:
    """Tell whether a clause ends at ``i``; here one does before "so" and "deshalb" as well."""
    return ends(sentence, i) or (not sentence.segments[i].entries and is_one(sentence.segments[i], "therefore"))


def _no_more(sentence: Sentence, before: Clause, clause: Clause) -> None:
    """Refuse the one value of a clause behind which "but not any more" or "aber jetzt nicht mehr" stands; without a word of the past it is in doubt."""
    denial = next((s for s in clause if _denies(s) and not s.used), None)
    value = _only_value(sentence, before)
    contrasts = value and "but" in sentence.segments[clause.start - 1].roles
    if not (value and contrasts and denial and _says_no_more(clause, denial)) or any(map(_denies, before)):
        return
    if before.says("formerly", "past_verbs"):
        _leave(sentence, value, denial)
    else:
        sentence.doubt(sentence.place(value), clause)


def _says_no_more(clause: Clause, denial: Segment) -> bool:
    """Tell whether a clause says no more than that something is no longer so."""
    own = [p for p in clause if p is not denial]
    over = all(p.is_glue or set(p.words) <= clause_words()["no_more"] for p in own)
    return bool(own) and over and clause.says("no_more", "now")


def _never_again(sentence: Sentence, before: Clause, clause: Clause) -> None:
    """Refuse the one value of the clause before a bare "never again", whatever was told of it: "my Northlight broke, never again"."""
    value = _only_value(sentence, before)
    said = len(clause) == 1 and not clause[0].used and is_one(clause[0], "never_again") and not clause[0].entries
    if said and value and not any(_denies(p) or "except" in p.roles for p in before):
        _leave(sentence, value, clause[0])


def _falls_away(sentence: Sentence, _: Clause, clause: Clause) -> None:
    """Refuse the one value between a German verb and its particle: "also fallen die Studententarife weg", "lass den Zucker weg"."""
    verb = next((n for n, s in enumerate(clause) if not s.used and is_one(s, "dropping")), None)
    if verb is None or not is_one(clause[-1], "dropped"):
        return
    inside = Clause(clause[verb:], clause.start + verb)
    value = _only_value(sentence, inside)
    if value and not any(p.roles & {"not", "except"} for p in inside[:-1]):
        _leave(sentence, value, clause[-1])
        mark(inside, "not", over=False)


def _taken_back(sentence: Sentence, before: Clause, clause: Clause) -> None:
    """Free the one value of a negative clause behind which a short clause says that it is otherwise now."""
    denied = [s for s in before if s.roles & {"not", "not_after"}]  # "not that I don't like it" has two
    between = sentence.segments[before.end : clause.start]
    after = Clause(takewhile(lambda s: "and" not in s.roles, clause), clause.start)
    if len(denied) != 1 or denied[0].used or denied[0].entries or any(s.mark in _ENDS for s in between):
        return
    value = _only_value(sentence, before)
    if value is None or not _is_otherwise(after):
        return
    if any(p.person for p in before):  # "my mum hates red but I love it"
        sentence.doubt(sentence.place(value), denied)
        return
    said = sentence.segments[before.start : after.end]
    free(sentence, value, (p for p in said if not (p.used or p.mark or p.roles & {"and"})))


def _denies(s: Segment) -> bool:
    return plays(s, "not", "not_after")


def _only_value(sentence: Sentence, clause: Clause) -> Segment | None:
    values = [s for k, s in enumerate(clause, clause.start) if sentence.value_at(k)]
    return values[0] if len(values) == 1 else None


def _leave(sentence: Sentence, value: Segment, denial: Segment) -> None:
    refuse(sentence, [value], denial)
    denial.used = "not"


def _is_otherwise(clause: Clause) -> bool:
    """Tell whether a clause wants or bears what was denied before it: "but now I love it", "heute schon", "but it's ok"."""
    if not 0 < len(clause) <= MAX_CLAUSE:
        return False
    if any(s.entries or s.amount is not None or s.used or s.roles & {"not", "not_after", "except"} for s in clause):
        return False
    if clause.says("tolerable") and len(clause) <= SHORT and not any(s.is_word for s in clause):
        return True
    wants = any(s.roles & {"want", "praise", "fine"} for s in clause) or clause.says("wishing")
    return (clause.says("now") and (wants or len(clause) <= SHORT)) or (wants and clause.says("it"))
