"""What reading answers over invented shops found: stitched quotes, names of fields, things called "not applied" that all have."""

from __future__ import annotations

import pytest

from tastemaker.agents.explaining.own_words import as_said, refused_words, refuses
from tastemaker.agents.explaining.rendered import render_composition
from tastemaker.agents.explaining.request_words import free_words, quote_with
from tastemaker.agents.explaining.sentence_check import check_words
from tastemaker.agents.explaining.wording import wording
from tastemaker.core.language.catalogue_language import without_unit
from tastemaker.core.language.spelling import Spelling
from tastemaker.core.ranking.relevance import speaking
from tastemaker.core.schemas import (
    Brief,
    CatalogueField,
    Condition,
    Constraint,
    Item,
    Language,
    Order,
    RankedItem,
    Reading,
    Understanding,
)
from tastemaker.core.text.words import has_part


def number(name: str, unit: str = "") -> CatalogueField:
    """Return a field of numbers."""
    return CatalogueField(name=name, type="number", unit=unit, minimum=1, maximum=9)


def words(name: str, *values: str) -> CatalogueField:
    """Return a field of words."""
    return CatalogueField(name=name, type="text", values=values)


def answer(text: str, items: list[Item], language: Language = "en", **understood: object) -> str:
    """Return the opening line and the reasons for a list of items."""
    wish = Understanding(language=language, **understood)
    ranked = tuple(RankedItem(item=item, rank=n, score=1.0) for n, item in enumerate(items, 1))
    told = render_composition(Brief(text=text, understanding=wish, items=ranked))
    return " ".join([told.message.text, *(r.text for r in told.reasons)])


KITES = [
    Item(
        item_id="1", title="Gull", text="Flies in a light breeze. No tools needed.", attributes={"Type": "Stunt Kite"}
    ),
    Item(item_id="2", title="Tern", text="Flies in a light breeze. Not for toddlers.", attributes={"Type": "Box Kite"}),
    Item(item_id="3", title="Auk", text="Folds into a tube.", attributes={"Type": "Box Kite"}),
]


@pytest.mark.parametrize(
    ("wish", "shown", "said"),
    [
        ("breeze", KITES[:2], "All of them mention “breeze”."),
        ("breeze", KITES, "2 of them mention “breeze”."),
        ("tube", KITES, "1 of them mentions “tube”."),
        ("tube", KITES[2:], "It mentions “tube”."),
        ("toddlers", KITES[:2], "though I could not apply “toddlers”"),
        ("no tools", KITES[:2], "1 of them mentions “no tools”."),
        ("no tools", KITES[1:], "though I could not apply “no tools”"),
        ("thunder", KITES[:2], "though I could not apply “thunder”"),
    ],
)
def test_what_records_speak_of_is_not_called_unapplied(wish: str, shown: list[Item], said: str) -> None:
    assert said in answer(f"a kite, {wish}", shown, unparsed=(wish,))


def test_words_left_over_are_written_as_the_request_has_them() -> None:
    assert "„Sturm“ konnte ich nicht" in answer("Drachen bei Sturm", KITES, "de", unparsed=("sturm",))
    assert "都提到“微风”" in answer(
        "微风里放的风筝",
        [Item(item_id="1", title="海鸥", text="微风就能飞。"), Item(item_id="2", title="燕子", text="适合微风。")],
        "zh",
        unparsed=("微风",),
    )


@pytest.mark.parametrize("word", ["a patient kite", "I want a kite", "kite for a restaurant", "a plant"])
def test_an_ending_that_looks_like_a_negation_refuses_nothing(word: str) -> None:
    assert free_words(word, Understanding(), "en")
    assert not free_words("I dont like breeze", Understanding(), "en")


@pytest.mark.parametrize(
    ("text", "found"), [("piano", False), ("mango", False), ("no kites", True), ("isn't red", True)]
)
def test_a_word_that_ends_like_a_refusal_is_none(text: str, *, found: bool) -> None:
    assert refuses(text) is found


def test_what_was_refused_is_called_whole() -> None:
    held = Constraint(field="instrument", op="!=", value="钢琴")
    named = Condition(condition_id="c", field="instrument", op="!=", value="钢琴", words="no piano")
    assert refused_words(held, Understanding(reading=Reading(conditions=(named,)))) == "piano"


