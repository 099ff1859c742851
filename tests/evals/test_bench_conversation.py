"""The scripted person of ``bench conversation``: what they wish, what they say, and how a conversation is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tastemaker.core.schemas import Constraint
from tastemaker.evals.requests.catalogues import Shop, records_of
from tastemaker.evals.requests.conversation import MAX_TURNS, explains, talk
from tastemaker.evals.requests.person import ENOUGH, Part, Wish, wishes

INVENTED = ("streaming", "tea")
FILMS = {str(n): {"genres": ["Drama"] if n % 2 else ["Comedy"], "year": 1990 + n} for n in range(10)}
WISH = Wish(
    "streaming",
    (Part(("genres", "contains", "Drama"), True, "a drama", "I want a drama"),),
    (Part(("year", ">=", 1995), True, "from 1995 on", "nothing before 1995"),),
)


@pytest.mark.parametrize("catalogue", INVENTED)
def test_wishes_are_met_by_enough_records_and_the_same_for_the_same_seed(catalogue: str) -> None:
    records = records_of(catalogue, Path())
    made = wishes(catalogue, records, 10, 3)
    assert made == wishes(catalogue, records, 10, 3) != wishes(catalogue, records, 10, 4)
    assert len(made) == 10
    for wish in made:
        assert sum(wish.fits(record) for record in records.values()) >= ENOUGH
        assert wish.opening
        assert "{" not in "".join(part.told + part.complaint for part in wish.parts)


def test_a_person_names_what_the_item_breaks_and_nothing_else() -> None:
    assert WISH.complaint(FILMS["0"]) == "I want a drama"
    assert WISH.complaint(FILMS["1"]) == "nothing before 1995"
    assert WISH.fits(FILMS["7"])


class Scripted:
    """A recommender that is told, by what was said so far in the thread, which ids to show."""

    def __init__(self, show: Callable[[list[str]], list[str]]) -> None:
        self.said: list[str] = []
        self._show = show

    async def recommend(self, *, text: str, thread_id: str, n: int, words: bool) -> Any:
        assert not words
        self.said.append(text)
        items = [SimpleNamespace(item_id=i) for i in self._show(self.said)[:n]]
        understanding = SimpleNamespace(constraints=(Constraint(field="year", op=">=", value=1995.0),))
        return SimpleNamespace(items=items, thread_id=thread_id, understanding=understanding, message="None from 1995.")


async def _talk(show: Callable[[list[str]], list[str]]) -> tuple[Any, list[str]]:
    shop = Scripted(show)
    return await talk(Shop(cast("Any", shop), FILMS), WISH), shop.said


async def test_turns_are_counted_until_the_first_item_is_right_and_more_is_asked_for_after_it() -> None:
    shown = iter([["0"], ["1"], ["5"], ["7"], ["5"], ["9"], ["1"]])
    done, said = await _talk(lambda _: next(shown))
    assert (done.solved, done.turns) == (True, 3)
    assert said[:3] == ["a drama", "I want a drama", "nothing before 1995"]
    assert (done.others, done.singles, done.tried) == (1, 1, 2), "5 was seen before, and 1 is too old"


async def test_a_conversation_ends_unsolved_and_its_empty_lists_are_counted() -> None:
    done, said = await _talk(lambda said: [] if len(said) == 1 else ["0"])
    assert (done.solved, done.turns, done.empty, done.unexplained) == (False, MAX_TURNS, 1, 0)
    assert len(said) == MAX_TURNS


def test_an_empty_list_is_explained_by_a_value_in_force() -> None:
    where = (Constraint(field="year", op=">=", value=1995.0), Constraint(field="genres", op="contains", value="Drama"))
    response = SimpleNamespace(understanding=SimpleNamespace(constraints=where))
    for message, explained in {"No drama fits.": True, "Nothing from 1,995 on": True, "Nothing fits.": False}.items():
        response.message = message
        assert explains(cast("Any", response)) is explained
