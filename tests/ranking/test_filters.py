"""Test the hook for content filters: what they hold back is replaced, and one that fails is labelled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from tastemaker.core.errors import ConfigurationError
from tastemaker.core.protocols import ContentFilter, Ruling
from tastemaker.core.schemas import Item
from tastemaker.core.settings import FilterSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.tools.policy import content_filters as filters
from tastemaker.tools.policy.content_filters import ContentFilters, open_filters
from tastemaker.tools.policy.word_filter import WordFilter

from ..services_fixture import shop_services

ITEMS = [Item(item_id=i, title=f"Title {i}") for i in ("a", "b")]


class Scripted:
    """Denies the ids given; or is late, or raises, or answers for too few."""

    name = "scripted"

    def __init__(self, denied: Sequence[str] = (), *, error: Exception | None = None, pause_s: float = 0.0) -> None:
        self.denied = denied
        self.error = error
        self.pause_s = pause_s
        self.seen: list[Mapping[str, str]] = []

    async def check(self, items: Sequence[Item], context: Mapping[str, str]) -> list[Ruling]:
        self.seen.append(context)
        await asyncio.sleep(self.pause_s)
        if self.error:
            raise self.error
        return [Ruling(allow=i.item_id not in self.denied, reason="because") for i in items]


class Short(Scripted):
    async def check(self, items: Sequence[Item], context: Mapping[str, str]) -> list[Ruling]:
        return [Ruling(allow=True)]


@pytest.mark.parametrize("broken", [Scripted(error=RuntimeError("secret")), Scripted(pause_s=5.0), Short()])
async def test_a_filter_that_fails_is_open_or_closed_as_set(broken: ContentFilter) -> None:
    working = Scripted(["a"])
    opened = await ContentFilters([working, broken], FilterSettings(timeout_s=0.2))(ITEMS, {})
    assert opened.denied == {"a": "scripted: because"}
    assert [d.what for d in opened.degraded] == ["filter:scripted"]
    assert "secret" not in opened.degraded[0].why
    closed = await ContentFilters([broken], FilterSettings(timeout_s=0.2, on_failure="deny"))(ITEMS, {})
    assert set(closed.denied) == {"a", "b"}
    assert "held back" in closed.degraded[0].why


async def test_words_match_whole_and_whatever_the_case() -> None:
    items = [
        Item(item_id="title", title="A BAD Day"),
        Item(item_id="text", title="t", text="so very  bad day indeed"),
        Item(item_id="list", title="t", attributes={"tags": ["bad day"]}),
        Item(item_id="part", title="Badminton day"),
        Item(item_id="fine", title="Good day", attributes={"price": 3.0}),
    ]
    rulings = await WordFilter(["bad", "Bad Day"]).check(items, {})
    assert [i.item_id for i, r in zip(items, rulings, strict=True) if not r.allow] == ["title", "text", "list"]
    assert all("bad" not in r.reason for r in rulings)


def test_settings_name_filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(**fields: object) -> Settings:
        return Settings(home=tmp_path, filters=FilterSettings.model_validate(fields))

    open_filters(chosen())
    with pytest.raises(ConfigurationError, match="there are: words"):
        open_filters(chosen(use=["mine"]))
    with pytest.raises(ConfigurationError, match="hold none"):
        open_filters(chosen(use=["words"]))
    with pytest.raises(ConfigurationError, match="words_file"):
        open_filters(chosen(use=["words"], words_file=str(tmp_path / "none.txt")))
    (tmp_path / "words.txt").write_text("# a comment\nbad\n\n")
    open_filters(chosen(use=["words"], words_file=str(tmp_path / "words.txt")))
    added = SimpleNamespace(name="mine", load=lambda: lambda settings: Scripted())
    broken = SimpleNamespace(name="broken", load=lambda: 1 / 0)
    monkeypatch.setattr(filters, "entry_points", lambda group: [added, broken] if group == filters.GROUP else [])
    open_filters(chosen(use=["mine"]))
    with pytest.raises(ConfigurationError, match="ZeroDivisionError"):
        open_filters(chosen(use=["broken"]))


async def test_lists_stay_full_and_closed_ones_are_labelled(tmp_path: Path) -> None:
    services = await shop_services(tmp_path)
    content = Scripted([f"i{i}" for i in range(45)])
    services.filters = ContentFilters([content], FilterSettings())
    async with Recommender(services=services) as recommender:
        response = await recommender.recommend(words=False, n=10, context={"channel": "web"})
        assert len(response.items) == 10
        assert not {i.item_id for i in response.items} & set(content.denied)
        assert content.seen[0] == {"channel": "web", "tenant": "default"}
        services.filters = ContentFilters([Scripted(error=OSError())], FilterSettings(on_failure="deny"))
        closed = await recommender.recommend(words=False, n=10)
        assert not closed.items
        assert [d.what for d in closed.degraded] == ["filter:scripted"]