@pytest.mark.parametrize(
    ("typed", "text", "runs"),
    [
        ("stunt kite box kite", "a stunt kite or a box kite", ["stunt kite", "box kite"]),
        ("stunt kite", "a Stunt-Kite please", ["stunt kite"]),
        ("红 蓝", "红的或者蓝的", ["红", "蓝"]),
        ("红色", "红色的风筝", ["红色"]),
        ("yellow", "something cheaper", ["yellow"]),
    ],
)
def test_words_are_quoted_as_they_stand(typed: str, text: str, runs: list[str]) -> None:
    assert as_said(typed, text) == runs


def test_alternatives_are_told_apart_in_the_opening() -> None:
    held = Constraint(field="颜色", op="in", value=["红色", "蓝色"])
    named = Condition(condition_id="c", field="颜色", op="in", value=["红色", "蓝色"], words="红色蓝色")
    about = Brief(
        text="红色或者蓝色的风筝",
        understanding=Understanding(constraints=(held,), reading=Reading(conditions=(named,))),
    )
    assert wording("zh").about([words("颜色", "红色", "蓝色")]).asks(held, about) == "红色或蓝色"


@pytest.mark.parametrize(
    ("name", "words_", "unit"),
    [
        ("容量(升)", ("容量",), "升"),
        ("重量（kg）", ("重量",), "kg"),
        ("Leistung (W)", ("leistung",), "w"),
        ("质保(年)", ("质保",), "年"),
    ],
)
def test_a_unit_in_brackets_is_no_part_of_a_name(name: str, words_: tuple[str, ...], unit: str) -> None:
    assert without_unit(number(name)) == (words_, unit)


@pytest.mark.parametrize(
    ("language", "about", "value", "said"),
    [
        ("en", number("容量(升)", "l"), 40.0, "holds 40 l"),
        ("zh", number("容量(升)", "l"), 40.0, "容量40升"),
        ("de", number("Persons"), 1.0, "ist für 1 Person"),
        ("en", number("Personen"), 3.0, "is for 3 people"),
        ("zh", number("Persons"), 3.0, "可供3人用"),
        ("zh", number("Noise level", "db"), 60.0, "噪音60dB"),
        ("zh", number("Tail length"), 2.0, "“tail length”2"),
        ("en", words("适合人群", "女士"), "女士", "is made for women"),
        ("en", words("材质", "帆布"), "帆布", "is made of canvas"),
        ("de", words("颜色", "藏青"), "藏青", "hat die Farbe Marineblau"),
        ("en", words("Colour", "Sand"), "Sand", "comes in sand"),
        ("en", words("颜色", "粉色"), "粉色", "is pink"),
        ("en", words("Colour", "Sea Green"), "Sea Green", "is sea green"),
        ("en", words("Type", "Dome Tent"), "Dome Tent", "is a dome tent"),
        ("en", words("Type", "Furniture"), "Furniture", "is listed under furniture"),
        ("en", words("Type", "Kites"), "Kites", "is listed under kites"),
        ("en", words("Type", "Electric"), "Electric", "is listed under electric"),
        ("de", words("Geräteart", "Toaster"), "Toaster", "ist vom Typ Toaster"),
    ],
)
def test_fields_of_any_shop_are_said_in_the_language_of_the_answer(
    language: Language, about: CatalogueField, value: float | str, said: str
) -> None:
    assert wording(language).about([about]).says(about.name, value, Brief()) == said


def test_a_colour_is_not_what_an_item_is_made_of() -> None:
    assert wording("en").both(["is made of canvas", "is red"]) == "is red and made of canvas"
    assert wording("en").both(["is made of canvas", "is meant for summer"]) == "is made of canvas and meant for summer"


def test_a_number_that_is_refused_is_written_plainly() -> None:
    held = Constraint(field="lines", op="!=", value=10.0)
    assert wording("en").about([number("lines")]).asks(held, Brief()) == "not 10"


def test_pairs_of_characters_that_go_on_are_quoted_as_one() -> None:
    item = Item(item_id="1", title="双肩包", text="周末爬山背一天也不累。")
    assert quote_with(["爬山", "山背"], item, "zh")[1] == ["爬山背"]


