"""The words of later turns: what compares any number named beside it, and what is said of a value that was asked for or refused before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from .keys import key_of


@cache
def comparing_words() -> Mapping[str, tuple[int, bool]]:
    """Return key -> (1 for more, -1 for less; whether it compares) of the words that compare any number named beside them."""
    table = _listed("comparing_words", ",")
    rows = (("more", 1, True), ("less", -1, True), ("much", 1, False), ("little", -1, False))
    return {key_of(form): (sign, compares) for name, sign, compares in rows for form in table[name]}


@cache
def follow_ups() -> Mapping[str, tuple[str, ...]]:
    """Return what a later turn says of a value that an earlier one asked for or refused, by what it makes of it."""
    return _listed("follow_ups", "\n")


def _listed(name: str, between: str) -> dict[str, tuple[str, ...]]:
    """Return the lists of a data file, the entries of each parted by ``between``."""
    text = (files(__package__) / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    return {
        key: tuple(f.strip() for f in forms.split(between) if f.strip()) for key, forms in yaml.safe_load(text).items()
    }
