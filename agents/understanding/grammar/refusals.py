"""Read what is not wanted: how far a "not" reaches, before and after the value, exceptions, allergies, corrections.

A refusal reaches to the end of its clause and over lists joined by "or", "and" and commas; two of them cancel each other. What it
refuses and no field expresses is noted word for word. Nothing that stands in doubt is turned into a wish.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.value_index import BROADER, SYNONYM
from ....core.language.word_data import key_of
from .segments import Segment
from .sentence import COMMAS, STOPS, Sentence, Wish


def refusals(sentence: Sentence) -> None:
    """Read every "not" and every exception, from left to right."""
    i = 0
    while i < len(sentence.segments):
        s = sentence.segments[i]
        if not s.used and not s.entries:
            if "wanted_double" in s.roles:
                s.used = "glue"
            elif "not" in s.roles or "except" in s.roles:
                _refuse_after(sentence, i)
            elif s.roles & {"not_after", "except_after", "free"} and not s.roles & {"filler"}:
                _refuse_before(sentence, i)
            elif (
                s.mark == "-"
                and i + 1 < len(sentence.segments)
                and (i == 0 or sentence.segments[i - 1].end < s.start)
                and sentence.segments[i + 1].start == s.end
            ):
                _refuse_after(sentence, i)
        i += 1


def _refuse_after(sentence: Sentence, i: int) -> None:
    """Refuse the values that a "not" reaches: to the end of its clause, over lists joined by "or", "and", commas."""
    start, refused, negations = i, True, [sentence.segments[i]]
    j = i + 1
    while j < len(sentence.segments):
        s = sentence.segments[j]
        if ("not" in s.roles or "wanted_double" in s.roles) and not s.used and not s.entries:
            refused = not refused
            negations.append(s)
        elif (
            (s.entries and not s.used and sentence.usable(j))
            or sentence.stops(j)
            or s.used
            or s.mark in COMMAS
            or s.is_word
            or s.roles & {"but", "own"}
            or (s.amount is not None and not s.entries)
            or ("want" in s.roles and j > i + 1 and not _only_glue(sentence, i, j))
        ):
            break
        j += 1
    if (
        j < len(sentence.segments)
        and sentence.segments[j].entries
        and not sentence.segments[j].used
        and sentence.usable(j)
    ):
        _take_refused(sentence, j, refused, negations)
        return
    if _names_more(sentence, i) or not _refuse_before(sentence, i):
        _unmet_words(sentence, start)


def _names_more(sentence: Sentence, i: int) -> bool:
    """Tell whether words that mean something follow in the clause, which a "not" is then about."""
    j = i + 1
    while j < len(sentence.segments) and not sentence.stops(j) and sentence.segments[j].mark not in COMMAS:
        s = sentence.segments[j]
        if s.used or s.roles & {"and", "own"}:
            return False
        if s.is_word or s.person or s.entries or s.amount is not None or (s.fields and not s.is_glue):
            return True
        j += 1
    return False


def _only_glue(sentence: Sentence, i: int, j: int) -> bool:
    return all(sentence.segments[k].is_glue or sentence.segments[k].roles for k in range(i + 1, j))


def _take_refused(sentence: Sentence, j: int, refused: bool, negations: Sequence[Segment]) -> None:
    """Take the list of values that begins at ``j`` as refused (or as wanted, after two negations)."""
    group: list[int] = [j]
    phrase_start = [True]
    k = j + 1
    while k < len(sentence.segments):
        s = sentence.segments[k]
        if s.entries and not s.used and sentence.usable(k):
            group.append(k)
            phrase_start.append(False)
            k += 1
            continue
        nxt = _continues(sentence, k, group[-1])
        if nxt is None:
            break
        group.append(nxt)
        phrase_start.append(sentence.segments[k].mark != "的" and not _is_preposition(sentence, k))
        k = nxt + 1
    for n in negations:
        n.used = "not"
    phrases_: list[list[int]] = []
    for position, first in zip(group, phrase_start, strict=True):
        if first:
            phrases_.append([])
        phrases_[-1].append(position)
    for phrase in phrases_:
        _refuse_phrase(sentence, phrase, refused, negations)


def _is_preposition(sentence: Sentence, k: int) -> bool:
    return key_of(sentence.segments[k].text) in ("in", "of", "的", "with", "aus", "von")


def _continues(sentence: Sentence, k: int, last: int) -> int | None:
    """Return the position of the next value of a refused list whose joint begins at ``k``, or None where it ends."""
    s = sentence.segments[k]
    if s.used:
        return None
    if key_of(s.text) in ("in", "of", "的") and not s.entries:
        n = k + 1
        while (
            n < len(sentence.segments)
            and sentence.segments[n].is_glue
            and key_of(sentence.segments[n].text) in ("a", "the", "colour", "color")
        ):
            n += 1
        return (
            n
            if n < len(sentence.segments)
            and sentence.segments[n].entries
            and not sentence.segments[n].used
            and sentence.usable(n)
            else None
        )
    is_or = bool(s.roles & {"or", "nor"}) or s.mark == "/"
    is_and = "and" in s.roles
    is_comma = s.mark in COMMAS
    if not (is_or or is_and or is_comma):
        return None
    n = k + 1
    while (
        n < len(sentence.segments)
        and (sentence.segments[n].is_glue or sentence.segments[n].roles & {"or", "nor", "and", "any"})
        and not sentence.segments[n].entries
    ):
        if sentence.segments[n].roles & {"or", "nor"}:
            is_or, is_comma = True, False
        elif "and" in sentence.segments[n].roles:
            is_and, is_comma = True, False
        n += 1
    if (
        n >= len(sentence.segments)
        or not sentence.segments[n].entries
        or sentence.segments[n].used
        or not sentence.usable(n)
    ):
        return None
    same = bool({e.field for e in sentence.segments[n].entries} & {e.field for e in sentence.segments[last].entries})
    if is_or or (is_and and (same or s.text in "和与跟及以及")) or s.mark == "、":
        return n
    if is_comma and same:
        return n if _closes(sentence, n) else None
    return None


def _closes(sentence: Sentence, n: int) -> bool:
    """Tell whether a list of commas goes on from ``n`` to an "or" or "and": "no horror, war or drama"."""
    k = n + 1
    while (
        k < len(sentence.segments)
        and sentence.segments[k].is_glue
        and not sentence.segments[k].roles & {"or", "and", "nor"}
    ):
        k += 1
    if k >= len(sentence.segments):
        return False
    s = sentence.segments[k]
    if s.roles & {"or", "and", "nor"}:
        m = k + 1
        while m < len(sentence.segments) and sentence.segments[m].is_glue:
            m += 1
        return m < len(sentence.segments) and bool(sentence.segments[m].entries)
    if s.mark in COMMAS:
        m = k + 1
        while (
            m < len(sentence.segments)
            and (sentence.segments[m].is_glue or sentence.segments[m].roles & {"or", "and", "nor"})
            and not sentence.segments[m].entries
        ):
            if sentence.segments[m].roles & {"or", "and", "nor"}:
                return True
            m += 1
        return m < len(sentence.segments) and bool(sentence.segments[m].entries) and _closes(sentence, m)
    return False


def _refuse_phrase(sentence: Sentence, phrase: Sequence[int], refused: bool, negations: Sequence[Segment]) -> None:
    """Refuse one noun phrase: of "black shoes" the black, of "black" the black, of "shoes" the shoes."""
    segs = [sentence.segments[p] for p in phrase]
    kinds = [sentence.says_what(s) for s in segs]
    heads = [s for s, what in zip(segs, kinds, strict=True) if what] if len(segs) > 1 and not all(kinds) else []
    for s in segs:
        if s in heads:
            for entry in sentence.best(s, evident=True)[:1]:
                sentence.found.wishes.append(Wish(entry, [s], must=False))
            s.used = "soft"
            continue
        entries = (
            sentence.best(s, evident=True)
            if not refused
            else [e for e in s.entries if sentence.evident(s, e) and e.rank < BROADER]
        )
        best = min((e.rank for e in entries), default=0)
        for entry in entries:
            if entry.rank > SYNONYM and best <= SYNONYM:
                continue
            sentence.found.wishes.append(Wish(entry, [*negations, s], refused=refused))
        if not entries:
            sentence.found.unmet.append((negations[0].start, s.end))
        s.used = "refused" if refused else "wanted"


def _refuse_before(sentence: Sentence, i: int) -> bool:
    """Refuse the value just before ``i``: "red doesn't suit me", "wool allergy", "nut free", 黑色以外."""
    s = sentence.segments[i]
    k = i - 1
    crossed = False
    while k >= 0 and not sentence.segments[k].entries:
        piece = sentence.segments[k]
        if piece.mark in COMMAS and not crossed and "not" in s.roles:
            crossed = True
        elif (
            piece.mark in STOPS | COMMAS
            or piece.is_word
            or piece.used
            or piece.amount is not None
            or not (piece.is_glue or piece.fields or piece.mark == "-" or piece.roles & {"only", "too"})
        ):
            return False
        k -= 1
    if k < 0 or sentence.segments[k].used or not sentence.usable(k):
        return False
    if "free" in s.roles and i - k > 1 and not any(sentence.segments[m].mark == "-" for m in range(k, i)):
        return False
    group = [k]
    fields = {e.field for e in sentence.segments[k].entries}
    m = k - 1
    while m > 0 and (sentence.segments[m].roles & {"or", "and", "nor"} or sentence.segments[m].mark in "/、"):
        prior = sentence.segments[m - 1]
        if not prior.entries or prior.used or not fields & {e.field for e in prior.entries}:
            break
        group.append(m - 1)
        m -= 2
    for position in group:
        piece = sentence.segments[position]
        for entry in piece.entries:
            if entry.rank < BROADER and sentence.evident(piece, entry):
                sentence.found.wishes.append(Wish(entry, [piece, s], refused=True))
        piece.used = "refused"
    s.used = "not"
    return True


def _unmet_words(sentence: Sentence, i: int) -> None:
    """Note what a "not" refuses and no field expresses, word for word."""
    first, j, words = sentence.segments[i], i + 1, False
    last = first
    while j < len(sentence.segments) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.mark in COMMAS or s.used or s.entries or s.amount is not None:
            break
        if words and (
            s.roles & {"and", "but", "want", "own", "soft", "only"}
            or key_of(s.text) in ("for", "in", "with", "please", "from", "that", "which", "以外")
        ):
            break
        if s.is_word or s.fields or s.person:
            words, last = True, s
        j += 1
    if not words:
        return
    sentence.found.unmet.append((first.start, last.end))
    for k in range(i, len(sentence.segments)):
        if sentence.segments[k].start >= last.end:
            break
        sentence.segments[k].used = "unmet"


def demands(sentence: Sentence) -> None:
    """Note what must be and no field expresses: "must be waterproof", "free shipping", "by Friday"."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"demand", "terms"} or s.entries:
            continue
        j, last = i + 1, s if "terms" in s.roles else None
        k = j
        while k < len(sentence.segments) and key_of(sentence.segments[k].text) in (
            "a",
            "an",
            "the",
            "not",
            "be",
            "very",
            "really",
            "absolutely",
        ):
            k += 1
        if last is None and (
            k >= len(sentence.segments)
            or not (sentence.segments[k].is_word or "terms" in sentence.segments[k].roles)
            or s.end == sentence.segments[k].start
        ):
            continue
        if (
            last is None
            and i
            and key_of(sentence.segments[i - 1].text) in ("who", "they", "he", "she", "we", "i", "you")
        ):
            continue
        while j < len(sentence.segments) and not sentence.stops(j) and sentence.segments[j].mark not in COMMAS:
            piece = sentence.segments[j]
            if piece.used == "unmet" and last is not None:
                last, j = piece, j + 1
                continue
            if piece.used or piece.entries or piece.amount is not None or piece.roles & {"and", "but", "want", "soft"}:
                break
            if piece.is_word or piece.fields or piece.roles & {"terms", "not"}:
                last = piece
            elif last is not None and "terms" in s.roles:
                break
            j += 1
        if last is None:
            continue
        sentence.found.unmet.append((s.start, last.end))
        for piece in sentence.segments[i:j]:
            if piece.start < last.end:
                piece.used = piece.used or "unmet"