def test_a_description_in_another_language_is_no_filler() -> None:
    shown = [k.model_copy(update={"attributes": {"Colour": "Red"}}) for k in KITES[:2]]
    assert "Flies in" not in answer("Drachen für die Kinder", shown, "de")
    assert "Flies in" in answer("a kite for the kids", shown)


def test_of_equally_near_words_the_more_frequent_is_meant() -> None:
    assert Spelling(["shirts", "shorts"], {"shirts": 9, "shorts": 2}).correct("shrts") == "shirts"
    assert Spelling(["shirts", "shorts"], {"shirts": 2, "shorts": 9}).correct("shrts") == "shorts"


def test_nobody_is_told_unasked_that_something_is_the_oldest() -> None:
    years = [k.model_copy(update={"attributes": {"year": 2020.0 + n}}) for n, k in enumerate(KITES)]
    told = answer("a kite", years)
    assert "newest" in told
    assert "oldest" not in told
    order = Order(field="year", descending=False)
    assert "oldest" in answer("the oldest kite", years, reading=Reading(order=order)).partition("come first")[2]


def test_many_values_refused_together_are_called_as_the_shopper_did() -> None:
    every = ["Stunt Kite", "Power Kite", "Foil Kite"]
    held = Constraint(field="Type", op="not in", value=every)
    named = Condition(condition_id="c", field="Type", op="not in", value=every, words="no stunters")
    shown = [k for k in KITES if k.attributes["Type"] == "Box Kite"]
    told = answer("a kite, no stunters", shown, constraints=(held,), reading=Reading(conditions=(named,)))
    assert told.count("stunters") >= 4, told
    assert "Power" not in told


@pytest.mark.parametrize(
    ("language", "words", "op", "value", "said"),
    [
        ("de", "ohne Schnur", "not in", ["Stunt Kite", "Power Kite"], "wolltest: „ohne Schnur“"),
        ("de", "nix mit Schnur", "not in", ["Stunt Kite", "Power Kite"], "wolltest: „nix mit Schnur“"),
        ("en", "allergic to stunters", "not in", ["Stunt Kite", "Power Kite"], "asked: not Stunt Kite or Power Kite"),
        ("en", "allergic to stunters", "!=", "Stunt Kite", "asked: not Stunt Kite"),
        ("en", "hates stunters", "!=", "Stunt Kite", "asked: not Stunt Kite"),
    ],
)
def test_a_refusal_is_not_said_twice_over(language: Language, words: str, op: str, value: object, said: str) -> None:
    held = Constraint.model_validate({"field": "Type", "op": op, "value": value})
    named = Condition.model_validate({"condition_id": "c", "field": "Type", "op": op, "value": value, "words": words})
    shown = [k for k in KITES if k.attributes["Type"] not in ("Stunt Kite", "Power Kite")]
    told = answer(f"a kite, {words}", shown, language, constraints=(held,), reading=Reading(conditions=(named,)))
    assert said in told
    assert "not allergic" not in told


@pytest.mark.parametrize(
    ("language", "word", "said"),
    [("en", "high", "I preferred newer ones"), ("en", "low", "I preferred older ones"), ("de", "high", "bevorzugt: Neueres"), ("zh", "high", "优先考虑年份较新的")],
)  # fmt: skip
def test_years_are_called_new_and_old_where_they_lean(language: Language, word: str, said: str) -> None:
    wish = Understanding(language=language, preferences=(f"{word} released",))
    years = [k.model_copy(update={"attributes": {"Released": 1990.0 + n}}) for n, k in enumerate(KITES)]
    ranked = tuple(RankedItem(item=item, rank=n, score=1.0) for n, item in enumerate(years, 1))
    field = CatalogueField(name="Released", type="number", minimum=1971, maximum=2024)
    told = render_composition(Brief(text="x", understanding=wish, items=ranked, fields=(field,)))
    assert said in told.message.text


def test_a_small_word_of_chinese_is_no_reason() -> None:
    assert free_words("适合孩子的风筝", Understanding(), "zh") == ["孩子", "子的", "的风", "风筝"]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "does 22 mpg in the city"), ("de", "schafft 22 mpg in der Stadt")]
)
def test_mileage_has_its_unit_once(language: Language, said: str) -> None:
    for field in (number("city_mpg"), number("city mpg", "mpg")):
        assert wording(language).about([field]).says(field.name, 22.0, Brief()) == said


