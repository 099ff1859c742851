"""What is printed in a photo is compared with what a text or an item claims; what is not printed says nothing."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tastemaker.core.schemas import Item, Tag
from tastemaker.models.captions.text_in_pictures import PictureText
from tastemaker.tools.trust import printed_text as module
from tastemaker.tools.trust.item_method import Goods
from tastemaker.tools.trust.item_print import examine
from tastemaker.tools.trust.printed_text import PrintedText, compare, sizes


@pytest.mark.parametrize(
    ("text", "lines", "state"),
    [
        ("Olive oil 500 ml", ["EXTRA VIRGIN", "250ml"], "conflict"),
        ("Olive oil 500 ml", ["EXTRA VIRGIN", "0.5 L"], "verified"),
        ("Rice, 2 lb", ["NET 907 g"], "verified"),
        ("大米5公斤", ["净含量10千克"], "conflict"),
        ("Monitor 27 inch", ["4K", "24 inch"], "conflict"),
        ("Olive oil 500 ml", ["Fat 10 g", "Salt 3 g", "15 ml", "30 ml", "100 ml"], "no evidence"),
        ("Acme Thunder drill", ["ACME", "Thunder 3000"], "verified"),
        ("A red shirt", ["JUST RUN"], "no evidence"),
        ("A red shirt", [], "no evidence"),
        ("Bottle 500 ml", ["since 1954"], "no evidence"),
    ],
)
def test_sizes_and_names_are_compared(text: str, lines: list[str], state: str) -> None:
    said, reason = compare(text, lines)
    assert (said, bool(reason)) == (state, True)


def test_both_sizes_are_told() -> None:
    assert compare("Olive oil 500 ml", ["250 ml"])[1] == "The text says 500 ml, but 250 ml is printed in the photo."


def test_numbers_without_a_unit_of_labels_are_no_sizes() -> None:
    assert sizes("iPhone 12 of 2020, 5 stars, 30 minutes, 9 euros") == []


class Reader(PictureText):
    """Read what the test says is printed on each photo, by its name."""

    def __init__(self, printed: dict[str, list[str]]) -> None:
        super().__init__()
        self.printed = printed

    def read(self, path: str) -> tuple[Tag, ...]:
        return tuple(Tag(label=line, confidence=0.95) for line in self.printed.get(Path(path).stem, []))


MAKERS = ("Ampelwerk", "Bogenhaus", "Citrine")


def shop(count: int = 36) -> tuple[Goods, dict[str, list[str]]]:
    """Return boxes with their maker printed on them, and shirts with any maker's name as a joke."""
    items = [
        Item(
            item_id=f"i{n}", title=f"Tea {n}", text="250 g", attributes={"maker": MAKERS[n % 3], "mood": MAKERS[n % 2]}
        )
        for n in range(count)
    ]
    photos = {i.item_id: Path(f"{i.item_id}.jpg") for i in items}
    printed = {i.item_id: [f"{str(i.attributes['maker']).upper()} TEA", "250 g"] for i in items}
    return Goods(items, photos, {}, {}, frozenset(photos)), printed


def test_another_maker_or_size_on_the_box_is_found() -> None:
    goods, printed = shop()
    assert examine(goods, Reader(printed)) == {}
    printed["i3"] = ["CITRINE", "250 g"]
    printed["i4"] = [*printed["i4"][:1], "500 g"]
    found = examine(goods, Reader(printed))
    assert set(found) == {"i3", "i4"}
    assert found["i3"].reason == "“Citrine” is printed on the photo, but the item says “Ampelwerk” (maker)."
    assert "500 g" in found["i4"].reason


def test_a_field_that_photos_do_not_bear_out_names_nobody() -> None:
    goods, printed = shop(count=9)
    printed["i3"] = ["CITRINE"]
    assert examine(goods, Reader(printed)) == {}, "too few boxes to know what is printed on boxes"


async def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader({})
    monkeypatch.setattr(reader, "_missing", True)
    state, reason = await PrintedText(reader)("photo.jpg", "500 ml")
    assert state == "no evidence"
    assert "tastemaker[ocr]" in reason


async def test_reading_that_takes_too_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_S", 0.05)
    reader = Reader({})
    monkeypatch.setattr(reader, "read", lambda path: time.sleep(0.3))
    assert (await PrintedText(reader)("photo.jpg", "500 ml"))[1].startswith("Not read: it took longer")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs the extra `ocr`")
async def test_a_label_is_read(tmp_path: Path) -> None:
    label = Image.new("RGB", (640, 480), "white")
    font = ImageFont.load_default(64)
    for line, words in enumerate(("OLIVE OIL", "EXTRA VIRGIN", "250 ml")):
        ImageDraw.Draw(label).text((60, 80 + 110 * line), words, "black", font)
    label.save(tmp_path / "label.png")
    read = PrintedText(PictureText(timeout_s=120, threads=1))
    assert (await read(str(tmp_path / "label.png"), "Olive oil 500 ml"))[0] == "conflict"
    assert (await read(str(tmp_path / "label.png"), "Olive oil 250 ml"))[0] == "verified"
