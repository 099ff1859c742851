"""The commonest wishes and refusals are read in French and Spanish, the rest is named, and no sign is turned."""

from __future__ import annotations

import pytest

from .sentences import faults, lists_of


@pytest.mark.parametrize("name", [*lists_of("french"), *lists_of("spanish")])
def test_sentences_are_read_as_listed(name: str) -> None:
    assert faults(name) == []
