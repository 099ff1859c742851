"""Tell columns that hold the least or the most of something, and which two of them belong together: ``min_temp_c`` and ``max_temp_c``."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage, without_unit
from .....core.language.value_entry import FieldTerms
from .....core.schemas import CatalogueField, Operator
from .....core.text.field_names import words_of

_LEAST, _MOST = (
    frozenset(
        [
            "min",
            "minimum",
            "minimal",
            "from",
            "von",
            "ab",
            "mindestens",
            "lowest",
            "least",
            "start",
            "begin",
            "begins",
            "起",
            "最小",
            "最低",
            "最少",
            "下限",
        ]
    ),
    frozenset("max maximum maximal to bis up until end ends hochstens highest 最大 最高 最多 上限".split()),  # noqa: SIM905
)
"""Words of a field's name that say it holds the least or the most of something: who asks for ten players fits below or above."""
_LIMITS = frozenset(("max", "maximum", "min", "minimum", "maximal", "minimal"))
_HAN_LIMITS = ("最小", "最大", "最低", "最高", "最少", "最多", "上限", "下限")


def is_limit(of: CatalogueField) -> bool:
    """Tell whether a field's own name says in so many words that it holds a limit: ``max_length_m``, 最小缸容, but not ``runtime_min``."""
    return bool(_LIMITS & set(without_unit(of)[0])) or any(w in of.name for w in _HAN_LIMITS)


def only_limits(words: Sequence[str]) -> bool:
    """Tell whether words say a limit and nothing of what it is a limit of, so that they name no field: the "ab" of ``ab_alter``."""
    return bool(words) and set(words) <= _LEAST | _MOST


def holds_least(name: str) -> bool:
    """Tell whether a field holds the least of something: ``age_from``, ``alter_von``, 最小年龄."""
    return bool(set(words_of(name)) & _LEAST) or any(w in name for w in _LEAST if not w.isascii())


def holds_most(name: str) -> bool:
    """Tell whether a field holds the most of something: ``max_players``, ``alter_bis``, 最多人数."""
    return bool(set(words_of(name)) & _MOST) or any(w in name for w in _MOST if not w.isascii() and len(w) > 1)


def reaches(most: FieldTerms) -> Operator:
    """Return the comparison by which the most of a pair reaches a value: where some items tell none, theirs is no limit."""
    return "not <" if most.field.gaps else ">="


def pair_of(terms: FieldTerms, language: CatalogueLanguage) -> tuple[FieldTerms, FieldTerms] | None:
    """Return the fields of the least and of the most of what a field is one end of, or None."""
    core = _core(terms.field)
    if core is None or terms.field.role == "price":
        return None
    same = [f for f in language.fields.values() if f.measure == terms.measure and _core(f.field) == core]
    least = [f for f in same if _is_least(f.field)]
    most = [f for f in same if not _is_least(f.field)]
    return (least[0], most[0]) if len(least) == len(most) == 1 else None


def _core(of: CatalogueField) -> tuple[str, ...] | None:
    """Return the words of a field's name without those of its limit and its unit; None where it names no limit."""
    words = without_unit(of)[0]
    kept = tuple(w for w in words if w not in _LEAST | _MOST)
    if of.type != "number":
        return None
    if len(kept) < len(words):
        return kept
    for limit in _HAN_LIMITS:
        if limit in of.name:
            return ("".join(words).replace(limit, ""),)
    return None


def _is_least(of: CatalogueField) -> bool:
    words = set(without_unit(of)[0])
    return bool(words & _LEAST) or any(w in of.name for w in ("最小", "最低", "最少", "下限"))
