"""Training of the projection: pairs, figures, calibration, and a small run where torch is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.api.aligning import align_to
from tastemaker.core.errors import ConfigurationError, InvalidRequestError
from tastemaker.core.settings import Settings, load_settings
from tastemaker.models.alignment.align import PairSet, align, numbered, recalls
from tastemaker.models.alignment.contrastive_loss import Kinship
from tastemaker.models.alignment.train import Recipe, TrainingData, Weights, folded, project, train
from tastemaker.models.alignment.version_in_use import FollowingImageText, open_embedded
from tastemaker.models.alignment.versions import PACKAGED, Alignments, packed
from tastemaker.models.captions.calibration import calibration_error, fit_calibration, mentions
from tastemaker.models.captions.vocabulary import confidences
from tastemaker.models.image_text.embedded import EmbeddedImageText, load_projection
from tastemaker.models.image_text.towers import FEATURE_DIM
from tastemaker.models.weights.fetch import weights_status
from tastemaker.stores.ingest.picture_text_pairs import read_pairs

CACHE = load_settings({}).cache
HAVE_WEIGHTS = all(weights_status(CACHE)[n] for n in ("minilm", "efficientnet-lite0"))
needs_weights = pytest.mark.skipif(not HAVE_WEIGHTS, reason="run `tastemaker setup` to fetch the embedded weights")


def _csv(path: Path, rows: Sequence[tuple[str, ...]], header: str = "image,caption") -> Path:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def _squares(folder: Path, n: int) -> list[tuple[str, str]]:
    """Paint ``n`` noisy squares of four colours; return file name and colour."""
    rng = np.random.default_rng(0)
    colours = {"red": (200, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 200), "white": (240, 240, 240)}
    made = []
    for number in range(n):
        name = list(colours)[number % 4]
        pixels = np.clip(np.array(colours[name]) + rng.integers(-25, 25, (64, 64, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        made.append((f"{number}.png", name))
    return made


def _toy(n: int = 96, dim: int = 24) -> TrainingData:
    """Return data whose features are a fixed linear picture of their captions."""
    rng = np.random.default_rng(0)
    captions = rng.standard_normal((n, 384)).astype(np.float32)
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    features = (captions @ rng.standard_normal((384, dim))).astype(np.float32)
    return TrainingData((features, features + 0.1), captions, tuple(np.array([i]) for i in range(n)))


def _head(seed: int = 0, hidden: int = 768) -> Weights:
    rng = np.random.default_rng(seed)
    shapes = {"fc1.weight": (hidden, FEATURE_DIM), "fc1.bias": (hidden,), "fc2.weight": (384, hidden)}
    return {name: (rng.standard_normal(shape) * 0.05).astype(np.float32) for name, shape in shapes.items()}


# --- pairs ---------------------------------------------------------------------------------------


def test_captions_are_grouped_by_picture(tmp_path: Path) -> None:
    _squares(tmp_path, 5)
    rows = [(f"{n % 5}.png", f"caption {n}") for n in range(10)]
    pairs = read_pairs(_csv(tmp_path / "pairs.csv", [*rows, ("gone.png", "x"), ("0.png", "")]))
    assert pairs.paths[3] == str(tmp_path / "3.png")
    assert (len(pairs.paths), len(pairs.captions), pairs.skipped) == (5, 10, 2)
    assert [c for c, owner in zip(pairs.captions, pairs.owners, strict=True) if owner == 3] == [
        "caption 3",
        "caption 8",
    ]


def test_catalogue_gives_titles_and_values(tmp_path: Path) -> None:
    _squares(tmp_path, 2)
    rows = [("a", "Red tile", "wall", "red", "0.png"), ("b", "Loose tile", "floor", "green", "gone.png")]
    pairs = read_pairs(_csv(tmp_path / "items.csv", rows, "id,title,place,colour,image"))
    assert pairs.captions == ["Red tile", "wall, red", "wall red"]
    assert pairs.labels == [("wall", "red")]
    assert pairs.skipped == 1


def test_catalogue_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="--map image="):
        read_pairs(_csv(tmp_path / "items.csv", [("a", "Tile")], "id,title"))


@pytest.mark.parametrize(("images", "holdout", "words"), [(3, 0.1, "at least 20"), (30, 0.9, "between 0 and 0.5")])
def test_wrong_pairs_are_refused(images: int, holdout: float, words: str) -> None:
    pairs = PairSet([str(n) for n in range(images)], ["x"] * images, list(range(images)))
    with pytest.raises(InvalidRequestError, match=words):
        align(pairs, EmbeddedImageText(Path("nowhere")), holdout=holdout)


# --- figures and training ------------------------------------------------------------------------


def test_recalls_by_hand() -> None:
    """Two images, three captions: the second caption of image 0 is nearer to image 1."""
    images = np.array([[1, 0], [0, 1]], np.float32)
    captions = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    figures = recalls(images, captions, [np.array([0, 1]), np.array([2])])
    assert figures.text_to_image == pytest.approx((0.6667, 1.0, 1.0))
    assert figures.image_to_text == (1.0, 1.0, 1.0)


def test_random_vectors_are_at_chance() -> None:
    rng = np.random.default_rng(0)
    images, captions = (rng.standard_normal((400, 16)).astype(np.float32) for _ in range(2))
    figures = recalls(images, captions, [np.array([n]) for n in range(400)])
    assert figures.text_to_image[2] < 0.07
    assert figures.image_to_text[2] < 0.07


def test_training_learns_repeats_and_stops_early() -> None:
    data = _toy()
    recipe = Recipe(epochs=30, hidden=32, feature_dropout=0, hidden_dropout=0, learning_rate=3e-3)
    weights, kept = train(data, recipe, seed=1)
    one, two = (train(data, Recipe(epochs=2, hidden=8), seed=1)[0] for _ in range(2))
    np.testing.assert_array_equal(one["fc2.weight"], two["fc2.weight"])
    assert kept == 30
    figures = recalls(project(weights, data.views[0]), data.captions, data.rows)
    assert figures.text_to_image[0] > 0.9
    scored: list[Weights] = []

    def score(candidate: Weights) -> float:
        scored.append(candidate)
        return 0.0

    _, best = train(data, Recipe(epochs=30, hidden=8, patience=4), seed=1, score=score)
    assert (best, len(scored)) == (1, 5)


def test_labels_are_numbered_and_rare_ones_bind_most() -> None:
    labels = numbered([("shoe", "red", "a"), ("shoe", "red", "b"), ("shoe", "", "c"), ("hat", "red", "d")])
    assert labels[:, 0].tolist() == [1, 1, 1, 0]
    assert labels[2, 1] == -1
    kin = Kinship.of(labels).among(np.arange(4))
    assert kin[0, 1] == kin.max() == pytest.approx(1)  # the third field is another for each and binds nobody
    assert kin[0, 1] > kin[0, 2] > 0
    assert kin[2, 3] == 0
    assert numbered([]).size == 0


def test_products_of_a_kind_come_to_lie_together() -> None:
    data, kinds = _toy(), np.arange(96, dtype=np.int32)[:, None] % 6
    labelled = replace(data, labels=kinds)
    recipe = Recipe(epochs=30, hidden=32, feature_dropout=0, hidden_dropout=0, learning_rate=3e-3)

    def together(recipe: Recipe) -> float:
        images = project(train(labelled, recipe, seed=1)[0], data.views[0])
        return float((images @ images.T)[kinds == kinds.T].mean())

    assert together(replace(recipe, kin=0.8)) > together(recipe) + 0.05


def test_head_beside_another_starts_as_that_one() -> None:
    data, beside = _toy(dim=FEATURE_DIM), _head()
    weights, _ = train(data, Recipe(epochs=1, hidden=16, learning_rate=1e-9), seed=0, beside=beside)
    assert weights["fc1.bias"].shape == (768 + 16,)
    np.testing.assert_allclose(project(weights, data.views[0]), project(beside, data.views[0]), atol=1e-3)


def test_folded_heads_give_the_mean_of_their_outputs() -> None:
    features = np.random.default_rng(0).random((50, FEATURE_DIM), np.float32)
    one, two = _head(1, 32), _head(2, 48)
    np.testing.assert_allclose(project(folded([one, one], features), features), project(one, features), atol=1e-5)
    both = project(folded([one, two], features), features)
    mean = project(one, features) + project(two, features)
    assert ((both * mean).sum(axis=1) / np.linalg.norm(mean, axis=1)).min() > 0.9


# --- versions ------------------------------------------------------------------------------------


def test_versions_are_switched_and_taken_back(tmp_path: Path) -> None:
    versions = Alignments(tmp_path)
    assert versions.current() == PACKAGED
    with pytest.raises(ConfigurationError, match="nothing to go back to"):
        versions.roll_back()
    first = versions.publish(_head(1, 8), {"held_out": 3})
    second = versions.publish(_head(2, 8), {})
    third = versions.publish(_head(3, 8), {}, use=False)
    assert versions.current() == second
    assert set(versions.versions()) == {first, second, third}
    assert versions.card(second)["replaces"] == first
    assert versions.card(first)["held_out"] == 3
    assert [versions.roll_back(), versions.roll_back()] == [first, PACKAGED]
    assert versions.current() == PACKAGED
    with pytest.raises(ConfigurationError, match="no alignment 'x'"):
        versions.use("x")
    assert not list(tmp_path.rglob("*.part"))


def test_unfinished_version_and_lost_choice_count_for_nothing(tmp_path: Path) -> None:
    versions = Alignments(tmp_path)
    (versions.root / ".half.part").mkdir(parents=True)
    (versions.root / "CURRENT").write_text("20260101T000000-00000000\n")
    assert versions.versions() == []
    assert versions.current() == PACKAGED


@pytest.mark.parametrize("junk", [b"junk", b"\xff\x00", b""])
def test_a_junk_choice_is_said_and_taken_back(tmp_path: Path, junk: bytes) -> None:
    settings = load_settings({}, home=tmp_path, cache=tmp_path)
    versions = Alignments(tmp_path)
    versions.publish(_head(1, 8), {})
    (versions.root / "CURRENT").write_bytes(junk)
    model = open_embedded("efficientnet-lite0-minilm", settings)
    assert isinstance(model, FollowingImageText)
    model.current()
    assert "'CURRENT'" in model.problem
    assert str(tmp_path) not in model.problem
    assert versions.roll_back() == PACKAGED
    again = open_embedded("efficientnet-lite0-minilm", settings)
    assert isinstance(again, FollowingImageText)
    assert (again.current().name, again.problem) == ("embedded:efficientnet-lite0-minilm", "")


def test_model_in_use_is_told_apart_by_name(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path, cache=tmp_path)
    before = open_embedded("efficientnet-lite0-minilm", settings).name
    version = Alignments(tmp_path).publish(_head(1, 8), {})
    after = open_embedded("efficientnet-lite0-minilm", settings)
    assert (before, after.name) == ("embedded:efficientnet-lite0-minilm", f"{before}@{version}")
    assert isinstance(after, FollowingImageText)
    assert load_projection(after.current().projection)["fc1.bias"].shape == (8,)


def test_projection_survives_saving(tmp_path: Path) -> None:
    (tmp_path / "p.safetensors").write_bytes(packed(_head()))
    features = np.random.default_rng(0).random((4, FEATURE_DIM), np.float32)
    kept = EmbeddedImageText(tmp_path, projection=tmp_path / "p.safetensors").project(features)
    np.testing.assert_allclose(kept, project(_head(), features), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(kept, axis=1), 1, atol=1e-4)
    assert load_projection(tmp_path / "p.safetensors")["fc1.weight"].dtype == np.float16


def test_other_models_are_not_aligned(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path, models={"image_text": "open_clip:ViT-B-32/openai"})
    with pytest.raises(ConfigurationError, match="only embedded:"):
        align_to(settings, tmp_path / "items.csv")


@needs_weights
@pytest.mark.slow
def test_catalogue_is_aligned_and_ingested_anew(tmp_path: Path) -> None:
    """A colour is called by a word of the shop's own, which no model knows before: afterwards unseen squares are found."""
    words = {"red": "zorbel", "green": "plimth", "blue": "quaffle", "white": "nimbrod"}
    rows = [(name, f"{words[colour]} tile", name) for name, colour in _squares(tmp_path, 120)]
    source = _csv(tmp_path / "items.csv", rows, "id,title,image")
    settings: Settings = load_settings({}, home=tmp_path / "home", cache=CACHE)
    aligned = align_to(settings, source, holdout=0.25, epochs=25)
    report = aligned.report
    assert (report.images, report.held_out, report.trained_on + report.validation) == (120, 30, 90)
    assert aligned.in_use
    assert Alignments(settings.home).current() == aligned.version
    model = open_embedded("efficientnet-lite0-minilm", settings)
    assert isinstance(model, FollowingImageText)
    model = model.current()
    red, blue = model.encode_texts(["zorbel tile", "quaffle tile"])
    (picture,) = model.encode_images([str(tmp_path / "0.png")])
    assert red @ picture > blue @ picture + 0.1


# --- calibration ---------------------------------------------------------------------------------


def test_mentions_know_plurals_and_whole_words() -> None:
    found = mentions(["dog", "car", "bus"], [["Two dogs ."], ["a carpet"], ["buses and a car"]])
    assert found.tolist() == [[True, False, False], [False, False, False], [False, True, True]]


def test_calibration_recovers_probabilities() -> None:
    rng = np.random.default_rng(0)
    words = np.linalg.qr(rng.standard_normal((32, 32)))[0][:20].astype(np.float32)
    images = rng.standard_normal((2000, 32)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    truth = rng.random((2000, 20)) < 1 / (1 + np.exp(-(8 * (images @ words.T) - 2)))
    fitted = fit_calibration("toy", images[:1000], words, truth[:1000], "toy")
    assert fitted.slope == pytest.approx(8, rel=0.1)
    assert fitted.intercept == pytest.approx(-2, rel=0.1)
    error, first = calibration_error(images[1000:], words, truth[1000:], fitted)
    assert error < 0.02
    assert first > 0.4
    assert confidences(images[0], words, fitted).max() <= 1
