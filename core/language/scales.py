"""Tell which columns hold the steps of a scale ("beginner, easy, advanced"; 不辣, 微辣, 特辣), and how people say each step.

A step that a shop does not have is the nearest one at that end: where the hardest is "advanced", that is what "hard" means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from .keys import key_of, value_key
from .phrases import phrases
from .value_concepts import scales

FEWEST_STEPS = 2


class Scale(NamedTuple):
    """The values of one column in order, each with its place on a scale of the word list, and the ways to say that scale's steps."""

    places: tuple[tuple[int, str], ...]
    said: tuple[tuple[str, ...], ...]

    @property
    def values(self) -> tuple[str, ...]:
        """Return the values in order."""
        return tuple(value for _, value in self.places)

    def at(self, place: int) -> tuple[str, ...]:
        """Return the values of a step; for one beyond either end those at that end, for one between two others none."""
        low, high = self.places[0][0], self.places[-1][0]
        return tuple(v for n, v in self.places if n == min(max(place, low), high))


def scale_of(values: Sequence[str]) -> Scale | None:
    """Return the scale of which at least half of the values are steps, or None."""
    best: list[tuple[int, str]] = []
    said: tuple[tuple[str, ...], ...] = ()
    for steps in scales():
        places = {value_key(form): n for n, forms in enumerate(steps) for form in reversed(forms)}
        found = [(places[value_key(v)], v) for v in values if value_key(v) in places]
        if len(found) > len(best):
            best, said = found, steps
    if len({n for n, _ in best}) < FEWEST_STEPS or 2 * len(best) < len(values):
        return None
    return Scale(tuple(sorted(best)), said)


def wordings_of(scale: Scale, taken: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield (form, values, whether the shop has that very step) for the words of a scale that mean nothing else: ``taken`` are what compares numbers."""
    own = {value_key(v) for v in scale.values}
    for place, forms in enumerate(scale.said):
        there = any(n == place for n, _ in scale.places)
        for form in forms if scale.at(place) else ():
            meant = value_key(form) not in own and key_of(form) not in taken and key_of(form) not in phrases()
            if meant and (there or not _refuses(form)):
                yield form, scale.at(place), there


def _refuses(form: str) -> bool:
    """Tell whether a form begins with a refusal: where nothing is "not spicy", it is no other way to say mild."""
    return any(phrases().get(start, frozenset()) & {"not"} for start in (key_of(form).split(" ")[0], form[:1]))
