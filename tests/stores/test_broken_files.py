"""Whatever file a shop keeps besides its trained version, broken or lost it is a label and never a failed request.

The files of a trained version are broken in ``test_version_parts``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import StoreError
from tastemaker.core.protocols import Catalogue, Collaborative, History, Vectors
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.models.alignment.versions import WEIGHTS, Alignments
from tastemaker.models.image_text.embedded import load_projection
from tastemaker.stores.fitted_files import weights_path
from tastemaker.stores.reopening import reopening
from tastemaker.stores.trained_versions import CURRENT

from ..media_samples import image_bytes
from ..shop_fixture import TinyImageText, shop_services


class Projected(TinyImageText):
    """Reads the projection as the embedded model does before it embeds a picture."""

    def __init__(self, projection: Path) -> None:
        self.projection = projection

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        load_projection(self.projection)
        return await super().embed_images(paths)


def broken_projection(settings: Settings) -> Services:
    versions = Alignments(settings.home)
    weights = {name: np.zeros((2, 2), np.float32) for name in ("fc1.weight", "fc2.weight")}
    path = versions.weights(versions.publish(weights, {}))
    path.write_bytes(b"torn")
    services = shop_services(settings)
    services.image_text = Projected(path)
    services.rebuild()
    return services


def lost_projection(settings: Settings) -> Services:
    services = shop_services(settings)
    services.image_text = Projected(settings.home / "gone" / WEIGHTS)
    services.rebuild()
    return services


def broken_rules(settings: Settings) -> Services:
    folder = settings.home / "rules"
    folder.mkdir(parents=True)
    (folder / "default.yaml").write_text("rules: [{id: x", encoding="utf-8")
    return shop_services(settings)


def broken_weights(settings: Settings) -> Services:
    path = weights_path(settings.home, "default")
    path.parent.mkdir(parents=True)
    path.write_text("torn", encoding="utf-8")
    return shop_services(settings)


def lost_version(settings: Settings) -> Services:
    root = settings.models_path("default")
    root.mkdir(parents=True)
    (root / CURRENT).write_text("20260101T000000-abcdef\n", encoding="utf-8")
    return shop_services(settings)


def junk_version(settings: Settings) -> Services:
    root = settings.models_path("default")
    root.mkdir(parents=True)
    (root / CURRENT).write_bytes(b"\xff\x00junk")
    return shop_services(settings)


def junk_popular_items(settings: Settings) -> Services:
    (settings.home / "popular-default.json").write_bytes(b"{junk")
    services = shop_services(settings)
    opened = services.open_stores

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        _, history, together = await opened(tenant)
        return reopening(unreachable), history, together

    services.open_stores = stores
    return services


async def unreachable() -> Catalogue:
    raise StoreError("down")


async def asked(services: Services) -> RecommendResponse:
    picture = {"data": base64.b64encode(image_bytes()).decode()}
    async with Recommender(services=services) as recommender:
        await (await recommender.services.shop("default")).learned.refresh()
        return await recommender.recommend(
            text="a dog", user_id="u", images=[picture], llm_rank=["listwise"], words=False, n=4
        )


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (broken_projection, "embedding"),
        (lost_projection, "embedding"),
        (broken_rules, "rules"),
        (broken_weights, "llm_weights"),
        (lost_version, "recommender"),
        (junk_version, "recommender"),
        (junk_popular_items, "popular_snapshot"),
    ],
)
async def test_a_broken_file_is_a_label(make: Callable[[Settings], Services], what: str, tmp_path: Path) -> None:
    response = await asked(make(Settings(home=tmp_path)))
    labels = {d.what: d.why for d in response.degraded}
    assert len(response.items) == (0 if what == "popular_snapshot" else 4)
    assert what in labels
    assert str(tmp_path) not in " ".join(labels.values())


async def test_a_missing_catalogue_is_said_by_the_answer_and_by_readiness(tmp_path: Path) -> None:
    services = shop_services(Settings(home=tmp_path), catalogues={"default": ()})
    async with Recommender(services=services) as recommender:
        response = await recommender.recommend(text="a dog", words=False)
        health = await recommender.health()
    assert response.items == ()
    assert [d.what for d in response.degraded] == ["catalogue"]
    assert "tastemaker ingest" in response.degraded[0].why
    assert health["catalogue"] == {
        "state": "degraded",
        "detail": "no items yet; `tastemaker ingest` fills the catalogue",
    }


async def test_nothing_broken_gives_no_label(tmp_path: Path) -> None:
    response = await asked(shop_services(Settings(home=tmp_path)))
    assert len(response.items) == 4
    assert response.degraded == ()
