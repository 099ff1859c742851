"""Hold questions in whole turns: items first, asked only if worth it, skippable, answered in any later process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.cli.recommend_preferences import answer_from, follow_up, parse_preferences
from tastemaker.api.http.app import create_app
from tastemaker.api.http.langserve import PATH, langserve_installed
from tastemaker.core.errors import InvalidRequestError, StoreError
from tastemaker.core.schemas import Answer, Question, RecommendRequest, RecommendResponse
from tastemaker.core.settings import ElicitSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.graphs.threads.store import Threads
from tastemaker.stores.database import Database
from tastemaker.stores.events.remembered_preferences import TasteStore

from ..live_server import serving
from ..shop_fixture import history_url, shop_services


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


async def once(settings: Settings, **fields: Any) -> RecommendResponse:
    """Answer in a process of its own, as far as stores go."""
    async with Recommender(services=made(settings)) as recommender:
        return await recommender.recommend(words=False, n=6, **fields)


def made(settings: Settings) -> Services:
    services = shop_services(settings)
    services.tastes = TasteStore(Database(history_url(settings.home)))
    return services


def ids(response: RecommendResponse) -> list[str]:
    return [i.item_id for i in response.items]


def choice_of(question: Question | None, text: str) -> Answer:
    assert question is not None
    found = next(c for c in question.choices if c.text == text)
    return Answer(question_id=question.question_id, choice_id=found.choice_id)


async def asked_about(settings: Settings) -> tuple[RecommendResponse, str, Answer]:
    first = await once(settings)
    assert first.asked is not None
    return first, first.asked.about, Answer(question_id=first.asked.question_id, choice_id="2")


async def test_the_items_come_first_and_with_a_question_that_is_worth_it(settings: Settings) -> None:
    async with Recommender(services=made(settings)) as recommender:
        events = [e async for e in recommender.stream(words=False)]
    kinds = [e.event for e in events]
    assert kinds.index("items") < kinds.index("done")
    items, done = (next(e for e in events if e.event == kind).data for kind in ("items", "done"))
    assert items["asked"] == done["asked"]
    assert done["question"] == done["asked"]["text"]
    assert done["asked"]["skippable"] is True
    assert done["asked"]["gain_bits"] >= settings.elicit.min_bits
    assert done["items"]


async def test_a_chinese_request_gets_a_chinese_question_whose_answer_counts(settings: Settings) -> None:
    plain = await once(settings)
    first = await once(settings, text="随便推荐一些")
    assert plain.asked is not None
    assert first.asked is not None, first.understanding
    assert first.asked.text.startswith("您想要哪种")
    assert "something else" not in first.asked.text
    assert [c.preference for c in first.asked.choices] == [c.preference for c in plain.asked.choices]
    wanted = first.asked.choices[1]
    after = await once(settings, thread_id=first.thread_id, answer=choice_of(first.asked, wanted.text))
    assert ids(after) != ids(first)


async def test_an_answer_survives_a_restart_and_moves_the_list_within_limits(settings: Settings) -> None:
    limit = {"field": "price", "op": "<=", "value": 50}
    first = await once(settings, constraints=[limit])
    assert first.asked is not None
    wanted = first.asked.choices[1]
    assert wanted.preference is not None
    after = await once(settings, thread_id=first.thread_id, answer=choice_of(first.asked, wanted.text))
    assert after.strategy == "answered"
    assert after.thread_id == first.thread_id
    has = [wanted.preference.value in _values(i.attributes[wanted.preference.field]) for i in after.items]
    before = [wanted.preference.value in _values(i.attributes[wanted.preference.field]) for i in first.items]
    assert has[0]
    assert sum(has) > sum(before)
    assert all(float(str(i.attributes["price"])) <= 50 for i in after.items)


def _values(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


async def test_a_skipped_question_leaves_the_list_as_it_was(settings: Settings) -> None:
    first, _, answer = await asked_about(settings)
    skipped = await once(settings, thread_id=first.thread_id, answer=answer.model_copy(update={"choice_id": None}))
    assert ids(skipped) == ids(first)
    assert skipped.strategy == "popular"
    plain = await once(settings, thread_id=first.thread_id, text="a boat")
    assert plain.items
    assert plain.asked is None


async def test_at_most_two_questions_are_asked_and_never_twice_about_the_same(settings: Settings) -> None:
    turn, about = await once(settings), []
    for _ in range(2):
        assert turn.asked is not None
        about.append(turn.asked.about)
        turn = await once(
            settings, thread_id=turn.thread_id, answer=Answer(question_id=turn.asked.question_id, choice_id="1")
        )
    assert turn.asked is None
    assert turn.question is None
    assert len(set(about)) == 2


async def test_an_ignored_question_does_not_stand_in_the_way(settings: Settings) -> None:
    first, _, answer = await asked_about(settings)
    second = await once(settings, thread_id=first.thread_id)
    assert second.asked is not None
    assert second.asked.question_id != answer.question_id
    with pytest.raises(InvalidRequestError, match="no such question"):
        await once(settings, thread_id=first.thread_id, answer=answer)
    third = await once(
        settings, thread_id=first.thread_id, answer=Answer(question_id=second.asked.question_id, choice_id="1")
    )
    assert third.strategy == "answered"


async def test_something_else_is_an_answer_too(settings: Settings) -> None:
    narrow = settings.model_copy(update={"elicit": ElicitSettings(max_choices=2, max_questions=1)})
    first = await once(narrow)
    assert first.asked is not None
    offered = [c.preference for c in first.asked.choices if c.preference]
    after = await once(narrow, thread_id=first.thread_id, answer=Answer(question_id="q1", choice_id="other"))
    assert after.asked is None
    value = _values(after.items[0].attributes[offered[0].field])
    assert not {str(p.value) for p in offered} & {str(v) for v in value}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"answer": {"question_id": "q1", "choice_id": "nonsense"}}, "must be one of"),
        ({"answer": {"question_id": "q7", "choice_id": "1"}}, "no such question"),
        ({"answer": {"question_id": "q1"}, "thread_id": None}, "thread_id"),
        ({"answer": {"question_id": "q1"}, "thread_id": "unheard-of"}, "no such question"),
    ],
)
async def test_wrong_answers_are_refused_and_change_nothing(settings: Settings, change: Any, why: str) -> None:
    first, _, answer = await asked_about(settings)
    with pytest.raises(InvalidRequestError, match=why):
        await once(settings, **{"thread_id": first.thread_id, **change})
    assert (await once(settings, thread_id=first.thread_id, answer=answer)).strategy == "answered"


async def test_nothing_is_asked_where_it_is_not_worth_it_or_cannot_be_answered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await once(settings, text="a boat")).asked is None
    dear = settings.model_copy(update={"elicit": ElicitSettings(min_bits=9)})
    assert (await once(dear)).asked is None
    silent = settings.model_copy(update={"elicit": ElicitSettings(max_questions=0)})
    assert (await once(silent)).asked is None

    async def fails(path: Path) -> Threads:
        raise StoreError("no disk")

    monkeypatch.setattr(Threads, "open", fails)
    unkept = await once(settings)
    assert unkept.asked is None
    assert [d.what for d in unkept.degraded] == ["threads"]


@pytest.mark.slow
async def test_with_consent_an_answer_is_kept_in_the_profile(settings: Settings) -> None:
    first = await once(settings, user_id="ada")
    assert first.asked is not None
    answer = {"question_id": first.asked.question_id, "choice_id": "2", "remember": True}
    await once(settings, user_id="ada", thread_id=first.thread_id, answer=answer)
    later = await once(settings, user_id="ada")
    assert later.strategy == "stated_preferences"
    assert (await once(settings, user_id="bob")).strategy == "popular"
    tastes = TasteStore(Database(history_url(settings.home)))
    assert [p.field for p in await tastes.recall("default", "ada")] == [first.asked.about]
    assert await tastes.recall("other", "ada") == ()
    await tastes.forget("default", "ada")
    assert await tastes.recall("default", "ada") == ()
    await tastes.close()


@pytest.mark.slow
async def test_without_consent_or_a_name_nothing_is_kept(settings: Settings) -> None:
    first = await once(settings, user_id="ada")
    assert first.asked is not None
    silent = {"question_id": first.asked.question_id, "choice_id": "2"}
    await once(settings, user_id="ada", thread_id=first.thread_id, answer=silent)
    assert (await once(settings, user_id="ada")).strategy == "popular"
    stranger = await once(settings)
    assert stranger.asked is not None
    said = {"question_id": stranger.asked.question_id, "choice_id": "1", "remember": True}
    after = await once(settings, thread_id=stranger.thread_id, answer=said)
    assert after.strategy == "answered"
    assert [d.what for d in after.degraded] == ["profile"]


@pytest.mark.slow
async def test_stated_preferences_are_kept_with_consent_and_replaced_later(settings: Settings) -> None:
    likes = {"values": [{"field": "colour", "value": "Green"}], "remember": True}
    await once(settings, user_id="ada", preferences=likes)
    likes["values"] = [{"field": "colour", "value": "Green", "weight": -1}]
    await once(settings, user_id="ada", preferences=likes)
    tastes = TasteStore(Database(history_url(settings.home)))
    assert [p.weight for p in await tastes.recall("default", "ada")] == [-1]
    await tastes.close()


@pytest.mark.parametrize(
    ("typed", "choice_id"), [("2", "2"), ("", None), ("Green", "1"), (" green ", "1"), ("9", None)]
)
def test_the_command_line_takes_a_number_a_word_or_nothing(typed: str, choice_id: str | None) -> None:
    choices = [{"choice_id": "1", "text": "Green"}, {"choice_id": "2", "text": "Red"}]
    said = answer_from(typed, {"question_id": "q1", "choices": choices})
    assert (said.question_id, said.choice_id) == ("q1", choice_id)


def test_the_command_line_takes_likes() -> None:
    found = parse_preferences(["theme=sea", "theme != dogs", "price=30", "framed=true"], ["i1"])
    assert found is not None
    assert [(p["field"], p["value"], p["weight"]) for p in found["values"]] == [
        ("theme", "sea", 1),
        ("theme", "dogs", -1),
        ("price", 30.0, 1),
        ("framed", True, 1),
    ]
    assert found["item_ids"] == ["i1"]
    assert parse_preferences([], []) is None
    with pytest.raises(InvalidRequestError, match="must look like"):
        parse_preferences(["theme"], [])


def test_an_answer_on_the_command_line_keeps_the_rest_of_the_request() -> None:
    request = RecommendRequest(user_id="ada", text="anything", n=3, context={"channel": "shop"})
    next_one = follow_up(request, "t1", Answer(question_id="q1", choice_id="2"))
    assert (next_one.text, next_one.thread_id, next_one.n) == (None, "t1", 3)
    assert next_one.context == {"channel": "shop"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")  # LangServe's own code
async def test_every_door_asks_and_takes_the_answer(settings: Settings) -> None:
    async def opened() -> Recommender:
        return await Recommender(services=made(settings)).start()

    async with serving(create_app(opened, settings)) as base, httpx.AsyncClient(base_url=base, timeout=30) as client:
        first = (await client.post("/recommend", json={"words": False, "n": 4})).json()
        answer = {"question_id": first["asked"]["question_id"], "choice_id": "1"}
        body = {"words": False, "n": 4, "thread_id": first["thread_id"], "answer": answer}
        streamed = (await client.post("/recommend/stream", json=body)).text
        assert '"strategy":"answered"' in streamed
        second = next(json.loads(line[6:]) for line in reversed(streamed.splitlines()) if line.startswith("data: {"))
        wrong = await client.post("/recommend", json=body)
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "answer.question_id")
        if langserve_installed():
            body["answer"] = {"question_id": second["asked"]["question_id"], "choice_id": "1"}
            invoked = (await client.post(f"{PATH}/invoke", json={"input": body})).json()["output"]
            assert invoked["strategy"] == "answered"
            assert invoked["asked"] is None
