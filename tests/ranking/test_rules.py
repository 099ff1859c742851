"""Test business rules: reading and checking them, what they do to a list, and what they can never do."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tastemaker.core.predicates import holds
from tastemaker.core.ranking.diversity import MILD
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.selection import Shelf, select
from tastemaker.core.rules.effects import NOTHING, Effects, arrange, effects_of
from tastemaker.core.rules.file_format import KINDS, parse_rules, unfit
from tastemaker.core.rules.model import Moment, RuleSet, When
from tastemaker.core.schemas import (
    Candidate,
    CatalogueField,
    CatalogueSchema,
    Constraint,
    HistoryProfile,
    Item,
    Understanding,
)
from tastemaker.stores.rules import LoadedRules, RuleStore
from tastemaker.tools.policy.rule_scope import RuleScope
from tastemaker.tools.ranking.ranker import Ranker

from ..catalogue_fixture import open_catalogue

SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price"),
        CatalogueField(name="stock", type="number"),
        CatalogueField(name="available", type="bool"),
        CatalogueField(name="rating", type="text", values=("G", "R")),
        CatalogueField(name="genres", type="list"),
    ),
    count=10,
)


def rules(*entries: dict[str, Any]) -> RuleSet:
    parsed, problems = parse_rules({"rules": [{"id": f"r{i}", **e} for i, e in enumerate(entries)]})
    assert parsed is not None, problems
    return parsed


def acting(*entries: dict[str, Any], **moment: Any) -> Effects:
    return effects_of(rules(*entries), Moment(**moment), SCHEMA)


def item(item_id: str = "a", **attributes: Any) -> Item:
    return Item(item_id=item_id, title=item_id, attributes=attributes)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "pin", "items": ["a"], "position": 99}, ["rules[0]", "'r'", "position", "50"]),
        ({"kind": "pin", "items": ["a"], "postion": 1}, ["postion", "unknown field", "allowed are", "position"]),
        ({"kind": "pinn"}, ["unknown kind", "pin, boost"]),
        ({"items": ["a"]}, ["kind is missing"]),
        ({"kind": "boost", "items": ["a"], "factor": 0.5}, ["factor", "greater than 1", "0.5"]),
        ({"kind": "boost", "items": ["a"]}, ["either factor or top"]),
        ({"kind": "exclude"}, ["either items (ids) or where"]),
        ({"kind": "price_range", "minimum": 5, "maximum": 1}, ["minimum must not be above"]),
        ({"kind": "exclude", "where": [{"field": "price", "op": "=<", "value": 1}]}, ["where[0].op"]),
        ({"kind": "exclude", "items": ["a"], "when": {"hours": [9, 9]}}, ["when", "hours"]),
        ({"kind": "exclude", "items": ["a"], "when": {"zone": "Mars"}}, ["when.zone", "Europe/Berlin"]),
        ({"kind": "exclude", "items": ["a"], "when": {"colour": "x"}}, ["when.colour", "segment"]),
    ],
)
def test_problems_name_rule_field_and_what_is_allowed(entry: dict[str, Any], words: list[str]) -> None:
    parsed, problems = parse_rules({"rules": [{"id": "r", **entry}]})
    assert parsed is None
    text = " ".join(problems)
    assert all(word in text for word in words), text


def test_ids_differ_and_the_file_is_a_mapping() -> None:
    entry = {"id": "x", "kind": "exclude", "items": ["a"]}
    assert "ids must differ" in parse_rules({"rules": [entry, entry]})[1][0]
    assert "mapping" in parse_rules([entry])[1][0]
    assert "rule_s" in parse_rules({"rule_s": []})[1][0]
    assert parse_rules(None) == (RuleSet(), [])
    assert set(KINDS) == {"pin", "boost", "bury", "exclude", "stock", "age_rating", "price_range", "allow", "block"}


def test_fields_that_the_catalogue_lacks_are_named() -> None:
    found = unfit(
        rules(
            {"kind": "stock", "field": "stck"},
            {"kind": "stock", "field": "rating"},
            {"kind": "price_range", "maximum": 3},
            {"kind": "exclude", "where": [{"field": "genres", "op": "<", "value": 3}]},
            {"kind": "block", "field": "genres", "values": ["Horror"]},
            {"kind": "age_rating", "field": "rating"},
        ),
        SCHEMA,
    )
    assert set(found) == {"r0", "r1", "r3", "r5"}
    assert "stck" in found["r0"][0]
    assert "price, stock, available, rating, genres" in found["r0"][0]
    assert "needs number" in found["r1"][0]
    assert "where[0]" in found["r3"][0]


@pytest.mark.parametrize(
    ("when", "moment", "met"),
    [
        ({"segment": ["fan"]}, {"segment": "fan"}, True),
        ({"segment": ["fan"]}, {}, False),
        ({"query": ["Summer"]}, {"query": "late SUMMER dress"}, True),
        ({"query": ["summer"]}, {"query": "coat"}, False),
        ({"query": ["art"]}, {"query": "a party in the heart of town, smart"}, False),
        ({"query": ["art"]}, {"query": "Wall ART, please"}, True),
        ({"query": ["dress"]}, {"query": "dresses"}, True),
        ({"query": ["wall art"]}, {"query": "wall  art"}, True),
        ({"query": ["c++"]}, {"query": "a book on C++!"}, True),
        ({"query": ["画"]}, {"query": "买一幅画吧"}, True),
        ({"query": ["gift"]}, {"query": "买gift吧"}, True),
        ({"channel": ["web"]}, {"context": {"channel": "web"}}, True),
        ({"channel": ["web"]}, {"context": {"channel": "app"}}, False),
        ({"context": {"device": ["tv", "phone"]}}, {"context": {"device": "tv"}}, True),
        ({"context": {"device": ["tv"]}}, {}, False),
        ({"after": "2026-12-01T00:00:00Z"}, {"now": datetime(2026, 12, 1, tzinfo=UTC)}, True),
        ({"before": "2026-12-01T00:00:00Z"}, {"now": datetime(2026, 12, 1, tzinfo=UTC)}, False),
        ({"days": ["tue"]}, {"now": datetime(2026, 12, 1, 12, tzinfo=UTC)}, True),
        ({"hours": [22, 6]}, {"now": datetime(2026, 12, 1, 23, tzinfo=UTC)}, True),
        ({"hours": [22, 6]}, {"now": datetime(2026, 12, 1, 12, tzinfo=UTC)}, False),
        ({"hours": [1, 2], "zone": "Europe/Berlin"}, {"now": datetime(2026, 12, 1, 0, 30, tzinfo=UTC)}, True),
    ],
)
def test_conditions(when: dict[str, Any], moment: dict[str, Any], met: bool) -> None:
    assert When.model_validate(when).met(Moment(**moment)) is met


def ordered(scores: dict[str, float], *entries: dict[str, Any]) -> list[str]:
    shelf = Shelf([item(name) for name in scores], np.array(list(scores.values()), dtype=np.float32))
    chosen = select(shelf, MILD, acting(*entries), len(scores))
    return [shelf.items[i].item_id for i in chosen.order]


@pytest.mark.parametrize("shift", [0.0, -0.6, -2.0])
@pytest.mark.parametrize("factor", [1.1, 2.0, 100.0])
def test_a_boost_lifts_a_runner_up_that_is_hardly_behind_whatever_the_scale(shift: float, factor: float) -> None:
    scores = {"a": 0.8 + shift, "b": 0.799 + shift, "c": 0.5 + shift}
    assert ordered(scores) == ["a", "b", "c"]
    assert ordered(scores, {"kind": "boost", "items": ["b"], "factor": factor})[0] == "b"
    assert ordered(scores, {"kind": "bury", "items": ["a"], "factor": 1 / factor})[0] == "b"
    assert ordered(scores, {"kind": "bury", "items": ["a"], "factor": 0})[-1] == "a"


@pytest.mark.parametrize("added", [0.0, -1.0, 0.79, 3.0])
def test_an_item_that_is_added_changes_nothing_about_what_a_factor_does_to_others(added: float) -> None:
    for factor in (1.05, 1.3, 2.0):
        rule = {"kind": "boost", "items": ["b"], "factor": factor}
        scores = {"a": 0.8, "b": 0.7, "c": 0.65, "d": 0.4}
        assert [i for i in ordered({**scores, "x": added}, rule) if i != "x"] == ordered(scores, rule)


def test_what_constraints_can_say_becomes_one_and_the_rest_an_exclusion() -> None:
    single = acting({"kind": "exclude", "where": [{"field": "genres", "op": "contains", "value": "Horror"}]})
    assert [(c.field, c.op, c.source) for c in single.where] == [("genres", "not contains", "rule:r0")]
    assert single.blocker(item(genres=["Horror"])) == "r0"
    both = acting(
        {
            "kind": "exclude",
            "where": [
                {"field": "genres", "op": "contains", "value": "Horror"},
                {"field": "price", "op": "<", "value": 5},
            ],
        }
    )
    assert not both.where
    assert both.blocker(item(genres=["Horror"], price=4.0)) == "r0"
    assert both.allows(item(genres=["Horror"], price=6.0))
    off = acting({"kind": "exclude", "items": ["a"], "enabled": False})
    assert off.allows(item())


@pytest.mark.parametrize(
    ("entry", "moment", "attributes", "allowed"),
    [
        ({"kind": "stock", "field": "stock"}, {}, {"stock": 0.0}, False),
        ({"kind": "stock", "field": "stock"}, {}, {"stock": 1.0}, True),
        ({"kind": "stock", "field": "stock"}, {}, {}, False),
        ({"kind": "stock", "field": "available"}, {}, {"available": True}, True),
        ({"kind": "stock", "field": "available"}, {}, {"available": False}, False),
        ({"kind": "stock", "field": "available"}, {}, {}, False),
        ({"kind": "stock", "field": "available", "unknown": "show"}, {}, {}, True),
        ({"kind": "stock", "field": "available", "unknown": "show"}, {}, {"available": False}, False),
        ({"kind": "stock", "field": "stock", "unknown": "show"}, {}, {}, True),
        ({"kind": "stock", "field": "stock", "unknown": "show"}, {}, {"stock": 0.0}, False),
        ({"kind": "price_range", "minimum": 2, "maximum": 4}, {}, {"price": 3.0}, True),
        ({"kind": "price_range", "minimum": 2, "maximum": 4}, {}, {"price": 5.0}, False),
        ({"kind": "age_rating", "field": "rating", "ages": {"G": 0, "R": 17}}, {}, {"rating": "R"}, False),
        ({"kind": "age_rating", "field": "rating", "ages": {"G": 0, "R": 17}}, {"age": 17}, {"rating": "R"}, True),
        ({"kind": "age_rating", "field": "rating", "ages": {"G": 0, "R": 17}}, {"age": 40}, {"rating": "X"}, False),
        ({"kind": "age_rating", "field": "rating", "ages": {"R": 17}}, {"age": 3}, {"rating": "R"}, False),
        ({"kind": "age_rating", "field": "rating", "ages": {"R": 17}, "unknown": "show"}, {}, {}, True),
        ({"kind": "age_rating", "field": "stock"}, {"age": 12}, {"stock": 16.0}, False),
        ({"kind": "age_rating", "field": "stock", "unknown": "show"}, {"age": 12}, {"stock": 16.0}, False),
        ({"kind": "allow", "items": ["b"]}, {}, {}, False),
        ({"kind": "allow", "field": "genres", "values": ["Drama"]}, {}, {"genres": ["drama"]}, True),
        ({"kind": "block", "field": "genres", "values": ["Drama"]}, {}, {"genres": ["drama", "War"]}, False),
        ({"kind": "block", "items": ["A"]}, {}, {}, True),
    ],
)
def test_kinds(entry: dict[str, Any], moment: dict[str, Any], attributes: dict[str, Any], allowed: bool) -> None:
    assert acting(entry, **moment).allows(item(**attributes)) is allowed


def test_no_item_meets_nothing() -> None:
    assert not holds(NOTHING, item())


def order(effects: Effects, count: int = 6, n: int = 6) -> list[str]:
    items = [item(f"i{i}", price=float(i)) for i in range(count)]
    return [items[p].item_id for p in arrange(range(count), items, effects, n)[0]]


def test_bounds_and_pins_place_items() -> None:
    assert order(acting({"kind": "pin", "items": ["i4", "i5"], "position": 1})) == ["i4", "i5", "i0", "i1", "i2", "i3"]
    two = acting({"kind": "pin", "items": ["i4"], "position": 2}, {"kind": "pin", "items": ["i5"], "position": 2})
    assert order(two)[1:3] == ["i4", "i5"]
    assert (
        order(acting({"kind": "pin", "where": [{"field": "price", "op": ">", "value": 2}], "position": 1}))[0] == "i3"
    )
    assert order(acting({"kind": "boost", "items": ["i5"], "top": 2}))[1] == "i5"
    assert order(acting({"kind": "boost", "items": ["i0"], "top": 3}))[0] == "i0"
    assert order(acting({"kind": "bury", "items": ["i0"], "below": 4})) == ["i1", "i2", "i3", "i0", "i4", "i5"]
    assert order(acting({"kind": "bury", "items": ["i0"], "below": 50})) == ["i1", "i2", "i3", "i4", "i5", "i0"]
    assert order(acting({"kind": "pin", "items": ["i2"], "position": 50})) == ["i0", "i1", "i3", "i4", "i5", "i2"]
    assert order(acting({"kind": "pin", "items": ["gone"], "position": 1}))[0] == "i0"


def some_rules(random_: random.Random) -> RuleSet:
    """Draw rules of every kind over the fixture catalogue."""

    def ids() -> list[str]:
        return [f"i{random_.randrange(64)}" for _ in range(random_.randint(1, 4))]

    def where() -> list[dict[str, Any]]:
        price = {"field": "price", "op": random_.choice(["<", ">="]), "value": float(random_.randint(10, 70))}
        colour = {"field": "colour", "op": random_.choice(["=", "!="]), "value": random_.choice(["Red", "Blue"])}
        return random_.choice([[price], [colour], [price, colour]])

    def about() -> dict[str, Any]:
        return random_.choice([{"items": ids()}, {"where": where()}])

    makers: list[Callable[[], dict[str, Any]]] = [
        lambda: {"kind": "pin", "position": random_.randint(1, 12), **about()},
        lambda: {"kind": "pin", "position": random_.randint(1, 50), "items": ids()},
        lambda: {"kind": "boost", **random_.choice([{"factor": 9.0}, {"top": random_.randint(1, 8)}]), **about()},
        lambda: {"kind": "bury", **random_.choice([{"factor": 0.0}, {"below": random_.randint(2, 30)}]), **about()},
        lambda: {"kind": "exclude", **about()},
        lambda: {"kind": "block", "items": ids()},
        lambda: {"kind": "allow", "field": "colour", "values": ["Red", "Green"]},
        lambda: {"kind": "price_range", "maximum": float(random_.randint(30, 70))},
    ]
    return rules(*[random_.choice(makers)() for _ in range(random_.randint(1, 6))])


async def test_no_rule_breaks_a_limit_shows_what_is_refused_doubles_or_shortens(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path)
    schema = await catalogue.schema()
    everything = await catalogue.get(await catalogue.scan(1000))
    random_ = random.Random(5)
    for _ in range(40):
        effects = effects_of(some_rules(random_), Moment(), schema)
        limit = Constraint(field="price", op=random_.choice(["<=", ">="]), value=float(random_.randint(15, 65)))
        consumed = frozenset(f"i{random_.randrange(60)}" for _ in range(10))
        disliked = frozenset(f"i{random_.randrange(60)}" for _ in range(5))
        q = CandidateQuery(
            understanding=Understanding(constraints=(limit,)),
            profile=HistoryProfile(user_id="u", known=True, consumed=consumed, disliked=disliked),
            exclude=await RuleScope(catalogue).hidden(effects.exclusions),
            effects=effects,
        )
        found = await catalogue.scan(100, q.where, q.excluded)
        listed = [Candidate(item_id=i, source="popularity", rank=r, score=1 / r) for r, i in enumerate(found, 1)]
        n = random_.randint(1, 20)
        ranked = await Ranker(catalogue)(q, {"popularity": listed}, n)
        ids = [r.item.item_id for r in ranked]
        could = {i.item_id for i in everything if holds(limit, i) and effects.allows(i)} - consumed - disliked
        assert all(i in could for i in ids)
        assert len(ids) == len(set(ids)) == min(n, len(could))
        assert [r.rank for r in ranked] == list(range(1, len(ids) + 1))
        assert all(r in effects.active for item_ in ranked for r in item_.rules)


async def test_files_are_read_again_and_a_wrong_one_leaves_the_last_good(tmp_path: Path) -> None:
    store = RuleStore(tmp_path, check_s=0.0)
    assert await store.load("shop", SCHEMA) == (await RuleStore(tmp_path / "none").load("shop", SCHEMA))
    path = tmp_path / "shop.yaml"
    path.write_text("rules:\n  - {id: a, kind: stock, field: nothing}\n")
    first = await store.load("shop", SCHEMA)
    assert not first.rules.rules
    assert first.label is not None
    assert "nothing" in first.problems[0]
    assert "nothing" not in first.label
    path.write_text("rules:\n  - {id: a, kind: stock, field: stock}\n")
    good = await store.load("shop", SCHEMA)
    assert [r.id for r in good.rules.rules] == ["a"]
    assert good.label is None
    assert not (await store.load("other", SCHEMA)).rules.rules
    for wrong in ("rules: [", "rules: {}", "\0", "rules:\n  - {id: b, kind: stock, field: stock, x: 1}\n"):
        path.write_text(wrong)
        kept = await store.load("shop", SCHEMA)
        assert [r.id for r in kept.rules.rules] == ["a"]
        assert kept.label is not None
        assert "last good" in kept.label
    lost = await store.load("shop", CatalogueSchema(fields=SCHEMA.fields[:1]))
    assert not lost.rules.rules
    assert lost.label is not None
    path.unlink()
    assert not (await store.load("shop", SCHEMA)).rules.rules
    (tmp_path / "shop.json").write_text(json.dumps({"rules": [{"id": "c", "kind": "block", "items": ["x"]}]}))
    assert [r.id for r in (await store.load("shop", SCHEMA)).rules.rules] == ["c"]
    path.write_text("rules: []")
    assert "keep one of" in (await store.load("shop", SCHEMA)).problems[0]


async def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").mkdir()
    assert "cannot be read" in (await RuleStore(tmp_path).load("shop", SCHEMA)).problems[0]


AGES = """rules:
  - {id: old-enough, kind: age_rating, field: rating, ages: {G: 0, R: 17}}
  - {id: in-stock, kind: stock, field: stock}
  - {id: no-horror, kind: block, field: genres, values: [Horror]}
  - {id: hero, kind: pin, items: [a], position: 1}
