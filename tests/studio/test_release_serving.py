"""Released versions serve real requests: by production, by rollout, by choice, and another stands in for one that fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.errors import InvalidRequestError, ReleaseBlockedError
from tastemaker.core.language.catalogue_language import language_of
from tastemaker.core.schemas import CatalogueSchema, RecommendRequest, RecommendResponse
from tastemaker.core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage
from tastemaker.core.schemas.releases import Cohort, Gate
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantChat
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.releases.desk import ReleaseDesk
from tastemaker.graphs.releases.live import BROKEN, LiveReleases
from tastemaker.graphs.shop.services import open_exposures
from tastemaker.graphs.steps import read_with_model, understand
from tastemaker.stores.database import Database

from ..shop_fixture import history_url, shop_services

T = "default"


class Breaks(ConstantChat):
    """Answers in the agreed form unless the prompt says BREAK."""

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.calls += 1
        yield ChatDelta(text="I would rather sing." if "BREAK" in request.messages[0].content else "{}")

    async def complete(self, request: ChatRequest) -> ChatReply:
        good = '{"route": "direct", "conditions": []}'
        return ChatReply(text="la la" if "BREAK" in request.messages[0].content else good, usage=ChatUsage())


@dataclass
class House:
    """A recommender, the desk beside it, and what its language model is."""

    recommender: Recommender
    desk: ReleaseDesk
    chat: Breaks

    @property
    def live(self) -> LiveReleases:
        live = self.recommender.services.releases
        assert live is not None
        return live

    async def ask(self, user: str | None = None, **fields: object) -> RecommendResponse:
        wanted: dict[str, Any] = {"text": "a dog under 30 euros", "n": 3, "words": False, "user_id": user, **fields}
        return await self.recommender.recommend(**wanted)

    async def version(self, name: str, old: str, new: str) -> int:
        """Make a version that differs in one place, and the candidate of it."""
        body = self.desk.shipped(name).body
        assert old in body
        made = await self.desk.commit(T, name, body.replace(old, new, 1), "ada", message=new)
        await self.desk.set_gate(T, name, Gate(approvals=0, max_length_ratio=None), "root")
        await self.desk.label(T, name, made.number, "candidate", "ada")
        return made.number

    async def release(self, name: str, old: str, new: str) -> None:
        await self.desk.release(T, name, await self.version(name, old, new), "bob")
        await self.live.refresh()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings, chat = Settings(home=tmp_path), Breaks()
    services = shop_services(settings, chat=chat)
    services.exposures = open_exposures(settings, Database(history_url(tmp_path)))
    services.releases = LiveReleases.at(settings)
    services.rebuild()
    services.composer.guided = False  # the model is scripted, and is asked about every item
    recommender = await Recommender(services=services).start()
    desk = ReleaseDesk.at(settings)
    yield House(recommender, desk, chat)
    await recommender.close()
    await desk.close()


BRIEF = ("\n# user", "\nBe brief.\n\n# user")


async def test_nothing_released_says_nothing(house: House) -> None:
    assert (await house.ask("ada")).versions == ()


async def test_a_released_prompt_serves_and_is_named(house: House) -> None:
    await house.release("compose", *BRIEF)
    response = await house.ask("ada", words=True)
    assert [(v.name, v.number, v.rollout) for v in response.versions] == [("compose", 1, None)]
    assert response.prompts[-1].startswith("compose@r1#")
    assert "Be brief." in house.live.serve(T, "x", None, stranger=True).prompts()["compose"].system


async def test_released_phrases_are_said_and_only_by_whom_they_serve(house: House) -> None:
    shipped = (await house.ask("ada")).items[0].reason
    assert shipped is not None
    old = "{Price}, so within your limit of {limit}."
    assert "so within your limit of" in shipped.text
    await house.release("wording_en", old, "{Price}, and {left} stay in your purse.")
    said = (await house.ask("ada")).items[0].reason
    assert said is not None
    assert "stay in your purse." in said.text
    again = await house.ask(
        "ada",
    )
    tried = await house.recommender.recommend(
        text="a dog under 30 euros", n=3, words=False, user_id="ada", prompt_versions={"wording_en": "r0"}
    )
    assert tried.items[0].reason == shipped
    assert tried.versions[0].number == 0
    assert again.versions[0].number == 1


async def test_released_weights_and_rules_change_the_list(house: House) -> None:
    before = [i.item_id for i in (await house.ask(text="a dog", n=5)).items]
    rules = f"rules:\n- {{id: hide, kind: block, items: [{before[0]}]}}\n"
    await house.release("rules", "rules: []\n", rules)
    assert before[0] not in [i.item_id for i in (await house.ask(text="a dog", n=5)).items]
    assert (await house.recommender.rules(T)).rules.rules[0].id == "hide"
    await house.release("source_weights", "said = 0.7", "said = 0.0")
    ranked = await house.recommender.recommend(text="a dog", n=5, words=False)
    assert {v.name for v in ranked.versions} == {"rules", "source_weights"}


async def test_no_version_of_rules_or_weights_can_put_an_item_in_the_list_that_breaks_a_condition(house: House) -> None:
    dear = "i37"
    rules = f"rules:\n- {{id: dear, kind: pin, items: [{dear}], position: 1}}\n"
    await house.release("rules", "rules: []\n", rules)
    await house.release("source_weights", "said = 0.7", "said = 0.0")
    assert next(i.item_id for i in (await house.ask(text="a dog", n=5)).items) == dear
    limited = (await house.ask(text="a dog under 30 euros", n=5)).items
    assert limited
    assert all(float(str(i.attributes["price"])) < 30 for i in limited)


async def test_a_rollout_serves_its_share_for_good_and_is_logged(house: House) -> None:
    number = await house.version("compose", *BRIEF)
    rollout = await house.desk.rollout(T, "compose", number, 50, "bob")
    await house.live.refresh()
    users = [f"u{n}" for n in range(16)]
    arms = {user: (await house.ask(user)).versions[0].arm for user in users}
    assert set(arms.values()) == {"candidate", "control"}
    other = LiveReleases.at(house.recommender.settings)  # another worker
    await other.refresh()
    assert {u: other.serve(T, f"user {u}", None, stranger=False).versions["compose"].arm for u in users} == arms
    await other.close()
    exposures = house.recommender.services.exposures
    assert exposures is not None
    logged = await exposures.of_rollout(T, rollout.id)
    assert Counter(e.arm for e in logged) == Counter(arms.values())
    assert {e.user_id: e.number for e in logged} == {u: number if a == "candidate" else 0 for u, a in arms.items()}
    assert logged[0].measures["seconds"] > 0
    assert await exposures.erase(T, "u0") == 1
    assert len(await exposures.of_rollout(T, rollout.id)) == len(users) - 1
    await house.desk.rollback(T, "compose", "ada")
    await house.live.refresh()
    assert (await house.ask("u1")).versions == ()


async def test_only_new_users_take_part_where_the_cohort_says_so(house: House) -> None:
    number = await house.version("compose", *BRIEF)
    await house.desk.rollout(T, "compose", number, 100, "bob", cohort=Cohort(new_users=True))
    await house.live.refresh()
    for known, versions in ((True, 0), (False, 1)):
        serving = house.live.serve(T, "user ada", None, stranger=False)
        serving.know(known=known)
        assert len(serving.told()) == versions
    assert (await house.ask("ada")).versions[0].arm == "candidate"
    assert (await house.ask()).versions[0].arm == "candidate"


async def test_production_stands_in_for_a_version_whose_answers_break_and_soon_for_good(house: House) -> None:
    await house.release("compose", *BRIEF)
    bad = await house.version("compose", "\n# user", "\nBREAK\n\n# user")
    await house.desk.rollout(T, "compose", bad, 100, "bob")
    await house.live.refresh()
    for _ in range(BROKEN):
        response = await house.ask("ada", words=True)
        assert response.prompts[-1].startswith("compose@r1#")
        assert all(i.reason and i.reason.text for i in response.items)
        assert response.usage.llm_calls == 2
    response = await house.ask("ada", words=True)
    assert (response.usage.llm_calls, response.versions[0].number) == (1, 1)


async def test_what_ships_stands_in_for_readings_and_routes_that_break(house: House) -> None:
    for name in ("read", "route"):
        bad = await house.version(name, "\n# user", "\nBREAK\n\n# user")
        await house.desk.rollout(T, name, bad, 100, "bob")
    await house.live.refresh()
    async with house.recommender._turn(RecommendRequest(text="a dog"), {}, allow_paths=False) as turn:
        assert (await understand._asked_route("a dog", 5, turn)).prompt.startswith("route@1#")
        language = language_of(CatalogueSchema())
        assert (await read_with_model._asked("a dog", language, 5, turn)).prompt.startswith("read@1#")
        assert turn.library.get("read").version == "r1"


async def test_what_an_older_version_of_the_code_released_serves_only_if_it_is_still_in_order(house: House) -> None:
    body = house.desk.shipped("wording_en").body.replace("[questions]", "[old_questions]")
    made = await house.desk.commit(T, "wording_en", body, "ada", message="")
    async with house.desk.store.change(T, "older") as change:
        await change.put_label("wording_en", "production", made.number)
    await house.live.refresh()
    response = await house.ask("ada")
    assert response.versions == ()
    assert response.items[0].reason


async def test_drafts_and_versions_can_be_tried_and_what_is_wrong_is_told(house: House) -> None:
    body = house.desk.shipped("compose").body
    draft = await house.desk.draft(T, "compose", body.replace(*BRIEF), "ada")
    response = await house.recommender.recommend(
        text="a dog", n=2, shows=False, prompt_versions={"compose": f"d{draft.id}"}
    )
    assert response.versions[0].draft == draft.id
    assert response.prompts[-1].startswith(f"compose@d{draft.id}#")
    await house.desk.save_draft(T, draft.id, "half", "ada")
    for wanted, why in ((f"d{draft.id}", "cannot be tried"), ("r9", "no version 9"), ("d9", "no draft 9")):
        with pytest.raises(InvalidRequestError, match=why):
            await house.recommender.recommend(text="a dog", prompt_versions={"compose": wanted})


async def test_words_written_ahead_come_from_the_prompt_in_production_of_their_shop(house: House) -> None:
    words = house.recommender.services.llm_rank.words(T)
    assert words._describer.ref("taste").startswith("taste@1#")
    await house.release("taste", *BRIEF)
    assert words._describer.ref("taste").startswith("taste@r1#")
    other = house.recommender.services.llm_rank.words("another")
    assert other._describer.ref("taste").startswith("taste@1#")
    with pytest.raises(ReleaseBlockedError, match="written ahead"):
        await house.desk.rollout(T, "taste", 1, 10, "bob")


async def test_choosing_versions_costs_less_than_a_tenth_of_a_millisecond(house: House) -> None:
    for name, old, new in (("compose", *BRIEF), ("wording_en", 'and = "and"', 'and = "plus"'), ("read", *BRIEF)):
        number = await house.version(name, old, new)
        await house.desk.rollout(T, name, number, 50, "bob")
    await house.live.refresh()
    took = []
    for n in range(300):
        start = time.perf_counter()
        house.live.serve(T, f"user {n}", None, stranger=False).told()
        took.append(time.perf_counter() - start)
    assert sorted(took)[len(took) // 2] < 1e-4
