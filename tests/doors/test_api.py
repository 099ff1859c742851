"""The HTTP door: answers, 422 that name the field, limits, errors without internals, documentation."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from tastemaker.api.http.app import create_app
from tastemaker.api.http.errors import ErrorBody
from tastemaker.api.http.openapi_examples import (
    error_examples,
    request_examples,
    response_example,
    tiny_photo,
    tiny_voice,
)
from tastemaker.api.http.recommend import FeedbackRequest
from tastemaker.api.http.rules_and_why_not import WhyNotRequest
from tastemaker.core.errors import BackEndOverloaded, BackEndUnavailable, InvalidRequestError, StoreError
from tastemaker.core.predicates import all_hold
from tastemaker.core.ranking.cross_modal import SearchRequest
from tastemaker.core.schemas import Constraint, Frozen, Item, RecommendRequest, RecommendResponse
from tastemaker.core.settings import LimitSettings, Settings

from ..fake_service import FakeService
from ..live_server import serving


@lru_cache
def app_by(settings: str) -> tuple[FastAPI, list[FakeService]]:
    """Return an application and what it opens next when it starts; made once for the same settings, as that takes long."""
    opened: list[FakeService] = []

    async def open_service() -> FakeService:
        return opened[0]

    return create_app(open_service, Settings.model_validate_json(settings)), opened


def app_of(settings: Settings) -> tuple[FastAPI, list[FakeService]]:
    return app_by(settings.model_dump_json())


@asynccontextmanager
async def client_of(service: FakeService, settings: Settings | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app, opened = app_of(settings or Settings())
    opened[:] = [service]
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://t"
        ) as client,
    ):
        yield client


@pytest.fixture
async def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def client(service: FakeService) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service) as opened:
        yield opened


async def test_recommend_answers_with_the_documented_form(client: httpx.AsyncClient, service: FakeService) -> None:
    response = await client.post("/recommend", json={"text": "boats", "user_id": "ada", "thread_id": "t-1"})
    assert response.status_code == 200
    answer = RecommendResponse.model_validate(response.json())
    assert answer.thread_id == "t-1"
    assert service.requests == [RecommendRequest(text="boats", user_id="ada", thread_id="t-1")]


async def test_an_empty_request_is_answered(client: httpx.AsyncClient) -> None:
    assert (await client.post("/recommend", json={})).status_code == 200


WRONG: list[tuple[str, Any, str]] = [
    ("user_id", 7, "user_id"),
    ("user_id", "", "user_id"),
    ("user_id", "a\nb", "user_id"),
    ("user_id", "x" * 129, "user_id"),
    ("images", [{}] * 33, "images"),
    ("audio", [{}] * 33, "audio"),
    ("video", [{}] * 33, "video"),
    ("images", [{"url": "https://" + "x" * 2000}], "images[0].url"),
    ("images", [{"url": "https://a\x00b"}], "images[0].url"),
    ("constraints", [{"field": "p", "op": "in", "value": ["a"] * 257}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "in", "value": ["a"] * 200}] * 2, "constraints"),
    ("constraints", [{"field": "p", "op": "in", "value": ["a", "x" * 257]}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "in", "value": ["a\x00"]}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "=", "value": "x" * 257}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "=", "value": "\x00"}], "constraints[0].value"),
    ("constraints", [{"field": "p\x00", "op": "=", "value": "a"}], "constraints[0].field"),
    ("constraints", [{"field": "p", "op": "=", "value": "a", "source": "x" * 201}], "constraints[0].source"),
    ("context", {"channel": "a\x00"}, "context.channel"),
    ("context", {f"c{i}": "a" for i in range(17)}, "context"),
    ("preferences", {"item_ids": ["a\x00"]}, "preferences.item_ids[0]"),
    ("preferences", {"item_ids": ["a"] * 51}, "preferences.item_ids"),
    ("preferences", {"values": [{"field": "a", "value": "b\x00"}]}, "preferences.values[0].value"),
    ("preferences", {"words": "a\x00"}, "preferences.words"),
    ("answer", {"question_id": "a\x00"}, "answer.question_id"),
    ("answer", {"question_id": "x" * 65}, "answer.question_id"),
    ("answer", {"question_id": "q1", "choice_id": "x" * 65}, "answer.choice_id"),
    ("profile", {"segment": "a\x00"}, "profile.segment"),
    ("corrections", [{"evidence_id": "x" * 257, "strike": True}], "corrections[0].evidence_id"),
    ("corrections", [{"evidence_id": "a\x00", "strike": True}], "corrections[0].evidence_id"),
    ("corrections", [{"evidence_id": "a", "text": "\x00"}], "corrections[0].text"),
    ("llm_rank", ["score"] * 6, "llm_rank"),
    ("text", 5, "text"),
    ("text", "x" * 4001, "text"),
    ("text", "nul\x00", "text"),
    ("images", "photo", "images"),
    ("images", [{"data": 5}], "images[0].data"),
    ("images", [{"data": "aGk="}, {"url": 5}], "images[1].url"),
    ("images", [{"data": "aGk=", "size": 3}], "images[0].size"),
    ("images", [7], "images[0]"),
    ("images", [{"path": "/etc/hostname"}], "images[0].path"),
    ("audio", {"data": "aGk="}, "audio"),
    ("audio", [{"data": []}], "audio[0].data"),
    ("audio", [{"path": "a.wav"}], "audio[0].path"),
    ("video", [{"data": 1.5}], "video[0].data"),
    ("video", [{"data": "aGk="}, {"path": "a.mp4"}], "video[1].path"),
    ("thread_id", "no spaces", "thread_id"),
    ("thread_id", "x" * 129, "thread_id"),
    ("n", 0, "n"),
    ("n", 51, "n"),
    ("n", "many", "n"),
    ("n", 2.5, "n"),
    ("constraints", {"field": "price"}, "constraints"),
    ("constraints", [{"op": "<=", "value": 4}], "constraints[0].field"),
    ("constraints", [{"field": "", "op": "<=", "value": 4}], "constraints[0].field"),
    (
        "constraints",
        [{"field": "p", "op": "=", "value": 1}, {"field": "p", "op": "~", "value": 4}],
        "constraints[1].op",
    ),
    ("constraints", [{"field": "p", "op": "<=", "value": {}}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "in", "value": [{}]}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "<=", "value": float("nan")}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "<=", "value": "40"}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": ">", "value": True}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "=", "value": ["a"]}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "in", "value": []}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "not in", "value": "a"}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "contains", "value": 7}], "constraints[0].value"),
    ("constraints", [{"field": "p", "op": "<=", "value": 4, "source": 1}], "constraints[0].source"),
    ("constraints", [{"field": "p", "op": "<=", "value": 4, "confidence": 2}], "constraints[0].confidence"),
    ("constraints", [{"field": "p", "op": "<=", "value": 4}] * 33, "constraints"),
    ("include_consumed", "perhaps", "include_consumed"),
    ("context", {"age": "old"}, "context"),
    ("context", {"channel": ""}, "context.channel"),
    ("diversity", {"strength": 2}, "diversity.strength"),
    ("preferences", {"values": [{"field": "theme"}]}, "preferences.values[0].value"),
    ("answer", {"choice_id": "1"}, "answer.question_id"),
    ("profile", {"segment": ""}, "profile.segment"),
    ("corrections", [{"evidence_id": "caption-1"}], "corrections[0]"),
    ("llm_rank", ["always"], "llm_rank[0]"),
    ("llm_weight", 1, "llm_weight"),  # fitted on held-out events, for no caller to choose
    ("route", "scenic", "route"),
    ("words", 5, "words"),
    ("max_ms", 10, "max_ms"),
    ("max_ms", "soon", "max_ms"),
    ("max_cost", -1, "max_cost"),
    ("max_cost", "free", "max_cost"),
    ("tenant", "No Such", "tenant"),
    ("colour", "red", "colour"),
]


@pytest.mark.parametrize("door", ["/recommend", "/recommend/stream"])
@pytest.mark.parametrize(("field", "value", "path"), WRONG)
async def test_every_wrong_field_is_named(
    client: httpx.AsyncClient, service: FakeService, door: str, field: str, value: Any, path: str
) -> None:
    content = json.dumps({field: value})  # in which NaN may stand, as some clients write it
    response = await client.post(door, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    error = response.json()["error"]
    assert (error["type"], error["field"]) == ("invalid_request", path)
    assert error["message"]
    assert service.requests == []


def test_every_field_of_a_request_is_covered() -> None:
    assert {field for field, _, _ in WRONG} >= set(RecommendRequest.model_fields)


def unbounded(schema: Any, path: str) -> list[str]:
    """Return where a JSON schema lets a string, a list or an object grow without end."""
    if isinstance(schema, list):
        return [p for i, part in enumerate(schema) for p in unbounded(part, f"{path}[{i}]")]
    if not isinstance(schema, dict):
        return []
    kind = schema.get("type")
    closed = {
        "string": "maxLength" in schema
        or "enum" in schema
        or "const" in schema
        or "format" in schema
        or "}" in schema.get("pattern", ""),
        "array": "maxItems" in schema,
        "object": schema.get("additionalProperties") is False or "maxProperties" in schema,
    }
    found = [] if closed.get(kind if isinstance(kind, str) else "", True) else [path]
    inside = {
        k: v
        for k, v in schema.items()
        if k in {"properties", "$defs", "items", "anyOf", "oneOf", "additionalProperties"}
    }
    for key, value in inside.items():
        parts = value if key in {"properties", "$defs"} else {key: value}
        found += [p for name, part in parts.items() for p in unbounded(part, f"{path}.{name}")]
    return found


@pytest.mark.parametrize("form", [RecommendRequest, SearchRequest, FeedbackRequest, WhyNotRequest])
def test_every_list_and_string_of_a_request_is_bounded(form: type[Frozen]) -> None:
    schema = form.model_json_schema()
    assert unbounded(schema, form.__name__) == []
    assert unbounded({"type": "object", "properties": {"a": {"type": "string"}}}, "x") == ["x", "x.a"]


async def test_the_largest_conditions_hold_up_nobody(client: httpx.AsyncClient) -> None:
    where = [{"field": "p", "op": "not in", "value": ["é" * 254 + str(i)]} for i in range(31)]
    where.append({"field": "p", "op": "not in", "value": ["é" * 253 + f"{i:03}" for i in range(225)]})
    constraints = RecommendRequest.model_validate({"constraints": where}).constraints
    item = Item(item_id="a", title="A", attributes={"p": "b"})
    started = time.perf_counter()
    assert len(all_hold([item] * 40, constraints)) == 40
    assert time.perf_counter() - started < 1.0


def test_constraints_of_ours_stay_what_they_are() -> None:
    ours = Constraint(field="p", op="in", value=["a"], source="text")
    request = RecommendRequest(constraints=[ours])
    assert request.constraints == [ours]
    assert RecommendRequest.model_validate(request.model_dump()) == request
    assert RecommendRequest.model_validate_json(request.model_dump_json()) == request
    with pytest.raises(ValidationError, match="at most 256 items"):
        RecommendRequest(constraints=[Constraint(field="p", op="in", value=["a"] * 257)])


async def test_several_errors_come_together(client: httpx.AsyncClient) -> None:
    body = (await client.post("/recommend", json={"n": 0, "route": "scenic"})).json()
    assert body["error"] == body["errors"][0]
    assert {error["field"] for error in body["errors"]} == {"n", "route"}


async def test_what_was_sent_is_never_repeated(client: httpx.AsyncClient) -> None:
    secret = "c2VjcmV0LXBob3Rv"
    body: dict[str, Any] = {
        "user_id": {"a": secret},
        "images": [{"data": [secret]}],
        "text": secret * 500,
        "route": secret,
    }
    response = await client.post("/recommend", json=body)
    assert response.status_code == 422
    assert secret not in response.text


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b'"x"', b"\xff\xfe"])
async def test_bodies_that_are_no_object(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post("/recommend", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["error"]["message"]


@pytest.mark.parametrize("door", ["/recommend", "/search", "/rules/check", "/langserve/recommend/invoke"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deep"),
        (b"[" + b"[]," * 150_000 + b"[]]", "200,000 values"),
        (b'{"n": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"text": "\xff"}', "UTF-8"),
    ],
)
async def test_json_is_read_within_bounds(client: httpx.AsyncClient, door: str, content: bytes, why: str) -> None:
    response = await client.post(door, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert why in response.json()["error"]["message"]


@pytest.mark.parametrize("door", ["/feedback", "/rules/check"])
async def test_doors_without_media_take_small_bodies(client: httpx.AsyncClient, door: str) -> None:
    response = await client.post(door, content=b" " * 8_000_001, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert "8,000,000" in response.json()["error"]["message"]


async def test_a_lone_surrogate_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/recommend", content=b'{"text": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "text"


@pytest.mark.parametrize("door", ["/recommend", "/recommend/stream", "/feedback", "/langserve/recommend/invoke"])
async def test_a_body_over_the_limit_is_refused_by_its_header(door: str) -> None:
    settings = Settings(limits=LimitSettings(max_body_bytes=1000))
    async with client_of(FakeService(), settings) as client:
        response = await client.post(door, json={"text": "x" * 2000})
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "too_large"
    assert "1,000 bytes" in response.json()["error"]["message"]


@pytest.mark.parametrize("door", ["/recommend", "/feedback", "/langserve/recommend/invoke"])
async def test_a_body_over_the_limit_is_refused_while_reading(door: str) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 100

    settings = Settings(limits=LimitSettings(max_body_bytes=1000))
    async with client_of(FakeService(), settings) as client:
        response = await client.post(door, content=chunks(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert read < 20


async def test_a_form_with_files(client: httpx.AsyncClient, service: FakeService) -> None:
    response = await client.post(
        "/recommend/form",
        data={"text": "like this", "user_id": "ada", "n": "3", "words": "false"},
        files=[("images", ("a.png", b"photo")), ("images", ("b.png", b"other")), ("audio", ("a.wav", b"voice"))],
    )
    assert response.status_code == 200
    asked = service.requests[0]
    assert (asked.text, asked.user_id, asked.n, asked.words) == ("like this", "ada", 3, False)
    assert [image.data for image in asked.images] == ["cGhvdG8=", "b3RoZXI="]
    assert [clip.data for clip in asked.audio] == ["dm9pY2U="]


async def test_a_form_has_every_field_of_a_request(client: httpx.AsyncClient, service: FakeService) -> None:
    where = [{"field": "price", "op": "<=", "value": 40}, {"field": "theme", "op": "in", "value": ["sea"]}]
    fields = {"tenant": "prints", "max_ms": "900", "include_consumed": "true", "constraints": json.dumps(where)}
    fields |= {"context": '{"channel": "web"}', "diversity": '{"strategy": "dpp", "strength": 0.5}'}
    fields |= {"llm_rank": '["score"]', "profile": '{"segment": "fans"}'}
    assert (await client.post("/recommend/form", data=fields)).status_code == 200
    assert service.requests == [
        RecommendRequest.model_validate(
            {"tenant": "prints", "max_ms": 900, "include_consumed": True, "constraints": where}
            | {"context": {"channel": "web"}, "diversity": {"strategy": "dpp", "strength": 0.5}}
            | {"llm_rank": ["score"], "profile": {"segment": "fans"}}
        )
    ]
    form = (await client.get("/openapi.json")).json()["components"]["schemas"][
        "Body_recommend_form_recommend_form_post"
    ]
    assert set(form["properties"]) == set(RecommendRequest.model_fields)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("n", "0", "n"),
        ("n", "x", "n"),
        ("thread_id", "a b", "thread_id"),
        ("route", "scenic", "route"),
        ("words", "perhaps", "words"),
        ("tenant", "No Such", "tenant"),
        ("max_ms", "10", "max_ms"),
        ("include_consumed", "perhaps", "include_consumed"),
        ("constraints", "{", "constraints"),
        ("context", "[]", "context"),
        ("diversity", '{"strategy": "random"}', "diversity.strategy"),
        ("constraints", '{"field": "price"}', "constraints"),
        ("constraints", '[{"field": "price", "op": "in", "value": []}]', "constraints[0].value"),
    ],
)
async def test_a_wrong_form_field_is_named(client: httpx.AsyncClient, field: str, value: str, path: str) -> None:
    response = await client.post("/recommend/form", data={field: value})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == path


async def test_a_wrong_file_in_a_form_is_named_without_data() -> None:
    service = FakeService(error=InvalidRequestError("images[0].data", "is not a picture"))
    async with client_of(service) as client:
        response = await client.post("/recommend/form", files=[("images", ("a.png", b"photo"))])
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "images[0]"


@pytest.mark.parametrize("door", ["/recommend", "/recommend/stream"])
@pytest.mark.parametrize(
    ("error", "status", "kind", "retryable"),
    [
        (InvalidRequestError("images[0]", "more than 4 photos"), 422, "invalid_request", None),
        (BackEndOverloaded("http://10.0.0.7 is busy", back_end="llm"), 503, "back_end", True),
        (BackEndUnavailable("no such file /srv/w", back_end="whisper:tiny"), 503, "back_end", False),
        (StoreError("cannot open /srv/catalogue"), 503, "store", True),
        (RuntimeError("password hunter2"), 500, "internal", None),
    ],
)
async def test_errors_have_one_form_and_no_internals(
    door: str, error: Exception, status: int, kind: str, retryable: bool | None
) -> None:
    async with client_of(FakeService(error=error)) as client:
        response = await client.post(door, json={})
    assert response.status_code == status
    body = response.json()
    assert body["error"]["type"] == kind
    assert body["error"].get("retryable") == retryable
    assert body["request_id"] == response.headers["x-request-id"]
    for internal in ("hunter2", "/srv", "10.0.0.7", "Traceback"):
        assert internal not in response.text


async def test_unforeseen_errors_are_logged_without_their_words(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(FakeService(error=RuntimeError("hunter2"))) as client:
        response = await client.post("/recommend", json={})
    assert response.headers["x-request-id"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "fake_service.py" in caplog.text
    assert "hunter2" not in caplog.text


async def test_the_access_log_has_no_query_and_no_body(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="tastemaker.access"):
        asked = {"text": "private wish", "user_id": "ada"}
        await client.post("/recommend?token=hunter2", json=asked, headers={"X-Request-ID": "this-one"})
    said = [record.getMessage() for record in caplog.records if record.name == "tastemaker.access"]
    lines = [line for line in said if line.endswith(" this-one")]
    assert len(lines) == 1
    assert lines[0].startswith("POST /recommend 200 ")
    for private in ("hunter2", "private wish", "ada"):
        assert private not in lines[0]


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("a b", False), ("x" * 65, False)])
async def test_the_request_id_may_be_chosen(client: httpx.AsyncClient, given: str, kept: bool) -> None:
    response = await client.get("/health", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"] == given) is kept


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["error"]["type"] == "not_found"
    wrong = await client.get("/recommend")
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (405, "not_allowed")


async def test_feedback(client: httpx.AsyncClient, service: FakeService) -> None:
    event = {"user_id": "ada", "item_id": "print-17", "kind": "click", "at": "2026-01-02T03:04:05+01:00"}
    first = await client.post("/feedback", json={"events": [event], "tenant": "prints"})
    again = await client.post("/feedback", json={"events": [event], "tenant": "prints"})
    assert (first.json(), again.json()) == ({"stored": 1}, {"stored": 0})
    tenant, stored = service.stored[0]
    assert (tenant, stored.at.isoformat()) == ("prints", "2026-01-02T02:04:05+00:00")


async def test_feedback_without_a_time_leaves_the_time_to_the_store(
    client: httpx.AsyncClient, service: FakeService
) -> None:
    event = {"user_id": "ada", "item_id": "print-17", "kind": "click"}
    await client.post("/feedback", json={"events": [event, {**event, "event_id": "order-9:3"}]})
    (_, bare), (_, named) = service.stored
    assert "at" not in bare.model_fields_set
    assert named.event_id == "order-9:3"


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"item_id": "i", "kind": "click"}, "events[0].user_id"),
        ({"user_id": "u", "item_id": "", "kind": "click"}, "events[0].item_id"),
        ({"user_id": "u", "item_id": "i", "kind": "sniff"}, "events[0].kind"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "at": "2026-01-02T03:04:05"}, "events[0].at"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "at": "0001-01-01T00:00:00+14:00"}, "events[0].at"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "at": "9999-12-31T23:59:59-14:00"}, "events[0].at"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "at": "2999-01-01T00:00:00Z"}, "events[0].at"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "event_id": ""}, "events[0].event_id"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "event_id": "a\x00b"}, "events[0].event_id"),
        ({"user_id": "u", "item_id": "i", "kind": "rating", "value": "good"}, "events[0].value"),
        ({"user_id": "u", "item_id": "i", "kind": "rating"}, "events[0].value"),
        ({"user_id": "u", "item_id": "i", "kind": "rating", "value": None}, "events[0].value"),
        ({"user_id": "u", "item_id": "i", "kind": "click", "context": {"a": 1}}, "events[0].context.a"),
    ],
)
async def test_wrong_feedback_is_named(client: httpx.AsyncClient, event: dict[str, Any], path: str) -> None:
    response = await client.post("/feedback", json={"events": [event]})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == path


async def test_health_and_readiness(client: httpx.AsyncClient, service: FakeService) -> None:
    assert (await client.get("/health")).json()["status"] == "ok"
    ready = await client.get("/ready")
    assert (ready.status_code, ready.json()["status"], ready.json()["degraded"]) == (200, "degraded", ["llm"])
    service.states = {"catalogue": {"state": "ok", "detail": "51 items"}}
    assert (await client.get("/ready")).json()["status"] == "ready"


@pytest.mark.parametrize("states", [{"catalogue": {"state": "down", "detail": "gone"}}, StoreError("/srv/x is gone")])
async def test_not_ready_without_a_catalogue(states: Any) -> None:
    service = FakeService()
    service.states = states
    async with client_of(service) as client:
        response = await client.get("/ready")
        assert (await client.get("/health")).status_code == 200
    assert (response.status_code, response.json()["status"]) == (503, "not ready")
    assert "/srv" not in response.text


async def test_the_recommender_is_closed_at_the_end() -> None:
    service = FakeService()
    async with client_of(service):
        assert not service.closed
    assert service.closed


def _schema(settings: Settings | None = None) -> dict[str, Any]:
    async def open_service() -> FakeService:
        return FakeService()

    return create_app(open_service, settings or Settings()).openapi()


def _named(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(_named, part))
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"].rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
    return own.union(*map(_named, part.values()))


def test_openapi_documents_every_field_of_requests_and_answers() -> None:
    document = _schema()
    schemas = document["components"]["schemas"]
    names = _named([about for path, about in document["paths"].items() if not path.startswith("/langserve")])
    names -= {"HTTPValidationError"}
    while (more := names | _named([schemas[name] for name in names])) != names:
        names = more
    assert names >= {"RecommendRequest", "MediaInput", "Constraint", "RecommendResponse", "Recommendation", "ErrorBody"}
    assert names >= {"SourceScore", "StepTime", "Tag", "FeedbackRequest", "Ready"}
    fields = {
        f"{name}.{field}": about for name in names for field, about in schemas[name].get("properties", {}).items()
    }
    assert [field for field, about in fields.items() if not about.get("description")] == []


def integers(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where a schema allows whole numbers of any size."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "const", "enum"} & schema.keys():
            yield path
        for name, inner in schema.items():
            yield from integers(inner, (*path, str(name)))
    elif isinstance(schema, list):
        for place, inner in enumerate(schema):
            yield from integers(inner, (*path, str(place)))


def test_no_whole_number_is_taken_that_a_store_cannot_hold() -> None:
    page = _schema()
    operations = [one for path in page["paths"].values() for one in path.values()]
    parameters = [p for one in operations for p in one.get("parameters", [])]
    bodies, todo = set[str](), _named([one.get("requestBody") for one in operations])
    while todo:
        bodies |= todo
        todo = _named([page["components"]["schemas"][name] for name in todo]) - bodies
    assert len(parameters) > 50
    assert len(bodies) > 30
    assert [p["name"] for p in parameters if list(integers(p["schema"]))] == []
    found = {(name, *path) for name in bodies for path in integers(page["components"]["schemas"][name])}
    form = (
        "Body_recommend_form_recommend_form_post"  # its fields are strings first, and held to the request's own limits
    )
    assert {path for path in found if path[0] != form} == set()


def test_openapi_has_examples_and_error_models() -> None:
    paths = _schema()["paths"]
    ask = paths["/recommend"]["post"]
    assert set(ask["requestBody"]["content"]["application/json"]["examples"]) == set(request_examples())
    assert ask["responses"]["200"]["content"]["application/json"]["example"]["items"]
    for status in ("413", "422", "500", "503"):
        assert ask["responses"][status]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")
    assert (
        "event: route"
        in paths["/recommend/stream"]["post"]["responses"]["200"]["content"]["text/event-stream"]["example"]
    )


def test_the_examples_are_valid() -> None:
    for example in request_examples().values():
        RecommendRequest.model_validate(example["value"])
    for body in error_examples().values():
        ErrorBody.model_validate(body)
    json.dumps(response_example().model_dump(mode="json"), allow_nan=False)
    assert tiny_photo().startswith("iVBORw0KGgo")
    assert tiny_voice().startswith("UklGR")


async def test_the_documentation_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{asset}" in page
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200


async def test_requests_run_side_by_side() -> None:
    service = FakeService(pause_s=0.02)
    async with client_of(service) as client:
        answers = await asyncio.gather(*(client.post("/recommend", json={"thread_id": f"t{i}"}) for i in range(20)))
    assert [answer.json()["thread_id"] for answer in answers] == [f"t{i}" for i in range(20)]


async def test_what_waits_for_the_models_is_told_once_they_are_loaded(service: FakeService) -> None:
    told: list[str] = []

    async def opened() -> FakeService:
        return service

    async with serving(create_app(opened, Settings(), lambda: told.append("warm"))):
        for _ in range(100):
            if told:
                break
            await asyncio.sleep(0.01)
    assert told == ["warm"]


async def test_the_page_says_what_each_route_returns(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            responses = operation["responses"]
            kinds = set(responses["200"].get("content", {}))
            usual = "text/event-stream" if "/stream" in path else "application/json"
            others = {"/pictures/{item_id}": "image/webp", "/metrics": "text/plain"}
            assert kinds == {others.get(path, usual)}, path
            openai = path.startswith("/v1/")
            if method == "post":
                for status in ("408", "413", "400" if openai else "422", "429", "500", "503"):
                    schema = responses[status]["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/OpenAIErrorBody" if openai else "/ErrorBody"), path


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 2_000_000,
        ),
    ],
)
async def test_a_form_that_cannot_be_read_is_a_422(client: httpx.AsyncClient, kind: str, content: bytes) -> None:
    response = await client.post("/recommend/form", content=content, headers={"Content-Type": kind})
    assert response.status_code in {200, 422}
    if kind == "multipart/form-data":
        assert response.status_code == 422
        assert response.json()["error"]["field"] == "body"
