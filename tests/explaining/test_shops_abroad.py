"""Shops with Chinese names and values and shops with prices in several currencies: rules, why-not, orders, answers, training, as a user runs them."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli import main as cli
from tastemaker.api.cli.main import build_app
from tastemaker.core.protocols import Catalogue, Collaborative, History
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.ingest.pipeline import ingest

from ..catalogue_fixture import ScriptedCollaborative
from ..services_fixture import OneUser, SmallImageText

TEAS = [
    {
        "商品编号": f"C{n:03}",
        "商品名称": f"{('明前', '特级', '手工')[n % 3]}{kind}{n}",
        "品类": "茶叶" if kind.endswith("茶") else "茶具",
        "细类": kind,
        "价格": f"¥{(29, 88, 128, 268)[n % 4]}",
        "产地": ("杭州", "福建", "云南")[n % 3],
        "是否有货": "缺货" if n % 7 == 0 else "有货",
    }
    for n in range(240)
    for kind in [("绿茶", "红茶", "普洱茶", "茶壶", "茶杯")[n % 5]]
]
PRICES = ("{},00 €", "{},00 €", "${}.00", "£{}.00", "¥{}00")
BAGS = [
    {
        "sku": f"M{n:03}",
        "name": f"Kite {('tote', 'duffel', 'backpack')[n % 3]} {n}",
        "style": ("tote", "duffel", "backpack")[n % 3],
        "price": PRICES[n % 5].format((15, 29, 49, 99, 149, 249)[n % 6]),
        "colour": ("black", "red", "blue", "green")[n % 4],
    }
    for n in range(210)
]


def written(path: Path, rows: Sequence[dict[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    return path


async def opened(folder: Path, file: Path) -> Services:
    """Return the parts of a shop whose catalogue is a file, with stand-ins for the models."""
    embed = SmallImageText()
    catalogue = await LanceCatalogue.open(str(folder / "catalogue"), "default")
    await ingest(file, catalogue, embed)
    made = constant_services(Settings(home=folder))
    made.image_text = embed
    made.rebuild()
    popular = await catalogue.scan(300)

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        return catalogue, OneUser(None), ScriptedCollaborative(popular=[*popular])

    made.open_stores = stores
    return made


@pytest.fixture
async def teas(tmp_path: Path) -> Services:
    return await opened(tmp_path, written(tmp_path / "茶.csv", TEAS, "gb18030"))


@pytest.fixture
async def bags(tmp_path: Path) -> Services:
    return await opened(tmp_path, written(tmp_path / "bags.csv", BAGS))


async def ask(services: Services, text: str, n: int = 5) -> RecommendResponse:
    async with Recommender(services=services) as recommender:
        return await recommender.recommend(text=text, n=n, words=False)


def called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], services: Services, *arguments: str
) -> tuple[int, str]:
    monkeypatch.setattr(Services, "from_settings", lambda settings: services)
    monkeypatch.setenv("TASTEMAKER_HOME", str(services.settings.home))
    monkeypatch.setattr(sys, "argv", ["tastemaker", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0), capsys.readouterr().out


TEA_RULES = """rules:
  - {id: 有货, kind: stock, field: 是否有货}
  - {id: 不卖普洱, kind: exclude, where: [{field: 细类, op: "=", value: 普洱茶}]}
