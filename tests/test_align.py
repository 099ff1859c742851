"""Training of the projection: pairs, figures, calibration, and a small run where torch is installed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import BackEndUnavailable, ConfigurationError
from tastemaker.core.settings import load_settings
from tastemaker.models import align as align_module
from tastemaker.models.align import align, project, read_pairs, recalls, save_projection
from tastemaker.models.calibrate import calibration_error, fit_calibration, mentions
from tastemaker.models.image_text import EmbeddedImageText, load_projection
from tastemaker.models.vocabulary import confidences
from tastemaker.models.weights import weights_status

CACHE = load_settings({}).cache
HAVE_TORCH = find_spec("torch") is not None and find_spec("open_clip") is not None
needs_torch = pytest.mark.skipif(not HAVE_TORCH, reason="needs the extra `train`: pip install 'tastemaker[train]'")


def _csv(path: Path, rows: list[tuple[str, str]], header: str = "image,caption") -> Path:
    path.write_text("\n".join([header, *(f"{image},{caption}" for image, caption in rows)]) + "\n", encoding="utf-8")
    return path


def test_pairs_are_grouped_by_image(tmp_path: Path) -> None:
    rows = [(f"{n % 25}.png", f"caption {n}") for n in range(50)]
    paths, captions, owners = read_pairs(_csv(tmp_path / "pairs.csv", rows), 0.1)
    assert paths[3] == str(tmp_path / "3.png")
    assert len(paths) == 25
    assert captions[28] == "caption 28"
    assert owners[28] == owners[3] == 3


@pytest.mark.parametrize(
    ("header", "rows", "holdout", "words"),
    [
        ("image,text", [("a.png", "x")] * 30, 0.1, "line 2"),
        ("image,caption", [("a.png", "x"), ("b.png", "")], 0.1, "line 3"),
        ("image,caption", [("a.png", "x")], 0.1, "at least 20"),
        ("image,caption", [(f"{n}.png", "x") for n in range(30)], 0.9, "holdout"),
    ],
)
def test_wrong_pairs_are_refused(
    tmp_path: Path, header: str, rows: list[tuple[str, str]], holdout: float, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_pairs(_csv(tmp_path / "pairs.csv", rows, header), holdout)


def test_missing_file_of_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file of pairs"):
        read_pairs(tmp_path / "gone.csv", 0.1)


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


def test_projection_survives_saving(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = {"fc1.weight": (768, 1280), "fc1.bias": (768,), "fc2.weight": (384, 768)}
    weights = {name: (rng.standard_normal(shape) * 0.05).astype(np.float32) for name, shape in shapes.items()}
    save_projection(weights, tmp_path / "p.safetensors")
    features = rng.random((4, 1280), np.float32)
    kept = EmbeddedImageText(tmp_path, projection=tmp_path / "p.safetensors").project(features)
    np.testing.assert_allclose(kept, project(weights, features), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(kept, axis=1), 1, atol=1e-4)
    assert load_projection(tmp_path / "p.safetensors")["fc1.weight"].dtype == np.float16


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


@pytest.mark.skipif(HAVE_TORCH, reason="torch is installed here")
def test_missing_extra_names_itself(tmp_path: Path) -> None:
    with pytest.raises(BackEndUnavailable, match=r"pip install 'tastemaker\[train\]'"):
        align(tmp_path / "pairs.csv", tmp_path / "out", cache=tmp_path)


@needs_torch
@pytest.mark.skipif(not all(weights_status(CACHE)[n] for n in ("minilm", "efficientnet-lite0")), reason="no weights")
@pytest.mark.slow
def test_training_learns_colours(tmp_path: Path) -> None:
    """Painted squares with their colour as caption: unseen ones are found by text far more often than before."""
    rng = np.random.default_rng(0)
    colours = {"red": (200, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 200), "white": (240, 240, 240)}
    rows = []
    for n in range(120):
        name = list(colours)[n % 4]
        noise = rng.integers(-25, 25, (64, 64, 3))
        pixels = np.clip(np.array(colours[name]) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{n}.png")
        rows.append((f"{n}.png", f"a {name} square"))
    report = align(_csv(tmp_path / "pairs.csv", rows), tmp_path / "out", cache=CACHE, epochs=40, holdout=0.25)
    assert (report.images, report.held_out, report.trained_on + report.validation) == (120, 30, 90)
    assert report.before is not None
    assert report.after is not None
    assert report.after.text_to_image[2] > 0.75 > 0.5 > report.before.text_to_image[2]
    assert json.loads((tmp_path / "out" / "card.json").read_text())["epoch"] == report.epoch
    model = EmbeddedImageText(CACHE, projection=tmp_path / "out" / "projection.safetensors")
    red, blue = model.encode_texts(["a red square", "a blue square"])
    (picture,) = model.encode_images([str(tmp_path / "0.png")])
    assert red @ picture > blue @ picture


@needs_torch
def test_training_is_repeatable_and_stops_early() -> None:
    from tastemaker.models.align_train import TrainingData, head_weights, open_clip_head, train_head

    rng = np.random.default_rng(0)
    captions = rng.standard_normal((64, 384)).astype(np.float32)
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    data = TrainingData(rng.random((64, 1280), np.float32), captions, tuple(np.array([n]) for n in range(64)))
    runs = []
    for _ in range(2):
        head = open_clip_head()
        align_module.reset_head(head, 3)
        assert train_head(head, data, epochs=2, seed=3) == 2
        runs.append(head_weights(head)["fc2.weight"])
    np.testing.assert_array_equal(runs[0], runs[1])
    seen: list[float] = []
    kept = train_head(head, data, epochs=30, seed=3, score=lambda _: seen.append(0.0) or 0.0, patience=4)  # type: ignore[func-returns-value]
    assert (kept, len(seen)) == (1, 5)
