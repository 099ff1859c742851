from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from tastemaker.agents.deliberation.loop import DeliberationTools, Deliberator
from tastemaker.agents.deliberation.sets import best_set, compare
from tastemaker.agents.deliberation.steps import Deliberation
from tastemaker.agents.explaining.rendered import ReasonWriter
from tastemaker.agents.prompt_files.library import PromptLibrary
from tastemaker.agents.understanding.plans.wish_parts import WishPart, parse_budget, split_wish
from tastemaker.core.errors import BackEndUnavailable, StoreError
from tastemaker.core.schemas import Brief, Constraint, Item, Understanding
from tastemaker.core.settings import DeliberateSettings

from ..scripted import ScriptedChat, Step


def item(item_id: str, title: str, price: float, kind: str) -> Item:
    return Item(item_id=item_id, title=title, attributes={"price": price, "kind": kind, "colour": "blue"})


SHOP = [
    item("t1", "Silk Top", 70, "top"),
    item("t2", "Linen Top", 25, "top"),
    item("t3", "Plain Top", 10, "top"),
    item("s1", "Leather Shoes", 60, "shoes"),
    item("s2", "Canvas Shoes", 30, "shoes"),
    item("h1", "Straw Hat", 15, "hat"),
]
WISH = "a summer top and shoes for 60 euros in total"


class Shop:
    """Searches by the last word of the query; ``fail`` raises, ``rogue`` is returned by every search too."""

    def __init__(self, fail: bool = False, rogue: Sequence[Item] = (), delay_s: float = 0) -> None:
        self.fail, self.rogue, self.delay_s = fail, list(rogue), delay_s
        self.calls: list[str] = []
        self.where: list[Constraint] = []

    async def search_items(self, query: str, constraints: Sequence[Constraint], limit: int) -> list[Item]:
        self.calls.append(f"search {query}")
        self.where = list(constraints)
        await asyncio.sleep(self.delay_s)
        if self.fail:
            raise StoreError("the catalogue is gone")
        top = max((c.value for c in constraints if isinstance(c.value, float)), default=1e9)
        found = [
            i
            for i in SHOP
            if i.attributes["kind"] == query.rsplit(maxsplit=1)[-1] and float(str(i.attributes["price"])) <= top
        ]
        return [*self.rogue, *found][:limit]

    async def get_items(self, item_ids: Sequence[str]) -> list[Item]:
        self.calls.append(f"get {','.join(item_ids)}")
        return [i for i in SHOP if i.item_id in item_ids]

    async def liked_items(self) -> list[Item]:
        self.calls.append("liked")
        return [item("l1", "Old Boat Shoes", 50, "shoes")]

    @property
    def tools(self) -> DeliberationTools:
        return DeliberationTools(search_items=self.search_items, get_items=self.get_items, liked_items=self.liked_items)


def brief(text: str = WISH, **changes: object) -> Brief:
    return Brief.model_validate({"text": text, "user": "known", "price_field": "price", "price_unit": "EUR"} | changes)


async def run(
    chat: ScriptedChat, shop: Shop, about: Brief | None = None, deadline_s: float = 2, calls: int = 4
) -> Deliberation:
    worker = Deliberator(chat, PromptLibrary(None, {}), shop.tools, DeliberateSettings(max_calls=calls))
    done = await worker.run(about or brief(), deadline_s=deadline_s)
    assert len({r.item.item_id for r in done.items}) == len(done.items) == len(done.slots)
    assert [r.rank for r in done.items] == list(range(1, len(done.items) + 1))
    return done


def step(tool: str, **arguments: object) -> str:
    return json.dumps({"tool": tool} | arguments)


def finish(**slots: str) -> str:
    return step("finish", slots=[{"slot": k, "id": v} for k, v in slots.items()])


