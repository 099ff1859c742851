"""Say what people call a field of numbers beside its label: "class" of ``class_size``, "a week" of ``hours_per_week``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_HEADS = frozenset("size diameter capacity count dimension dimensions amount".split())  # noqa: SIM905
"""Last words of a name that only say what of the word before them is measured."""
_LIMITS = frozenset("min max minimum maximum number total average avg no num".split())  # noqa: SIM905
_EVERY = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly", "hour": "hourly"}
_SHORT = 3


def number_field_names(name: Sequence[str], words: Sequence[str], unit: str) -> Iterator[str]:
    """Yield what a field of numbers is called besides its label; ``words`` are its ``name`` without the ``unit`` at its end."""
    if "per" in name[1:-1]:
        yield from _per(name)
        return
    if unit.isalpha() and len(unit) > _SHORT and words and name[-1] == unit:
        yield f"{' '.join(words)} {unit}"
    rest = words
    while len(rest) > 1 and (rest[0] in _LIMITS or rest[0] == "of"):
        rest = rest[1:]
    if len(rest) > 1 and rest[-1] in _HEADS:
        yield from _numbers_of(" ".join(rest[:-1]))
    yield from _numbers_of(" ".join(rest))
    label = "".join(words)
    if label[:1] == "距":
        yield from (f"离{label[1:]}", f"距离{label[1:]}")


def _per(words: Sequence[str]) -> Iterator[str]:
    cut = words.index("per")
    what, each = " ".join(words[:cut]), " ".join(words[cut + 1 :])
    forms = [f"per {each}", f"a {each}", f"an {each}", f"each {each}", f"every {each}"]
    forms += [_EVERY[each]] if each in _EVERY else []
    yield from forms
    yield from (f"{what} {form}" for form in forms)


def _numbers_of(name: str) -> Iterator[str]:
    """Yield a name in the singular and in the plural."""
    if not name.isascii() or not name[-1:].isalpha() or len(name) < _SHORT:
        return
    yield name
    yield (
        name[:-1] if name.endswith("s") else f"{name}es" if name.endswith(("s", "x", "ch", "sh", "ss")) else f"{name}s"
    )
    if name.endswith(("ss", "x", "ch")):
        yield f"{name}es"