"""
SAFE: dict[str, Any] = {"rating": "G", "stock": 2.0, "genres": ["Drama"], "price": 1.0}
UNFIT: dict[str, dict[str, Any]] = {
    "r-rated": {"rating": "R"},
    "sold out": {"stock": 0.0},
    "blocked": {"genres": ["Horror", "Drama"]},
}


def allowed_by(loaded: LoadedRules) -> dict[str, bool]:
    """Tell of an item that every rule allows, and of one that each leaves out, whether they are shown to a stranger."""
    found = effects_of(loaded.rules, Moment(), SCHEMA)
    cases: dict[str, dict[str, Any]] = {"safe": {}, **UNFIT}
    return {name: found.allows(item(**{**SAFE, **why})) for name, why in cases.items()}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("id: hero, kind: pin, items: [a], position: 1}", "id: hero, kind: pin, items: [a], position: 1"),
        ("rules:", "rulez:"),
        ("rules:", "rules: x\nrules"),
        ("  - {id: hero", "   - {id: hero"),
        ("position: 1", "position: first"),
        ("kind: pin", "kind: pinn"),
        ("kind: pin", "knd: pin"),
        ("kind: age_rating", "kind: age_ratng"),
        ("kind: block", "kind: blok"),
        ("kind: stock, field", "kind: stock, feild"),
        ("field: rating", "field: ratings"),
        ("field: stock", "field: stok"),
        ("values: [Horror]", "vales: [Horror]"),
        ("id: in-stock", "id: old-enough"),
        ("id: in-stock", "id: 'in stock'"),
        ("values: [Horror]", "values: [Horror], when: {hours: [9, 9]}"),
        ("values: [Horror]", "values: [Horror], colour: x"),
        ("rules:", "# Gro\xdfe Auswahl\nrules:"),
    ],
)
async def test_a_broken_file_without_a_good_one_before_it_still_limits(tmp_path: Path, right: str, wrong: str) -> None:
    (tmp_path / "shop.yaml").write_bytes(AGES.replace(right, wrong).encode("latin-1"))
    loaded = await RuleStore(tmp_path).load("shop", SCHEMA)
    assert allowed_by(loaded) == {"safe": True, "r-rated": False, "sold out": False, "blocked": False}
    assert loaded.label is not None
    assert "wrong" in loaded.label
    assert loaded.problems


async def test_a_broken_json_file_still_limits(tmp_path: Path) -> None:
    whole = json.dumps(yaml.safe_load(AGES))
    for wrong in (whole[:-2], whole[:-20], whole.replace('"position": 1', '"position": '), whole + "]", whole[1:]):
        (tmp_path / "shop.json").write_text(wrong)
        loaded = await RuleStore(tmp_path).load("shop", SCHEMA)
        assert allowed_by(loaded) == {"safe": True, "r-rated": False, "sold out": False, "blocked": False}, wrong


@pytest.mark.parametrize(
    "wrong",
    [
        AGES.replace("field: rating, ages", "about: rating, ages"),
        AGES.replace("{G: 0, R: 17}", "{G: 0, R: seventeen}"),
        AGES.replace("field: rating, ages: {G: 0, R: 17}}", "field: rating, ages: {G: 0, R: 17}"),
        AGES.replace("field: rating", "field: fit_for"),
        AGES.replace("kind: age_rating", "kind: teenagers"),
        "",
        "rules: [",
        "\0",
    ],
)
async def test_an_age_limit_that_cannot_be_read_holds_back_what_has_a_rating(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "shop.yaml").write_text(wrong or "[" * 500)
    loaded = await RuleStore(tmp_path).load("shop", SCHEMA)
    found = allowed_by(loaded)
    assert not found["safe"]
    assert not found["r-rated"]
    unrated = item(stock=2.0, genres=["Drama"], price=1.0)
    assert effects_of(loaded.rules, Moment(age=40), SCHEMA).allows(unrated)
    assert loaded.label is not None
    assert "held back" in loaded.label


async def test_the_last_good_rules_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "rules" / "shop.yaml"
    path.parent.mkdir()
    path.write_text(AGES)
    kept = tmp_path / "kept"
    assert (await RuleStore(path.parent, kept=kept).load("shop", SCHEMA)).label is None
    for wrong in ("rules: [", AGES.replace("kind: age", "kind: ages")):
        path.write_text(wrong)
        loaded = await RuleStore(path.parent, kept=kept).load("shop", SCHEMA)
        assert [r.id for r in loaded.rules.rules] == ["old-enough", "in-stock", "no-horror", "hero"]
        assert loaded.label is not None
        assert "last good" in loaded.label
    path.unlink()
    assert await RuleStore(path.parent, kept=kept).load("shop", SCHEMA) == LoadedRules()
    path.write_text("rules: [")
    assert "last good" not in str((await RuleStore(path.parent, kept=kept).load("shop", SCHEMA)).label)


async def test_rules_that_load_too_slowly_are_those_used_last_and_the_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.yaml").write_text(AGES)
    read = RuleStore._read

    def slowly(self: RuleStore, tenant: str, seen: Any) -> Any:
        time.sleep(0.05)
        return read(self, tenant, seen)

    monkeypatch.setattr(RuleStore, "_read", slowly)
    store = RuleStore(tmp_path)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.load("shop", SCHEMA), 0.01)
    closed = store.at_hand("shop", SCHEMA)
    assert not allowed_by(closed)["r-rated"]
    assert "held back" in str(closed.label)
    await asyncio.sleep(0.1)
    assert (await asyncio.wait_for(store.load("shop", SCHEMA), 0.04)).label is None
    known = store.at_hand("shop", SCHEMA)
    assert [r.id for r in known.rules.rules] == ["old-enough", "in-stock", "no-horror", "hero"]
    assert known.label is not None
