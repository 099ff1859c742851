"""Hold that every candidate source keeps constraints and exclusions, on a real catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import StoreError
from tastemaker.core.predicates import holds
from tastemaker.core.protocols import Search, Vectors
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import Candidate, Constraint, Event, HistoryProfile, Preference, Understanding
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.tools.ranking.ranker import Ranker
from tastemaker.tools.sources.joined_searches import joining
from tastemaker.tools.sources.listing import Conflict, build_sources, explain_empty
from tastemaker.tools.sources.taste import mean_vector

from ..catalogue_fixture import DIM, ScriptedCollaborative, axis, open_catalogue

STRANGER = HistoryProfile(user_id="", known=False)
RED = Constraint(field="colour", op="=", value="Red")
CHEAP = Constraint(field="price", op="<", value=40.0)


@pytest.fixture
async def catalogue(tmp_path: Path) -> LanceCatalogue:
    return await open_catalogue(tmp_path / "items")


def ask(wish: Understanding | None = None, profile: HistoryProfile = STRANGER, **options: object) -> CandidateQuery:
    return CandidateQuery(understanding=wish or Understanding(), profile=profile, **options)  # type: ignore[arg-type]


def named(*ids: str) -> list[Candidate]:
    return [Candidate(item_id=i, source="full_text", rank=r, score=1.0) for r, i in enumerate(ids, 1)]


def everything(constraints: tuple[Constraint, ...] = (), **wish: object) -> CandidateQuery:
    """Return a query that every source applies to."""
    profile = HistoryProfile(
        user_id="u",
        known=True,
        liked=("i0", "i2"),
        consumed=frozenset({"i0", "i2", "i4"}),
        disliked=frozenset({"i6"}),
        elsewhere_vector=tuple(float(x) for x in axis(1, 0)),
    )
    understanding = Understanding(
        query="boat",
        constraints=constraints,
        like_item_ids=("i8",),
        exclude_item_ids=("i12",),
        **wish,
    )
    photo = np.stack([axis(1, 0), axis(0, 1)])
    stated = (Preference(field="objects", value="boat"), Preference(field="words", value="boat", weight=0.5))
    return ask(
        understanding, profile, text_vector=axis(1, 0), image_vectors=photo, limit=8, stated=stated, changed=True
    )


async def test_every_source_fills_its_list_within_constraints_and_exclusions(catalogue: LanceCatalogue) -> None:
    everyone = [f"i{i}" for i in range(60)]
    sources = build_sources(catalogue, ScriptedCollaborative(near=["gone", *everyone], popular=everyone))
    query = everything((RED, CHEAP), intent="similar")
    banned = {"i0", "i2", "i4", "i6", "i8", "i12"}
    assert len({s.name for s in sources}) == len(sources) == 12
    for source in sources:
        assert source.applies(query), source.name
        found = await source(query)
        items = await catalogue.get([c.item_id for c in found])
        assert len(items) == len(found) > 0, source.name
        assert not banned & {c.item_id for c in found}, source.name
        assert all(holds(c, item) for c in (RED, CHEAP) for item in items), source.name
        assert [c.rank for c in found] == list(range(1, len(found) + 1)), source.name
        assert {c.source for c in found} == {source.name}


async def test_consumed_items_come_back_only_when_asked_for(catalogue: LanceCatalogue) -> None:
    popular = build_sources(catalogue, ScriptedCollaborative(popular=["i0", "i6", "i1"]))[-1]
    first = [c.item_id for c in await popular(everything())]
    again = [c.item_id for c in await popular(everything(include_consumed=True))]
    assert "i0" not in first
    assert again[0] == "i0"
    assert "i6" not in again


async def test_listed_items_are_filtered_until_enough_remain(catalogue: LanceCatalogue) -> None:
    reds_last = sorted((f"i{i}" for i in range(60)), key=lambda i: int(i[1:]) % 3 == 0)
    collaborative = ScriptedCollaborative(near=reds_last)
    source = next(s for s in build_sources(catalogue, collaborative) if s.name == "co_occurrence")
    query = ask(Understanding(constraints=(RED,)), HistoryProfile(user_id="u", known=True, liked=("i1",)), limit=10)
    assert len(await source(query)) == 10
    assert collaborative.asked == [10, 40, 160]


async def test_what_does_not_apply_says_so(catalogue: LanceCatalogue) -> None:
    sources = build_sources(catalogue, ScriptedCollaborative())
    assert [s.name for s in sources if s.applies(ask())] == ["popularity"]
    no_photo = ask(image_vectors=np.zeros((0, DIM), dtype=np.float32))
    distrusted = ask(image_vectors=axis(1)[None], image_weights=(0.0,))
    assert all(not s.applies(q) for s in sources for q in (no_photo, distrusted) if "image" in s.name)


async def test_popularity_is_topped_up_and_prefers_the_segment(catalogue: LanceCatalogue) -> None:
    popular = build_sources(catalogue, ScriptedCollaborative(popular=["i5", "i6"], segments={"teens": ["i9"]}))[-1]
    event = Event(user_id="u", item_id="i1", kind="view", at=datetime.now(UTC), context={"segment": "teens"})
    profile = HistoryProfile(user_id="u", known=True, events=(event,))
    found = [c.item_id for c in await popular(ask(profile=profile, limit=10))]
    assert found[:3] == ["i9", "i5", "i6"]
    assert len(set(found)) == 10


async def test_similar_to_shown_finds_the_same_kind(catalogue: LanceCatalogue) -> None:
    source = next(s for s in build_sources(catalogue, ScriptedCollaborative()) if s.name == "similar_to_shown")
    found = await source(ask(Understanding(like_item_ids=("i3",)), limit=10))
    assert {int(c.item_id[1:]) % 2 for c in found} == {1}
    assert "i3" not in {c.item_id for c in found}


async def test_a_title_named_in_words_is_the_anchor_and_not_offered(catalogue: LanceCatalogue) -> None:
    wish = Understanding(query="Red dog 3", intent="similar")
    source = next(s for s in build_sources(catalogue, ScriptedCollaborative()) if s.name == "similar_to_shown")
    query = ask(wish, limit=10)
    found = await source(query)
    assert {int(c.item_id[1:]) % 2 for c in found} == {1}
    ranked = await Ranker(catalogue)(query, {"similar_to_shown": found, "full_text": named("i3", "i5")}, 10)
    assert "i3" not in {r.item.item_id for r in ranked}
    assert await source(ask(Understanding(query="nothing of the kind", intent="similar"))) == []


async def test_two_photos_both_count(catalogue: LanceCatalogue) -> None:
    source = next(s for s in build_sources(catalogue, ScriptedCollaborative()) if s.name == "image_vector")
    both = await source(ask(image_vectors=np.stack([axis(1, 0), axis(0, 1)]), limit=20))
    assert {int(c.item_id[1:]) % 2 for c in both} == {0, 1}
    one = await source(ask(image_vectors=np.stack([axis(1, 0), axis(0, 1)]), image_weights=(1.0, 0.0), limit=20))
    assert {int(c.item_id[1:]) % 2 for c in one} == {0}


async def test_the_constraint_in_the_way_is_named_and_not_dropped(catalogue: LanceCatalogue) -> None:
    impossible = Constraint(field="price", op=">", value=1000.0)
    assert await explain_empty(catalogue, (RED, impossible)) == Conflict((impossible,), (20,))
    assert await explain_empty(catalogue, (RED, CHEAP)) == Conflict()
    pair = (Constraint(field="price", op="<", value=10.5), Constraint(field="colour", op="=", value="Blue"))
    assert await explain_empty(catalogue, pair) == Conflict(pair, (20, 1))
    dogs = Constraint(field="objects", op="contains", value="dog")
    assert await explain_empty(catalogue, (dogs, *pair)) == Conflict((dogs, pair[0]), (0, 10)), (
        "the smallest comes first"
    )


async def test_of_three_that_conflict_only_together_none_is_left_out(catalogue: LanceCatalogue) -> None:
    three = (
        Constraint(field="price", op="<", value=12.0),
        Constraint(field="colour", op="=", value="Blue"),
        Constraint(field="objects", op="contains", value="boat"),
    )
    assert await explain_empty(catalogue, (*three, Constraint(field="price", op=">", value=1.0))) == Conflict(
        three, (10, 1, 1)
    )


async def test_nothing_is_proposed_where_nothing_meets_the_conditions(catalogue: LanceCatalogue) -> None:
    impossible = Constraint(field="price", op=">", value=1000.0)
    sources = build_sources(catalogue, ScriptedCollaborative(popular=["i1"]))
    query = everything((RED, impossible))
    assert [await s(query) for s in sources] == [[] for _ in sources]


def test_mean_vector() -> None:
    assert mean_vector([]) is None
    assert mean_vector([axis(1), -axis(1)]) is None
    mean = mean_vector([axis(1, 0), axis(0, 1)[None]])
    assert mean is not None
    assert np.allclose(mean, axis(1, 1))


async def test_what_somebody_looked_at_is_a_profile(catalogue: LanceCatalogue) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    looked = tuple(Event(user_id="u", item_id=i, kind="view", at=at) for i in ("i1", "i5"))
    source = next(s for s in build_sources(catalogue, ScriptedCollaborative()) if s.name == "profile_vector")
    query = ask(profile=HistoryProfile(user_id="u", known=True, events=looked))
    assert source.applies(query)
    near = await source(query)
    assert {c.item_id for c in near[:2]} == {"i1", "i5"}
    assert not source.applies(ask())


class FailsOnPictures(LanceCatalogue):
    """Cannot search pictures; notes what it is asked at once."""

    together: list[int]

    async def search(self, searches: Sequence[Search]) -> list[list[Candidate] | StoreError]:
        self.together.append(len(searches))
        return await super().search(searches)

    async def _nearest(self, vector: Vectors, asked: Search) -> list[Candidate]:
        if asked.among == "image":
            raise StoreError("no pictures today")
        return await super()._nearest(vector, asked)


async def test_searches_at_once_are_one_call_and_each_has_its_own_answer_or_failure(tmp_path: Path) -> None:
    alone = await open_catalogue(tmp_path / "items")
    catalogue = await FailsOnPictures.open(str(tmp_path / "items"))
    catalogue.together = []
    joined = joining(catalogue)
    cut_off = asyncio.create_task(joined.search_text("boat", 3, [RED]))
    asyncio.get_running_loop().call_soon(cut_off.cancel)
    found = await asyncio.gather(
        joined.search_vector("text", axis(1, 0), 5, [RED], ["i0"]),
        joined.search_vector("image", axis(1, 0), 5, [RED], ["i0"]),
        joined.search_text("boat", 5, [RED], ["i0"]),
        joined.search_vector("text", axis(0, 1), 5, [CHEAP]),
        return_exceptions=True,
    )
    assert catalogue.together == [4], "what is cut off is not asked"
    assert found[0] == await alone.search_vector("text", axis(1, 0), 5, [RED], ["i0"])
    assert isinstance(found[1], StoreError)
    assert found[2] == await alone.search_text("boat", 5, [RED], ["i0"])
    assert found[3] == await alone.search_vector("text", axis(0, 1), 5, [CHEAP])
    assert cut_off.cancelled()


async def test_a_scan_gives_those_wanted_first_then_the_others(catalogue: LanceCatalogue) -> None:
    every = await catalogue.scan(100, [RED], ["i2"])
    wanted = ["gone", every[5], "i2", every[1]]
    found = await catalogue.scan(6, [RED], ["i2"], first=wanted)
    assert found[:2] == [every[5], every[1]]
    assert found[2:] == [i for i in every if i not in found[:2]][:4]
    assert await catalogue.scan(1, [RED], first=wanted) == [every[5]]