async def test_the_model_searches_and_chooses() -> None:
    chat = ScriptedChat(
        step("liked_items"),
        Step(text=step("search_items", query="summer top"), expect="Old Boat Shoes"),
        Step(text=step("search_items", query="shoes"), expect="i2. Plain Top (10 EUR)"),
        Step(text=finish(top="i1", shoes="i3"), expect="tools now: finish"),
    )
    shop = Shop()
    done = await run(chat, shop)
    chat.assert_done()
    assert (done.by, done.degraded) == ("model", ())
    assert list(zip(done.slots, [r.item.item_id for r in done.items], strict=True)) == [("top", "t2"), ("shoes", "s2")]
    assert (done.total, done.budget) == (55, 60)
    assert done.note == "Top: Linen Top; shoes: Canvas Shoes. Together 55 EUR, within your budget of 60 EUR."
    assert done.items[0].sources[0].source == "deliberate:top"
    assert [t.tool for t in done.trace] == ["liked_items", "search_items", "search_items", "finish"]
    assert (done.usage.llm_calls, done.usage.prompt_tokens) == (4, 2000)
    assert done.prompts[0].startswith("deliberate@1#")
    assert shop.where[0].value == 60
    assert len({c.messages[0].content for c in chat.calls}) == 1, "the prefix must be the same in every step"
    assert "“top” of your set" in ReasonWriter(brief()).reason(done.items[0]).text


async def test_ids_are_limited_to_what_came_back() -> None:
    chat = ScriptedChat(step("search_items", query="top"), finish(top="i1"))
    await run(chat, Shop(), brief("a top"), calls=2)
    first, second = (c.json_schema or {} for c in chat.calls)
    assert {t["properties"]["tool"]["enum"][0] for t in first["anyOf"]} == {"search_items", "liked_items"}
    (only,) = second["anyOf"]
    assert only["properties"]["slots"]["items"]["properties"]["id"]["enum"] == ["i1", "i2", "i3"]


async def test_a_choice_over_budget_is_corrected() -> None:
    chat = ScriptedChat(
        step("search_items", query="top"), step("search_items", query="shoes"), finish(top="i1", shoes="i3")
    )
    done = await run(chat, Shop(), brief("a top and shoes for 60 euros in total"))
    assert sum(float(str(r.item.attributes["price"])) for r in done.items) <= 60
    assert [r.item.item_id for r in done.items] == ["t2", "s2"]
    chat = ScriptedChat(
        step("search_items", query="top"), step("search_items", query="shoes"), finish(top="i1", shoes="i4")
    )
    done = await run(chat, Shop(), brief("a top and shoes for 75 euros in total"))
    assert [r.item.item_id for r in done.items] == ["t2", "s2"]
    assert done.total == 55


@pytest.mark.parametrize(
    "answers",
    [
        ["nonsense", "{}", '{"tool": "delete"}', step("search_items", query="")],
        [step("get_items", ids=["i9"])] * 4,
        [step("search_items", query="hat"), finish(top="i7"), finish(top="i1"), finish(top="i1")],
        [step("search_items", query="hat")] * 3 + [finish(top="i1", shoes="i1")],
        [BackEndUnavailable("the server is down")],
    ],
)
async def test_a_useless_model_leaves_the_plan_to_rules(answers: list[str | Exception]) -> None:
    done = await run(ScriptedChat(*answers), Shop())
    assert done.by == "rules"
    assert list(zip(done.slots, [r.item.item_id for r in done.items], strict=True)) == [
        ("summer top", "t2"),
        ("shoes", "s2"),
    ]
    assert done.degraded[0].what == "deliberation"
    assert "planned by rules" in done.degraded[0].why
    assert (done.total or 0) <= 60


async def test_invalid_arguments_are_told_to_the_model() -> None:
    chat = ScriptedChat(
        "nonsense",
        Step(text=step("search_items", query="top"), expect="error: not a valid step"),
        Step(text=step("search_items", query="top"), expect="i1. Linen Top"),
        Step(text=finish(top="i1"), expect="was searched already"),
    )
    done = await run(chat, Shop(), brief("a top, 60 euros in total"))
    assert [t.tool for t in done.trace] == ["invalid", "search_items", "finish"]
    assert [r.item.item_id for r in done.items] == ["t2"]


async def test_a_part_that_the_model_forgot_is_added() -> None:
    chat = ScriptedChat(step("search_items", query="top"), finish(top="i2"))
    done = await run(chat, Shop())
    assert list(zip(done.slots, [r.item.item_id for r in done.items], strict=True)) == [("top", "t3"), ("shoes", "s2")]
    assert done.by == "model"


