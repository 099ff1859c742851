"""An empty list names its true cause: the conditions, what the user has or refused, or the shop's rules."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.schemas import Event, RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender

from ..shop_fixture import shop_services

CHEAP = [{"field": "price", "op": "<=", "value": 12}]  # i0, i1 and i2
RULE = "rules:\n  - {id: none, kind: exclude, where: [{field: price, op: '<=', value: 12}]}\n"


async def answer(home: Path, kind: str, ids: range, **fields: Any) -> RecommendResponse:
    """Return the answer to a user who did ``kind`` with these items."""
    events = [Event(user_id="ada", item_id=f"i{i}", kind=kind, at=datetime.now(UTC)) for i in ids]
    async with Recommender(services=shop_services(Settings(home=home))) as recommender:
        await recommender.feedback(events)
        return await recommender.recommend(user_id="ada", words=False, **fields)


@pytest.mark.parametrize(
    ("kind", "ids", "fields", "said"),
    [
        ("purchase", range(3), {"constraints": CHEAP}, "already yours: a price of at most"),
        ("purchase", range(60), {}, "already yours"),
        ("dislike", range(3), {"constraints": CHEAP}, "turned down"),
        (
            "view",
            range(0),
            {"constraints": [{"field": "price", "op": "<=", "value": 1}]},
            "Nothing in the catalogue meets",
        ),
        ("purchase", range(3), {"constraints": CHEAP, "text": "便宜的画"}, "您都已经有了"),
    ],
)
async def test_the_cause_is_true(tmp_path: Path, kind: str, ids: range, fields: dict[str, Any], said: str) -> None:
    response = await answer(tmp_path, kind, ids, **fields)
    assert not response.items
    assert said in response.message


async def test_what_the_shop_holds_back(tmp_path: Path) -> None:
    rules = tmp_path / "rules" / "default.yaml"
    rules.parent.mkdir()
    rules.write_text(RULE, encoding="utf-8")
    response = await answer(tmp_path, "view", range(0), constraints=CHEAP)
    assert not response.items
    assert "held back by the shop" in response.message


async def test_what_is_asked_for_again_is_shown(tmp_path: Path) -> None:
    response = await answer(tmp_path, "purchase", range(3), constraints=CHEAP, include_consumed=True)
    assert {i.item_id for i in response.items} == {"i0", "i1", "i2"}


async def test_what_a_shop_sells_is_no_wish_that_could_not_be_kept(tmp_path: Path) -> None:
    async with Recommender(services=shop_services(Settings(home=tmp_path))) as recommender:
        response = await recommender.recommend(text="a print for the submarine, under 30", words=False)
    assert "print" not in " ".join(response.understanding.unparsed)
    assert "submarine" in response.understanding.unparsed
