"""Whole texts are compared with photos where a check is asked for; the fit is measured against what is near by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.protocols import Vectors
from tastemaker.core.schemas import VerdictState
from tastemaker.models.alignment.clip_projection import fit_space, packed_space
from tastemaker.models.image_text.clip_photo import ClipPhoto, TextSpace, load_text_space
from tastemaker.models.image_text.vector_cache import Once
from tastemaker.tools.trust.whole_text import WholeText

DIM = 24


def unit(rows: Any) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def material(count: int, seed: int) -> tuple[Vectors, Vectors]:
    """Return features (count, 40) of photos and five captions (count, 5, 24) each, which share what the photo is of."""
    rng, mixing = np.random.default_rng(seed), np.random.default_rng(9).normal(size=(DIM, 40))
    subject = rng.normal(size=(count, DIM))
    captions = unit(subject[:, None] + rng.normal(0, 0.6, (count, 5, DIM)))
    return np.asarray(subject @ mixing + rng.normal(0, 0.5, (count, 40)), np.float32), captions


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> TextSpace:
    path = tmp_path_factory.mktemp("space") / "space.safetensors"
    path.write_bytes(packed_space(fit_space(*material(600, 0))))
    return load_text_space(path)


def test_own_texts_are_likelier_than_random_ones_and_limits_hold_on_new_photos(space: TextSpace) -> None:
    features, captions = material(200, 1)
    fits = space.fit(space.place(features), captions[:, 0])
    likely = np.vectorize(space.probability)(fits)
    own, other = np.diag(likely), np.diag(np.roll(likely, 1, axis=1))
    assert own.mean() > 0.9 > 0.1 > other.mean()
    assert (own <= space.unlike).mean() < 0.05
    assert (other >= space.sure).mean() < 0.12


@pytest.mark.parametrize(
    ("probability", "before", "named", "after"),
    [
        (0.999, "no evidence", False, "verified"),
        (0.001, "no evidence", True, "conflict"),
        (0.001, "no evidence", False, "no evidence"),
        (0.001, "verified", True, "no evidence"),
        (0.999, "conflict", True, "conflict"),
        (0.5, "no evidence", True, "no evidence"),
    ],
)
def test_a_conflict_needs_a_thing_that_is_named_and_not_seen(
    probability: float, before: VerdictState, named: bool, after: VerdictState, tmp_path: Path
) -> None:
    tower = ClipPhoto(tmp_path)
    nothing = np.zeros((1, 1), np.float32)
    tower.space = Once(lambda: TextSpace(nothing, nothing, nothing, nothing, 1.0, 0.0, unlike=0.01, sure=0.95))
    state, reason = WholeText(tower, None).judge(probability, before, named=named)  # type: ignore[arg-type]
    assert (state, bool(reason)) == (after, after != before)


async def test_without_weights_nothing_is_compared(tmp_path: Path) -> None:
    assert "tastemaker setup --weights clip-vit-b16" in ClipPhoto(tmp_path).missing
    assert await WholeText(ClipPhoto(tmp_path), None).probability("photo.jpg", "a dog") is None  # type: ignore[arg-type]


def test_the_packaged_space_fits_the_tower() -> None:
    packaged = load_text_space()
    assert (packaged.weights.shape, packaged.texts.shape[1], packaged.photos.shape[1]) == ((512, 384), 384, 384)
    assert 0 < packaged.unlike < packaged.sure < 1
