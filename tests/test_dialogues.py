"""Turns of one conversation: what each changes of the wish, and what it leaves alone, over shops that no word list was written for."""

from __future__ import annotations

import pytest

from tastemaker.agents.conversation.acts import ANSWERED, read_act
from tastemaker.agents.understanding.by_rules import understand
from tastemaker.agents.understanding.conditions_in_force import with_words
from tastemaker.core.schemas import Constraint, EarlierWish, ShownItem, ThreadMemory, Understanding

from .unseen_shops import UNSEEN

OPPOSITE = {"!=": "!=", "not in": "!=", "not contains": "!=", "in": "=", "contains": "="}


def shown_in(shop: str) -> tuple[ShownItem, ...]:
    """Return three items with all numbers of a shop, at three, five and seven tenths of their range."""
    numbers = [f for f in UNSEEN[shop].schema.fields if f.type == "number"]
    items = []
    for n, share in enumerate((0.3, 0.5, 0.7)):
        values = {f.name: round((f.minimum or 0) + share * ((f.maximum or 0) - (f.minimum or 0)), 1) for f in numbers}
        price = next((values[f.name] for f in numbers if f.role == "price"), None)
        items.append(ShownItem(item_id=f"i{n}", title=f"Zzyx {n}", price=price, numbers=values))
    return tuple(items)


def converse(shop: str, *texts: str) -> tuple[Understanding, ThreadMemory, str]:
    """Return what is understood after the last turn, what the thread then keeps, and the last act; every turn shows the same items."""
    language, memory, understood, act = UNSEEN[shop], ThreadMemory(), Understanding(), "ask"
    for text in texts:
        turn = read_act(text, memory, language)
        understood = with_words(understand(turn.rest, (), language.schema, memory, language=language), memory)
        act = turn.name
        wish = EarlierWish(**{name: getattr(memory, name) for name in EarlierWish.model_fields})
        changed = memory.turn and act not in ANSWERED
        memory = ThreadMemory(
            turn=memory.turn + 1,
            query=understood.query,
            constraints=understood.constraints,
            conditions=understood.conditions,
            preferences=understood.preferences,
            shown=shown_in(shop),
            earlier=(*memory.earlier, wish) if changed else memory.earlier,
        )
    return understood, memory, act


def told(condition: Constraint) -> str:
    """Return a condition in short: ``colour = Red``, bounds without their figure where an item shown gave it."""
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    shown = "|".join(sorted(f"{v:g}" if isinstance(v, float) else str(v) for v in values))
    return f"{condition.field} {OPPOSITE.get(condition.op, condition.op)} {'*' if condition.relative else shown}"


@pytest.mark.parametrize(
    ("shop", "turns", "expected"),
    [
        ("backpacks", "backpacks|cheaper|no, I meant lighter, not cheaper", "weight_grams < *"),
        ("backpacks", "backpacks under 80 francs|cheaper|lighter, not cheaper", "price < 80; weight_grams < *"),
        ("backpacks", "red backpacks|cheaper|I meant lighter", "colour = Red; weight_grams < *"),
        ("backpacks", "backpacks of 40 litres or more|I meant 30", "capacity_litres >= 30"),
        ("backpacks", "grey backpacks|lighter instead of cheaper", "colour = Grey; weight_grams < *"),
        ("backpacks", "grey backpacks|not more expensive please", "colour = Grey; price <= *"),
        ("backpacks", "grey backpacks|isn't there anything cheaper?", "colour = Grey; price < *"),
        ("backpacks", "grey backpacks|anything goes for the colour", ""),
        ("backpacks", "grey backpacks|the colour can be anything", ""),
        ("backpacks", "grey backpacks|ideally red or black", "colour = Black|Red"),
        ("backpacks", "hiking backpacks|with a longer warranty", "use = Hiking; warranty_months > *"),
        ("backpacks", "hiking backpacks|more capacity please", "use = Hiking; capacity_litres > *"),
        ("backpacks", "no red backpacks|red is alright after all", ""),
        ("phones", "Nokia phones|a bigger screen", "brand = Nokia; screen_inches > *"),
        ("phones", "Nokia phones|the battery is too small", "brand = Nokia; battery_mah > *"),
        ("phones", "Nokia phones|with less storage", "brand = Nokia; storage_gb < *"),
        ("phones", "Nokia phones|no bigger screen", "brand = Nokia; screen_inches <= *"),
        ("phones", "Nokia phones|a screen bigger than 6 inches", "brand = Nokia; screen_inches > 6"),
        ("recipes", "something with chicken|and without mushrooms|OK, then with mushrooms", "both"),
        ("recipes", "something with chicken|with mushrooms", "both"),
        ("recipes", "something with chicken|no, mushrooms", "ingredients = Mushrooms"),
        ("recipes", "a Thai soup|not Thai, Indian", "course = Soup; cuisine != Thai; cuisine = Indian"),
        ("moebel", "ein Stuhl ohne Armlehnen|Armlehnen sind doch ok", "kategorie = Stuhl"),
        ("moebel", "ein Stuhl ohne Armlehnen|mit Armlehnen ist auch in Ordnung", "kategorie = Stuhl"),
        ("moebel", "ein Schrank mit Spiegel|den Spiegel brauche ich doch nicht", "kategorie = Schrank"),
        ("moebel", "ein Bett aus Kiefer|vergiss das Material", "kategorie = Bett"),
        ("moebel", "ein Teppich|lieber grün oder blau", "kategorie = Teppich; farbe = Blau|Grün"),
        ("moebel", "ein Regal|nicht billiger", "kategorie = Regal; preis >= *"),
        ("cameras", "etwas von Nikon|mehr Megapixel", "marke = Nikon; megapixel > *"),
        ("cameras", "etwas von Nikon|ein größeres Display", "marke = Nikon; display_zoll > *"),
        ("手机店", "华为手机|存储大一点", "品牌 = 华为; 存储_GB > *"),
        ("手机店", "华为手机|屏幕太小了", "品牌 = 华为; 屏幕_英寸 > *"),
        ("手机店", "华为手机|要更大的屏幕", "品牌 = 华为; 屏幕_英寸 > *"),
        ("手机店", "华为手机|价格低一点", "品牌 = 华为; 价格 < *"),
        ("手机店", "除了荣耀都行|荣耀也可以", ""),
        ("手机店", "防水的手机|不需要防水了", ""),
        ("手机店", "快充的手机|快充不要也可以", ""),
        ("手机店", "双卡的手机|不要无线充电的|那就要无线充电的", "功能 = 双卡; 功能 = 无线充电"),
        ("手机店", "小米手机|算了,随便什么品牌都可以", ""),
    ],
)
def test_a_turn_changes_what_it_says_and_nothing_else(shop: str, turns: str, expected: str) -> None:
    understood, _, _ = converse(shop, *turns.split("|"))
    both = "ingredients = Chicken; ingredients = Mushrooms"
    wished = (both if expected == "both" else expected).split("; ") if expected else []
    assert sorted(map(told, understood.constraints)) == sorted(wished)


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("thanks, that's all", "thanks"),
        ("hm, ok, thanks!", "thanks"),
        ("you are really useless", "complaint"),
        ("du bist echt dumm", "complaint"),
        ("你真笨", "complaint"),
        ("what colour is the ninth?", "fact"),
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
