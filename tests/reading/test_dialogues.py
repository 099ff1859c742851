"""Turns of one conversation: what each changes of the wish, and what it leaves alone, over shops that no word list was written for."""

from __future__ import annotations

import pytest

from tastemaker.agents.conversation.acts import ANSWERED, read_act
from tastemaker.agents.understanding.by_rules import understand
from tastemaker.agents.understanding.conditions_in_force import with_words
from tastemaker.core.schemas import Constraint, EarlierWish, ShownItem, ThreadMemory, Understanding
from tastemaker.graphs.steps.understand import memory_before

from ..shops.loader import SHOPS
from .sentences import rows

DIALOGUES = rows("dialogues.txt")
OPPOSITE = {"!=": "!=", "not in": "!=", "not contains": "!=", "in": "=", "contains": "="}


def shown_in(shop: str) -> tuple[ShownItem, ...]:
    """Return three items with all numbers of a shop, at three, five and seven tenths of their range."""
    numbers = [f for f in SHOPS[shop].schema.fields if f.type == "number"]
    items = []
    for n, share in enumerate((0.3, 0.5, 0.7)):
        values = {f.name: round((f.minimum or 0) + share * ((f.maximum or 0) - (f.minimum or 0)), 1) for f in numbers}
        price = next((values[f.name] for f in numbers if f.role == "price"), None)
        items.append(ShownItem(item_id=f"i{n}", title=f"Zzyx {n}", price=price, numbers=values))
    return tuple(items)


def converse(shop: str, *texts: str) -> tuple[Understanding, ThreadMemory, str]:
    """Return what is understood after the last turn, what the thread then keeps, and the last act; every turn shows the same items."""
    language, memory, understood, act = SHOPS[shop], ThreadMemory(), Understanding(), "ask"
    for text in texts:
        turn = read_act(text, memory, language)
        before = memory_before(turn, memory)
        understood = with_words(understand(turn.rest, (), language.schema, before, language=language), before)
        act = turn.name
        wish = EarlierWish(**{name: getattr(memory, name) for name in EarlierWish.model_fields})
        earlier = memory.earlier[:-1] if act == "undo" else memory.earlier
        changed = memory.turn and act not in ANSWERED and act != "undo"
        memory = ThreadMemory(
            turn=memory.turn + 1,
            query=understood.query,
            constraints=understood.constraints,
            conditions=understood.conditions,
            preferences=understood.preferences,
            shown=shown_in(shop),
            earlier=(*earlier, wish) if changed else earlier,
        )
    return understood, memory, act


def told(condition: Constraint) -> str:
    """Return a condition in short: ``colour = Red``, bounds without their figure where an item shown gave it."""
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    shown = ", ".join(sorted(f"{v:g}" if isinstance(v, float) else str(v) for v in values))
    return f"{condition.field} {OPPOSITE.get(condition.op, condition.op)} {'*' if condition.relative else shown}"


def fault(shop: str, turns: str, expected: str) -> str:
    """Return what is in force after the turns, where it is something else than expected, or an empty string."""
    found = sorted(map(told, converse(shop, *turns.split(" >> "))[0].constraints))
    return "" if found == sorted(filter(None, expected.split("; "))) else f"{turns!r}: {found}"


@pytest.mark.parametrize("shop", sorted({shop for shop, _, _ in DIALOGUES}))
def test_a_turn_changes_what_it_says_and_nothing_else(shop: str) -> None:
    assert [
        found for own, turns, expected in DIALOGUES if own == shop and (found := fault(shop, turns, expected))
    ] == []


