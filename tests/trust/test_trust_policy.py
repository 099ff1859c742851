"""For each policy a forged or contradicting photo changes the items and the words, and a clean one does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from tastemaker.core.schemas import RecommendResponse, TrustAction
from tastemaker.core.settings import Settings, TimeoutSettings, TrustSettings
from tastemaker.graphs.recommender import Recommender

from ..test_end_to_end import DATA, stock

pytestmark = pytest.mark.slow
TEXT = "calm and quiet, like this"
PHOTO = DATA / "request" / "photo-pizza.jpg"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    slow = TimeoutSettings(consistency_s=60, retrieve_s=60, caption_s=60)
    return asyncio.run(stock(tmp_path_factory.mktemp("shop"))).model_copy(update={"timeouts": slow})


@pytest.fixture
async def recommender(shop: Settings) -> AsyncIterator[Recommender]:
    async with Recommender(shop) as opened:
        yield opened


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the photo with a part of it copied over another part."""
    with Image.open(PHOTO) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    box = (width // 8, height // 4, width // 2 - width // 16, height * 3 // 4)
    image.paste(image.crop(box), (width // 2, height // 5))
    path = tmp_path_factory.mktemp("photos") / "forged.jpg"
    image.save(path, "JPEG", quality=92)
    return path


async def answer(
    recommender: Recommender,
    action: TrustAction,
    photo: Path | None,
    text: str = TEXT,
    contradiction: TrustAction = "label",
) -> RecommendResponse:
    """Ask under a policy that answers every conflict with ``action``."""
    trust = TrustSettings(policy={"copied_region": action, "text_image": contradiction})
    recommender.services.settings = recommender.services.settings.model_copy(update={"trust": trust})
    return await recommender.recommend(text=text, n=10, images=[{"path": str(photo)}] if photo else [])


def ids(response: RecommendResponse) -> list[str]:
    return [item.item_id for item in response.items]


TOLD: dict[TrustAction, str] = {
    "label": "it counts all the same",
    "lower": "counts for less",
    "ask": "Should it count in full?",
    "keep_out": "I left it out",
    "block": "I refused it",
}


async def test_a_forged_photo_changes_items_and_words_as_the_policy_says(
    recommender: Recommender, forged: Path
) -> None:
    counted = await answer(recommender, "label", forged)
    alone = await answer(recommender, "label", None)
    for action, told in TOLD.items():
        response = await answer(recommender, action, forged)
        assert [e.action for e in response.consistency.effects if e.check == "copied_region"] == [action]
        assert told in response.message
        assert (ids(response) == ids(counted)) == (action == "label"), action
        assert (ids(response) == ids(alone)) == (action in ("keep_out", "block")), action


async def test_a_clean_photo_is_left_alone(recommender: Recommender) -> None:
    seen = [await answer(recommender, action, PHOTO, "something like this for the kitchen", action) for action in TOLD]
    assert all(response.consistency.effects == () for response in seen)
    assert len({tuple(ids(response)) for response in seen}) == 1
    assert not any(told in response.message for response in seen for told in TOLD.values())


TOLD_OF_PAIRS: dict[TrustAction, str] = {
    "label": "disagree; both count",
    "lower": "so I followed the text",
    "ask": "which one should count?",
    "keep_out": "so I went by the text alone",
    "block": "so I refused the file and went by the text alone",
}


async def test_a_photo_that_contradicts_the_words_changes_items_and_words_as_the_policy_says(
    recommender: Recommender,
) -> None:
    words, dog = "a violin on a chair", DATA / "request" / "photo.jpg"
    counted = await answer(recommender, "label", dog, words, "label")
    alone = await answer(recommender, "label", None, words)
    for action, told in TOLD_OF_PAIRS.items():
        response = await answer(recommender, "label", dog, words, action)
        assert [(e.check, e.action) for e in response.consistency.effects] == [("text_image", action)]
        assert told in response.message
        assert (ids(response) == ids(counted)) == (action == "label"), action
        assert (ids(response) == ids(alone)) == (action in ("keep_out", "block")), action


async def test_a_photo_that_shows_what_the_words_say_is_left_alone(recommender: Recommender) -> None:
    words, dog = "a dog like this", DATA / "request" / "photo.jpg"
    seen = [await answer(recommender, "label", dog, words, action) for action in TOLD_OF_PAIRS]
    assert all(response.consistency.effects == () for response in seen)
    assert len({tuple(ids(response)) for response in seen}) == 1
    assert not any(told in response.message for response in seen for told in TOLD_OF_PAIRS.values())
