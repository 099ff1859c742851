"""`ingest`, `rules`, `train`, `search`, `recommend` and `why-not` on a shop with Chinese columns and values and three currencies."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.main import build_app

pytestmark = pytest.mark.slow
KINDS, COLOURS, STUFFS = ("外套", "裤子", "鞋子", "衬衫"), ("红色", "蓝色", "黑色", "白色"), ("棉", "真丝", "羊毛")
SIGNS = ("￥{}", "￥{}", "￥{}", "${}", "€{}")
RULES = """rules:
  - {id: in-stock, kind: stock, field: 库存}
  - {id: not-silk, kind: exclude, where: [{field: 材质, op: "=", value: 真丝}]}
  - {id: red-first, kind: boost, where: [{field: 颜色, op: "=", value: 红色}], factor: 1.3}
"""


def write(folder: Path) -> None:
    draw = random.Random(7)
    rows = []
    for n in range(100):
        colour, kind, stuff = draw.choice(COLOURS), draw.choice(KINDS), draw.choice(STUFFS)
        sign = SIGNS[n % len(SIGNS)]
        amount = draw.randrange(99, 1500) if "￥" in sign else draw.randrange(15, 200)
        rows.append(
            {"商品编号": f"A{n:03}", "商品名称": f"{colour}{stuff}{kind}", "描述": f"{stuff}制成，适合日常穿着", "类别": kind, "颜色": colour, "材质": stuff,
             "价格": sign.format(amount), "库存": draw.choice(("有货", "有货", "缺货"))}
        )  # fmt: skip
    with (folder / "商品.csv").open("w", encoding="gb18030", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    with (folder / "事件.csv").open("w", encoding="utf-8", newline="") as file:
        events = csv.writer(file)
        events.writerow(["用户", "商品编号", "行为", "时间"])
        for user in range(40):
            liked = draw.choice(KINDS)
            pool = [r for r in rows if r["类别"] == liked][:12] + draw.sample(rows, 4)
            for place, row in enumerate(draw.sample(pool, 8)):
                kind = draw.choice(("浏览", "点击", "购买", "收藏"))
                events.writerow([f"用户{user}", row["商品编号"], kind, 1_700_000_000 + 40 * 3600 * place + user])


def call(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(build_app(arguments), list(arguments))
    assert done.exit_code == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def asked(text: str, user: str = "用户1") -> dict[str, Any]:
    return call("recommend", "--user", user, "--text", text, "--n", "5", "--json")


def test_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path / "home"))
    for step in ("RETRIEVE", "UNDERSTAND", "HISTORY"):
        monkeypatch.setenv(f"TASTEMAKER_TIMEOUTS__{step}_S", "60")
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    report = call("ingest", "商品.csv", "--interactions", "事件.csv", "--yes", "--json")
    assert (report["inserted"], report["events_added"], report["rejected"]) == (100, 320, 0)
    assert any("3 currencies" in note for note in report["notes"])

    (tmp_path / "home" / "rules").mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / "rules" / "default.yaml").write_text(RULES, encoding="utf-8")
    tried = call("rules", "try", "--text", "外套", "--json")
    assert tried["problems"] == []
    assert tried["with"] != tried["without"]

    trained = call("train", "--scorers", "popularity,user_knn,titles", "--force", "--json")
    assert trained["switched"] is True

    items = call("search", "--text", "红色外套", "--where", "颜色=红色", "--where", "类别=外套", "--n", "5", "--json")[
        "hits"
    ]
    assert items
    assert all((i["attributes"]["颜色"], i["attributes"]["类别"]) == ("红色", "外套") for i in items)

    for text, field, limit in (
        ("1000元以内的外套", "价格", 1000),
        ("150美元以下的鞋子", "价格_usd", 150),
        ("150欧元以内的裤子", "价格_eur", 150),
    ):
        answer = asked(text)
        prices = [item["attributes"].get(field) for item in answer["items"] if not item["close"]]
        assert [c["field"] for c in answer["understanding"]["constraints"] if c["op"] in ("<", "<=")] == [field]
        assert all(price is not None and price <= limit for price in prices)
        assert all(
            item["attributes"]["库存"] is True and item["attributes"]["材质"] != "真丝" for item in answer["items"]
        )
    named = asked("100英镑以下的鞋子")
    assert not [c for c in named["understanding"]["constraints"] if c["op"] in ("<", "<=")]
    assert "100英镑以下" in named["message"]

    told = call("why-not", "A000", "--user", "用户1", "--text", "红色外套", "--json")
    assert told["item_id"] == "A000"
