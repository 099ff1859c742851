"""Chinese is told from other languages, its numerals are read, and its items are found by words, not by characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.agents.explaining.rendered import render_composition
from tastemaker.core.schemas import Brief, Constraint, Item, RankedItem, SourceScore, Understanding
from tastemaker.core.text.chinese import han_pairs, is_chinese, read_numeral
from tastemaker.models.captions.vocabulary import chinese_labels, gloss, packaged_vocabulary
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue

from ..catalogue_fixture import axis


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("五十", 50),
        ("十五", 15),
        ("两百", 200),
        ("两百五", 250),
        ("两百五十", 250),
        ("一千零一", 1001),
        ("三千二", 3200),
        ("一万两千", 12000),
        ("一九九零", 1990),
        ("十分", None),
        ("万一", None),
        ("千万", None),
        ("五六", None),
    ],
)
def test_numerals(text: str, value: int | None) -> None:
    assert read_numeral(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("红色的衬衫", True),
        ("想要 Nike 的鞋子", True),
        ("a red shirt", False),
        ("赤いシャツ", False),
        ("the film 红 by Kieslowski please", False),
        ("", False),
    ],
)
def test_chinese_is_told(text: str, expected: bool) -> None:
    assert is_chinese(text) is expected


def test_every_caption_word_has_a_chinese_one() -> None:
    assert set(packaged_vocabulary().words) <= set(chinese_labels())


def test_a_chinese_query_is_glossed_for_an_english_catalogue() -> None:
    assert gloss("红色衬衫和牛仔裤").split() == ["red", "shirt", "jeans"]
    assert gloss("海边的小狗") == "seaside puppy"
    assert gloss("a dog") == ""


async def test_words_of_several_characters_beat_the_same_characters_apart(tmp_path: Path) -> None:
    titles = {
        "word": "经典牛仔裤",
        "apart": "仔猪饲料，牛油，工装裤",
        "other": "羊毛围巾",
        "shirt": "白色衬衫",
        "mixed": "衬托肤色的白上衣",
    }
    catalogue = await LanceCatalogue.open(str(tmp_path / "items"))
    rows = [ItemRow(Item(item_id=i, title=t), axis(1, n)) for n, (i, t) in enumerate(titles.items())]
    await catalogue.upsert(rows)
    found = await catalogue.search_text("想要牛仔裤", 5)
    assert found[0].item_id == "word"
    assert "apart" in {c.item_id for c in found}, "single characters still find, as in catalogues indexed before pairs"
    assert (await catalogue.search_text("白色的衬衫", 5))[0].item_id == "shirt"


def brief(text: str) -> Brief:
    item = Item(item_id="a", title="经典牛仔裤", attributes={"price": 28.0, "baseColour": "Blue"})
    limit = Constraint(field="price", op="<=", value=40.0, source="text")
    return Brief(
        text=text,
        understanding=Understanding(query=text, constraints=(limit,)),
        items=(
            RankedItem(item=item, rank=1, score=1.0, sources=(SourceScore(source="full_text", rank=1, score=2.0),)),
        ),
        price_field="price",
        price_unit="EUR",
    )


def test_a_chinese_request_is_answered_in_chinese_from_data() -> None:
    words = render_composition(brief("40欧元以下的牛仔裤"))
    for text in (words.message.text, words.reasons[0].text):
        assert is_chinese(text)
        assert "40 EUR" in text
    assert "28 EUR" in words.reasons[0].text
    assert not is_chinese(render_composition(brief("jeans under 40 euros")).message.text)


def test_pairs_do_not_cross_other_characters() -> None:
    assert han_pairs("红色T恤衫，牛仔") == ["红色", "恤衫", "牛仔"]
