"""Texts of other languages: the packed network, its word pieces, the way among English vectors, and whole shops that are asked in them."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from tastemaker.api.stock import stock
from tastemaker.core.errors import BackEndUnavailable, ConfigurationError
from tastemaker.core.settings import CatalogueSettings, Settings, load_settings
from tastemaker.graphs.health import health_of
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.image_text import other_languages
from tastemaker.models.image_text.embedded import EmbeddedImageText
from tastemaker.models.image_text.other_languages import WEIGHTS, OtherLanguages, placed
from tastemaker.models.image_text.packed_e5 import Pieces, open_packed
from tastemaker.models.image_text.word_pieces import WordPieces
from tastemaker.models.weights.fetch import weights_folder, weights_status

CACHE = load_settings({}).cache
needs_minilm = pytest.mark.skipif(
    not weights_status(CACHE)["minilm"], reason="run `tastemaker setup` to fetch the weights"
)
needs_e5 = pytest.mark.skipif(
    not (weights_status(CACHE)["minilm"] and weights_status(CACHE)[WEIGHTS]),
    reason="run `tastemaker setup` to fetch the weights",
)

needs_photos = pytest.mark.skipif(
    not all(weights_status(CACHE)[n] for n in ("minilm", "efficientnet-lite0", WEIGHTS)),
    reason="run `tastemaker setup` to fetch the weights",
)


# --- the packed file ----------------------------------------------------------------------------

WIDTH, INNER, ROWS = 32, 64, 4
TEXTS = ("<s>", "<unk>", "▁a", "▁ab")


def _blocks(numbers: int) -> bytes:
    """Blocks whose numbers are those of their halves less eight, times a half."""
    halves = bytes(n % 16 | (15 - n % 16) << 4 for n in range(16))
    return (np.float16(0.5).tobytes() + halves) * (numbers // 32)


def _packed() -> bytes:
    """A network of one layer as E5S1."""
    text, ends = "".join(TEXTS).encode(), np.cumsum([0, *(len(t.encode()) for t in TEXTS)])
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 1, INNER, ROWS, 2, 1, 1e-12, 32)
    head += struct.pack("<5iQ", len(TEXTS), 0, 0, 0, 1, len(text)) + ends.astype("<u4").tobytes()
    head += np.array([0, 0, -1, -1.5], "<f4").tobytes() + text
    head += struct.pack("<iIIBI", 1, 9, ord("Ａ"), 1, ord("a"))
    square, wide = WIDTH * WIDTH, WIDTH * INNER
    sizes = {
        "emb.word": (1, ROWS * WIDTH),
        "emb.pos": (0, 2 * WIDTH),
        "emb.type": (0, WIDTH),
        "emb.ln.w": (0, WIDTH),
        "emb.ln.b": (0, WIDTH),
    }
    for name, count in {
        "q": square,
        "k": square,
        "v": square,
        "ao": square,
        "fi": wide,
        "fo": wide,
        "aln": 0,
        "oln": 0,
    }.items():
        sizes[f"l0.{name}.w"] = (1, count) if count else (0, WIDTH)
        sizes[f"l0.{name}.b"] = (0, INNER if name == "fi" else WIDTH)
    listed = struct.pack("<i", len(sizes))
    at = len(head) + 4 + sum(2 + len(name) + 21 for name in sizes)
    body = b""
    for name, (kind, count) in sizes.items():
        part = _blocks(count) if kind else np.arange(count, dtype="<f4").tobytes()
        listed += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, count, at + len(body), len(part))
        )
        body += part
    return head + listed + body


def test_the_packed_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "e5").write_bytes(_packed())
    packed = open_packed(tmp_path / "e5")
    assert (packed.layers, packed.width, packed.inner) == (1, WIDTH, INNER)
    assert packed.pieces == Pieces(list(TEXTS), [0, 0, -1, -1.5], 0, 0, 1, {ord("Ａ"): "a"})
    words = packed.words(np.array([[0, 3]]))
    assert words.shape == (1, 2, WIDTH)
    assert words[0, 1].tolist() == [(n - 8) / 2 for n in range(16)] + [(7 - n) / 2 for n in range(16)]
    weights = packed.weights()
    assert weights["encoder.layer.0.intermediate.dense.weight"].shape == (INNER, WIDTH)
    assert weights["encoder.layer.0.output.dense.weight"].shape == (WIDTH, INNER)
    assert (
        weights["embeddings.position_embeddings.weight"].tolist() == np.arange(2.0 * WIDTH).reshape(2, WIDTH).tolist()
    )


@pytest.mark.parametrize("size", [0, 3, 20, 60, 120, 400, len(_packed()) - 1])
def test_what_ends_too_early_is_an_error(tmp_path: Path, size: int) -> None:
    (tmp_path / "e5").write_bytes(_packed()[:size])
    with pytest.raises(ConfigurationError, match="does not hold multilingual-e5-small"):
        open_packed(tmp_path / "e5")


@pytest.mark.parametrize(("at", "wrong"), [(0, b"GGUF"), (4, b"\2"), (8, b"\x1f"), (24, b"\1\1")])
def test_what_begins_otherwise_is_an_error(tmp_path: Path, at: int, wrong: bytes) -> None:
    content = bytearray(_packed())
    content[at : at + len(wrong)] = wrong
    (tmp_path / "e5").write_bytes(bytes(content))
    with pytest.raises(ConfigurationError, match="does not hold multilingual-e5-small"):
        open_packed(tmp_path / "e5")


# --- word pieces --------------------------------------------------------------------------------


def _some_pieces() -> Pieces:
    texts = ["<s>", "</s>", "<unk>", "▁", "▁foot", "▁footb", "ball", "all", "s", "f", "o", "▁b"]
    return Pieces(
        texts, [0.0, 0.0, 0.0, -3.0, -2.0, -4.0, -2.0, -3.5, -1.0, -5.0, -5.0, -3.0], 0, 1, 2, {ord("Ｆ"): "f"}
    )


def test_words_are_cut_as_the_library_cuts_them() -> None:
    """Each word's cut has the greatest sum of scores; what nothing knows is one piece, however long."""
    made = _some_pieces()
    pieces, library = (
        WordPieces(made),
        Tokenizer(models.Unigram(list(zip(made.texts, made.scores, strict=True)), unk_id=2)),
    )
    for word in ("football", "footballs", "balls", "foot", "oof", "xyz", "fxyzs", "ball"):
        assert pieces.encode(word, 99) == [0, *library.encode(f"▁{word}").ids, 1]
    assert pieces.encode("Ｆoot  football", 99) == [
        0,
        *library.encode("▁foot").ids,
        *library.encode("▁football").ids,
        1,
    ]
    assert pieces.encode("football football", 4) == [0, 4, 6, 1]
    assert pieces.encode("", 4) == [0, 1]


