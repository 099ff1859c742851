"""What a verdict makes of values: refused, free, or taken back and named as not applied. (What is wanted: ``Sentence.want``.)"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .....core.language.value_entry import BROADER
from ..segments import Segment
from ..sentence import Sentence, Wish


def refuse(sentence: Sentence, values: Iterable[Segment], *by: Segment) -> None:
    """Refuse values in every meaning that is not broader than they are, or else name them; ``by`` are the words that say so."""
    for value in values:
        said = sorted((value, *by), key=lambda s: s.start)
        entries = [e for e in value.entries if e.rank < BROADER and sentence.evident(value, e)]
        sentence.found.wishes += [Wish(e, said, refused=True) for e in entries]
        if not entries:
            sentence.found.unmet.append((said[0].start, said[-1].end))
        value.used = "refused"


def free(sentence: Sentence, value: Segment, around: Iterable[Segment]) -> None:
    """Take a value as neither wanted nor refused, by the words around it."""
    sentence.found.wishes += [Wish(e, [value], released=True) for e in value.entries]
    for s in (value, *around):
        s.used = "release"


def wishes_in(sentence: Sentence, segments: Iterable[Segment], *, refused: bool = False) -> list[Wish]:
    """Return the wishes, or else the refusals, for values among some segments."""
    own = set(map(id, segments))
    return [w for w in sentence.found.wishes if w.refused == refused and not w.released and id(w.segments[-1]) in own]


def take_back(sentence: Sentence, wishes: Sequence[Wish], *around: Segment) -> None:
    """Take wishes back and name them, with the words that speak against them, as not applied."""
    gone = set(map(id, wishes))
    sentence.found.wishes = [w for w in sentence.found.wishes if id(w) not in gone]
    name(sentence, [*(s for w in wishes for s in w.segments), *around])


def name(sentence: Sentence, said: Sequence[Segment]) -> None:
    """Name all from the first to the last of some segments as not applied."""
    sentence.found.unmet.append((min(s.start for s in said), max(s.end for s in said)))
    mark(said, "unmet")


def mark(segments: Iterable[Segment], how: str, *, over: bool = True) -> None:
    """Note how segments were used; those that have a use keep it where not ``over``."""
    for s in segments:
        s.used = how if over else s.used or how
