"""Read what the next clause takes back: "I used to hate horror but now I love it", "früher kein Fleisch, heute schon", 以前不喜欢红色，现在喜欢.

And what is left for good: "my Northlight broke, never again", "I loved oud but not any more", "lass den Zucker weg".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .....core.language.word_groups import clause_words
from ..segments import Segment
from ..sentence import COMMAS, STOPS, Sentence
from .clause import Clause, clause_around, is_one, plays
from .settle import free, refuse

SHORT = 3
"""Segments of a clause that only tolerates: "but it's ok"."""
MAX_CLAUSE = 7
"""Segments of the clause that takes something back."""
_ENDS = STOPS - {":", "："}


def changes_of_mind(sentence: Sentence) -> None:
    """Settle the one value of a clause of which the next one, or the verb's own end, says that it is otherwise now."""
    _no_more(sentence)
    _never_again(sentence)
    _falls_away(sentence)
    _taken_back(sentence)


def _no_more(sentence: Sentence) -> None:
    """Refuse the one value of a clause behind which "but not any more" or "aber jetzt nicht mehr" stands; without a word of the past it is in doubt."""
    for i in _denials(sentence):
        clause = _around(sentence, i)
        link = sentence.segments[clause.start - 1 : clause.start]
        if clause.start < 2 or "but" not in link[0].roles or not _says_no_more(clause, sentence.segments[i]):
            continue
        before = _clause_before(sentence, clause.start - 1)
        value = _only_value(sentence, before)
        if value is None or any(p.roles & {"not", "not_after"} for p in before):
            continue
        if before.words & (clause_words()["formerly"] | clause_words()["past_verbs"]):
            refuse(sentence, [value], sentence.segments[i])
            sentence.segments[i].used = "not"
        else:
            sentence.doubt(sentence.place(value), clause)


def _says_no_more(clause: Clause, denial: Segment) -> bool:
    """Tell whether a clause says no more than that something is no longer so."""
    own = [p for p in clause if p is not denial]
    known = clause_words()["no_more"]
    told = bool(clause.words & (known | clause_words()["now"]))
    return told and bool(own) and all(p.is_glue or set(p.words) <= known for p in own)


def _never_again(sentence: Sentence) -> None:
    """Refuse the one value of the clause before a bare "never again", whatever was told of it: "my Northlight broke, never again"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries or not is_one(s, "never_again") or i < 2 or not _parts(sentence, i - 1):
            continue
        before = _around(sentence, i - 2)
        value = _only_value(sentence, before)
        denied = any(p.roles & {"not", "not_after", "except"} for p in before)
        if value is not None and not denied and _parts(sentence, i + 1):
            refuse(sentence, [value], s)
            s.used = "not"


def _falls_away(sentence: Sentence) -> None:
    """Refuse the one value between a German verb and its particle: "also fallen die Studententarife weg", "lass den Zucker weg"."""
    for i, s in enumerate(sentence.segments):
        if s.used or not is_one(s, "dropping"):
            continue
        around = _around(sentence, i)
        clause = Clause(around[i - around.start :], i)
        value = _only_value(sentence, clause)
        if value is None or not is_one(clause[-1], "dropped") or any(p.roles & {"not", "except"} for p in clause[:-1]):
            continue
        refuse(sentence, [value], clause[-1])
        for piece in clause:
            piece.used = piece.used or "not"


def _taken_back(sentence: Sentence) -> None:
    """Free the one value of a negative clause behind which a short clause says that it is otherwise now."""
    for i in _denials(sentence):
        clause = _around(sentence, i)
        value, after = _only_value(sentence, clause), _clause_after(sentence, clause.end)
        once = sum(1 for p in clause if p.roles & {"not", "not_after"}) == 1  # "not that I don't like it"
        if value is None or not once or not _is_otherwise(after):
            continue
        if any(p.person for p in clause):  # "my mum hates red but I love it"
            sentence.doubt(sentence.place(value), [sentence.segments[i]])
            continue
        said = sentence.segments[clause.start : after.end]
        free(sentence, value, (p for p in said if not (p.used or p.mark or p.roles & {"and"})))


def _denials(sentence: Sentence) -> Iterator[int]:
    """Yield where unused negations stand."""
    for i, s in enumerate(sentence.segments):
        if not s.used and plays(s, "not", "not_after"):
            yield i


def _only_value(sentence: Sentence, clause: Clause) -> Segment | None:
    values = [s for k, s in enumerate(clause, clause.start) if sentence.value_at(k)]
    return values[0] if len(values) == 1 else None


def _around(sentence: Sentence, i: int) -> Clause:
    return clause_around(sentence, i, _parts)


def _parts(sentence: Sentence, k: int) -> bool:
    """Tell whether a clause ends at ``k``; here one does before "so" and "deshalb" as well."""
    if sentence.stops(k):
        return True
    s = sentence.segments[k]
    return s.mark in COMMAS or (not s.entries and is_one(s, "therefore"))


def _clause_before(sentence: Sentence, k: int) -> Clause:
    while k > 0 and _parts(sentence, k - 1):
        k -= 1
    return _around(sentence, max(k - 1, 0))


def _clause_after(sentence: Sentence, k: int) -> Clause:
    """Return the clause behind the marks and links from ``k`` on, up to an "and", or an empty one where none is joined to it."""
    start = k
    while k < len(sentence.segments) and _parts(sentence, k) and sentence.segments[k].mark not in _ENDS:
        k += 1
    end = k
    while not _parts(sentence, end) and "and" not in sentence.segments[end].roles:
        end += 1
    return Clause(sentence.segments[k:end] if k > start else (), k)


def _is_otherwise(clause: Sequence[Segment]) -> bool:
    """Tell whether a clause wants or bears what was denied before it: "but now I love it", "heute schon", "but it's ok"."""
    if not 0 < len(clause) <= MAX_CLAUSE:
        return False
    if any(s.entries or s.amount is not None or s.used or s.roles & {"not", "not_after", "except"} for s in clause):
        return False
    if _any(clause, "tolerable") and len(clause) <= SHORT and not any(s.is_word for s in clause):
        return True
    wants = any(s.roles & {"want", "praise", "fine"} for s in clause) or _any(clause, "wishing")
    return (_any(clause, "now") and (wants or len(clause) <= SHORT)) or (wants and _any(clause, "it"))


def _any(clause: Sequence[Segment], group: str) -> bool:
    return Clause(clause).says(group)