@pytest.mark.parametrize(
    ("shop", "first", "text"),
    [
        ("moebel", "ein Schrank", "der zweite, aber in Weiß"),
        ("moebel", "ein Schrank", "die zweite gefällt mir, aber in Weiß"),
        ("backpacks", "a hiking backpack", "the second looks nice, but in red"),
        ("手机店", "华为手机", "第二个不错,但是要白色的"),
    ],
)
def test_an_item_that_somebody_likes_is_what_the_list_is_to_be_like(shop: str, first: str, text: str) -> None:
    understood, _, _ = converse(shop, first, text)
    assert understood.unparsed == ()
    assert understood.like_item_ids in {("i1",), ()}
    assert len(understood.constraints) == 2
    assert read_act("die ersten beiden kenne ich schon", converse(shop, first)[1], SHOPS[shop]).item_ids == (
        "i0",
        "i1",
    )


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("thanks, that's all", "thanks"),
        ("hm, ok, thanks!", "thanks"),
        ("you are really useless", "complaint"),
        ("du bist echt dumm", "complaint"),
        ("你真笨", "complaint"),
        ("what colour is the ninth?", "fact"),
        ("is there a laptop sleeve in the first one?", "fact"),
        ("do you have the second in red?", "fact"),
        ("what is different about the third compared to the first?", "compare"),
        ("hast du den zweiten auch mit Tragegurt?", "fact"),
        ("was ist beim zweiten anders als beim ersten?", "compare"),
        ("wodurch unterscheidet sich das erste vom zweiten?", "compare"),
        ("thanks, and in red", "ask"),
    ],
)
def test_small_talk_is_known_piece_by_piece(text: str, act: str) -> None:
    understood, _, found = converse("backpacks", "grey backpacks", text)
    assert found == act
    if act != "ask":
        assert list(map(told, understood.constraints)) == ["colour = Grey"]


def test_words_of_small_turns_do_not_become_the_query() -> None:
    understood, memory, _ = converse("recipes", "a soup without eggs", "eggs are fine", "no, I said no soy")
    assert understood.query == "soup"
    assert memory.query == "soup"
    assert converse("手机店", "红色的手机", "还是蓝色吧")[0].query.count("红色") == 0


def test_all_of_the_list_is_refused_only_where_no_value_is() -> None:
    for text in ("都不要", "这些都不喜欢"):
        assert converse("零食店", "坚果", text)[0].exclude_item_ids == ("i0", "i1", "i2"), text
    assert not converse("零食店", "坚果", "四川和云南都不要")[0].exclude_item_ids


def test_a_place_that_the_list_does_not_have_is_named() -> None:
    understood, _, _ = converse("backpacks", "grey backpacks", "the seventh one, but in red")
    assert "the seventh one" in understood.unparsed


@pytest.mark.parametrize(
    ("shop", "text", "expected"),
    [
        ("recipes", "did I not say no soy?", "allergens != Soy"),
        ("recipes", "didn't I say no soy", "allergens != Soy"),
        ("recipes", "haven't I already told you that I don't want mushrooms?", "ingredients != Mushrooms"),
        ("recipes", "I told you, without soy", "allergens != Soy"),
        ("recipes", "as I said, vegan", "diet = Vegan"),
        ("moebel", "habe ich nicht gesagt, kein Leder?", "material != Leder"),
        ("moebel", "ich habe doch gesagt, dass ich kein Leder will", "material != Leder"),
        ("moebel", "wie gesagt, ohne Rollen", "ausstattung != Rollen"),
        ("手机店", "我不是说了不要三星吗", "品牌 != 三星"),
        ("手机店", "都说过了,不要红色", "颜色 != 红色"),
        ("手机店", "我说过要防水的", "功能 = 防水"),
    ],
)
def test_a_reminder_says_the_same_thing_again(shop: str, text: str, expected: str) -> None:
    first = {"recipes": "a soup", "moebel": "ein Sofa", "手机店": "手机"}[shop]
    kept = list(map(told, converse(shop, first)[0].constraints))
    understood, _, _ = converse(shop, first, text)
    assert sorted(map(told, understood.constraints)) == sorted([*kept, expected])
    assert not understood.unparsed


def test_a_limit_that_may_be_passed_by_nobody_knows_how_much_is_named() -> None:
    understood, _, _ = converse("hotels", "hotels under 100 euros", "it can be more expensive")
    assert list(map(told, understood.constraints)) == ["price_per_night < 100"]
    assert any("be more expensive" in words for words in understood.unparsed)


def test_starting_again_forgets_all_that_was_said() -> None:
    for text in ("forget everything I said", "vergiss alles, was ich gesagt habe", "全部清空"):
        understood, memory, _ = converse("backpacks", "grey backpacks", text)
        assert (understood.constraints, memory.query) == ((), ""), text


def test_without_it_is_named_and_takes_no_item_off_the_list() -> None:
    understood, _, _ = converse("recipes", "a soup", "is that with rice?", "without it please")
    assert not understood.exclude_item_ids
    assert "without it" in understood.unparsed
