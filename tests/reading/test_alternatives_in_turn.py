"""Where several things are asked for at once, the list shows some of each."""

from __future__ import annotations

import pytest

from tastemaker.core.ranking.relevance import telling
from tastemaker.core.ranking.selection import alternated, kinds_of
from tastemaker.core.schemas import Condition, Item


def items(*values: str) -> list[Item]:
    return [Item(item_id=str(n), title=f"Thing {n}", text="", attributes={"Form": v}) for n, v in enumerate(values)]


def asked(words: str, *values: str) -> list[Condition]:
    return [Condition(field="Form", op="in", value=list(values), condition_id="Form in", words=words)]


def test_every_kind_has_its_best_before_any_has_its_next() -> None:
    assert alternated((4, 0, 1, 2, 3), ["a", "a", "a", "b", "a"]) == (4, 3, 0, 1, 2)


def test_what_only_comes_close_stays_behind() -> None:
    assert alternated((0, 1, 2, 3), ["a", "a", "b", "b"], {2, 3}) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("words", "values", "kinds"),
    [
        ("oar paddle", ("Ash Oar", "Carbon Oar", "Kayak Paddle"), ["oar", "oar", "paddl"]),
        ("桨绳子", ("桨", "绳子", "桨"), ["桨", "绳子", "桨"]),
        ("oar", ("Ash Oar", "Carbon Oar", "Ash Oar"), []),
    ],
)
def test_the_words_said_tell_the_kinds_apart(words: str, values: tuple[str, ...], kinds: list[str]) -> None:
    assert kinds_of(items(*values), asked(words, *dict.fromkeys(values))) == kinds


def told(*texts: str, query: str) -> list[bool]:
    return list(map(bool, telling([Item(item_id=t, title="Oar", text=t) for t in texts], query, ())))


def test_a_common_word_that_few_texts_have_tells_them_apart() -> None:
    assert told("Grips well on either side.", "Floats.", "Light.", "Folds.", query="side grip") == [
        True,
        False,
        False,
        False,
    ]
    assert not any(told("Side grip.", "Side hook.", "Floats.", query="side grip"))  # most have it
    assert not any(told("It is with this.", "Floats.", "Light.", "Folds.", query="with this"))
