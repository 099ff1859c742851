"""What people say in German, of shops that no word list was written for, is read as the lists say."""

from __future__ import annotations

import pytest

from .sentences import faults, lists_of


@pytest.mark.parametrize("name", lists_of("german"))
def test_sentences_are_read_as_listed(name: str) -> None:
    assert faults(name) == []