# --- the way among English vectors --------------------------------------------------------------

ZH = (
    "送给爱钓鱼的爸爸的礼物",
    "透气的夏季跑鞋",
    "适合油皮的洗面奶",
    "小户型客厅沙发",
    "宝宝喝水的杯子",
    "冬天骑车戴的手套",
    "静音键盘",
    "给猫玩的东西",
)
DE = (
    "Geschenk für einen Vater, der gern angelt", "atmungsaktive Laufschuhe für den Sommer", "Waschgel für fettige Haut", "Sofa für ein kleines Wohnzimmer",
    "Trinkbecher fürs Baby", "Handschuhe zum Radfahren im Winter", "eine leise Tastatur", "etwas zum Spielen für die Katze",
)  # fmt: skip
EN = (
    "a gift for a dad who loves fishing", "breathable summer running shoes", "a face wash for oily skin", "a sofa for a small living room",
    "a cup for a baby to drink from", "gloves for cycling in winter", "a quiet keyboard", "something for the cat to play with",
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> EmbeddedImageText:
    return EmbeddedImageText(CACHE, threads=1)


@needs_e5
@pytest.mark.parametrize("said", [ZH, DE])
def test_other_languages_land_beside_their_english(model: EmbeddedImageText, said: tuple[str, ...]) -> None:
    cosines = model.encode_texts(said) @ model.encode_texts(EN).T
    assert (cosines.argmax(axis=1) == np.arange(len(EN))).all()
    others = cosines[~np.eye(len(EN), dtype=bool)]
    english = model.encode_texts(EN) @ model.encode_texts(EN).T
    assert others.mean() < english[~np.eye(len(EN), dtype=bool)].mean() + 0.05, (
        "no more alike than strangers are in English"
    )


@needs_e5
def test_foreign_texts_are_no_more_alike_by_chance_than_english_ones(model: EmbeddedImageText) -> None:
    apart = ~np.eye(len(EN), dtype=bool)
    of = {
        name: (rows @ rows.T)[apart].mean()
        for name, rows in {n: model.encode_texts(t) for n, t in (("zh", ZH), ("de", DE), ("en", EN))}.items()
    }
    assert of["zh"] < of["en"] + 0.1
    assert of["de"] < of["en"] + 0.1


@needs_e5
def test_the_order_of_mixed_texts_is_kept(model: EmbeddedImageText) -> None:
    mixed = [EN[0], ZH[0], EN[1], DE[0]]
    fresh = EmbeddedImageText(CACHE, threads=1)
    assert np.allclose(fresh.encode_texts(mixed), np.concatenate([model.encode_texts([t]) for t in mixed]), atol=0.02)


@needs_minilm
def test_english_never_opens_the_larger_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OtherLanguages, "problem", property(lambda self: pytest.fail("asked for")))
    model = EmbeddedImageText(CACHE, threads=1)
    rows = model.encode_texts([*EN, "El Niño", "Häagen-Dazs"])
    assert np.allclose(rows, model.encode_english([*EN, "El Niño", "Häagen-Dazs"]))
    assert model.reader_of(EN[0]) == ("", "")


