"""The embedded towers, their graphs and readers, and the captioners made of them, on real weights and pictures."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import BackEndError, BackEndUnavailable, BadBackEndResponse, ConfigurationError
from tastemaker.core.protocols import Captioner, ImageTextModel, Vectors
from tastemaker.core.settings import load_settings
from tastemaker.models import registry, slots
from tastemaker.models.alignment.version_in_use import FollowingImageText, open_embedded
from tastemaker.models.captions import hub_and_vllm as captioners_hub
from tastemaker.models.captions.colours import dominant_colours
from tastemaker.models.captions.vocabulary import confidences, from_groups, packaged_calibration, packaged_vocabulary
from tastemaker.models.captions.zero_shot import ZeroShotCaptioner, sentence
from tastemaker.models.image_text.embedded import MODEL_NAME, EmbeddedImageText, load_projection
from tastemaker.models.image_text.onnx_graph import cached
from tastemaker.models.image_text.pixels import read_image, to_pixels
from tastemaker.models.image_text.text_batches import TEXT_TOKENS, batches_of
from tastemaker.models.image_text.text_tower import Precision, to_bytes
from tastemaker.models.image_text.torch_file import read_state
from tastemaker.models.image_text.vector_cache import VectorMemo
from tastemaker.models.weights.fetch import weights_status

CACHE = load_settings({}).cache
PHOTOS = Path(__file__).parents[2] / "api" / "demo" / "data" / "photos"
HAVE_WEIGHTS = all(weights_status(CACHE)[name] for name in ("minilm", "efficientnet-lite0"))
needs_weights = pytest.mark.skipif(not HAVE_WEIGHTS, reason="run `tastemaker setup` to fetch the embedded weights")


@pytest.fixture(scope="module")
def model() -> EmbeddedImageText:
    return EmbeddedImageText(CACHE, threads=1)


def _paint(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (300, 200), mode: str = "RGB") -> str:
    Image.new(mode, size, colour).save(path)
    return str(path)


# --- reading pictures and weights ----------------------------------------------------------------


def test_pixels_are_whole_picture_in_minus_one_to_one(tmp_path: Path) -> None:
    image = Image.new("RGB", (400, 200), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 60, 200))
    image.save(tmp_path / "a.png")
    pixels = to_pixels(tmp_path / "a.png")
    assert pixels.shape == (3, 224, 224)
    assert pixels.dtype == np.float32
    assert (pixels[2, :, 0] > 0.99).all()
    assert (pixels[0, :, -1] > 0.99).all()
    assert pixels.min() >= -1
    assert pixels.max() <= 1


def test_transparent_parts_are_white_and_exif_turns(tmp_path: Path) -> None:
    _paint(tmp_path / "clear.png", (0, 0, 0, 0), mode="RGBA")
    assert read_image(tmp_path / "clear.png").getpixel((5, 5)) == (255, 255, 255)
    image, exif = Image.new("RGB", (300, 200), (9, 9, 9)), Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").size == (200, 300)


def test_large_jpeg_is_decoded_small(tmp_path: Path) -> None:
    _paint(tmp_path / "big.jpg", (10, 200, 10), size=(4000, 3000))
    assert max(read_image(tmp_path / "big.jpg").size) <= 1000


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(BackEndError, match=r"x\.png cannot be read as a picture"):
        read_image(tmp_path / "x.png")


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch pwned",)


def test_weights_file_cannot_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    header = b"".join(pickle.dumps(value, protocol=2) for value in (0x1950A86A20F9469CFC6C, 1001, ["system"]))
    (tmp_path / "evil.pth").write_bytes(header + pickle.dumps({"weight": _Evil()}, protocol=2))
    with pytest.raises(ConfigurationError, match=r"posix\.system is not allowed"):
        read_state(tmp_path / "evil.pth")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps(7, protocol=2)])
def test_other_files_are_no_state_dict(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a plain torch state dict"):
        read_state(tmp_path / "x.pth")


def test_graph_is_built_once(tmp_path: Path) -> None:
    built: list[int] = []

    def build() -> bytes:
        built.append(1)
        return b"graph"

    first = cached(tmp_path, "toy", "content", build)
    assert cached(tmp_path, "toy", "content", build) == first
    assert first.read_bytes() == b"graph"
    assert cached(tmp_path, "toy", "other content", build) != first
    assert len(built) == 2
    assert not list(tmp_path.rglob("*.part"))


def test_memo_computes_each_key_once_and_forgets_the_oldest() -> None:
    memo, asked = VectorMemo(2, 1), list[list[str]]()

    def rows(keys: list[str]) -> Vectors:
        def compute(new: list[int]) -> Vectors:
            asked.append([keys[i] for i in new])
            return np.array([[float(ord(keys[i]))] for i in new], np.float32)

        return memo.rows(keys, compute)

    assert rows(["a", "b", "a"]).ravel().tolist() == [97, 98, 97]
    assert rows(["b"]).ravel().tolist() == [98]
    rows(["c"])
    rows(["b", "a"])
    assert asked == [["a", "b"], ["c"], ["a"]]
    assert rows([]).shape == (0, 1)


# --- the embedded model --------------------------------------------------------------------------


@needs_weights
async def test_implements_the_protocol_with_unit_rows(model: EmbeddedImageText, tmp_path: Path) -> None:
    assert isinstance(model, ImageTextModel)
    texts = await model.embed_texts(["a dog", "", "word " * 2000, "狗 naïve 🙂"])
    images = await model.embed_images(
        [_paint(tmp_path / "a.png", (200, 10, 10)), _paint(tmp_path / "b.png", (9, 9, 9))]
    )
    for rows in (texts, images):
        assert rows.dtype == np.float32
        assert rows.shape[1] == model.dim == 384
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)
    assert (await model.embed_texts([])).shape == (0, 384)
    assert (await model.embed_images([])).shape == (0, 384)


@needs_weights
def test_batching_and_padding_do_not_change_a_text(model: EmbeddedImageText) -> None:
    texts = [f"text number {n} " + "and more words " * (n % 7) for n in range(70)]
    together = EmbeddedImageText(CACHE, threads=1).encode_texts(texts)
    alone = np.concatenate([model.encode_texts([text]) for text in texts[:8]])
    np.testing.assert_allclose(together[:8], alone, atol=1e-5)


def test_bytes_of_neighbours_fit_sixteen_bits() -> None:
    matrix = np.random.default_rng(0).standard_normal((64, 9)).astype(np.float32)
    matrix[2:4, 0] = 7.0
    columns, scales = to_bytes(matrix)
    size = np.abs(columns.astype(int))
    assert 255 * (size[0::2] + size[1::2]).max() < 2**15
    assert size.max(axis=0).min() > 60
    assert (np.abs(columns * scales - matrix) <= scales * 0.501).all()


@needs_weights
def test_bytes_give_almost_the_published_vectors(model: EmbeddedImageText) -> None:
    texts = [
        "green flats for women",
        "适合夏天的鞋",
        "Etwas Warmes für meinen Vater",
        "<b>&amp;</b> 12,99 €",
        "and so on " * 80,
    ]
    exact = EmbeddedImageText(CACHE, threads=1, precision="fp32")
    assert exact.revision != model.revision
    assert ((model.encode_texts(texts) * exact.encode_texts(texts)).sum(axis=1) > 0.99).all()


def test_batches_hold_like_lengths_and_at_most_so_many_tokens() -> None:
    lengths = [3, 250, 9, 300, 3, 128, 120]
    batches = batches_of(lengths)
    assert sorted(i for batch in batches for i in batch) == [*range(len(lengths))]
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= TEXT_TOKENS for b in batches)
    assert batches[0] == [0, 4, 2]


@needs_weights
def test_texts_keep_their_meaning(model: EmbeddedImageText) -> None:
    dog, puppy, loan = model.encode_texts(["a dog runs", "a puppy is running", "interest rates of a loan"])
    assert dog @ puppy > 0.6 > 0.3 > dog @ loan


@needs_weights
async def test_changed_picture_is_embedded_anew(model: EmbeddedImageText, tmp_path: Path) -> None:
    path = _paint(tmp_path / "x.png", (200, 0, 0))
    (first,) = await model.embed_images([path])
    _paint(tmp_path / "x.png", (0, 0, 200), size=(301, 200))
    os.utime(path, ns=(1, 1))
    (second,) = await model.embed_images([path])
    assert first @ second < 0.999


@needs_weights
async def test_missing_picture_is_a_back_end_error(model: EmbeddedImageText, tmp_path: Path) -> None:
    with pytest.raises(BackEndError, match=r"gone\.png cannot be read"):
        await model.embed_images([str(tmp_path / "gone.png")])


@needs_weights
async def test_concurrent_first_use_opens_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tastemaker.models.image_text import embedded as image_text

    opened, original = list[Path](), image_text._open_text

    def open_text(cache: Path, precision: Precision) -> image_text._TextTower:
        opened.append(cache)
        return original(cache, precision)

    monkeypatch.setattr(image_text, "_open_text", open_text)
    monkeypatch.setattr(image_text, "_open_image", lambda *_: pytest.fail("texts need no image tower"))
    fresh = EmbeddedImageText(CACHE, threads=1)
    rows = await asyncio.gather(*(fresh.embed_texts([f"text {n}"]) for n in range(4)))
    assert len(rows) == 4
    assert opened == [CACHE]


@needs_weights
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no demo photos")
def test_texts_find_the_demo_photos(model: EmbeddedImageText) -> None:
    """Ask for what is plainly on the pictures: the packaged projection must place a match well above chance."""
    import csv

    with (PHOTOS.parent / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("image")]
    paths = [str(PHOTOS.parent / row["image"]) for row in rows]
    paths = [path if Path(path).is_file() else str(PHOTOS / Path(path).name) for path in paths]
    similarity = model.encode_texts([row["title"] for row in rows]) @ model.encode_images(paths).T
    ranks = (similarity > np.diag(similarity)[:, None]).sum(axis=1)
    assert (ranks < 5).mean() > 0.5


def test_names_and_projections_are_checked(tmp_path: Path) -> None:
    settings = load_settings({}, cache=tmp_path)
    assert open_embedded(MODEL_NAME, settings).name == f"embedded:{MODEL_NAME}"
    with pytest.raises(ConfigurationError, match="neither embedded"):
        open_embedded("resnet", settings)
    (tmp_path / "p.safetensors").write_bytes(b"junk")
    assert open_embedded(str(tmp_path / "p.safetensors"), settings).name.endswith("p.safetensors")
    with pytest.raises(ConfigurationError, match="does not hold a projection"):
        load_projection(tmp_path / "p.safetensors")
    with pytest.raises(BackEndUnavailable, match="tastemaker align"):
        load_projection(tmp_path / "gone.safetensors")


def test_packaged_projection_and_its_card_are_there() -> None:
    from tastemaker.models.image_text.embedded import PROJECTION

    assert load_projection(PROJECTION)["fc2.weight"].shape[0] == 384
    card = (PROJECTION.parent / "projection.md").read_text(encoding="utf-8")
    assert f"{PROJECTION.stat().st_size:,} bytes" in card
    assert packaged_calibration(f"embedded:{MODEL_NAME}") is not None


# --- captions ------------------------------------------------------------------------------------


def test_colours_leave_out_an_even_background(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 200), (255, 255, 255))
    image.paste((200, 20, 20), (60, 60, 140, 140))
    image.save(tmp_path / "product.png")
    assert dominant_colours(tmp_path / "product.png") == [("red", 1.0)]
    assert dominant_colours(_paint(tmp_path / "plain.png", (20, 60, 220))) == [("blue", 1.0)]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "grey"), ((250, 240, 20), "yellow"),
        ((20, 150, 30), "green"), ((120, 70, 20), "brown"), ((15, 20, 90), "navy"), ((250, 120, 190), "pink"),
        ((255, 140, 0), "orange"), ((120, 20, 200), "purple"), ((225, 200, 160), "beige"), ((20, 200, 190), "turquoise"),
    ],
)  # fmt: skip
def test_colours_have_their_names(tmp_path: Path, rgb: tuple[int, int, int], name: str) -> None:
    assert dominant_colours(_paint(tmp_path / "c.png", rgb))[0][0] == name


def test_packaged_words_are_plain_and_distinct() -> None:
    vocabulary = packaged_vocabulary()
    assert 400 <= len(vocabulary.words) == len(set(vocabulary.words))
    assert vocabulary.no_article <= set(vocabulary.words)
    assert (vocabulary.phrase("umbrella"), vocabulary.phrase("uniform"), vocabulary.phrase("grass")) == (
        "an umbrella",
        "a uniform",
        "grass",
    )


def test_added_words_are_cleaned_and_bounded() -> None:
    base = from_groups({"thing": ["dog"]})
    more = base.with_added(["Dog", " teal  lamp ", "teal lamp", "", "x" * 61, *(f"value {n}" for n in range(2000))])
    assert more.words[:2] == ("dog", "teal lamp")
    assert len(more.words) == 1 + 1000
    assert set(more.kinds[1:]) == {"added"}


def test_confidences_without_calibration_are_a_softmax() -> None:
    words = np.eye(3, dtype=np.float32)
    scores = confidences(np.array([1.0, 0.0, 0.0], np.float32), words, None)
    assert scores.sum() == pytest.approx(1.0)
    assert scores.argmax() == 0


class _TwoWords:
    """Place texts with `red` and red pictures on one axis, the rest on the other."""

    name, dim = "scripted", 2

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([[1, 0] if "red" in text else [0, 1] for text in texts], np.float32)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        red = [np.asarray(read_image(path))[..., 0].mean() > 128 for path in paths]
        return np.array([[1, 0] if r else [0, 1] for r in red], np.float32)


async def test_caption_is_a_sentence_of_sure_words(tmp_path: Path) -> None:
    captioner = ZeroShotCaptioner(_TwoWords(), {"thing": ["red apple", "umbrella"]}, tmp_path)
    assert isinstance(captioner, Captioner)
    caption = await captioner.caption(_paint(tmp_path / "r.png", (220, 10, 10)))
    assert caption.text == "a photo of a red apple; mostly red"
    assert [tag.label for tag in caption.tags] == ["red apple", "red"]
    assert caption.confidence == pytest.approx(1.0)
    other = await captioner.caption(_paint(tmp_path / "b.png", (0, 0, 0)))
    assert other.text == "a photo of an umbrella; mostly black"
    assert len(list((tmp_path / "vocabulary").glob("*.npy"))) == 1


def test_a_plural_has_no_article() -> None:
    vocabulary = from_groups({"thing": ["animals", "bus", "glass", "jeans"]})
    sure = np.array([0.9, 0.8, 0.8, 0.8], np.float32)
    assert sentence(vocabulary, sure, [0, 1, 2, 3], []) == "a photo of animals, a bus, a glass and jeans"


def test_sentence_says_what_is_unsure() -> None:
    vocabulary = from_groups({"thing": ["dog", "umbrella"], "scene": ["beach"]})
    unsure = np.array([0.1, 0.05, 0.01], np.float32)
    assert sentence(vocabulary, unsure, [0, 1], []) == "a photo, perhaps of a dog or an umbrella"
    sure = np.array([0.5, 0.05, 0.4], np.float32)
    assert sentence(vocabulary, sure, [0, 1], [("blue", 0.5), ("red", 0.2)]) == (
        "a photo of a dog; beach; mostly blue and red"
    )
    assert sentence(from_groups({"scene": ["beach"]}), sure[2:], [], []) == "a photo; beach"


async def test_catalogue_values_become_words(tmp_path: Path) -> None:
    captioner = ZeroShotCaptioner(_TwoWords(), {"thing": ["umbrella"]}, tmp_path).with_vocabulary(["red kite"])
    caption = await captioner.caption(_paint(tmp_path / "r.png", (220, 10, 10)))
    assert caption.tags[0].label == "red kite"


@needs_weights
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no demo photos")
async def test_real_captions_name_what_is_there(model: EmbeddedImageText, tmp_path: Path) -> None:
    captioner = ZeroShotCaptioner(model, cache=CACHE)
    for photo in sorted(PHOTOS.glob("*.jpg"))[:5]:
        caption = await captioner.caption(str(photo))
        assert caption.text.startswith("a photo")
        assert 0 < caption.confidence <= 1
        assert caption.back_end == "zero-shot:default"
        confidence = [tag.confidence for tag in caption.tags[: len(caption.tags) - 2]]
        assert confidence == sorted(confidence, reverse=True)


def test_vision_model_request_and_reply_are_parsed(tmp_path: Path) -> None:
    uri = captioners_hub.data_uri(_paint(tmp_path / "wide.png", (9, 99, 9), size=(3000, 1000)))
    assert uri.startswith("data:image/jpeg;base64,")
    (message,) = captioners_hub.caption_messages(uri)
    assert message["content"][0] == {"type": "image_url", "image_url": {"url": uri}}
    reply = {
        "choices": [
            {"message": {"content": " A green\nwall. "}, "logprobs": {"content": [{"logprob": 0.0}, {"logprob": -1.0}]}}
        ]
    }
    caption = captioners_hub.parse_caption(reply, "vllm:x")
    assert caption.text == "A green wall."
    assert caption.confidence == pytest.approx(np.exp(-0.5))
    silent: list[dict[str, Any]] = [{"choices": [{"message": {"content": text}}]} for text in (None, " ")]
    for broken in [dict[str, Any](), {"choices": []}, *silent]:
        with pytest.raises(BadBackEndResponse):
            captioners_hub.parse_caption(broken, "vllm:x")


async def test_vision_model_without_a_server_is_unavailable(tmp_path: Path) -> None:
    captioner = captioners_hub.VLMCaptioner("http://127.0.0.1:9/v1", "x", timeout_s=2, max_retries=0)
    with pytest.raises(BackEndUnavailable, match="no server answers"):
        await captioner.caption(_paint(tmp_path / "a.png", (1, 2, 3)))


# --- the registry --------------------------------------------------------------------------------


def test_profiles_fill_every_slot() -> None:
    for profile in ("embedded", "hub", "gpu"):
        settings = load_settings({}, profile=profile)
        for slot in registry.BACK_ENDS:
            kind, name = slots.split_id(slots.slot_id(settings, slot), slot)
            assert kind in registry.kinds(slot)
            assert name


@pytest.mark.parametrize("value", ["whisper", ":tiny", "whisper:"])
def test_slot_needs_kind_and_name(value: str) -> None:
    with pytest.raises(ConfigurationError, match="kind:name"):
        registry.open_transcriber(load_settings({}, models={"transcriber": value}))


def test_unknown_kind_lists_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match=r"models\.image_text: no kind 'clap'; there are embedded, open_clip"):
        registry.open_image_text(load_settings({}, models={"image_text": "clap:x"}))


def test_settings_choose_the_back_end(tmp_path: Path) -> None:
    settings = load_settings({}, cache=tmp_path)
    image_text = registry.open_image_text(settings)
    assert image_text.name == "embedded:efficientnet-lite0-minilm"
    assert registry.open_captioner(settings, image_text).name == "zero-shot:default"
    hub = load_settings({}, models={"captioner": "hf:some/model"})
    assert registry.open_captioner(hub, image_text).name == "hf:some/model"
    gpu = load_settings({}, models={"captioner": "vllm:eyes", "captioner_url": "http://localhost:9/v1"})
    assert registry.open_captioner(gpu, image_text).name == "vllm:eyes"


def test_entry_points_add_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    path = f"{FollowingImageText.__module__}:open_embedded"
    added = [EntryPoint("image_text.mine", path, registry.GROUP), EntryPoint("captioner.other", path, registry.GROUP)]
    monkeypatch.setattr(registry, "entry_points", lambda group: added if group == registry.GROUP else [])
    assert "mine" in registry.kinds("image_text")
    assert "other" not in registry.kinds("image_text")
    opened = registry.open_image_text(load_settings({}, models={"image_text": f"mine:{MODEL_NAME}"}))
    assert isinstance(opened, FollowingImageText)


def test_missing_extra_names_itself() -> None:
    from importlib.util import find_spec

    if find_spec("open_clip"):
        pytest.skip("open_clip is installed here")
    with pytest.raises(BackEndUnavailable, match=r"pip install 'tastemaker\[hub\]'"):
        registry.open_image_text(load_settings({}, profile="hub"))