async def test_constraints_and_refusals_hold_whatever_the_tools_return() -> None:
    rogue = [
        item("r1", "Red Top Shoes", 5, "top").model_copy(
            update={"attributes": {"price": 5, "kind": "top", "colour": "red"}}
        )
    ]
    about = brief(
        understanding=Understanding(
            constraints=(Constraint(field="colour", op="=", value="blue"),), exclude_item_ids=("t2",)
        )
    )
    chat = ScriptedChat(step("search_items", query="top"), finish(top="i1"))
    done = await run(chat, Shop(rogue=rogue), about)
    assert [r.item.item_id for r in done.items] == ["t3", "s2"]


async def test_a_slow_model_leaves_time_for_the_rules() -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    done = await run(ScriptedChat(Step(text=finish(top="i1"), delay_s=5)), Shop(), deadline_s=0.4)
    assert loop.time() - start < 0.6
    assert len(done.items) == 2
    assert "in time" in done.degraded[0].why


async def test_slow_tools_end_at_the_deadline() -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    done = await run(ScriptedChat(step("search_items", query="top")), Shop(delay_s=5), deadline_s=0.4)
    assert loop.time() - start < 0.7
    assert done.items == ()
    assert done.degraded


async def test_a_failing_store_is_labelled() -> None:
    done = await run(ScriptedChat(BackEndUnavailable("down")), Shop(fail=True))
    assert done.items == ()
    assert "a search failed: cannot be read" in done.degraded[-1].why
    assert done.note == "I found nothing for summer top and shoes within 60 EUR."


async def test_named_items_are_compared_from_their_records() -> None:
    about = brief("compare the first two", understanding=Understanding(intent="compare", like_item_ids=("t1", "t2")))
    done = await run(ScriptedChat(), Shop(), about)
    assert [r.item.item_id for r in done.items] == ["t1", "t2"]
    assert done.note == "Price: Silk Top 70 EUR; Linen Top 25 EUR. Both have kind top and colour blue."
    assert (done.usage.llm_calls, done.prompts, done.degraded) == (0, (), ())


@pytest.mark.parametrize(
    ("text", "budget", "parts"),
    [
        ("an outfit: a red top, jeans and shoes within 100 euros", 100, ["red top", "jeans", "shoes"]),
        ("plan an evening with a comedy and a thriller for under $20 in total", 20, ["comedy", "thriller"]),
        ("a top and shoes, 60 euros together", 60, ["top", "shoes"]),
        ("a hat plus gloves, my budget is 45.50", 45.5, ["hat", "gloves"]),
        ("two prints for less than fifty euros", 50, ["print 1", "print 2"]),
        ("plan a wall with three prints for my kitchen within 100 euros", 100, ["print 1", "print 2", "print 3"]),
        ("compare a dog print and a cat print for my hallway", None, ["dog print", "cat print"]),
        ("a movie from 1990 and a dog", None, ["movie", "dog"]),
        ("", None, []),
    ],
)
def test_wishes_are_split_and_budgets_found(text: str, budget: float | None, parts: list[str]) -> None:
    assert parse_budget(text) == budget
    assert [p.label for p in split_wish(text)] == parts


def test_the_best_set_is_found_by_exact_search() -> None:
    parts = [
        WishPart("top", "top", tuple(SHOP[:3])),
        WishPart("shoes", "shoes", tuple(SHOP[3:5])),
        WishPart("hat", "hat", (SHOP[5],)),
    ]

    def ids(budget: float | None) -> list[str]:
        return [c.item.item_id for c in best_set(parts, "price", budget)]

    assert ids(None) == ["t1", "s1", "h1"]
    assert ids(200) == ["t1", "s1", "h1"]
    assert ids(120) == ["t2", "s1", "h1"]
    assert ids(70) == ["t2", "s2", "h1"]
    assert ids(55) == ["t3", "s2", "h1"]
    assert ids(45) == ["t2", "h1"]
    assert ids(5) == []
    same = [WishPart("a", "a", (SHOP[0],)), WishPart("b", "b", (SHOP[0], SHOP[1]))]
    assert [c.item.item_id for c in best_set(same, "price", None)] == ["t1", "t2"]


def test_a_comparison_tells_differences_first() -> None:
    assert compare([SHOP[1], SHOP[4], SHOP[5]], "price", "EUR") == (
        "Price: Linen Top 25 EUR; Canvas Shoes 30 EUR; Straw Hat 15 EUR. Kind: Linen Top top; Canvas Shoes shoes; "
        "Straw Hat hat. All have colour blue."
    )
