"""What a check objects to waits for a person: out of every answer until it is accepted, and again once it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tastemaker.api.cli.review import summary
from tastemaker.api.http.app import create_app
from tastemaker.core.errors import ConfigurationError, StoreError
from tastemaker.core.rules.model import MAX_ITEMS
from tastemaker.core.schemas import CatalogueSchema, Item, Review, ReviewFinding
from tastemaker.graphs.recommender import Recommender
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.database import Database
from tastemaker.stores.reviews import RULE_ID, ReviewStore, RulesWithReviews
from tastemaker.stores.rules import RuleStore
from tastemaker.tools.trust import item_gate
from tastemaker.tools.trust.copied_region import COPIED_REGION
from tastemaker.tools.trust.item_gate import ITEM_METHODS, ItemGate
from tastemaker.tools.trust.item_method import Goods, ItemMethod
from tastemaker.tools.trust.item_text import ITEM_TEXT
from tastemaker.tools.trust.item_values import ITEM_VALUES
from tastemaker.tools.trust.same_photo import SAME_PHOTO, same_photo

from ..catalogue_fixture import axis
from ..fake_service import FakeService
from ..services_fixture import shop_services

FOUND = ReviewFinding(check="same_photo", reason="The photo is also that of “Boats”.", others=("i2",))


def held(*item_ids: str, mark: str = "as it was") -> list[Review]:
    return [Review(item_id=i, findings=(FOUND,), mark=mark) for i in item_ids]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ReviewStore]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'history.db'}")
    yield ReviewStore(database)
    await database.close()


async def test_a_decision_holds_until_the_item_changes(store: ReviewStore) -> None:
    assert await store.hold("default", held("i0", "i2")) == ["i0", "i2"]
    assert await store.kept_out("default") == ["i0", "i2"]
    assert await store.kept_out("another") == []
    assert await store.decide("default", ["i0", "none"], accept=True) == ["i0"]
    assert await store.hold("default", held("i0")) == [], "it was accepted as it is"
    assert await store.kept_out("default") == ["i2"]
    assert await store.hold("default", held("i0", mark="changed")) == ["i0"]
    await store.decide("default", ["i2"], accept=False)
    assert [r.item_id for r in await store.find("default", "rejected")] == ["i2"]
    assert (await store.find("default"))[0].findings == (FOUND,)
    await store.forget("default", ["i0"])
    assert await store.kept_out("default") == ["i2"], "what is rejected stays away"


async def test_rules_keep_out_what_is_held_and_say_when_that_cannot_be_read(store: ReviewStore, tmp_path: Path) -> None:
    rules, schema = RulesWithReviews(RuleStore(tmp_path / "rules"), store, check_s=0), CatalogueSchema()
    assert (await rules.load("default", schema)).rules.rules == ()
    await store.hold("default", held(*(f"i{n}" for n in range(MAX_ITEMS + 1))))
    loaded = await rules.load("default", schema)
    assert [(r.id, len(getattr(r, "items", ()))) for r in loaded.rules.rules] == [
        (RULE_ID, MAX_ITEMS),
        (f"{RULE_ID}-2", 1),
    ]
    assert await rules.load("default", schema) is loaded, "nothing is built again while nothing changes"

    async def broken(tenant: str) -> list[str]:
        raise StoreError("down")

    store.kept_out = broken  # type: ignore[method-assign]
    late = await rules.load("default", schema)
    assert (len(late.rules.rules), late.label) == (
        2,
        "What is held for review could not be read; what was known of it is kept out.",
    )
    assert len(rules.at_hand("default", schema).rules.rules) == 2


async def test_what_is_held_is_in_no_answer_until_it_is_accepted(tmp_path: Path, store: ReviewStore) -> None:
    services = await shop_services(tmp_path)
    services.reviews = store
    services.rules = RulesWithReviews(services.rules, store, check_s=0)
    async with Recommender(services=services) as recommender:
        before = [i.item_id for i in (await recommender.recommend(text="a boat", n=5, words=False)).items]
        await store.hold("default", held(before[0]))
        shown = [i.item_id for i in (await recommender.recommend(text="a boat", n=5, words=False)).items]
        found = [h.item_id for h in (await recommender.search(text="a boat", n=20)).hits]
        assert before[0] not in shown
        assert before[0] not in found
        assert RULE_ID in (await recommender.why_not(before[0], text="a boat", n=5)).why
        [review] = await recommender.reviews()
        assert (review.item_id, bool(review.title)) == (before[0], True)
        assert await recommender.decide_reviews([before[0]], accept=True) == [before[0]]
        again = [i.item_id for i in (await recommender.recommend(text="a boat", n=5, words=False)).items]
        assert again == before


async def test_reviews_over_http() -> None:
    async def opened() -> FakeService:
        return FakeService()

    app = create_app(opened)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        waiting = (await client.get("/reviews")).json()["reviews"]
        assert [r["findings"][0]["others"] for r in waiting] == [["print-18"]]
        sent = {"item_ids": ["print-17", "none"], "decision": "accept"}
        assert (await client.post("/reviews", json=sent)).json() == {"decided": ["print-17"], "unknown": ["none"]}
        assert (await client.post("/reviews", json={**sent, "decision": "perhaps"})).status_code == 422
        assert (await client.get("/console/data")).json()["reviews"][0]["title"] == "Boats"


def scene(seed: int) -> Image.Image:
    """Return a photo-like picture, 240 by 240: coloured shapes with a grain."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize(
        (240, 240), Image.Resampling.BICUBIC
    )
    grain = rng.normal(0, 18, (240, 240, 1))
    return Image.fromarray((np.asarray(coarse, np.float32) + grain).clip(0, 255).astype(np.uint8))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "the same photo": lambda p: p.resize((180, 180)),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "a part": lambda p: p.crop((30, 20, 200, 190)),
    "": lambda p: Image.fromarray(np.asarray(p)[..., [2, 0, 1]]),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_photo_is_known_again(how: str, tmp_path: Path) -> None:
    paths = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    scene(1).save(paths[0], quality=95)
    CHANGES[how](scene(1)).save(paths[1], quality=80)
    assert same_photo(*paths) == how


