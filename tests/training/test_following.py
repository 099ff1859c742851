"""A running service takes up another alignment, each tenant its own, and keeps the last good one when one is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.protocols import Vectors
from tastemaker.core.settings import Settings, load_settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.models import registry
from tastemaker.models.alignment.version_in_use import CHECK_S, FollowingImageText
from tastemaker.models.alignment.versions import Alignments
from tastemaker.models.image_text.embedded import EmbeddedImageText
from tastemaker.models.image_text.towers import FEATURE_DIM
from tastemaker.models.lazy import LazyImageText

from ..media_samples import image_bytes


@dataclass
class Clock:
    """Seconds that pass when they are told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Towers(EmbeddedImageText):
    """The embedded model with features that need no weights; every alignment of it shares them."""

    def features(self, paths: Sequence[str], *, mirrored: bool = False) -> Vectors:
        return np.ones((len(paths), FEATURE_DIM), np.float32)

    def under(self, projection: Path, version: str) -> EmbeddedImageText:
        super().under(projection, version)
        return Towers(self.cache, 1, projection, version)


def _head(seed: int) -> dict[str, Vectors]:
    rng = np.random.default_rng(seed)
    shapes = {"fc1.weight": (8, FEATURE_DIM), "fc1.bias": (8,), "fc2.weight": (384, 8)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, home=tmp_path / "home", cache=tmp_path / "cache")


@pytest.fixture
def picture(tmp_path: Path) -> list[str]:
    (tmp_path / "a.png").write_bytes(image_bytes())
    return [str(tmp_path / "a.png")]


async def test_another_version_is_taken_up_and_back_while_running(settings: Settings, picture: list[str]) -> None:
    clock, versions = Clock(), Alignments(settings.home)
    model = FollowingImageText(Towers(settings.cache, 1), settings, clock=clock)
    packaged = await model.embed_images(picture)
    first = versions.publish(_head(1), {})
    assert (await model.embed_images(picture) == packaged).all()  # it looks every few seconds only
    clock.now += CHECK_S
    aligned = await model.embed_images(picture)
    assert float((aligned @ packaged.T)[0, 0]) < 0.9
    assert model.name.endswith(f"@{first}")
    revision = model.revision
    versions.roll_back()
    clock.now += CHECK_S
    assert (await model.embed_images(picture) == packaged).all()
    assert model.revision != revision


@pytest.mark.parametrize("broken", [b"", b"not weights", None])
async def test_a_broken_version_leaves_the_last_good_one(
    settings: Settings, picture: list[str], broken: bytes | None
) -> None:
    clock, versions = Clock(), Alignments(settings.home)
    model = FollowingImageText(Towers(settings.cache, 1), settings, clock=clock)
    good = versions.publish(_head(1), {})
    before = await model.embed_images(picture)
    head = _head(2)
    if broken is None:
        head["fc2.weight"][:] = np.nan
    bad = versions.publish(head, {})
    if broken is not None:
        versions.weights(bad).write_bytes(broken)
    clock.now += CHECK_S
    assert (await model.embed_images(picture) == before).all()
    assert model.name.endswith(f"@{good}")
    assert bad in model.problem
    versions.use(good)
    clock.now += CHECK_S
    await model.embed_images(picture)
    assert model.problem == ""


async def test_each_tenant_has_its_own_or_the_default(settings: Settings, picture: list[str]) -> None:
    default = Alignments(settings.home).publish(_head(1), {})
    own = Alignments(settings.home, "books").publish(_head(2), {})
    model = FollowingImageText(Towers(settings.cache, 1), settings)
    books, toys = model.of_tenant("books"), model.of_tenant("toys")
    assert (model.name, toys.name) == (f"embedded:efficientnet-lite0-minilm@{default}",) * 2
    assert books.name.endswith(f"@{own}")
    assert model.of_tenant("books") is books
    assert model.of_tenant("default") is model
    assert float((await books.embed_images(picture) @ (await toys.embed_images(picture)).T)[0, 0]) < 0.9
    assert Alignments(settings.home).versions() == [default]
    for_ingest = registry.open_image_text(settings, "books")
    Alignments(settings.home, "books").roll_back()
    assert for_ingest.name.endswith(f"@{own}")


async def test_requests_are_labelled_while_an_alignment_is_broken(settings: Settings, picture: list[str]) -> None:
    services = constant_services(settings)
    versions = Alignments(settings.home)
    versions.weights(versions.publish(_head(1), {})).write_bytes(b"")

    class Told(Towers):
        async def embed_texts(self, texts: Sequence[str]) -> Any:
            return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))

    services.image_text = LazyImageText(lambda: FollowingImageText(Told(settings.cache, 1), settings), "embedded:x")
    services.rebuild()
    async with Recommender(services=services) as recommender:
        answer = await recommender.recommend(text="like this", images=[{"path": picture[0]}], n=3)
        found = await recommender.search(text="a boat", images=[{"path": picture[0]}], n=3)
    assert "alignment" in [label.what for label in answer.degraded]
    assert "alignment" in [label.what for label in found.degraded]
