"""Give the values of two kinds of columns their sign: what things lack ("free_from"), and whom or what they are not for ("contraindications")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..schemas import CatalogueField
from ..text.field_names import words_of
from .keys import key_of, value_key
from .states import is_unsuited
from .value_entry import SYNONYM, Entry

Index = Mapping[str, tuple[Entry, ...]]
LACKS = frozenset(
    map(
        key_of,
        (
            "free from",
            "free of",
            "without",
            "does not contain",
            "contains no",
            "excludes",
            "frei von",
            "ohne",
            "ohne zusatz",
            "不含",
            "无添加",
            "不添加",
        ),
    )
)
"""Names of fields that list what things do not have."""


def with_signs(index: Index, fields: Iterable[CatalogueField]) -> Index:
    """Return key -> what a phrase means, with the sign that it has in such columns."""
    of = list(fields)
    lacking = {f.name for f in of if f.type == "list" and key_of(" ".join(words_of(f.name))) in LACKS}
    return _kept_off(_turned(index, lacking), {f.name for f in of if is_unsuited(f.name)})


def _turned(index: Index, fields: set[str]) -> Index:
    """Turn the sign of the values of some fields: who asks for none of something wants it listed there."""
    if not fields:
        return index
    own = tuple(value_key(" ".join(words_of(name))) for name in fields)
    return {
        key: entries
        if key.startswith(own)  # "free from nuts" says it in so many words
        else tuple(e._replace(denies=not e.denies) if e.field in fields else e for e in entries)
        for key, entries in index.items()
    }


def _kept_off(index: Index, fields: set[str]) -> Index:
    """Let what is said of the values of some fields always refuse them, and no word that only comes near mean one."""
    if not fields:
        return index
    return {
        key: tuple(
            e._replace(unsuited=True) if e.field in fields else e
            for e in entries
            if e.field not in fields or e.rank <= SYNONYM
        )
        for key, entries in index.items()
    }
