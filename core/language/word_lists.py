"""Open the word lists beside this module: files of YAML with one entry a line, or several parted by commas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import Any

import yaml

_PARTED = re.compile("[,，\n]")
_CHOICES = re.compile("[()]")


def load_list(name: str) -> dict[str, Any]:
    """Return the file ``data/NAME.yaml``, such as ``fields`` or ``words/german``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files(__package__).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506  both loaders are safe ones
    return loaded


def listed(forms: object) -> tuple[str, ...]:
    """Return the entries of a list in one text, parted by commas or lines."""
    return tuple(f.strip() for f in _PARTED.split(str(forms)) if f.strip())


def written_out(forms: object) -> Iterator[str]:
    """Yield the entries of a list, each in all its choices: 吃不了 and 喝不惯 of (吃|喝)不(了|惯)."""
    for form in listed(forms):
        yield from map("".join, product(*(part.split("|") for part in _CHOICES.split(form))))
