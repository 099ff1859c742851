"""The benches of vision and ingesting, and the contact sheet, on small made-up data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.ranking.cross_modal import Hit
from tastemaker.core.settings import load_settings
from tastemaker.evals.media.contact_sheet import Query, draw
from tastemaker.evals.media.vision import Pictures, _found, _recalls, vision_run
from tastemaker.evals.service.ingest import _write, ingest_run
from tastemaker.models.alignment.resumable_rows import KeptRows, kept_head
from tastemaker.models.alignment.train import Recipe, TrainingData
from tastemaker.models.image_text.towers import FEATURE_DIM


def _fashion(folder: Path, n: int) -> Path:
    (folder / "images").mkdir(parents=True)
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "articleType", "productDisplayName", "image"])
        for i in range(n):
            Image.new("RGB", (20, 20), (i, 0, 0)).save(folder / "images" / f"{i}.webp")
            writer.writerow([i, "Tshirts", f"Shirt {i}", f"images/{i}.webp"])
    return folder


def test_recalls_count_captions_within_pictures() -> None:
    figures = _recalls([np.array([0, 12]), np.array([3])], 0)
    assert (figures["recall_at_1"], figures["recall_at_5"], figures["recall_at_10"]) == (0.25, 0.75, 0.75)
    assert figures["recall_at_10_ci"] == [0.5, 1.0]


def test_products_are_found_by_name_and_type() -> None:
    """Twelve products of two types: pictures lie near their type's name, so that the ten nearest hold all six."""
    captions = np.eye(384, dtype=np.float32)[:12]
    captions[:6, 300], captions[6:, 301] = 2, 2
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    features = np.zeros((12, FEATURE_DIM), np.float32)
    features[:, :384] = captions * 9
    head = {"fc1.weight": np.eye(384, FEATURE_DIM), "fc1.bias": np.zeros(384), "fc2.weight": np.eye(384)}
    weights = {name: values.astype(np.float32) for name, values in head.items()}
    rows = tuple(np.array([i]) for i in range(12))
    shop = Pictures([""] * 12, [""] * 12, TrainingData((features,), captions, rows), ("shirt",) * 6 + ("shoe",) * 6)
    figures = _found(weights, shop, np.arange(12), 0)
    assert (figures["kinds"], figures["type_precision_at_10_possible"]) == (0, 0.6)
    assert figures["recall_at_1"] == 1
    assert figures["type_precision_at_10"] == pytest.approx(0.6)


def test_rows_and_heads_are_computed_once(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def compute(some: list[str]) -> np.ndarray:
        asked.append(list(some))
        return np.array([[float(len(text))] for text in some], np.float32)

    kept = KeptRows(tmp_path / "rows", lambda _: None)
    texts = ["a" * (n % 7) for n in range(300)]
    first = kept.rows("texts", texts, texts, compute)  # type: ignore[arg-type]
    assert first.ravel().tolist() == [n % 7 for n in range(300)]
    kept.rows("texts", texts, texts, compute)  # type: ignore[arg-type]
    assert [len(some) for some in asked] == [250, 50]
    kept.clear()
    assert not (tmp_path / "rows").exists()
    captions = np.eye(384, dtype=np.float32)[:40]
    data = TrainingData((captions[:, :30],), captions, tuple(np.array([i]) for i in range(40)))
    said: list[str] = []
    one, two = (kept_head(tmp_path, data, Recipe(epochs=1, hidden=8), 0, said.append) for _ in range(2))
    assert len(said) == 1
    np.testing.assert_array_equal(one["fc2.weight"], two["fc2.weight"])


def test_products_come_again_under_new_ids(tmp_path: Path) -> None:
    source = _write(_fashion(tmp_path / "fashion", 3), tmp_path / "big", 7)
    rows = list(csv.DictReader(source.read_text().splitlines()))
    assert [row["id"] for row in rows] == ["0-0", "1-0", "2-0", "0-1", "1-1", "2-1", "0-2"]
    assert rows[6]["productDisplayName"] == "Shirt 0 No. 2"
    assert len({row["image"] for row in rows}) == 7
    assert all((source.parent / row["image"]).is_file() for row in rows)


async def test_missing_data_is_named(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path, cache=tmp_path)
    with pytest.raises(InvalidRequestError, match="flickr8k"):
        await vision_run(settings, tmp_path, 0, lambda _: None)
    with pytest.raises(InvalidRequestError, match=r"products\.csv"):
        await ingest_run(settings, tmp_path, [1000], [1000], lambda _: None)


def test_the_sheet_has_a_row_per_query(tmp_path: Path) -> None:
    fashion = _fashion(tmp_path / "fashion", 3)
    hits = [
        Hit(item_id=str(i), title="A rather long title " * 4, image=f"images/{i}.webp", attributes={}, rank=1, score=0)
        for i in range(3)
    ]
    rows = [(Query("in red", photo="2"), hits), (Query("shirts", look_at="image"), [])]
    draw(rows, fashion, tmp_path / "out" / "sheet.png")
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        assert sheet.size[1] > 2 * 150
        assert sheet.getpixel((232 + 20 // 2, 6 + 20 // 2)) == (0, 0, 0)
    assert rows[0][0].label == "“in red” + this photo"
    assert rows[1][0].label == "“shirts”; pictures only"
