"""Take back a wish whose sign a trained model reads the other way round: what two readers disagree about is named, not guessed.

The grammar knows what it was told; the model (``models/signs``) has seen many ways to say a thing and generalises. It adds no wish and turns
none round.
"""

from __future__ import annotations

from ....core.language.word_data import doubtful_words, key_of
from ....core.protocols import TellsSigns
from .doubt import NEGATIVE
from .segments import Segment
from .sentence import Sentence, Wish

VALUE, NUMBER = "[v]", "[n]"
"""How a model is told of values and numbers, whose own words do not matter."""
_BEARING = NEGATIVE | {"against", "averse", "reaction", "release", "free", "instead", "than"}
_UNSAID = frozenset(("", "not", "glue", "bound", "order", "release"))
"""Uses of a segment in which it is no value."""


def second_opinion(sentence: Sentence, signs: TellsSigns | None) -> None:
    """Take back each wish that ``signs`` surely reads the other way round, and note its words."""
    wishes = [w for w in sentence.found.wishes if not w.released and is_told_apart(w)]
    if signs is None or not wishes or not any(map(is_unusual, sentence.segments)):
        return
    tokens, places = masked(sentence.segments)
    asked = [w for w in wishes if id(w.segments[-1]) in places]
    for wish, opposed in zip(
        asked, signs.oppose(tokens, [(places[id(w.segments[-1])], w.refused) for w in asked]), strict=True
    ):
        if opposed:
            _take_back(sentence, wish)


def is_told_apart(wish: Wish) -> bool:
    """Tell whether what refuses stands apart from the value, which a model does not see: not so in "sugarfree"."""
    return not wish.refused or len(wish.segments) > 1


def is_unusual(s: Segment) -> bool:
    """Tell whether a segment may bear on a sign: a word that denies, judges or excepts, or one that nothing here knows."""
    return not s.entries and (
        s.is_word or bool(s.roles & _BEARING) or (bool(s.roles) and key_of(s.text) in doubtful_words())
    )


def masked(segments: list[Segment]) -> tuple[list[str], dict[int, int]]:
    """Return the tokens of a text with values and numbers masked, and the place of each value by the id of its segment."""
    tokens: list[str] = []
    places: dict[int, int] = {}
    for s in segments:
        if s.entries and s.used not in _UNSAID:
            places[id(s)] = len(tokens)
            tokens.append(VALUE)
        elif s.mark or s.amount is not None:
            tokens.append(s.mark or NUMBER)
        else:
            tokens += (NUMBER if w.isdigit() else w for w in s.words)
    return tokens, places


def _take_back(sentence: Sentence, wish: Wish) -> None:
    sentence.found.wishes.remove(wish)
    sentence.found.unmet.append((min(s.start for s in wish.segments), max(s.end for s in wish.segments)))
    for s in wish.segments:
        s.used = "unmet"
