"""Find the columns that an item's id, title, text, picture and link are taken from: as said, as the layout has them, or by common names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.errors import InvalidRequestError
from .column import ITEM_FIELDS
from .column_names import FIELD_NAMES, TITLE_ENDS, simple
from .layouts import PLAIN, Layout


def plan_fields(names: Sequence[str], mapping: Mapping[str, str] | None, layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return item field -> columns: by ``mapping`` (target -> column, or columns joined by ``+``), layout or common names.

    Raises:
        InvalidRequestError: a mapped column does not exist, or none holds the id or the title; names ``mapping.TARGET``.
    """
    fields = _said_or_layout(names, mapping or {}, layout)
    used = {name for sources in fields.values() for name in sources} | {
        s for t, s in (mapping or {}).items() if t not in ITEM_FIELDS
    }
    plain = {simple(name): name for name in reversed(names) if name not in used}
    for target in ITEM_FIELDS:
        found = next((plain[n] for n in FIELD_NAMES[target] if n in plain), None)
        if target not in fields and found is not None and not (target == "text" and layout.fields.get("text")):
            fields[target] = (found,)
            plain.pop(simple(found))
    _by_endings(fields, names, plain)
    forms = _forms(names, fields.get("title", ())) if layout is PLAIN and "text" not in (mapping or {}) else []
    if forms := [n for n in forms if n not in used]:
        fields["text"] = (*fields.get("text", ()), *forms)
    return {target: fields[target] for target in ITEM_FIELDS if target in fields}


def _said_or_layout(names: Sequence[str], mapping: Mapping[str, str], layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return item field -> columns as a person says, else as the layout has them."""
    fields = {t: existing(t, s, names) for t, s in mapping.items() if t in ITEM_FIELDS}
    for target, columns in layout.fields.items():  # a mapping file names them in the order of the file
        if set(fields.get(target, ())) <= set(columns):
            fields |= {target: tuple(c for c in columns if c in fields[target])} if target in fields else {}
    for target, columns in layout.fields.items():
        have = tuple(c for c in columns if c in names or (layout.key is not None and target != "url"))
        if target not in fields and have:
            fields[target] = have
    return fields


def check_fields(
    fields: Mapping[str, Sequence[str]], names: Sequence[str], needed: Sequence[str] = ("item_id", "title")
) -> None:
    """Check that the fields an item needs have a column.

    Raises:
        InvalidRequestError: one has none; names ``mapping.TARGET``.
    """
    for target in needed:
        if target not in fields:
            listed = ", ".join(names[:30])
            raise InvalidRequestError(
                f"mapping.{target}", f"no column for it; add --map {target}=COLUMN, one of: {listed}"
            )


def _by_endings(fields: dict[str, tuple[str, ...]], names: Sequence[str], plain: Mapping[str, str]) -> None:
    """Add the title and the id where no column is called so outright: "Weinname", ``listing_id``."""
    if "title" not in fields and (ends := [plain[n] for n in plain if TITLE_ENDS.search(n)]):
        fields["title"] = (ends[-1],)  # ``plain`` has the last column first
    if "item_id" not in fields and (found := _only_id(names)):
        fields["item_id"] = (found,)


def _forms(names: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Return the columns of a title in other forms and languages (``name.de``): searched for, and no values to choose."""
    return [n for n in names if any(n.startswith(f"{title}.") for title in titles)]


def _only_id(names: Sequence[str]) -> str:
    """Return the column that must be the id: the only one called so, in the first place."""
    ids = [n for n in names if n.casefold().endswith(("_id", "id")) and "user" not in n.casefold()]
    return ids[0] if ids and ids[0] in names[:2] else ""


def existing(target: str, source: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that ``source`` names, of an item field several joined by ``+``.

    Raises:
        InvalidRequestError: there is none such; names ``mapping.TARGET``.
    """
    sources = (source,) if source in names or target not in ITEM_FIELDS else tuple(source.split("+"))
    for name in sources:
        if name not in names:
            raise InvalidRequestError(f"mapping.{target}", f"no column {name!r}; there are: {', '.join(names[:30])}")
    return sources