def test_what_is_placed_has_unit_length() -> None:
    rows = placed(np.ones((2, 3), np.float32), np.zeros(3, np.float32), np.diag([1.0, 2.0, 2.0]).astype(np.float32))
    assert rows.tolist()[0] == pytest.approx([1 / 3, 2 / 3, 2 / 3])


# --- without the weights ------------------------------------------------------------------------


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a machine that has every weight but those of other languages, and no package index."""
    cache = tmp_path / "cache"
    (cache / "weights").mkdir(parents=True)
    for name in ("minilm", "efficientnet-lite0"):
        folder = weights_folder(name, CACHE)
        (cache / "weights" / folder.name).symlink_to(folder)

    def unreachable(name: str, cache: Path, **_: Any) -> Path:
        raise BackEndUnavailable(f"weights {name!r} could not be downloaded", back_end=name)

    monkeypatch.setattr(other_languages, "ensure_weights", unreachable)
    return _settings(tmp_path, cache)


def _settings(folder: Path, cache: Path) -> Settings:
    return load_settings({}).model_copy(
        update={"home": folder / "home", "cache": cache, "catalogue": CatalogueSettings(uri=str(folder / "items"))}
    )


@needs_minilm
async def test_missing_weights_are_labelled_and_words_still_find(tmp_path: Path, without: Settings) -> None:
    report = await _stocked(without, tmp_path, GERMAN)
    assert any(
        f"{len(GERMAN)} items are in another language" in note and "tastemaker setup" in note for note in report.notes
    )
    async with Recommender(without) as recommender:
        response = await recommender.recommend(text="Ich suche eine Heizdecke", n=3, words=False)
        assert response.items[0].item_id == "0"
        assert any(label.what == "languages" and WEIGHTS in label.why for label in response.degraded)
        english = await recommender.recommend(text="something warm for the bed", n=3, words=False)
        assert not any(label.what == "languages" for label in english.degraded)
        found = await recommender.search(text="Mein Mann schnarcht", n=3)
        assert [label.what for label in found.degraded] == ["languages"]


@needs_e5
async def test_items_are_read_again_once_the_weights_are_here(
    tmp_path: Path, without: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _stocked(without, tmp_path, [*GERMAN, *ENGLISH[:2]])
    monkeypatch.undo()
    folder = weights_folder(WEIGHTS, CACHE)
    (without.cache / "weights" / folder.name).symlink_to(folder)
    assert "run `tastemaker ingest` again" in (await _health(without))["image_text"]["detail"]
    again = await _stocked(without, tmp_path, [*GERMAN, *ENGLISH[:2]])
    assert (await _health(without))["image_text"]["state"] == "ok"
    assert (again.updated, again.unchanged) == (len(GERMAN), 2)
    assert (await _stocked(without, tmp_path, [*GERMAN, *ENGLISH[:2]])).unchanged == len(GERMAN) + 2


async def _health(settings: Settings) -> dict[str, dict[str, str]]:
    async with Recommender(settings) as recommender:
        await recommender.search(text="a blanket")
        return await health_of(recommender.services)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_languages, "weights_status", lambda cache: {WEIGHTS: True})
    folder = weights_folder(WEIGHTS, tmp_path)
    folder.mkdir(parents=True)
    (folder / other_languages.FILE).write_bytes(b"E5S1")
    assert OtherLanguages(tmp_path, "int8").problem


# --- whole shops --------------------------------------------------------------------------------

GERMAN = (
    ("Heizdecke für Doppelbetten", "Neun Stufen, schaltet sich selbst ab"),
    ("Ohrstöpsel aus Silikon", "Dämmen 35 Dezibel, weich"),
    ("Futterautomat, drei Liter", "Trockenfutter zu festen Zeiten, per App"),
    ("Verdunkelungsvorhang für das Schlafzimmer", "Dick, isoliert"),
    ("Scheibenwischer, zwei Stück", "Leise, langlebiges Gummi"),
    ("Mikroskop für Kinder", "1200-fach, mit Präparaten"),
)
CHINESE = (
    ("电热毯，双人", "睡前预热床铺，自动断电"),
    ("降噪耳塞，硅胶材质", "隔音三十五分贝"),
    ("自动喂食器，三升", "定时定量投放猫粮狗粮"),
    ("遮光窗帘", "加厚隔热，卧室用"),
    ("雨刮器，无骨，一对", "静音，胶条耐磨"),
    ("儿童显微镜", "一千二百倍，附标本"),
)
ENGLISH = (
    ("Electric blanket for double beds", "Nine settings, switches itself off"),
    ("Silicone ear plugs", "Block 35 decibels, soft"),
    ("Automatic feeder, three litres", "Dry food at set times, by app"),
    ("Blackout curtain", "Thick and insulated"),
    ("Windscreen wipers, a pair", "Quiet, durable rubber"),
    ("Microscope for children", "Magnifies 1200 times, with slides"),
)
ASKED = {
    0: ("Mir ist nachts so kalt, dass ich nicht einschlafe", "冬天睡觉的时候太冷了"),
    1: ("Hier ist es mir zu laut", "这里太吵了"),
    2: ("Wer gibt der Katze zu fressen, wenn ich verreist bin?", "出差几天家里的小猫没人管吃的"),
    4: ("Regen vom Glas am Auto wischen", "下雨天擦车窗用的东西"),
    5: ("Meine Tochter will Käfer ganz genau untersuchen", "女儿想看清楚小虫子的细节"),
}


PHOTOS = Path(__file__).parents[2] / "api" / "demo" / "data" / "photos"
SHOWN = {
    "107438": ("ein Fahrrad an einer Ampel", "红绿灯旁边的自行车"),
    "125870": ("viele Flugzeuge am Flughafen", "机场停着很多飞机"),
    "78499": ("Pferde auf einer Wiese vor den Bergen", "山坡草地上的马"),
    "358083": ("eine Katze vor dem Spiegel", "镜子前的猫"),
    "408805": ("eine Küche mit Mikrowelle und Herd", "有微波炉的厨房"),
}


async def _stocked(settings: Settings, folder: Path, rows: Any) -> Any:
    source = folder / "items.jsonl"
    lines = [
        json.dumps({"id": str(n), "title": title, "text": text}, ensure_ascii=False)
        for n, (title, text) in enumerate(rows)
    ]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return await stock(settings, source, rejects=folder / "rejects.jsonl")


@pytest.fixture(params=[ENGLISH, CHINESE, GERMAN], ids=["english", "chinese", "german"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Recommender]:
    settings = _settings(tmp_path, CACHE)
    await _stocked(settings, tmp_path, request.param)
    async with Recommender(settings) as recommender:
        yield recommender


@needs_e5
async def test_needs_in_german_and_chinese_find_what_shares_no_word_with_them(shop: Recommender) -> None:
    asked = [(text, str(number)) for number, texts in ASKED.items() for text in texts]
    found = await asyncio.gather(*(shop.recommend(text=text, n=2, words=False) for text, _ in asked))
    assert not any(label.what == "languages" for response in found for label in response.degraded)
    right = [
        wanted in [item.item_id for item in response.items] for (_, wanted), response in zip(asked, found, strict=True)
    ]
    assert sum(right) >= len(asked) - 2, [text for (text, _), ok in zip(asked, right, strict=True) if not ok]


@needs_photos
async def test_photos_without_a_word_are_found_in_german_and_chinese(tmp_path: Path) -> None:
    """The items have numbers for titles: nothing but their pictures can be found."""
    settings, source = _settings(tmp_path, CACHE), tmp_path / "items.jsonl"
    photos = sorted(PHOTOS.glob("*.jpg"))
    rows = [{"id": p.stem, "title": f"No. {n}", "image": p.name} for n, p in enumerate(photos)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    await stock(settings, source, media=PHOTOS, rejects=tmp_path / "rejects.jsonl")
    async with Recommender(settings) as recommender:
        found = {
            text: [hit.item_id for hit in (await recommender.search(text=text, n=5, look_at="image")).hits]
            for texts in SHOWN.values()
            for text in texts
        }
    missed = [text for item_id, texts in SHOWN.items() for text in texts if item_id not in found[text]]
    assert len(missed) <= 2, (missed, len(photos))
