"""Read comparisons of values that are steps of a scale: "nothing above PG-13", "PG or milder", "size M or larger"."""

from __future__ import annotations

from ....core.language.keys import key_of
from ....core.language.value_entry import Entry
from .sentence import Sentence, Wish

DOWN = frozenset(("under", "at_most", "or_less", "under_after", "before"))
UP = frozenset(("over", "at_least", "or_more", "after"))
_TOO = (("too",), ("zu",), ("太",))
"""Last words of refusals such as 不要太."""
_NO_MORE = frozenset(("no more", "not more", "nicht mehr", "kein mehr", "keine mehr", "keinen mehr"))
"""Words for "at most" before a number, and for a refusal before a value."""
OPEN = frozenset(("under", "over", "before", "after"))


def steps(sentence: Sentence) -> None:
    """Turn a compared step into all the steps on its side; a "not" before the comparison turns it round."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.entries:
            continue
        found = [
            (e, sentence.language.steps[e.field, e.wanted[0]])
            for e in s.entries
            if (e.field, e.wanted[0]) in sentence.language.steps
        ]
        if found and not _not_too(sentence, i, *found[0]):
            _compare(sentence, i, *found[0])


def _not_too(sentence: Sentence, i: int, entry: Entry, scale: tuple[str, ...]) -> bool:
    """Refuse the end of the scale of "not too hard": the step itself and those beyond it; return whether that was said."""
    segments, j = sentence.segments, i - 1
    while j >= 0 and "not" not in segments[j].roles and (segments[j].is_glue or segments[j].roles & {"too"}):
        j -= 1
    too = any("too" in s.roles for s in segments[j + 1 : i]) or (j >= 0 and segments[j].words[-1:] in _TOO)
    if j < 0 or not too or "not" not in segments[j].roles or segments[j].used:
        return False
    places = sorted(scale.index(v) for v in entry.wanted if v in scale)
    middle = len(scale) // 2
    beyond = scale[max(places[0], middle) :] if places[-1] >= middle else scale[: places[-1] + 1]
    wish = Wish(
        entry._replace(wanted=beyond, refused=beyond, denies=False), [*segments[j:i], segments[i]], refused=True
    )
    sentence.found.wishes.append(wish)
    for piece in segments[j : i + 1]:
        piece.used = piece.used or "refused"
    return True


def _compare(sentence: Sentence, i: int, entry: Entry, scale: tuple[str, ...]) -> None:
    segments = sentence.segments
    j, k = i - 1, i + 1
    while j >= 0 and (segments[j].is_glue or segments[j].fields) and not segments[j].roles & (DOWN | UP):
        j -= 1
    while k < len(segments) and segments[k].is_glue and not segments[k].roles & (DOWN | UP):
        k += 1
    before = j >= 0 and bool(segments[j].roles & (DOWN | UP)) and not segments[j].used and not segments[j].entries
    after = (
        not before
        and k < len(segments)
        and bool(segments[k].roles & {"or_less", "or_more", "under_after"})
        and not segments[k].used
    )
    if not before and not after:
        return
    word = segments[j] if before else segments[k]
    if key_of(word.text) in _NO_MORE:
        return
    down = bool(word.roles & DOWN) if before else bool(word.roles & {"or_less", "under_after"})
    strict = before and bool(word.roles & OPEN)
    m = j - 1
    while before and m >= 0 and (segments[m].is_glue or segments[m].fields) and "not" not in segments[m].roles:
        m -= 1
    negated = before and m >= 0 and "not" in segments[m].roles and not segments[m].used
    if negated:
        down, strict = not down, not strict
        segments[m].used = "not"
    place = scale.index(entry.wanted[0])
    kept = scale[: place + (not strict)] if down else scale[place + strict :]
    if kept:
        sentence.found.wishes.append(Wish(entry._replace(wanted=kept, refused=kept), [word, segments[i]]))
        word.used = segments[i].used = "wanted"
