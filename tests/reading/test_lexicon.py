"""The lexicon: what it holds, which sense a value has beside others, and requests in one language over values of another."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.language.lexicon import build, lexicon
from tastemaker.core.language.lexicon.wordings import lemma_of, wordings_of
from tastemaker.core.schemas import CatalogueField, CatalogueSchema

from ..shops.loader import flag, number, words


def _shop(*fields: CatalogueField, texts: str = "") -> CatalogueLanguage:
    return compile_language(CatalogueSchema(fields=fields, count=90), {}, texts.split("|"))


INSTRUMENTS = _shop(
    number("price", 20, 5000, "EUR", price=True),
    words("instrument", "Violin|Trumpet|Flute|Harp|Accordion|Drum"),
    words("wood", "Maple|Walnut|Spruce|Mahogany"),
    words("sold_with", "Bow|Stand|Strap|Candle", several=True),
    flag("microphone"),
    texts="a fine old piece with a warm sound|rosin and a case",
)
WERKZEUG = _shop(
    number("preis", 2, 900, "EUR", price=True),
    words("werkzeug", "Hammer|Säge|Schere|Leiter|Zange|Schaufel"),
    words("stoff", "Eisen|Leder|Gummi|Messing"),
    words("zubehör", "Koffer|Gürtel|Schürze", several=True),
    texts="ein gutes stück aus alter werkstatt",
)
YIQI = _shop(
    number("价格", 10, 9000, "CNY", price=True),
    words("种类", "望远镜|显微镜|指南针|温度计"),
    words("动物", "老虎|大象|企鹅|海豚"),
    texts="给孩子的好东西",
)


def _read(text: str, shop: CatalogueLanguage) -> set[tuple[str, object]]:
    return {
        (c.op, v) for c in read(text, shop).conditions for v in (c.value if isinstance(c.value, list) else [c.value])
    }


@pytest.mark.parametrize(
    ("text", "shop", "expected"),
    [
        ("我想买小提琴", INSTRUMENTS, {("=", "Violin")}),
        ("不要手风琴,要竖琴", INSTRUMENTS, {("!=", "Accordion"), ("=", "Harp")}),
        ("eine Geige unter 300 Euro", INSTRUMENTS, {("=", "Violin"), ("<", 300.0)}),
        ("eine Trompete aus Ahorn, kein Akkordeon", INSTRUMENTS, {("=", "Trumpet"), ("!=", "Accordion")}),
        ("mit Mikrofon", INSTRUMENTS, {("=", True)}),
        ("a ladder or pliers", WERKZEUG, {("=", "Leiter"), ("=", "Zange")}),
        ("a saw, nothing with leather", WERKZEUG, {("=", "Säge"), ("!=", "Leder")}),
        ("锤子和剪刀", WERKZEUG, {("=", "Hammer"), ("=", "Schere")}),
        ("a telescope with penguins", YIQI, {("=", "望远镜"), ("=", "企鹅")}),
        ("ein Mikroskop, aber keine Delfine", YIQI, {("=", "显微镜"), ("!=", "海豚")}),
        ("a compass under 200", YIQI, {("=", "指南针"), ("<", 200.0)}),
    ],
)
def test_words_of_one_language_name_values_of_another(
    text: str, shop: CatalogueLanguage, expected: set[tuple[str, object]]
) -> None:
    got = _read(text, shop)
    assert {v for _, v in expected} <= {v for _, v in got}
    refused = {v for op, v in expected if op == "!="}
    assert {v for op, v in got if op in ("!=", "not in", "not contains")} == refused


@pytest.mark.parametrize(
    ("text", "shop", "said"),
    [
        ("something to make the children happy", WERKZEUG, "Koffer"),
        ("a good gift for a friend who plays", INSTRUMENTS, "Bow"),
    ],
)
def test_words_of_the_requests_own_language_are_no_values_of_another(
    text: str, shop: CatalogueLanguage, said: str
) -> None:
    assert said not in {v for _, v in _read(text, shop)}


def test_a_word_that_two_languages_share_is_meant_by_who_speaks_it() -> None:
    shop = _shop(words("sent_as", "Letter|Card|Parcel"), texts="a plain piece")
    assert ("=", "Letter") in _read("einen Brief für meine Tante", shop)
    assert _read("a brief note for my aunt", shop) == set()


def test_the_company_of_values_tells_the_sense() -> None:
    tools = wordings_of(("file", "saw", "hammer", "chisel"), german=False)
    papers = wordings_of(("file", "letter", "envelope", "folder"), german=False)
    assert "锉" in "".join(w.form for w in tools["file"])
    assert "锉" not in "".join(w.form for w in papers["file"])


def test_singular_forms_are_found() -> None:
    assert lemma_of("Telescopes", "en") == "telescope"
    assert lemma_of("campuss", "en") == ""
    assert lemma_of("Trompeten", "de") == "trompete"


def test_a_sense_that_is_not_there_is_an_error() -> None:
    assert lexicon.senses_of("no such word at all", "en") == ()
    with pytest.raises(KeyError):
        lexicon.sense("zzzz")


def test_sources_are_compiled_into_sorted_lines(tmp_path: Path) -> None:
    noun = (
        "00000001 06 n 02 lute 0 oud 0 001 @ 00000002 n 0000 | a thing\n00000002 06 n 01 instrument 0 000 | a thing\n"
    )
    (tmp_path / "data.noun").write_text(noun)
    (tmp_path / "index.noun").write_text(
        "lute n 1 0 1 0 00000001\noud n 1 0 1 0 00000001\ninstrument n 1 0 1 0 00000002\n"
    )
    for name in ("data.verb", "data.adj", "index.verb", "index.adj"):
        (tmp_path / name).write_text("")
    (tmp_path / "cntlist.rev").write_text("lute%1:06:00:: 1 3\n")
    (tmp_path / "wn-wikt-deu.tab").write_text("# Wiktionary\n00000001-n\tdeu:lemma\tLaute\n")
    for name in ("wn-cldr-deu.tab", "wn-data-cmn.tab", "wn-cldr-cmn.tab"):
        (tmp_path / name).write_text("# none\n")
    (tmp_path / "cedict_1_0_ts_utf-8_mdbg.txt.gz").write_bytes(
        gzip.compress("琵琶 琵琶 [pi2 pa5] /lute (Chinese)/\n".encode())
    )
    lines = build.build(tmp_path).decode().splitlines()
    assert lines == sorted(lines, key=lambda line: line.encode())
    assert {"laute\tde\t0", "琵琶\tzh\t0", "lute\ten\t0"} <= set(lines)
    assert any(line.startswith("#0\t6\t1\t3\tlute|oud\tLaute\t琵琶") for line in lines)


TRAVEL = _shop(
    number("price", 9, 900, "EUR", price=True),
    words("kind", "Backpack|Duffel bag|Belt bag|Tote|Messenger bag|Umbrella|Hat|Blanket|Water bottle"),
    words("colour", "Red|Green|Blue"),
    words("free_from", "nickel|latex|plastic", several=True),
    texts="a thing for long trips",
)
SHOP_OF_TREES = _shop(
    words("baum", "Eiche|Buche|Ahorn|Obstbaum"),
    words("tiere", "Hund|Katze|Pferd|Spatz|Amsel|Drossel", several=True),
    words("sehenswert", "Burgruine|Stadtmauer|Kirchturm", several=True),
    words("preis_klasse", "niedrig|mittel"),
    texts="eine alte stadt",
)


def _values(text: str, shop: CatalogueLanguage) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for c in read(text, shop).conditions:
        found.setdefault(f"{c.field} {c.op}", set()).update(c.value if isinstance(c.value, list) else [str(c.value)])
    return found


def test_a_word_that_heads_several_values_is_all_of_them() -> None:
    bags = {"Backpack", "Duffel bag", "Belt bag", "Tote", "Messenger bag"}
    assert _values("a bag under 40 euros", TRAVEL)["kind in"] == bags
    assert _values("anything but bags", TRAVEL)["kind not in"] == bags


def test_a_word_for_a_kind_means_every_value_of_the_kind() -> None:
    assert _values("stringed instruments", INSTRUMENTS)["instrument in"] == {"Violin", "Harp"}
    assert _values("no birds please", SHOP_OF_TREES) == {"tiere not in": {"Spatz", "Amsel", "Drossel"}}
    assert _values("etwas mit Vögeln", SHOP_OF_TREES)["tiere in"] == {"Spatz", "Amsel", "Drossel"}


def test_a_narrower_word_means_the_value_it_is_a_kind_of() -> None:
    assert _values("something in vermilion", TRAVEL) == {"colour =": {"Red"}}
    assert _values("spaniels", SHOP_OF_TREES) == {"tiere contains": {"Hund"}}


def test_who_refuses_a_narrower_thing_does_not_refuse_all_of_its_kind() -> None:
    reading = read("no spaniels", SHOP_OF_TREES)
    assert not reading.conditions
    assert reading.not_applied == ("no spaniels",)


def test_values_of_two_parts_are_said_part_by_part() -> None:
    assert _values("a castle ruin or a church tower", SHOP_OF_TREES)["sehenswert in"] == {"Burgruine", "Kirchturm"}
    assert _values("eine Wasserflasche", TRAVEL) == {"kind =": {"Water bottle"}}
    tea = _shop(words("种类", "白茶|花茶|黑茶"), texts="好喝的")
    assert _values("white tea", tea) == {"种类 =": {"白茶"}}


def test_what_a_field_says_is_lacking_is_asked_for_by_who_refuses_it() -> None:
    assert _values("a hat without nickel", TRAVEL)["free_from contains"] == {"nickel"}
    assert _values("latex-free", TRAVEL)["free_from contains"] == {"latex"}


def test_us_is_no_country() -> None:
    shop = _shop(words("made_in", "USA|Spain|Japan"), texts="a plain piece")
    assert _values("one for the two of us", shop) == {}
    assert _values("made in the US", shop) == {"made_in =": {"USA"}}


def test_what_things_are_comes_before_a_list_of_what_they_go_with() -> None:
    shop = _shop(words("species", "Dog|Cat|Hamster"), words("lives_with", "dogs|cats|birds", several=True))
    assert _values("cats, not too old", shop) == {"species =": {"Cat"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a Mondya or a freeday course", {"day in": {"Monday", "Friday"}}),
        ("no Mondys", {"day !=": {"Monday"}}),
        ("beginer", {"level =": {"Beginner"}}),
        ("advnaced, on a tuesdya", {"level =": {"Advanced"}, "day =": {"Tuesday"}}),
    ],
)
def test_slips_in_values_that_are_words_of_phrases_too(text: str, expected: dict[str, set[str]]) -> None:
    shop = _shop(words("day", "Monday|Tuesday|Friday"), words("level", "Beginner|Advanced"), texts="a class")
    assert _values(text, shop) == expected


def test_a_slip_in_a_compound_is_put_right_before_it_is_cut() -> None:
    shop = _shop(words("stoff", "Stoff|Kunststoff|Glas"), words("möbel", "Tisch|Bank"), texts="ein altes stück")
    assert _values("aus Kuunststoff", shop) == {"stoff =": {"Kunststoff"}}
    assert _values("kein Kunstsoff", shop) == {"stoff !=": {"Kunststoff"}}


def test_what_is_lacking_is_read_with_the_fields_name_beside_it() -> None:
    shop = _shop(words("不含", "酒精|香精|色素", several=True), words("种类", "面霜|面膜"))
    assert _values("既不含酒精也不含香精", shop) == {"不含 contains": {"酒精", "香精"}}
