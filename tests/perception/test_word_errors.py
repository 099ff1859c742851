"""Word errors are counted after both sides are written the same way."""

from __future__ import annotations

import pytest

from tastemaker.evals.media.word_errors import Errors, errors, normal, rate, simple


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In fourteen sixty-five Sweynheim", "in 1465 sweynheim"),
        ("nineteen eighty four", "1984"),
        ("forty-two line", "42 line"),
        ("the fifteenth century, the twenty-first", "the 15th century the 21st"),
        ("three hundred and five dogs", "305 dogs"),
        ("two thousand and six", "2006"),
        ("fifteen or twenty years", "15 or 20 years"),
        ("one two three", "1 2 3"),
        ("a hundred and a half", "a hundred and a half"),
        ("Mr. Smith won't, um, pay $1,000", "mister smith will not pay 1000"),
        ("[Music] it's fine (really)", "it is fine really"),
        ("lower-case letters", "lower case letters"),
    ],
)
def test_english_is_written_one_way(text: str, expected: str) -> None:
    assert " ".join(normal(text)) == expected


def test_the_simple_reading_keeps_words_as_they_are() -> None:
    assert simple("Mr. O'Hara's forty-two DOGS!") == ["mr", "oharas", "forty", "two", "dogs"]


def test_errors_are_the_least_changes() -> None:
    assert errors("the small dog", "the small dog") == Errors(0, 3)
    assert errors("the small dog", "a small dog barks") == Errors(2, 3)
    assert errors("the small dog", "") == Errors(3, 3)
    assert errors("", "hmm dog") == Errors(1, 0)
    assert rate([Errors(1, 3), Errors(0, 7)]) == pytest.approx(0.1)