@pytest.mark.parametrize(
    ("language", "opening", "reason"),
    [
        ("en", "I preferred a low noise level", "it has a noise level of 41 dB"),
        ("de", "bevorzugt: Lautstärke möglichst niedrig", "Es hat 41 dB Lautstärke"),
        ("zh", "优先考虑噪音较低的", "噪音41dB"),
    ],
)
def test_what_is_liked_better_is_said_and_told_of_each(language: Language, opening: str, reason: str) -> None:
    loud = [k.model_copy(update={"attributes": {"noise level": 40.0 + n}}) for n, k in enumerate(KITES)]
    wish = Understanding(language=language, preferences=("low noise level",))
    ranked = tuple(RankedItem(item=item, rank=n, score=1.0) for n, item in enumerate(loud, 1))
    about = Brief(text="x", understanding=wish, items=ranked, fields=(number("noise level", "db"),))
    told = render_composition(about)
    assert opening in told.message.text
    assert reason in told.reasons[1].text
    assert "preferred" not in answer("a kite", KITES)


@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [("bis °C", "", "16 °C"), ("temp", "°c", "16 °C"), ("clock", "mhz", "16 MHz"), ("motor", "ps", "16 PS"), ("line", "mbit/s", "16 Mbit/s")],
)  # fmt: skip
def test_units_are_written_as_people_write_them(name: str, unit: str, said: str) -> None:
    assert wording("de").about([number(name, unit)]).measure(name, 16.0, Brief()) == said


def test_the_name_of_a_number_that_is_held_is_not_called_unapplied() -> None:
    held = Constraint(field="质保(年)", op="=", value=5.0)
    named = Condition(condition_id="c", field="质保(年)", op="=", value=5.0, words="5 year")
    fields = (number("质保(年)", "years"),)
    for left, said in (("warranty", False), ("guarantee", True)):
        wish = Understanding(unparsed=(left,), constraints=(held,), reading=Reading(conditions=(named,)))
        items = tuple(RankedItem(item=k, rank=n, score=1.0) for n, k in enumerate(KITES, 1))
        told = render_composition(Brief(text=f"a kite, 5 year {left}", understanding=wish, items=items, fields=fields))
        assert ("could not apply" in told.message.text) is said


@pytest.mark.parametrize(
    ("left", "said"), [("bed", False), ("size", False), ("no size", True), ("size 9", True), ("bunk", True)]
)
def test_words_that_name_what_a_condition_is_about_are_not_unapplied(left: str, *, said: bool) -> None:
    held = Constraint(field="Bed size", op="=", value="King")
    told = answer(f"a kite for a king size bed, {left}", KITES, constraints=(held,), unparsed=(left,))
    assert ("could not apply" in told) is said


BLURBS = [
    Item(item_id="1", title="Gull", attributes={"Blurb": "Flies in a light breeze.", "Colour": "Red"}),
    Item(
        item_id="2", title="Tern", attributes={"Blurb": "Keeps you busy for hours without a battery.", "Colour": "Red"}
    ),
]


def test_a_column_of_sentences_is_quoted_and_named_by_nobody() -> None:
    told = answer("a kite for a breeze", BLURBS, reading=Reading(query="breeze"))
    assert "“Flies in a light breeze”" in told
    assert "blurb" not in told.lower()
    assert "All" not in answer("hours", BLURBS, unparsed=("hours",))
    assert "1 of them mentions “hours”" in answer("hours", BLURBS, unparsed=("hours",))
    assert "could not apply “battery”" in answer("battery", BLURBS, unparsed=("battery",))


@pytest.mark.parametrize(
    ("name", "label"), [("Price (GBP)", "price"), ("Filling (main)", "filling"), ("重量（约）", "重量")]
)
def test_what_a_name_has_in_brackets_is_not_said(name: str, label: str) -> None:
    assert wording("zh" if "重" in name else "en").label(name) == label


