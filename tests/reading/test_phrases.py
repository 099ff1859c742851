"""Phrases by language: which roles a word plays in a text of which languages, and how the lists are kept."""

from __future__ import annotations

from collections import Counter

import pytest

from tastemaker.core.language.keys import key_of
from tastemaker.core.language.phrases import LANGUAGES, phrases, slips
from tastemaker.core.language.spoken_languages import languages_of, roles_in
from tastemaker.core.language.word_lists import load_list, written_out


def roles(text: str, word: str) -> frozenset[str]:
    return roles_in(key_of(word), languages_of(map(key_of, text.split())), accented=not word.isascii())


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("something with war in it", {"english"}),
        ("ich suche etwas mit Leder", {"german"}),
        ("ich suche something nice", {"english", "german"}),
        ("quiero algo sin lana", {"spanish"}),
        ("sans gluten pour moi", {"french"}),
        ("red wool", set()),
    ],
)
def test_a_text_is_of_the_languages_that_its_small_words_tell(text: str, languages: set[str]) -> None:
    assert languages_of(map(key_of, text.split())) == languages


@pytest.mark.parametrize(
    ("text", "word", "role", "plays"),
    [
        ("something with war in it", "war", "filler", False),
        ("das war etwas anderes", "war", "filler", True),
        ("nothing with fur please", "fur", "filler", False),
        ("something für my mother", "für", "filler", True),
        ("mit 15 oder 19 bar", "bar", "except", False),
        ("anything bar wool please", "bar", "except", True),
        ("etwas ohne leder", "ohne", "not", True),
        ("something ohne leather", "ohne", "not", True),
        ("something sin alcohol", "sin", "not", True),
        ("war", "war", "filler", True),
    ],
)
def test_a_word_plays_the_roles_of_the_languages_of_the_text(text: str, word: str, role: str, plays: bool) -> None:
    assert (role in roles(text, word)) is plays


def test_a_slip_is_of_a_word_that_plays_a_part_and_is_no_phrase_itself() -> None:
    assert set(slips().values()) <= phrases().keys()
    assert not slips().keys() & phrases().keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_twice_under_a_role(language: str) -> None:
    for role, forms in load_list(f"phrases/{language}").items():
        twice = [form for form, times in Counter(written_out(forms)).items() if times > 1]
        assert not twice, f"{role} of {language}"