def test_another_photo_and_a_flat_one_are_not_the_same(tmp_path: Path) -> None:
    for name, picture in (("a", scene(1)), ("b", scene(2)), ("c", Image.new("RGB", (240, 240), "white"))):
        picture.save(tmp_path / f"{name}.jpg", quality=90)
    assert same_photo(tmp_path / "a.jpg", tmp_path / "b.jpg") == ""
    assert same_photo(tmp_path / "c.jpg", tmp_path / "c.jpg") == ""


@pytest.mark.parametrize("method", ITEM_METHODS, ids=lambda m: m.name)
def test_every_check_of_items_finds_nothing_in_an_empty_or_broken_catalogue(method: ItemMethod, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    items = [Item(item_id=i, title="A boat", text="", image="broken.jpg") for i in ("i0", "i1")]
    for goods in (
        Goods([], {}, {}, {}, frozenset()),
        Goods(items, {i.item_id: broken for i in items}, {}, {}, frozenset({"i0", "i1"})),
    ):
        assert method.examine(goods) == {}
    assert all((method.name, method.source, method.limits))


async def test_the_gate_holds_new_copies_and_what_it_is_told_to_look_for(tmp_path: Path, store: ReviewStore) -> None:
    scene(1).save(tmp_path / "one.jpg", quality=95)
    ImageEnhance.Brightness(scene(1)).enhance(0.95).save(tmp_path / "two.jpg", quality=70)
    scene(3).save(tmp_path / "three.jpg")
    names = {"i0": "one.jpg", "i1": "two.jpg", "i2": "three.jpg"}
    rows = [
        ItemRow(Item(item_id=i, title=f"Print {i}", text="", image=name), axis(1, 0), axis(1, n), digest=i)
        for n, (i, name) in enumerate(names.items())
    ]
    catalogue = await LanceCatalogue.open(str(tmp_path / "catalogue"))
    await catalogue.upsert(rows)
    done = await ItemGate(catalogue, store, "default", tmp_path, ["same_photo"])(["i1", "i2"])
    assert (done.examined, done.found, done.held) == (2, {"same_photo": 1}, ("i1",))
    [review] = await store.find("default")
    assert "Print i0" in review.findings[0].reason
    assert (await ItemGate(catalogue, store, "default", tmp_path, ["same_photo"])()).held == ("i0", "i1")
    with pytest.raises(ConfigurationError, match="there are: item_print, item_text"):
        ItemGate(catalogue, store, "default", tmp_path, ["smell"])


async def test_a_check_that_fails_is_told_and_holds_nothing(
    tmp_path: Path, store: ReviewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Any:
        raise RuntimeError("a fault that nobody foresaw")

    scene(1).save(tmp_path / "one.jpg")
    rows = [
        ItemRow(Item(item_id=i, title=i, text="", image="one.jpg"), axis(1, 0), axis(1, 0), digest=i)
        for i in ("i0", "i1")
    ]
    catalogue = await LanceCatalogue.open(str(tmp_path / "catalogue"))
    await catalogue.upsert(rows)
    monkeypatch.setattr(item_gate, "ITEM_METHODS", (replace(SAME_PHOTO, examine=fail), ITEM_TEXT))
    alone = replace(COPIED_REGION, examine=fail)
    checks = ["same_photo", "item_text", "copied_region"]
    done = await ItemGate(catalogue, store, "default", tmp_path, checks, photo_methods=[alone])(["i1"])
    assert (done.held, set(done.unexamined)) == ((), {"same_photo", "copied_region"})
    assert all(why.startswith("1 items, not examined: ") for why in done.unexamined.values())
    assert "! check same_photo: 1 items, not examined" in summary(done)


def test_an_item_with_the_words_of_another_is_found_by_the_shops_own_items() -> None:
    rng = np.random.default_rng(0)
    subject = rng.normal(size=(200, 16))
    texts, images = (subject + rng.normal(0, 0.3, subject.shape) for _ in range(2))
    texts[[3, 90]] = texts[[90, 3]]
    items = [Item(item_id=f"i{n}", title=f"Item {n}", text="") for n in range(200)]
    words, photos = ({i.item_id: row for i, row in zip(items, rows, strict=True)} for rows in (texts, images))
    found = ITEM_TEXT.examine(Goods(items, {}, words, photos, frozenset(f"i{n}" for n in range(50))))
    assert set(found) == {"i3"}, "i90 is not new, and the others are right"
    assert found["i3"].others == ("i90",)
    few = Goods(items[:50], {}, words, photos, frozenset({"i3"}))
    assert ITEM_TEXT.examine(few) == {}


COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (40, 60, 190)}


def coloured_goods(folder: Path, count: int = 150) -> tuple[list[Item], dict[str, Path], dict[str, np.ndarray]]:
    """Return items whose photos show their colour before white, and say nothing of their maker."""
    rng = np.random.default_rng(0)
    items, photos, vectors = [], {}, {}
    for n in range(count):
        name, maker = list(COLOURS)[n % 3], ("Ampel", "Bogen")[int(rng.integers(2))]
        picture = np.full((60, 60, 3), 255, np.uint8)
        picture[10:50, 10:50] = np.clip(rng.normal(COLOURS[name], 18, (40, 40, 3)), 0, 255)
        photos[f"i{n}"] = folder / f"{n}.png"
        Image.fromarray(picture).save(photos[f"i{n}"])
        vectors[f"i{n}"] = rng.normal(size=16)
        items.append(Item(item_id=f"i{n}", title=f"Item {n}", attributes={"colour": name, "maker": maker}))
    return items, photos, vectors


def test_a_value_that_the_photo_does_not_show_is_found_and_one_that_no_photo_shows_is_not(tmp_path: Path) -> None:
    items, photos, vectors = coloured_goods(tmp_path)
    goods = Goods(items, photos, {}, vectors, frozenset(photos))
    assert ITEM_VALUES.examine(goods) == {}
    wrong = items[4].model_copy(update={"attributes": {"colour": "red", "maker": "Ampel"}})
    claimed = [*items[:4], wrong, *items[5:]]
    found = ITEM_VALUES.examine(Goods(claimed, photos, {}, vectors, frozenset(photos)))
    assert set(found) == {"i4"}
    assert "shows “green”, not “red” (colour)" in found["i4"].reason
    assert ITEM_VALUES.examine(Goods(claimed, photos, {}, vectors, frozenset({"i5"}))) == {}
