"""Spliced parts are told by their grain; what the model learns from is made here, and saving alone teaches it nothing."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.settings import load_settings
from tastemaker.evals.media.tampering import reliability
from tastemaker.evals.media.train_tamper import _kept_scores, pictures, train_run
from tastemaker.models.image_text.towers import CELL_CHANNELS
from tastemaker.models.tampering.cell_features import CELL_PX, beside_the_rest, cell_traces
from tastemaker.models.tampering.cell_model import packaged_cell_model
from tastemaker.models.tampering.forgery_sets import after, casia, saved_like
from tastemaker.models.tampering.seen_cells import SeenCells
from tastemaker.models.tampering.synthetic_forgeries import KINDS, made_photos
from tastemaker.models.tampering.train import fit_cells, synthetic_samples
from tastemaker.tools.trust import spliced_region
from tastemaker.tools.trust.forgery_probability import Calibration, fit, packaged_calibration
from tastemaker.tools.trust.method import Photo

CACHE = load_settings({}).cache
SEE = SeenCells(CACHE)
needs_weights = pytest.mark.skipif(bool(SEE.missing), reason="run `tastemaker setup` to fetch the embedded weights")


def flat(rgb: np.ndarray) -> np.ndarray:
    """See nothing in any cell."""
    return np.zeros((rgb.shape[0] // CELL_PX, rgb.shape[1] // CELL_PX, CELL_CHANNELS), np.float32)


def photo(seed: int, side: int = 224, grain: float = 6) -> np.ndarray:
    """Return a picture of soft forms with grain (side, side, 3)."""
    rng = np.random.default_rng(seed)
    forms = Image.fromarray(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    return (np.asarray(forms, np.float32) + rng.normal(0, grain, (side, side, 3))).clip(0, 255).astype(np.uint8)


def folder_of_photos(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{n}.png" for n in range(count)]
    for n, path in enumerate(paths):
        Image.fromarray(photo(n, grain=3 * (1 + n % 3))).save(path)
    return paths


@needs_weights
def test_a_part_with_another_grain_is_more_suspicious_than_the_rest() -> None:
    forged = photo(1, grain=2)
    forged[64:144, 64:144] = photo(2, grain=14)[64:144, 64:144]
    seen, honest = (packaged_cell_model()(p, SEE) for p in (forged, photo(1, grain=2)))
    assert seen is not None
    assert honest is not None
    inside = np.zeros(seen.cells.shape, bool)
    inside[4:9, 4:9] = True
    assert seen.cells[inside].mean() > seen.cells[~inside].mean() + 1
    assert seen.score > honest.score


@needs_weights
def test_the_largest_suspicious_part_alone_is_boxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eager = packaged_calibration().model_copy(update={"splice_conflict": 0.5})
    monkeypatch.setattr(spliced_region, "packaged_calibration", lambda: eager)
    forged = photo(1, grain=2)
    forged[48:160, 48:160] = photo(2, grain=14)[48:160, 48:160]
    Image.fromarray(forged).save(tmp_path / "forged.png")
    found = spliced_region.examine(Photo(tmp_path / "forged.png"), SEE)
    assert found.state == "conflict"
    assert found.region is not None
    left, top, width, height = found.region
    assert abs(left + width / 2 - 104 / 224) < 0.1
    assert abs(top + height / 2 - 104 / 224) < 0.1
    assert max(width, height) < 0.8


@needs_weights
def test_a_thing_before_a_plain_ground_is_not_judged(tmp_path: Path) -> None:
    product = np.full((224, 224, 3), 255, np.uint8)
    product[60:160, 60:160] = photo(2)[60:160, 60:160]
    Image.fromarray(product).save(tmp_path / "product.png")
    found = spliced_region.examine(Photo(tmp_path / "product.png"), SEE)
    assert (found.state, found.score) == ("no evidence", None)
    assert "plain ground" in found.reason


def test_the_cells_of_a_photo_are_told_beside_its_own_rest() -> None:
    measured = cell_traces(photo(3), flat)
    assert measured is not None
    features = beside_the_rest(measured)
    assert features.shape[:2] == (14, 14)
    traces = (features.shape[-1] - 3) // 2
    assert np.abs(np.median(features[..., :traces], axis=(0, 1))).max() < 1e-3
    assert cell_traces(photo(3)[:48], flat) is None


def test_forged_and_honest_photos_are_made_in_pairs_that_are_saved_alike(tmp_path: Path) -> None:
    paths = folder_of_photos(tmp_path, 6)
    made = list(made_photos(paths, range(24)))
    assert {m.kind for m in made[::2]} == set(KINDS)
    for forged, honest in zip(made[::2], made[1::2], strict=True):
        assert forged.mask.any()
        assert not honest.mask.any()
        assert honest.kind == f"twin of {forged.kind}"
        assert (forged.parent, forged.data[:3], forged.mask.shape) == (
            honest.parent,
            honest.data[:3],
            honest.mask.shape,
        )
    assert [m.data for m in made_photos(paths, range(3))] == [m.data for m in made_photos(paths[::-1], range(3))]


def test_photos_differ_where_they_were_forged_and_hardly_elsewhere(tmp_path: Path) -> None:
    made = list(made_photos(folder_of_photos(tmp_path, 6), range(24)))
    apart = []
    for forged, honest in zip(made[::2], made[1::2], strict=True):
        left, right = (np.asarray(Image.open(BytesIO(m.data)).convert("RGB"), np.float32) for m in (forged, honest))
        away = np.abs(left - right).mean(axis=2)
        apart.append((away[forged.mask].mean(), away[~forged.mask].mean()))
    assert np.mean([inside > 3 * outside for inside, outside in apart]) > 0.8


def test_the_model_is_trained_from_what_was_kept(tmp_path: Path) -> None:
    paths = folder_of_photos(tmp_path, 6)
    said: list[str] = []
    first = synthetic_samples(paths, 6, tmp_path / "kept", see=flat, seed=0, say=said.append)
    again = synthetic_samples(paths, 6, tmp_path / "kept", see=flat, seed=0, say=said.append)
    assert len(said) == 1
    assert [s.kind for s in first] == [s.kind for s in again]
    assert fit_cells(again).of_traces(again[0].cells).cells.shape == again[0].forged.shape


@pytest.mark.slow
@needs_weights
def test_training_needs_no_research_set_and_an_empty_cache_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    folder_of_photos(folder, 8)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights").symlink_to(CACHE / "weights")
    settings = load_settings({}, cache=tmp_path / "cache", data=tmp_path / "nothing")
    options = {"photos": folder, "clean": folder, "out": tmp_path / "out", "seed": 0, "say": lambda _: None}
    found = train_run(settings, None, count=8, **options)  # type: ignore[arg-type]
    assert found["across_sets"] == {}
    assert packaged_cell_model(tmp_path / "out" / "cells.txt")(photo(1), SEE) is not None
    calibration = packaged_calibration(tmp_path / "out" / "forgery.json")
    assert 0 < calibration.splice_conflict <= 1
    assert train_run(settings, None, count=8, **options) == found  # type: ignore[arg-type]


def test_too_few_photos_to_train_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"--photos.* 0 photos"):
        pictures("--photos", tmp_path)


def casia_folder(folder: Path) -> Path:
    for name in ("authentic", "tampered", "masks"):
        (folder / name).mkdir()
    for name in ("ani_0001", "ani_0002", "art_0003"):
        Image.fromarray(photo(0)).save(folder / "authentic" / f"Au_{name}.jpg", quality=90)
    Image.fromarray(photo(4)).save(folder / "tampered" / "Sp_D_NRN_A_ani0001_ani0002_1.jpg", quality=75, subsampling=0)
    row = "tampered/Sp_D_NRN_A_ani0001_ani0002_1.jpg,splice,masks/Sp_D_NRN_A_ani0001_ani0002_1.png,authentic/Au_ani_0001.jpg"
    (folder / "manifest.csv").write_text(f"tampered,kind,mask,authentic_parent\n{row}\n")
    return folder


def test_both_photos_of_a_splice_are_of_one_family(tmp_path: Path) -> None:
    photos = casia(casia_folder(tmp_path))
    families = {p.path.stem: p.family for p in photos}
    assert families["Au_ani_0001"] == families["Au_ani_0002"] == families["Sp_D_NRN_A_ani0001_ani0002_1"]
    assert families["Au_art_0003"] != families["Au_ani_0001"]


def test_the_control_is_saved_with_the_tables_of_the_forged_photo(tmp_path: Path) -> None:
    forged = next(p for p in casia(casia_folder(tmp_path)) if p.original)
    assert forged.original is not None
    with Image.open(forged.path) as image, Image.open(forged.original) as original:
        twin = saved_like(original, image)
        assert twin.quantization == image.quantization  # type: ignore[attr-defined]
        assert twin.layer[0][1] == image.layer[0][1]  # type: ignore[attr-defined]
        assert saved_like(original, Image.new("RGB", (8, 8))) is original


@pytest.mark.parametrize(("change", "side"), [("as is", 224), ("JPEG 70", 224), ("75 %", 168)])
def test_changes_keep_or_scale_the_photo(change: str, side: int) -> None:
    image = Image.open(BytesIO(after(Image.fromarray(photo(5)), change)))
    assert image.size == (side, side)


def test_the_probability_rises_with_each_score_and_needs_every_method() -> None:
    calibration = packaged_calibration()
    low, high = (calibration.probability(dict.fromkeys(calibration.weights, score)) for score in (0.0, 1.0))
    assert low is not None
    assert high is not None
    assert 0 < low < 0.5 < high < 1
    assert calibration.probability({"copied_region": 1.0}) is None


def test_a_calibration_gives_the_share_of_forged_photos() -> None:
    rng = np.random.default_rng(0)
    forged = rng.random(4000) < 0.5
    scores = rng.normal(forged.astype(float), 1.0)[:, None]
    weights, constant = fit(scores, forged)
    calibration = Calibration(weights={"one": weights[0]}, constant=constant, splice_conflict=1, fitted="here")
    said = np.array([calibration.probability({"one": float(s)}) or 0 for s in scores[:, 0]])
    assert reliability(said, forged)["error"] < 0.05
    assert reliability(1 - said, forged)["error"] > 0.2


def test_a_score_is_kept_before_the_next_is_made(tmp_path: Path) -> None:
    kept = tmp_path / "scores.jsonl"
    seen: list[str] = []

    def score(thing: int) -> float:
        seen.append(kept.read_text(encoding="utf-8"))
        return thing / 4

    assert _kept_scores(kept, [1, 2, 3], score, lambda _: None) == [0.25, 0.5, 0.75]
    assert seen == ["", "0.25\n", "0.25\n0.5\n"]
