"""Read "or" between conditions on different fields: "a hybrid or an electric one", "red or under 20 euros"."""

from __future__ import annotations

from collections.abc import Sequence

from .bounds.bound import Bound
from .segments import Segment
from .sentence import Sentence, Wish

Said = Wish | Bound


def alternatives(sentence: Sentence) -> None:
    """Link the two conditions on either side of an "or", where each side is one condition on a field of its own.

    A noun after the right one is no part of it: "red or leather shoes" is red or leather, and shoes.
    """
    found = sentence.found
    for i, s in enumerate(sentence.segments):
        if "or" not in s.roles or s.entries or s.used == "bound":
            continue
        a, b = _beside(sentence, i, -1), _beside(sentence, i, 1)
        if a is None or b is None:
            continue
        left, right = _owner(sentence, a), _owner(sentence, b)
        if left is None or right is None or left is right:
            continue
        if _neighbour(sentence, a, -1, left) or _neighbour(
            sentence, b, 1, right, nouns=not sentence.says_what(sentence.segments[a])
        ):
            continue
        group = next((g for g in found.either if left in g), None)
        if group is None:
            found.either.append([left, right])
        else:
            group.append(right)
    found.either = [g for g in found.either if len({_field(said) for said in g}) > 1]


def _field(said: Said) -> str:
    return said.entry.field if isinstance(said, Wish) else said.field


def _beside(sentence: Sentence, i: int, step: int) -> int | None:
    """Return the nearest segment that says something, or None at the edge of a clause."""
    i += step
    while 0 <= i < len(sentence.segments) and sentence.segments[i].is_glue and not sentence.segments[i].used:
        i += step
    inside = 0 <= i < len(sentence.segments)
    return i if inside and sentence.segments[i].used in ("wanted", "bound") else None


def _owner(sentence: Sentence, i: int) -> Said | None:
    """Return the one condition that a segment made, or None where it made none or a range."""
    s = sentence.segments[i]
    wishes: Sequence[Said] = [
        w for w in sentence.found.wishes if s in w.segments and w.must and not w.released and not w.refused
    ]
    bounds: Sequence[Said] = [b for b in sentence.found.bounds if b.start <= s.start < b.end and not b.turned]
    made = [*wishes, *bounds]
    return made[0] if len(made) == 1 else None


def _neighbour(sentence: Sentence, i: int, step: int, own: Said, *, nouns: bool = False) -> bool:
    """Tell whether another condition stands beside the one at ``i``, away from the "or", so that more is joined than one."""
    k = i + step
    while 0 <= k < len(sentence.segments):
        s = sentence.segments[k]
        if s.mark or s.is_word or s.roles & {"and", "or", "want", "but"}:
            return False
        if step > 0 and isinstance(own, Wish) and s.used == "bound":
            return False
        if s.used in ("wanted", "bound") and _owner(sentence, k) is not own and not (nouns and _is_noun(sentence, s)):
            return True
        k += step
    return False


def _is_noun(sentence: Sentence, s: Segment) -> bool:
    return bool(s.entries) and sentence.says_what(s)
