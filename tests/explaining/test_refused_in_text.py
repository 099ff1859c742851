"""What an item's own text says of a thing that a request refuses and no field tells decides where the item stands."""

from __future__ import annotations

import pytest

from tastemaker.agents.explaining.rendered import render_composition
from tastemaker.core.predicates import TITLE
from tastemaker.core.ranking.refused_in_text import denies, refused_thing, refused_things, told_of, told_of_all
from tastemaker.core.schemas import Brief, Constraint, Item, Language, RankedItem, Understanding


def item(text: str, title: str = "Thing") -> Item:
    return Item(item_id=text[:20], title=title, text=text)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("not a zip", ("zip",)),
        ("no hanging loop", ("hang", "loop")),
        ("without the smell", ("smell",)),
        ("doesn't squeak", ("squeak",)),
        ("ohne Reißverschluss", ("reißverschluss",)),
        ("kein Glockenton", ("glockenton",)),
        ("不要带盖的", ("带盖",)),
        ("不含香菜", ("香菜",)),
    ],
)
def test_the_thing_refused_is_found_in_three_languages(span: str, words: tuple[str, ...]) -> None:
    thing = refused_thing(span)
    assert thing is not None
    assert len(thing.words) == len(words)
    assert told_of(item(f"{thing.said} is here" if span.isascii() else thing.said), thing) == -1


@pytest.mark.parametrize("span", ["not too loud", "no more than 4", "nicht so teuer", "不太重", "a zip", "mit Deckel"])
def test_a_degree_or_a_wish_refuses_no_thing(span: str) -> None:
    assert refused_thing(span) is None


@pytest.mark.parametrize(
    ("span", "text", "told"),
    [
        ("no zip", "A pouch with a zip and two loops.", -1),
        ("no zip", "A pouch with two loops, no zip needed.", 1),
        ("no zip", "A pouch without a strap but with a zip.", -1),
        ("no zip", "A pouch with two loops.", 0),
        ("no added salt", "No added salt, just herbs.", 1),
        ("no added salt", "Sea salt and herbs.", 0),
        ("without perfume", "A perfume-free soap.", 1),
        ("without perfume", "Perfume is not added.", 1),
        ("not a drum", "A drum that never breaks.", -1),
        ("doesn't squeak", "Hinges that never squeak.", 1),
        ("ohne Deckel", "Ein Topf ohne Deckel.", 1),
        ("ohne Deckel", "Mit Glasdeckel.", -1),
        ("ohne Zucker", "Zuckerfrei und mild.", 1),
        ("nicht klappern", "Die Griffe klappern nicht.", 1),
        ("keine Schleifen", "Kleid mit Schleife und Knöpfen.", -1),
        ("不要香菜", "撒上香菜和葱花。", -1),
        ("不要香菜", "不放香菜，可以备注。", 1),
        ("不要香菜", "撒上葱花。", 0),
    ],
)
def test_a_text_has_a_thing_or_says_that_it_is_without_it(span: str, text: str, told: int) -> None:
    thing = refused_thing(span)
    assert thing is not None
    assert told_of(item(text), thing) == told
    assert denies(text, thing) == (told > 0)


def test_a_word_of_denial_beside_what_is_left_over_counts() -> None:
    wish = Understanding(query="Decke, die nicht kratzt", unparsed=("kratzt",))
    assert told_of_all([item("Wolle, kratzt nicht."), item("Sie kratzt etwas."), item("Weich.")], wish).tolist() == [
        1,
        -1,
        0,
    ]
    assert not told_of_all([item("Wolle.")], Understanding(query="warme Decke", unparsed=("warme",))).any()


def test_what_only_titles_are_held_to_is_looked_for_in_texts() -> None:
    wish = Understanding(constraints=(Constraint(field=TITLE, op="not contains", value="tassel"),))
    assert [t.words for t in refused_things(wish)] == [("tassel",)]
    assert told_of_all([item("A rug with a tassel at each end.")], wish).tolist() == [-1]


@pytest.mark.parametrize(
    ("language", "text", "left", "record", "told"),
    [
        ("en", "a whistle with no pea", "no pea", "Loud whistle, no pea inside.", "“no pea”"),
        ("de", "eine Pfeife ohne Kugel", "ohne Kugel", "Laute Pfeife ohne Kugel.", "„ohne Kugel“"),
        ("zh", "不要带珠的哨子", "不要带珠", "声音响亮，不带珠。", "不要带珠"),
    ],
)
def test_the_answer_quotes_what_the_text_is_without(
    language: Language, text: str, left: str, record: str, told: str
) -> None:
    wish = Understanding(query=text, unparsed=(left,), language=language)
    ranked = (RankedItem(item=item(record), rank=1, score=1.0),)
    said = render_composition(Brief(text=text, understanding=wish, items=ranked))
    assert told in said.message.text
    assert not any(word in said.message.text for word in ("could not", "konnte ich nicht", "无法"))
    assert record.rstrip("。.") in said.reasons[0].text
