"""What every captioner gives: tags, colours, text in the picture; and the shop's own words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tastemaker.core.errors import ToolError
from tastemaker.core.protocols import Captioner, Vectors
from tastemaker.core.schemas import Caption, CatalogueField, CatalogueSchema, MediaFile, Tag
from tastemaker.core.settings import Settings, load_settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.shop.caption_vocabulary import values_to_see
from tastemaker.models import registry
from tastemaker.models.captions.all_fields import FullCaptioner
from tastemaker.models.captions.text_in_pictures import PictureText, looks_written
from tastemaker.models.captions.zero_shot import ZeroShotCaptioner
from tastemaker.models.lazy import LazyCaptioner
from tastemaker.tools.perception.image_captioner import ImageCaptioner, check_writing

PHOTO = MediaFile(media_id="image-1", kind="image", path="a.png", mime="image/png")


class Plain:
    """A captioner of a hub: a sentence and nothing else."""

    name = "hf:plain"

    async def caption(self, path: str) -> Caption:
        return Caption(text="a dog with two umbrellas", confidence=0.8, back_end=self.name)


class Axes:
    """Pictures are near the word ``teal``."""

    name, dim = "axes", 2

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([[1, 0] if "teal" in text else [0, 1] for text in texts], np.float32)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        return np.array([[1, 0] for _ in paths], np.float32)


def _written(path: Path, text: str = "GRAND SALE") -> str:
    image = Image.new("RGB", (640, 300), (240, 230, 200))
    ImageDraw.Draw(image).text((40, 100), text, font=ImageFont.load_default(70), fill=(120, 20, 20))
    image.save(path)
    return str(path)


def _plain(path: Path) -> str:
    Image.new("RGB", (300, 200), (200, 20, 20)).save(path)
    return str(path)


def test_text_is_looked_for_only_where_it_may_be(tmp_path: Path) -> None:
    assert looks_written(_written(tmp_path / "sale.png"))
    assert not looks_written(_plain(tmp_path / "red.png"))
    assert not looks_written(_plain(tmp_path / "tiny.png"))
    Image.new("RGB", (3, 3)).save(tmp_path / "tiny.png")
    assert not looks_written(tmp_path / "tiny.png")


async def test_every_field_is_filled_in(tmp_path: Path) -> None:
    full = FullCaptioner(Plain(), None)
    assert isinstance(full, Captioner)
    caption = await full.caption(_plain(tmp_path / "red.png"))
    assert {tag.label for tag in caption.tags} == {"dog", "umbrella"}
    assert [(tag.label, tag.confidence) for tag in caption.colours] == [("red", 1.0)]
    assert (caption.text, caption.written) == ("a dog with two umbrellas", ())
    assert full.with_vocabulary(["teal"]) is full


async def test_slow_or_missing_reading_gives_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    slow = PictureText(timeout_s=0.05)
    monkeypatch.setattr(slow, "read", lambda path: time.sleep(0.3))
    assert await slow(_written(tmp_path / "sale.png")) == ()
    missing = PictureText()

    def absent(path: str) -> None:
        raise ImportError("rapidocr")

    monkeypatch.setattr(missing, "_lines", absent)
    assert await missing(_written(tmp_path / "sale.png")) == ()
    monkeypatch.setattr(missing, "_lines", lambda path: pytest.fail("asked again"))
    assert await missing(_written(tmp_path / "sale.png")) == ()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs the extra `ocr`")
async def test_text_is_read(tmp_path: Path) -> None:
    found = await PictureText(timeout_s=120, threads=1)(_written(tmp_path / "sale.png"))
    assert [line.label for line in found] == ["GRAND SALE"]
    assert found[0].confidence > 0.8


async def test_text_in_a_picture_is_quoted_in_the_evidence(tmp_path: Path) -> None:
    class Reads(Plain):
        async def caption(self, path: str) -> Caption:
            return Caption(text="a sign", confidence=0.5, written=(Tag(label='say "yes"', confidence=0.9),))

    media = MediaFile(media_id="image-1", kind="image", path=_plain(tmp_path / "a.png"), mime="image/png")
    assert (await ImageCaptioner(Reads())(media)).content == "a sign; text in it: \"say 'yes'\""


def test_values_worth_looking_for_are_short_and_wordy() -> None:
    colour = CatalogueField(name="colour", type="text", values=("Teal", "Navy Blue"))
    year = CatalogueField(name="year", type="text", values=("2011", "2012"))
    brand = CatalogueField(name="brand", type="text", values=tuple(f"Brand {chr(65 + n % 26)}x{n}" for n in range(99)))
    price = CatalogueField(name="price", type="number")
    same = CatalogueField(name="kind", type="list", values=("teal", "x" * 40))
    assert values_to_see(CatalogueSchema(fields=(colour, year, brand, price, same))) == ["teal", "navy blue"]


async def test_a_shop_teaches_the_captioner_its_values(tmp_path: Path) -> None:
    parts = constant_services(Settings(home=tmp_path))
    zero_shot = ZeroShotCaptioner(Axes(), {"thing": ["umbrella"]}, tmp_path)
    parts.captioner = LazyCaptioner(lambda: FullCaptioner(zero_shot, None), "zero-shot:default")
    parts.rebuild()
    shop = await parts.shop("default")

    async def schema() -> CatalogueSchema:
        return CatalogueSchema(fields=(CatalogueField(name="colour", type="text", values=("Teal", "Red")),), count=2)

    shop.catalogue.schema = schema  # type: ignore[method-assign]
    assert parts.caption_for(shop) is parts.caption
    for _ in range(200):
        await asyncio.sleep(0.01)
        if parts.caption_for(shop) is not parts.caption:
            break
    media = MediaFile(media_id="image-1", kind="image", path=_plain(tmp_path / "a.png"), mime="image/png")
    assert (await parts.caption_for(shop)(media)).tags[0].label == "teal"
    await parts.close()


def test_the_setting_turns_reading_on(tmp_path: Path) -> None:
    for wanted in (False, True):
        settings = load_settings({}, cache=tmp_path, models={"ocr": wanted})
        captioner = registry.open_captioner(settings, Axes())
        assert isinstance(captioner, FullCaptioner)
        assert (captioner._words is not None) is wanted


@pytest.mark.parametrize("said", ['{"picks": [[" \x00', "a dog \ufffd\ufffd", "\x1b[31ma cat", "a \ue000 boat"])
def test_what_is_no_writing_is_refused(said: str) -> None:
    with pytest.raises(ToolError, match="image-1 got an answer that is no writing"):
        check_writing(said, PHOTO)


@pytest.mark.parametrize("said", ["", "a dog\n\ton a beach", "海边的狗 🐕", "ein Hündchen, “klein”", "👩‍👩‍👧 at home"])
def test_what_is_writing_in_any_script_is_taken(said: str) -> None:
    check_writing(said, PHOTO)
