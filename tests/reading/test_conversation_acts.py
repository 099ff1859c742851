"""Acts beside asking for items: recognised in the words of many people, answered from the record, the request left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tastemaker.agents.conversation.acts import TurnAct, read_act, referred, value_constraints
from tastemaker.agents.conversation.answers import reply
from tastemaker.agents.conversation.named_titles import named, resolved
from tastemaker.agents.explaining.rendered import render_message
from tastemaker.agents.understanding.by_rules import understand
from tastemaker.core.language.catalogue_language import language_of
from tastemaker.core.protocols import Search
from tastemaker.core.schemas import (
    Brief,
    Candidate,
    CatalogueField,
    CatalogueSchema,
    Condition,
    Constraint,
    Item,
    RankedItem,
    RecommendResponse,
    ShownItem,
    ThreadMemory,
    Understanding,
)
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantCatalogue, constant_services
from tastemaker.graphs.recommender import Recommender

SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="colour", type="text", values=("Blue", "Red", "Black")),
        CatalogueField(name="brand", type="text", values=("Acme", "Zenith")),
        CatalogueField(name="category", type="text", values=("Shoes", "Bags")),
        CatalogueField(name="price", type="number", role="price", unit="EUR", minimum=5, maximum=90),
        CatalogueField(name="year", type="number", minimum=1990, maximum=2020),
    ),
    count=3,
)
LANGUAGE = language_of(SCHEMA)
ITEMS = [
    Item(
        item_id="a", title="Runner One", attributes={"colour": "Blue", "brand": "Acme", "price": 40.0, "year": 2010.0}
    ),
    Item(
        item_id="b", title="Walker Two", attributes={"colour": "Red", "brand": "Zenith", "price": 25.0, "year": 2015.0}
    ),
    Item(item_id="c", title="Sprinter Three", attributes={"colour": "Red", "brand": "Acme", "year": 1999.0}),
]
MEMORY = ThreadMemory(
    turn=1, query="shoes", shown=tuple(ShownItem(item_id=item.item_id, title=item.title) for item in ITEMS)
)


def act(text: str, memory: ThreadMemory = MEMORY) -> TurnAct:
    return read_act(text, memory, LANGUAGE)


def answer(text: str) -> str:
    ranked = tuple(RankedItem(item=item, rank=n, score=1 / n) for n, item in enumerate(ITEMS, 1))
    return reply(act(text), Brief(text=text, items=ranked, price_field="price", price_unit="EUR"))


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("undo", "undo|Undo that, please|go back|take that back|forget my last request|撤销|返回上一步|zurück"),
        (
            "more",
            "show more|more|More please!|next|another one|show me another one|what else|can I see others|anything else?|"
            "还有吗|更多|下一个|换一个|换一批|再来几个|mehr",
        ),
        ("more", "mehr zeigen|zeig mir noch mehr|surprise me|was gibt es sonst noch"),
        ("seen", "kenne ich schon|die zweite kenne ich schon|das habe ich schon gesehen"),
        ("fact", "gibt es die auch in blau?|ist die zweite rot?"),
        ("price of", "was kostet die zweite?|wie teuer ist die erste?"),
        ("why", "why the first one?|Why?|but why did you pick number 2|how come|为什么推荐第一个|warum"),
        (
            "price of",
            "how much is the second?|what does it cost|how much?|price of the last one|第一个多少钱|what's the price of these",
        ),
        (
            "fact",
            "does it come in blue?|is the second red|what colour is the first?|who makes number 2|它是什么颜色|第二个是红色的吗|"
            "which brand is this?|when was it made",
        ),
        (
            "compare",
            "what is the difference between 1 and 3?|compare the first two|第一个和第三个有什么区别|1 vs 2: compare",
        ),
        ("of these", "the cheapest of these|which of these is the newest?|其中最便宜的"),
        (
            "seen",
            "I have seen that one|seen it|I've already got the second one already|we watched Runner One|这个我看过了|i own it",
        ),
        ("thanks", "thanks|OK, thank you!|danke|谢谢|bye"),
        ("pause", "hm|Hmm...|ok|嗯|mal sehen"),
        ("doubt", "are you sure?|bist du sicher?|你确定吗?"),
        ("taken", "I'll take the second|ok, I'll take it|ich nehme die zweite|我就要第二个了"),
        ("refine", "not that brand|a different colour|the same brand as the second|换个颜色"),
    ],
)
def test_acts_are_recognised_however_they_are_put(name: str, texts: str) -> None:
    found = {text: act(text).name for text in texts.split("|")}
    assert found == dict.fromkeys(found, name)


@pytest.mark.parametrize(
    "text",
    [
        "red shoes",
        "do you have it in blue?",
        "more expensive ones",
        "something like the first but cheaper",
        "how much is a red bag",
        "I have Netflix and Hulu",
        "can I have it in red",
        "why not red",
        "next to the sea",
        "the cheapest bag",
        "nothing more than 40",
        "what about the bags",
        "我想要红色的",
        "is there a cheaper one",
    ],
)
def test_wishes_are_no_acts(text: str) -> None:
    assert act(text) == TurnAct(rest=text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("that's no bag, I want a bag", "bag, I want a bag"),
        ("this isn't red", "red"),
        ("it is not a bag", "bag"),
        ("that's not under 30", "under 30"),
        ("这个不是红色的", "红色的"),
        ("that is not what I meant", "that is not what I meant"),
        ("not red", "not red"),
        ("it should not be red", "it should not be red"),
    ],
)
def test_a_complaint_about_what_is_shown_is_the_wish_that_it_is(text: str, meant: str) -> None:
    assert act(text).rest == meant


def test_nothing_is_an_act_in_a_first_turn_and_only_undo_and_more_where_nothing_was_shown() -> None:
    for text in ("undo", "more", "why the first one?"):
        assert act(text, ThreadMemory()).name == "ask"
    bare = ThreadMemory(turn=2)
    assert [act(text, bare).name for text in ("undo", "more", "why?", "how much is it?")] == [
        "undo",
        "more",
        "ask",
        "ask",
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("the second one", "b"),
        ("number 3", "c"),
        ("the last one", "c"),
        ("the first two", "ab"),
        ("walker two", "b"),
        ("it", "a"),
        ("these", "abc"),
        ("第三个", "c"),
        ("number 9", ""),
    ],
)
def test_items_are_found_by_place_title_and_pointing(text: str, ids: str) -> None:
    assert referred(text, MEMORY.shown) == tuple(ids)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("how much is the second?", "Walker Two costs 25 EUR."),
        ("how much is the third?", "The catalogue gives no price for Sprinter Three."),
        ("does it come in blue?", "Yes, Runner One is blue."),
        ("is the second one blue?", "No, Walker Two is red."),
        ("what colour is the second?", "Walker Two is red."),
        ("who makes the second one?", "Walker Two comes from Zenith."),
        ("does it have a zipper?", "The catalogue does not say"),
        ("what is the difference between 1 and 2?", "Runner One costs 40 EUR, is blue"),
        ("why the first one?", "Runner One: "),
        ("how much is the ninth?", "The list does not reach that far."),
        ("are you sure?", "I go by the records"),
        ("I'll take the second", "A good choice: Walker Two."),
        ("第二个多少钱", "Walker Two的价格是25"),
    ],
)
def test_answers_are_the_records(text: str, said: str) -> None:
    assert answer(text).startswith(said)


def test_what_does_not_differ_is_not_told() -> None:
    told = answer("what is the difference between 2 and 3?")
    assert "red" not in told
    assert "Zenith" in told


def test_a_value_of_an_item_shown_becomes_a_condition() -> None:
    def made(text: str) -> list[tuple[str, str, object]]:
        found = act(text)
        items = [item for item in ITEMS if item.item_id in found.item_ids]
        return [(c.field, c.op, c.value) for c in value_constraints(found, items)]

    assert made("not that brand") == [("brand", "!=", "Acme")]
    assert made("the same brand as the second") == [("brand", "=", "Zenith")]
    assert made("not that zipper") == []


def test_what_is_said_beside_an_act_is_left_to_be_read() -> None:
    assert act("I have seen that one, something red").rest == "something red"
    assert act("not that brand, in red").rest == "in red"


TITLES = {"1": "Star Wars", "2": "Psycho", "3": "Batman & Robin", "4": "Toy Story", "5": "Shining, The", "6": "Heat"}


@pytest.mark.parametrize(
    ("text", "left", "ids"),
    [
        ("I've seen Star Wars, what's like it?", "what's like Star Wars?", "1"),
        ("similar to Psycho, please not Psycho", "similar to Psycho", "2"),
        ("batman films but not batman & robin", "batman films", "3"),
        ("something like Toy Story", "something like Toy Story", "4"),
        ("we have already seen The Shining, another horror please", "another horror please", "5"),
        ("看过Psycho,还有什么", "还有什么", "2"),
        ("not red", "not red", ""),
        ("I have Netflix and Hulu", "I have Netflix and Hulu", ""),
        ("I have seen a lot", "I have seen a lot", ""),
        ("in the heat, not blue or green", "in the heat, not blue or green", ""),
    ],
)
def test_titles_that_are_known_or_refused_are_taken_out_and_left_off_the_list(text: str, left: str, ids: str) -> None:
    assert resolved(text, named(text), TITLES) == (left, tuple(ids))


async def test_a_title_named_in_a_first_request_is_not_recommended(tmp_path: Path) -> None:
    [plain] = await _talk(tmp_path, "a print under 50")
    title = plain.items[0].title
    [known] = await _talk(tmp_path, f"I've seen {title}, another print under 50")
    assert plain.items[0].item_id in known.understanding.exclude_item_ids
    assert plain.items[0].item_id not in ids(known)
    assert known.understanding.constraints == plain.understanding.constraints


async def _talk(tmp_path: Path, *texts: str, n: int = 3) -> list[RecommendResponse]:
    async with Recommender(services=constant_services(Settings(home=tmp_path))) as recommender:
        first = await recommender.recommend(text=texts[0], n=n, words=False)
        rest = [
            await recommender.recommend(text=text, thread_id=first.thread_id, n=n, words=False) for text in texts[1:]
        ]
    return [first, *rest]


def ids(response: RecommendResponse) -> list[str]:
    return [item.item_id for item in response.items]


async def test_a_question_leaves_the_list_and_the_request_as_they_are(tmp_path: Path) -> None:
    asked, why, price, unclear, refined = await _talk(
        tmp_path, "a print under 50", "why the first one?", "how much is the second?", "blorp zxqv", "over 10"
    )
    for response in (why, price, unclear):
        assert ids(response) == ids(asked)
        assert response.understanding.constraints == tuple(
            c.model_copy(update={"source": "thread"}) for c in asked.understanding.constraints
        )
    assert why.message.startswith(asked.items[0].title)
    assert asked.items[1].title in price.message
    assert "blorp zxqv" in unclear.message
    assert len(refined.understanding.constraints) == 2


async def test_more_shows_others_until_all_were_shown_and_a_new_wish_starts_anew(tmp_path: Path) -> None:
    first, second, seen, cheaper = await _talk(
        tmp_path, "a print", "show more", "I have seen the first one", "under 1000 euros"
    )
    assert not set(ids(first)) & set(ids(second))
    assert ids(second)[0] not in ids(seen)
    assert not set(ids(first)) & set(ids(seen)), "earlier pages do not come back while paging"
    assert ids(second)[0] in cheaper.understanding.exclude_item_ids, "what was seen stays away"
    assert not set(ids(first)) & set(cheaper.understanding.exclude_item_ids), "what was only paged past does not"


async def test_undo_goes_back_step_by_step_and_says_where_there_is_nothing_left(tmp_path: Path) -> None:
    *_, back, further, nothing = await _talk(tmp_path, "a print under 50", "over 20", "over 30", "undo", "undo", "undo")
    assert {c.value for c in back.understanding.constraints} == {50, 20}
    assert {c.value for c in further.understanding.constraints} == {50}
    assert "nothing to take back" in nothing.message
    assert {c.value for c in nothing.understanding.constraints} == {50}


async def test_a_turn_that_says_nothing_known_never_replaces_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def knows_nothing(_: object, searches: Sequence[Search]) -> list[list[Candidate]]:
        return [[] for _ in searches]

    asked = (await _talk(tmp_path, "a print under 50"))[0]
    monkeypatch.setattr(ConstantCatalogue, "search", knows_nothing)
    first, *after = await _talk(
        tmp_path, "a print under 50", "hm", "thanks", "are you sure?", "blorp zxqv", "well then"
    )
    for response in after:
        assert [c.value for c in response.understanding.constraints] == [50]
        assert response.understanding.query == first.understanding.query == asked.understanding.query
        assert ids(response) == ids(first)
    assert [r.understanding.reading.act for r in after] == ["pause", "thanks", "doubt", "unclear", "refine"]


async def test_starting_again_is_never_unclear_and_too_dear_is_a_wish_for_less(tmp_path: Path) -> None:
    first, cheaper, bounded, afresh = await _talk(
        tmp_path, "a print", "too expensive", "too expensive, 40 at most", "start again"
    )
    dearest = max(float(str(item.attributes["price"])) for item in first.items)
    assert [c.op for c in cheaper.understanding.constraints] == ["<"]
    assert [float(str(c.value)) < dearest for c in cheaper.understanding.constraints] == [True]
    assert [(c.op, c.value) for c in bounded.understanding.constraints] == [("<=", 40)]
    assert afresh.understanding.reading.act == "start again"
    assert not afresh.understanding.constraints


def test_cheaper_means_than_the_list_not_than_what_was_offered_below_it() -> None:
    shown = (
        ShownItem(item_id="a", title="Runner One", price=40.0),
        ShownItem(item_id="b", title="Walker Two", price=80.0, close=True),
        ShownItem(item_id="c", title="Sprinter Three", price=90.0, close=True),
    )
    memory = ThreadMemory(turn=1, query="shoes", shown=shown)
    below = ThreadMemory(turn=1, query="shoes", shown=shown[1:])
    assert [c.value for c in understand("anything cheaper?", (), SCHEMA, memory).constraints] == [40.0]
    assert [c.value for c in understand("anything cheaper?", (), SCHEMA, below).constraints] == [80.0]
    assert act("how much are these?", memory).item_ids == ("a",)


def test_a_list_is_told_in_full_and_its_record_gone_by() -> None:
    fields = (CatalogueField(name="features", type="list", values=("Pool", "Spa", "Gym", "Bar", "Sauna", "Garden")),)
    language = language_of(CatalogueSchema(fields=fields, count=1))
    item = Item(item_id="a", title="House One", attributes={"features": ["Bar", "Gym", "Pool", "Sauna", "Spa"]})
    memory = ThreadMemory(turn=1, query="house", shown=(ShownItem(item_id="a", title=item.title),))
    brief = Brief(text="", items=(RankedItem(item=item, rank=1, score=1.0),), fields=fields)
    said = reply(read_act("does it have a garden?", memory, language), brief)
    assert said.startswith("Not by its record: House One")
    assert "spa" in said.lower()


def test_what_no_record_lists_is_said_where_it_cannot_be_proven() -> None:
    refused = (Constraint(field="allergens", op="not contains", value="Nuts"),)
    bare = tuple(
        RankedItem(item=Item(item_id=i, title=i, attributes=has), rank=1, score=1.0)
        for i, has in (("a", {}), ("b", {"allergens": ["Milk"]}))
    )
    brief = Brief(text="a soup", items=bare, understanding=Understanding(query="soup", constraints=refused))
    assert "None of their records lists nuts." in render_message(brief).text


def test_values_of_an_earlier_turn_are_told_apart() -> None:
    either = Constraint(field="brand", op="in", value=["Acme", "Zenith"])
    said = Condition(condition_id="x", field="brand", op="in", value=["Acme", "Zenith"], words="Acme Zenith")
    understood = Understanding(query="shoes", constraints=(either,), conditions=(said,))
    items = tuple(RankedItem(item=item, rank=n, score=1 / n) for n, item in enumerate(ITEMS, 1))
    brief = Brief(text="under 50", items=items, understanding=understood, fields=SCHEMA.fields)
    assert "Acme or Zenith" in render_message(brief).text
