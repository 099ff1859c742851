"""Note what is refused and no field expresses: words that titles have, else word for word."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.small_words import common_words
from .....core.language.tokens import stem
from .....core.predicates import TITLE
from .....core.schemas import Condition
from ..segments import Segment
from ..sentence import COMMAS, Sentence

MAX_NAMES = 3
"""Words of a refusal that are looked for in titles."""


def _names_in_titles(sentence: Sentence, refused: Sequence[Segment]) -> list[str]:
    """Return the words that are refused, where no field holds them, texts of the catalogue do, and none is an everyday word."""
    said = [s for s in refused if s.is_word or s.entries or s.person or s.fields or s.amount is not None]
    words = [s.words[0] for s in said if s.is_word and len(s.words) == 1]
    if len(words) != len(said) or len(words) > MAX_NAMES or TITLE in sentence.language.fields:
        return []
    known = sentence.language.words
    named = all((w in known or stem(w) in known) and w not in common_words() and len(w) > 1 for w in words)
    own = set(map(id, refused))
    asked = {w for s in sentence.segments if id(s) not in own for w in s.words}
    if named and asked & set(words):  # "batman films but not batman & robin"
        return [sentence.text[said[0].start : said[-1].end]] if len(said) > 1 else []
    return words if named else []


def _name_before(sentence: Sentence, i: int) -> None:
    """Note what a "not" at the end of a clause is about, where it is a word of the grammar that no rule used: "rund soll es nicht sein"."""
    k = i - 1
    while k >= 0 and sentence.segments[k].is_glue and not sentence.segments[k].mark:
        k -= 1
    s = sentence.segments[k] if k >= 0 else None
    ends = i + 1 >= len(sentence.segments) or all(p.is_glue for p in sentence.segments[i + 1 : i + 2] if not p.mark)
    if s is None or s.mark or s.used or s.amount is not None or not ends or not s.roles & {"around", "over", "under"}:
        return
    sentence.found.unmet.append((s.start, sentence.segments[i].end))
    for piece in sentence.segments[k : i + 1]:
        piece.used = "unmet"


def note_unmet(sentence: Sentence, i: int) -> None:
    """Note what a "not" refuses and no field expresses, word for word."""
    first = last = sentence.segments[i]
    j, words = i + 1, False
    while j < len(sentence.segments) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.mark in COMMAS or s.used or (s.amount is not None and not s.entries) or (words and s.text == "的"):
            break
        ends = s.roles & {"and", "but", "want", "own", "soft", "only"} or key_of(s.text) in (
            "for",
            "in",
            "with",
            "please",
            "from",
        )
        if words and ends and not s.entries:
            break
        if s.is_word or s.fields or s.person or s.entries:
            words, last = True, s
        j += 1
    if not words:
        _name_before(sentence, i)
        return
    names, said = _names_in_titles(sentence, sentence.segments[i + 1 : j]), sentence.text[first.start : last.end]
    sentence.found.conditions += [
        Condition(condition_id="", field=TITLE, op="not contains", value=name, words=said, refused=True)
        for name in names
    ]
    if not names:
        sentence.found.unmet.append((first.start, last.end))
    for s in sentence.segments[i:j]:
        if s.start < last.end:
            s.used = "unmet"
