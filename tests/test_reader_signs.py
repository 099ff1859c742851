"""Signs of values in catalogues that no word list was written for: what ends a refusal, what goes on with it, what takes it back."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read

from .unseen_shops import Shops, flag, late, number, shop, words

_SHOPS = {
    "tools": late(
        number("price", 5, 900, price=True),
        number("excess", 0, 500),
        words("kind", "Drill|Sander|Chainsaw"),
        words("power_source", "Corded|Battery|Petrol"),
        words("delivery", "free|paid|collection only"),
        words("upkeep", "weekly|monthly|none needed"),
        words("handle", "Rubber|Wood|Steel"),
        words("comes_with", "Case|Charger|Gloves", several=True),
        flag("toxic_to_pets"),
        texts="xyzzy",
    ),
    "rezepte": late(
        words("küche", "italienisch|mexikanisch"),
        words("gericht", "Suppe|Salat"),
        words("schärfe", "mild|scharf"),
        words("zutaten", "Sahne|Zwiebeln|Tofu", several=True),
        number("plätze_frei", 0, 20),
        texts="xyzzy",
    ),
    "medicines": late(
        words("form", "Tablet|Syrup|Cream"),
        words("for_symptom", "Headache|Cough|Itching|Heartburn", several=True),
        words("contains", "Milk|Ibuprofen", several=True),
        texts="xyzzy",
    ),
    "violins": late(words("kind", "Violin|Cello"), words("size", "1/4|1/2|3/4|4/4"), texts="xyzzy"),
    "种子": late(number("成熟天数", 20, 150), words("作物", "番茄|菠菜"), texts="xyzzy"),
    "手机": late(words("系统", "iOS|安卓"), words("品牌", "小米|荣耀"), words("颜色", "白色|黑色"), texts="xyzzy"),
    "prams": late(words("fold", "one hand|two hands|does not fold"), words("colour", "Navy|Sand"), texts="xyzzy"),
    "blumen": late(words("flower_colour", "White|Pink|None"), words("soil", "Clay|Sandy"), texts="xyzzy"),
}
SHOPS = Shops(_SHOPS)

SAID = [
    ("rezepte", "Salat ohne Sahne und ohne Zwiebeln", {"gericht = Salat", "zutaten not contains Sahne", "zutaten not contains Zwiebeln"}),
    ("rezepte", "eine Suppe die nich scharf is", {"gericht = Suppe", "schärfe != scharf"}),
    ("rezepte", "die Suppe muss nich unbedingt scharf sein", {"gericht = Suppe"}),
    ("rezepte", "mindestens noch 4 Plätze frei", {"plätze_frei >= 4.0"}),
    ("rezepte", "scharfe Suppe", {"gericht = Suppe", "schärfe = scharf"}),
    ("rezepte", "a mexican salad", {"gericht = Salat", "küche = mexikanisch"}),
    ("tools", "I can't stand rubber and so do wood handles", {"handle != Rubber", "handle != Wood"}),
    ("tools", "nothing corded, same goes for petrol", {"power_source != Corded", "power_source != Petrol"}),
    ("tools", "a chainsaw but not a petrol one, I hate the smell", {"kind = Chainsaw", "power_source != Petrol"}),
    ("tools", "a cordless drill with free shipping", {"kind = Drill", "power_source = Battery", "delivery = free"}),
    ("tools", "a sander, no excess", {"kind = Sander", "excess = 0.0"}),
    ("tools", "at most ten dollars a month", {"price <= 10.0"}),
    ("tools", "serviced every week", {"upkeep = weekly"}),
    ("tools", "not poisonous to cats", {"toxic_to_pets = False"}),
    ("medicines", "a cream against itching", {"form = Cream", "for_symptom contains Itching"}),
    ("medicines", "syrup for a cough", {"form = Syrup", "for_symptom contains Cough"}),
    ("medicines", "milk gives me heartburn, tablets please", {"contains not contains Milk", "form = Tablet"}),
    ("violins", "a violin in 3/4", {"kind = Violin", "size = 3/4"}),
    ("violins", "a half size cello", {"kind = Cello", "size = 1/2"}),
    ("种子", "六十天以内的菠菜", {"成熟天数 <= 60.0", "作物 = 菠菜"}),
    ("手机", "不要iOS，也不喜欢白的", {"系统 != iOS", "颜色 != 白色"}),
    ("手机", "白的黑的都不要", {"颜色 != 白色", "颜色 != 黑色"}),
    ("手机", "小米或者荣耀", {"品牌 in ['小米', '荣耀']"}),
    ("blumen", "anything but pink flowers", {"flower_colour != Pink"}),
    ("rezepte", "Suppe hatten wir schon, das bitte nicht nochmal", {"gericht != Suppe"}),
    ("rezepte", "Tofu kenne ich schon, lieber einen Salat", {"zutaten not contains Tofu", "gericht = Salat"}),
    ("rezepte", "es muss keine Suppe sein", set()),
    ("rezepte", "Sahne - nein, aber gern ein Salat", {"zutaten not contains Sahne", "gericht = Salat"}),
    ("rezepte", "schon wieder Suppe? Nein, und nichts mit Tofu", {"gericht != Suppe", "zutaten not contains Tofu"}),
    ("rezepte", "früher mochte ich keinen Tofu, heute schon, aber Zwiebeln nicht", {"zutaten not contains Zwiebeln"}),
    ("rezepte", "außer Suppe ist alles recht, nichts ohne Tofu", {"gericht != Suppe", "zutaten contains Tofu"}),
    ("rezepte", "Salat ja, Suppe nein", {"gericht = Salat", "gericht != Suppe"}),
    ("rezepte", "scharfe Sachen kommen mir nicht auf den Tisch", set()),
    ("rezepte", "also fällt die Sahne weg, und lass die Zwiebeln raus", {"zutaten not contains Sahne", "zutaten not contains Zwiebeln"}),
    ("rezepte", "kein Gedöns und nicht mexikanisch", {"küche != mexikanisch"}),
    ("rezepte", "Gerichte, die keinen Aufwand machen und nicht italienisch sind", {"küche != italienisch"}),
    ("tools", "no nonsense gadgets and not from rubber", {"handle != Rubber"}),
    ("tools", "I don't mind it not being toxic to pets", set()),
    ("prams", "it's got to fold", {"fold in ['one hand', 'two hands']"}),
    ("rezepte", "Sahne nix", {"zutaten not contains Sahne"}),
    ("tools", "I used to like petrol but not any more", {"power_source != Petrol"}),
    ("tools", "I used to hate rubber but now I love it, and no drills", {"kind != Drill"}),
    ("tools", "can't do without a case, but not in the mood for petrol", {"comes_with contains Case", "power_source != Petrol"}),
    ("tools", "under no circumstances steel, and no more rubber", {"handle != Steel", "handle != Rubber"}),
    ("tools", "rubber no, and nothing corded", {"handle != Rubber", "power_source != Corded"}),
    ("tools", "a sander, I already have the petrol ones", {"kind = Sander", "power_source != Petrol"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), SAID, ids=[text for _, text, _ in SAID])
def test_a_sign_reaches_as_far_as_its_words_say(name: str, text: str, expected: set[str]) -> None:
    found = read(text, SHOPS[name]).conditions
    assert {f"{c.field} {c.op} {c.value}" for c in found} == expected


def test_a_verb_behind_and_leaves_the_sign_open() -> None:
    reading = read("something that isn't flimsy and copes with clay", SHOPS["blumen"])
    assert not reading.conditions
    assert "clay" in " ".join(reading.not_applied)


def test_what_has_none_of_something_is_not_refused() -> None:
    shop_of_boats = shop(words("kind", "Motorboat|Kayak"), words("hull", "Wood|Steel"), texts="xyzzy")
    assert not [c for c in read("a motorboat that needs none", shop_of_boats).conditions if c.refused]


def test_unknown_nouns_of_german_are_named() -> None:
    assert "Schnupfen" in " ".join(read("ein Salat mit etwas gegen Schnupfen", SHOPS["rezepte"]).not_applied)


@pytest.mark.parametrize("text", ["anywhere except Graz with a pool", "not in Graz, with a pool"])
def test_an_exception_ends_where_the_wish_goes_on(text: str) -> None:
    hotels = shop(words("city", "Graz|Ghent"), words("amenities", "Pool|Lift", several=True), texts="xyzzy")
    assert {f"{c.field} {c.op} {c.value}" for c in read(text, hotels).conditions} == {
        "city != Graz",
        "amenities contains Pool",
    }


@pytest.mark.parametrize("text", ["晚上没空，周末也没空", "i'm busy on weekends and in the evening"])
def test_times_that_somebody_has_not_are_never_wanted(text: str) -> None:
    courses = shop(words("time", "weekend|evening"), words("时间段", "上午|晚上|周末"), texts="xyzzy")
    assert not [c for c in read(text, courses).conditions if not c.refused]
