"""Read that somebody has never done a thing as a wish for what suits beginners: "I've never paddled before", "noch nie genäht", 没学过."""

from __future__ import annotations

from ....core.language.keys import key_of, value_key
from ....core.language.value_entry import BROADER
from ....core.language.word_groups import word_group
from .sentence import Sentence, Wish

NEVER = frozenset("never havent hasnt nie niemals 没 没有".split())  # noqa: SIM905
REACH = 4
"""Segments after the verb among which "before" stands."""


def first_timers(sentence: Sentence) -> None:
    """Ask for what suits beginners, or refuse what does not, where a catalogue tells."""
    entries = [e for e in sentence.language.values.get(value_key("beginner"), ()) if e.rank <= BROADER]
    for i, s in enumerate(sentence.segments) if entries else ():
        if s.used or key_of(s.text) not in NEVER or i + 1 >= len(sentence.segments):
            continue
        end = _end(sentence, i)
        if end:
            said = sentence.segments[i:end]
            sentence.found.wishes.append(Wish(entries[0], said))
            for piece in said:
                piece.used = "wanted"


def _end(sentence: Sentence, i: int) -> int:
    """Return where "never done it before" at ``i`` ends, or 0: by its "before", the "noch" in front or the 过 behind."""
    verb = sentence.segments[i + 1]
    if not verb.words or verb.mark or verb.words[0] in word_group("handling_verbs"):
        return 0
    if i and key_of(sentence.segments[i - 1].text) == "noch":
        return i + 2
    for j in range(i + 2, min(i + 2 + REACH, len(sentence.segments))):
        if sentence.stops(j) or sentence.segments[j].mark:
            return 0
        if key_of(sentence.segments[j].text) in ("before", "过"):
            return j + 1
    return 0
