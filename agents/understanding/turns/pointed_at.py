"""Refuse the earlier values of a field that a later turn points at: "not that colour", "nicht diese Farbe", 不要这个颜色."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of, value_key
from ....core.language.word_groups import word_group
from ....core.schemas import Constraint
from ..constraint_merge import WANTED
from ..grammar.segments import Segment
from ..grammar.sentence import Parsed, Wish

REACH = 2
"""Segments after a pointing word in which its field is named."""


def pointed_at(
    found: Parsed, segments: Sequence[Segment], earlier: Sequence[Constraint], language: CatalogueLanguage
) -> list[Wish]:
    """Return the refusals of what earlier turns wanted and this one points at; their words are no longer unmet."""
    made: list[Wish] = []
    for n, s in enumerate(segments):
        if "not" not in s.roles or s.entries or n + REACH >= len(segments):
            continue
        pointing, after = segments[n + 1], segments[n + 2 : n + 2 + REACH]
        named = next((p for p in after if p.fields), None)
        if key_of(pointing.text) not in word_group("pointing_words") or named is None:
            continue
        wishes = [
            w for c in earlier if c.field in named.fields and c.op in WANTED for w in _refused(c, s, named, language)
        ]
        if wishes:
            made += wishes
            found.unmet = [(a, b) for a, b in found.unmet if not a <= s.start < b]
            for piece in (s, pointing, named):
                piece.used = "refused"
    return made


def _refused(c: Constraint, negation: Segment, named: Segment, language: CatalogueLanguage) -> list[Wish]:
    """Return one refusal for each value of an earlier wish."""
    values = c.value if isinstance(c.value, list) else [c.value]
    entries = [
        next((e for e in language.values.get(value_key(v), ()) if e.field == c.field and not e.denies), None)
        for v in values
        if isinstance(v, str)
    ]
    return [Wish(e, [negation, named], refused=True) for e in entries if e is not None]