"""


def test_rules_and_why_not_speak_of_chinese_fields(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], teas: Services
) -> None:
    teas.settings.rules_dir.mkdir(exist_ok=True)
    (teas.settings.rules_dir / "default.yaml").write_text(TEA_RULES, encoding="utf-8")
    code, shown = called(monkeypatch, capsys, teas, "rules", "check")
    assert code == 0
    assert "2 rules in order; fields checked" in shown
    _, why = called(monkeypatch, capsys, teas, "why-not", "C002", "--text", "茶叶")
    assert "不卖普洱" in why
    _, why = called(monkeypatch, capsys, teas, "why-not", "C003", "--text", "100元以内")
    assert "价格 is 268" in why


def test_a_value_that_no_item_has_is_doubted_with_what_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], teas: Services, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    rule = 'rules:\n  - {id: 错, kind: exclude, where: [{field: 产地, op: "=", value: 杭洲}]}\n'
    file.write_text(rule, encoding="utf-8")
    code, shown = called(monkeypatch, capsys, teas, "rules", "check", str(file))
    assert code == 0
    assert "did you mean '杭州'?" in shown


async def test_requests_in_chinese_keep_their_conditions(teas: Services) -> None:
    answer = await ask(teas, "不要普洱茶，100元以内的茶叶，最便宜的")
    found = [item.attributes for item in answer.items]
    assert len(found) == 5
    assert all(a["品类"] == "茶叶" and a["细类"] != "普洱茶" for a in found)
    assert [a["价格"] for a in found] == [29.0] * 5


async def test_the_cheapest_is_of_one_currency_and_the_answer_says_which(bags: Services) -> None:
    answer = await ask(bags, "the cheapest tote")
    order = answer.understanding.reading.order
    assert order is not None
    assert order.field == "price"
    assert [item.attributes.get("price") for item in answer.items] == [15.0] * 5
    assert "Of those priced in EUR, the least expensive come first" in answer.message


async def test_the_currency_of_a_limit_is_that_of_the_order(bags: Services) -> None:
    answer = await ask(bags, "the cheapest bag under 50 dollars")
    order = answer.understanding.reading.order
    assert order is not None
    assert order.field == "price_usd"
    prices = [item.attributes.get("price_usd") for item in answer.items]
    assert prices == sorted(p for p in prices if isinstance(p, float))
    assert "a price below 50 USD" in answer.message


async def test_no_price_is_compared_with_one_in_another_currency(bags: Services) -> None:
    async with Recommender(services=bags) as recommender:
        answer = await recommender.recommend(text="a black bag", n=8, words=True)
    said = [item.reason.text for item in answer.items if item.reason is not None]
    assert len({tuple(n for n in item.attributes if n.startswith("price")) for item in answer.items}) > 1
    assert not [text for text in said if "least expensive" in text or "cheapest" in text]


def test_why_not_names_the_currency_that_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bags: Services
) -> None:
    _, why = called(monkeypatch, capsys, bags, "why-not", "M002", "--text", "bags under 100 euros")
    assert "its price is 49 USD, and currencies are not compared" in " ".join(why.split())


def test_a_price_range_beside_other_currencies_is_doubted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bags: Services, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules:\n  - {id: cap, kind: price_range, maximum: 50}\n", encoding="utf-8")
    code, shown = called(monkeypatch, capsys, bags, "rules", "check", str(file))
    assert code == 0
    assert "priced in GBP, JPY, USD only have no price in EUR and are left out" in " ".join(shown.split())


def test_the_terminal_shows_prices_with_their_currency(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bags: Services
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    _, shown = called(monkeypatch, capsys, bags, "recommend", "--text", "a bag under 50 dollars", "--no-words")
    assert "15 USD" in shown
    _, shown = called(monkeypatch, capsys, bags, "recommend", "a black bag", "--no-words", "-n", "8")
    assert "15 EUR" in shown, "beside prices in others, those in the shop's own currency say so, too"


@pytest.mark.parametrize(("text", "least"), [("at least 16 MB of RAM", 16.0), ("内存至少64MB", 64.0)])
async def test_an_amount_is_held_as_said_where_the_column_names_no_unit(
    tmp_path: Path, text: str, least: float
) -> None:
    rows = [{"id": f"P{n}", "name": f"PC {n}", "ram": str(2 ** (1 + n % 5)), "price": str(900 + n)} for n in range(40)]
    answer = await ask(await opened(tmp_path, written(tmp_path / "pc.csv", rows)), text)
    limits = [(c.field, c.op, c.value) for c in answer.understanding.constraints]
    assert limits == [("ram", ">=", least)]


@pytest.mark.slow
def test_chinese_events_are_ingested_trained_on_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    draw, start = random.Random(3), datetime(2026, 6, 1, tzinfo=UTC)
    events = [
        {
            "用户编号": f"用户{n % 40:02}",
            "商品编号": draw.choice([r for r in TEAS if r["细类"] == TEAS[n % 40]["细类"]])["商品编号"],
            "行为": draw.choice(["浏览", "加购", "购买"]),
            "时间": f"{start + timedelta(hours=n):%Y-%m-%d %H:%M:%S}",
        }
        for n in range(800)
    ]
    written(tmp_path / "teas.csv", TEAS, "gb18030")
    written(tmp_path / "events.csv", events, "gb18030")

    def run(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(build_app(arguments), [*arguments])
        assert done.exit_code == 0, done.output
        found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    report = run("ingest", "teas.csv", "--interactions", "events.csv", "--json")
    assert (report["inserted"], report["events_added"], report["rejected"]) == (240, 800, 0)
    assert run("train", "--scorers", "popularity,user_knn,graph", "--force", "--json")["switched"] is True
    answer = run("recommend", "--user", "用户03", "--no-words", "--json")
    assert answer["user"] == "known"