@pytest.mark.parametrize(("said", "passes"), [("box and power kites", True), ("box and steel kites", False)])
def test_what_a_guided_model_may_choose_passes_the_check(said: str, *, passes: bool) -> None:
    kite = Item(item_id="1", title="Gull", attributes={"genres": ["Box kites", "Power kites", "Stunt kites"]})
    about = Brief(text="stunt kites", items=(RankedItem(item=kite, rank=1, score=1.0),))
    problem = check_words(f"It is filed under {said.replace(' and', ' kites and')}.", kite, about, [])
    assert (problem is None) is passes, problem


TEAHOUSE = [
    Item(item_id="1", title="竹篮", text="柳条编的，放面包。"),
    Item(item_id="2", title="陶罐", text="装茶叶不受潮。"),
    Item(item_id="3", title="木盒", text="轻而不脆，装饼干。"),
]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("茶叶罐", "其中1件的介绍提到“茶叶”"),
        ("轻而不脆", "其中1件的介绍提到“轻而不脆”"),
        ("面粉桶", "“面粉桶”无法作为条件"),
    ],
)
def test_the_part_of_a_chinese_wish_that_texts_have_is_what_they_mention(wish: str, said: str) -> None:
    assert said in answer(f"{wish}有吗", TEAHOUSE, "zh", unparsed=(wish,))


def test_items_whose_text_has_most_of_a_chinese_wish_are_told() -> None:
    assert speaking(TEAHOUSE, ["茶叶罐"]).tolist() == [False, True, False]
    assert not speaking(TEAHOUSE, ["bread", "面粉桶"]).any()


def test_words_of_two_places_are_not_stitched_to_one_wish() -> None:
    held = Constraint(field="类别", op="=", value="编织品")
    wish = {
        "constraints": (held,),
        "conditions": (Condition(field="类别", op="=", value="编织品", condition_id="1", words="竹篮草帽"),),
    }
    shown = [Item(item_id="1", title="竹篮", text="结实。", attributes={"类别": "编织品"})]
    assert "竹篮草帽" not in answer("竹篮和草帽", shown, "zh", **wish)


def test_a_field_that_orders_a_list_is_not_called_unapplied() -> None:
    shown = [Item(item_id=str(n), title=f"灯{n}", text="亮。", attributes={"寿命(天)": n}) for n in (9, 5)]
    wish = {"reading": Reading(order=Order(field="寿命(天)", descending=True)), "unparsed": ("寿命",)}
    assert "无法作为条件" not in answer("寿命长的灯", shown, "zh", **wish)


def test_a_kind_that_was_refused_has_its_article() -> None:
    held = Constraint(field="Category", op="!=", value="Arc Lamp")
    shown = [Item(item_id="1", title="Gull", text="", attributes={"Category": "Box Lamp"})]
    said = [answer("x" * n + " no arc lamp", shown, constraints=(held,)) for n in range(5)]
    assert any("an arc lamp" in text for text in said)
    assert not any("Instead of arc" in text or "Not arc" in text for text in said)


def test_a_season_with_a_figure_is_no_purpose() -> None:
    assert wording("en").says("Season", "3 season", Brief()) == "is listed as 3 season"
    assert wording("en").says("Season", "Winter", Brief()) == "is meant for winter"


def test_a_german_state_of_delivery_is_told_as_one() -> None:
    assert wording("de").says("Lieferbar", "sofort", Brief()) == "hat den Lieferstatus sofort"


@pytest.mark.parametrize(
    ("word", "part", "has"),
    [
        ("eichenholz", "holz", True),
        ("holzgriff", "holz", True),
        ("decken", "decke", True),
        ("decke", "decken", True),
        ("versand", "sand", False),
        ("preis", "reis", False),
        ("holz", "holz", True),
        ("rotwein", "rot", False),
    ],
)
def test_a_part_of_a_german_compound_is_found_where_the_rest_is_a_word_too(word: str, part: str, has: bool) -> None:
    assert has_part(word, part) is has


def test_a_wish_that_a_compound_holds_is_quoted_and_not_called_unapplied() -> None:
    shown = [Item(item_id="1", title="Quirl", text="Aus Buchenholz gedreht.", attributes={})]
    said = answer("Quirl aus Holz", shown, "de", unparsed=("Holz",), query="Quirl aus Holz")
    assert "konnte ich nicht" not in said
    assert "„Aus Buchenholz gedreht“" in said
