"""A product in several sizes and colours is one item: what is sold out is not offered, and conditions hold for one choice together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tastemaker.api.cli.ingest import _told_removed
from tastemaker.core.choices import fitting
from tastemaker.core.predicates import as_shown, holds
from tastemaker.core.schemas import Constraint, Item, Variant
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.ingest.changes import Removed, delete_items
from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.pipeline import ingest
from tastemaker.stores.ingest.plan import Choices
from tastemaker.stores.ingest.rows_to_items import to_item
from tastemaker.stores.ingest.variants import common_title
from tests.fakes import HashImageText

FEED = """id\ttitle\tlink\timage_link\tavailability\tprice\titem_group_id\tcolor\tsize
r-41\tRunner red, 41\thttps://s.example/r41\tr.jpg\tin stock\t80.00 EUR\trun\tred\t41
r-42\tRunner red, 42\thttps://s.example/r42\tr.jpg\tout of stock\t60.00 EUR\trun\tred\t42
b-42\tRunner blue, 42\thttps://s.example/b42\tb.jpg\tin stock\t95.00 EUR\trun\tblue\t42
c-1\tCap\thttps://s.example/c\tc.jpg\tin stock\t9.00 EUR\t\tblue\t
"""


def feed(folder: Path, text: str = FEED) -> Path:
    path = folder / "feed.tsv"
    path.write_text(text, encoding="utf-8")
    return path


async def shop(folder: Path, text: str = FEED) -> LanceCatalogue:
    for name in ("r", "b", "c"):
        (folder / f"{name}.jpg").write_bytes(
            (Path(__file__).parents[2] / "api/demo/data/request/photo.jpg").read_bytes()
        )
    catalogue = await LanceCatalogue.open(str(folder / "db"))
    await ingest(feed(folder, text), catalogue, HashImageText())
    return catalogue


def where(**limits: str | float) -> list[Constraint]:
    ops = {"price_from": (">=", "price"), "price": ("<=", "price")}
    return [Constraint(field=ops.get(n, ("=", n))[1], op=ops.get(n, ("=", n))[0], value=v) for n, v in limits.items()]


def test_the_plan_counts_variants(tmp_path: Path) -> None:
    plan = survey(feed(tmp_path)).plan
    assert (plan.rows, plan.variants) == (2, 3)


async def test_the_rows_of_a_group_are_one_item_with_what_can_be_had(tmp_path: Path) -> None:
    (item,) = await (await shop(tmp_path)).get(["run"])
    assert item.title == "Runner"
    assert item.attributes["size"] == ["41", "42"]
    assert item.attributes["sold_out"] == ["red / 42"]
    assert item.attributes["price"] == 80  # the sold-out one for 60 is not offered
    assert [v.variant_id for v in item.variants] == ["r-41", "r-42", "b-42"]


@pytest.mark.parametrize(
    ("asked", "price", "link", "picture"),
    [
        ({"size": "42"}, 95.0, "https://s.example/b42", "b.jpg"),
        ({"color": "red"}, 80.0, "https://s.example/r41", "r.jpg"),
        ({"color": "blue", "price": 100.0}, 95.0, "https://s.example/b42", "b.jpg"),
        ({"price": 90.0}, 80.0, "https://s.example/r41", "r.jpg"),
        ({"color": "red", "size": "42"}, None, "", ""),
        ({"color": "blue", "price": 90.0}, None, "", ""),
        ({"price": 70.0, "size": "42"}, None, "", ""),
        ({"size": "43"}, None, "", ""),
    ],
)
async def test_conditions_hold_for_one_choice_together(
    tmp_path: Path, asked: dict[str, str | float], price: float | None, link: str, picture: str
) -> None:
    found = await (await shop(tmp_path)).get(["run"], where(**asked))
    assert [(i.attributes["price"], i.url, i.image) for i in found] == ([(price, link, picture)] if price else [])


async def test_events_of_a_variant_count_for_its_product(tmp_path: Path) -> None:
    catalogue = await shop(tmp_path)
    events = tmp_path / "events.csv"
    events.write_text("user,item,kind,at\nu,r-42,view,2024-01-05\nu,c-1,view,2024-01-05\nu,zz,view,2024-01-05\n")
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    report = await ingest(feed(tmp_path), catalogue, HashImageText(), interactions=events, history=history)
    seen = {e.item_id for e in await history.all_events()}
    await history.close()
    assert seen == {"run", "c-1", "zz"}
    assert any("1 events name a variant" in note for note in report.notes)
    assert any("1 of 3 events name no item of the catalogue (zz)" in note for note in report.notes)


async def test_an_update_of_stock_changes_what_is_offered_and_embeds_nothing(tmp_path: Path) -> None:
    catalogue, model = await shop(tmp_path), HashImageText()
    before = await catalogue.vectors("text", ["run"])
    changed = FEED.replace("out of stock", "in stock").replace("95.00", "90.00")
    report = await ingest(feed(tmp_path, changed), catalogue, model, choices=Choices(only=("in_stock", "price")))
    assert (report.updated, model.texts) == (1, 0)
    (item,) = await catalogue.get(["run"], where(size="42"))
    assert item.attributes["price"] == 60
    assert {v.variant_id: v.attributes["price"] for v in item.variants} == {"r-42": 60, "b-42": 90}
    assert (await catalogue.vectors("text", ["run"]))["run"] == pytest.approx(before["run"])


async def test_all_sold_out_offers_no_size(tmp_path: Path) -> None:
    catalogue = await shop(tmp_path, FEED.replace("in stock", "out of stock").replace("blue\t\n", "blue\tM\n"))
    (item,) = await catalogue.get(["run"])
    assert item.attributes["in_stock"] is False
    assert "size" not in item.attributes
    assert await catalogue.get(["run"], where(size="41")) == []


def test_a_choice_that_does_not_tell_comes_in_every_form() -> None:
    free = Variant(attributes={"price": 5.0, "color": "red"})
    item = Item(
        item_id="1", title="T", attributes={"price": 4.0, "size": ["S", "M"], "color": ["red", "blue"]},
        variants=(free, Variant(attributes={"price": 4.0, "color": "blue", "size": "S"})),
    )  # fmt: skip
    red = fitting(item, where(color="red", size="M"))
    assert red is not None
    assert (red.attributes["price"], red.attributes["size"]) == (5.0, ["S", "M"])
    assert fitting(item, where(color="blue", size="M")) is None
    unpriced = item.model_copy(update={"variants": (Variant(attributes={"color": "red"}), item.variants[1])})
    assert fitting(unpriced, where(color="red", price=10.0)) is None


@pytest.mark.parametrize(
    ("titles", "shared"),
    [
        (["Runner red 41", "Runner red 42"], "Runner red"),
        (["Linen Shirt - S / White", "Linen Shirt - M / White"], "Linen Shirt"),
        (["Red shoe", "Blue shoe"], "Red shoe"),
        (["Cap", "Cap"], "Cap"),
        (["", "Cap"], "Cap"),
    ],
)
def test_the_title_of_a_group_is_what_its_variants_share(titles: list[str], shared: str) -> None:
    assert common_title(titles) == shared


def test_a_rule_merges_variants_and_store_views(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("sku,model,name,cut,price,stock\na1,A,Tee,slim,10,3\na2,A,Tee,wide,12,0\nb1,B,Cap,,5,1\n")
    assert any("--merge by=model" in note for note in survey(path).plan.notes) is False  # `model` is no name of a group
    found = survey(path, Choices(merge={"by": "model", "choices": "cut"}))
    items = {i.item_id: i for i in (to_item(r.values, found.plan) for r in found.records())}
    assert items["A"].attributes["cut"] == ["slim"]
    assert [v.variant_id for v in items["A"].variants] == ["a1", "a2"]
    assert items["B"].title == "Cap"
    path.write_text("sku,view,name,price\n1,de,Hemd,10\n1,en,Shirt,\n2,de,Hut,5\n")
    found = survey(path, Choices(merge={"by": "sku", "view": "view", "prefer": "en"}))
    items = {i.item_id: i for i in (to_item(r.values, found.plan) for r in found.records())}
    assert [(i.title, i.attributes["price"]) for i in items.values()] == [("Shirt", 10), ("Hut", 5)]


def test_a_column_of_groups_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("sku,parent_sku,name,price\na1,A,Tee,10\na2,A,Tee,12\n")
    assert any("--merge by=parent_sku" in note for note in survey(path).plan.notes)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (90, None, ["run"]),
        (None, 85, ["c-1", "run"]),
        (85, 100, ["run"]),
        (82, 90, []),
        (100, None, []),
        (None, 9, ["c-1"]),
    ],
)
async def test_a_price_limit_holds_where_any_choice_meets_it(
    tmp_path: Path, low: float | None, high: float | None, found: list[str]
) -> None:
    """The runner costs 80 in red and 95 in blue; what is shown is a choice that meets the limits."""
    catalogue = await shop(tmp_path)
    price = (await catalogue.schema()).price
    assert price is not None
    assert (price.minimum, price.maximum, price.choices) == (9, 95, True)
    limits = [Constraint(field="price", op=op, value=v) for op, v in ((">", low), ("<=", high)) if v is not None]
    items = await catalogue.get(await catalogue.scan(10, limits), limits)
    assert sorted(i.item_id for i in items) == found
    assert all(holds(c, as_shown(i)) for i in items for c in limits)


async def test_the_cheapest_above_a_limit_is_told_by_the_choices_that_meet_it(tmp_path: Path) -> None:
    catalogue = await shop(tmp_path, FEED + "s-1\tSandal\thttps://s.example/s\t\tin stock\t85.00 EUR\t\tblue\t\n")
    limits = [Constraint(field="price", op=">", value=82.0)]
    assert await catalogue.in_order("price", 5, limits) == ["s-1", "run"]
    assert await catalogue.in_order("price", 5, limits, descending=True) == ["run", "s-1"]


def test_a_choice_may_meet_the_other_of_two_conditions() -> None:
    item = Item(
        item_id="1", title="T", attributes={"price": 4.0, "brand": "Ann"},
        variants=(Variant(attributes={"price": 4.0}), Variant(attributes={"price": 90.0})),
    )  # fmt: skip
    either = Constraint(field="price", op="<", value=2.0, either=(Constraint(field="brand", op="=", value="ann"),))
    assert fitting(item, [either]) == item
    dear = Constraint(field="price", op=">", value=80.0)
    assert holds(dear, item)
    assert not holds(dear, as_shown(item))
    sold_out = item.variants[1].model_copy(update={"in_stock": False})
    assert not holds(dear, item.model_copy(update={"variants": (item.variants[0], sold_out)}))


async def test_a_choice_is_updated_under_its_own_id(tmp_path: Path) -> None:
    catalogue, model = await shop(tmp_path), HashImageText()
    path = tmp_path / "stock.csv"
    path.write_text("id,price,availability,color\nr-42,70,in stock,red\nb-42,99,out of stock,blue\nx,1,in stock,red\n")
    choices = Choices(only=("price", "in_stock", "color"), mapping={"in_stock": "availability"})
    report = await ingest(path, catalogue, model, choices=choices, rejects=tmp_path / "rejects.jsonl")
    assert (report.updated, report.warnings, model.images) == (1, 3, 0)
    (item,) = await catalogue.get(["run"])
    assert (item.attributes["price"], item.attributes["size"], item.attributes["color"]) == (70, ["41", "42"], ["red"])
    assert {v.variant_id: v.attributes["price"] for v in item.variants} == {"r-41": 80, "r-42": 70, "b-42": 99}
    told = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(t["line"], t["field"]) for t in told] == [(2, "color"), (3, "color"), (4, "item_id")]
    assert "under the id run" in told[0]["reason"]


async def test_ids_of_choices_remove_nothing_and_are_named(tmp_path: Path) -> None:
    catalogue = await shop(tmp_path)
    path = tmp_path / "gone.csv"
    path.write_text("id\nr-42\nc-1\nnone-such\n")
    gone = await delete_items(path, catalogue, Choices())
    assert gone == Removed(3, 1, {"r-42": "run"})
    assert await catalogue.count() == 1
    said = _told_removed(gone, dry_run=False)
    assert "1 not in the catalogue" in said
    assert "r-42 of run" in said
    assert "--update in_stock" in said
