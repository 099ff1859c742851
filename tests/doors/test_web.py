"""Check the page, the widget's files, the pictures, the samples and the console's routes; the browser's side is in test_browser.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tastemaker.agents.understanding.reader import read
from tastemaker.api.auth.gate import asked_for
from tastemaker.api.http.app import create_app
from tastemaker.api.http.openapi_examples import response_example
from tastemaker.api.web.console import masked
from tastemaker.api.web.pages import STATIC
from tastemaker.api.web.recent_requests import RecentRequests, degradations, latencies
from tastemaker.api.web.samples import samples
from tastemaker.core.errors import StoreError
from tastemaker.core.language.catalogue_language import language_of
from tastemaker.core.predicates import all_hold
from tastemaker.core.ranking.weights import SOURCES
from tastemaker.core.schemas import (
    CatalogueField,
    CatalogueSchema,
    Condition,
    Constraint,
    Item,
    Predicate,
    RecommendRequest,
    Understanding,
)
from tastemaker.core.settings import CatalogueSettings, Settings, WebSettings

from ..fake_service import FakeService

WRITTEN = sorted(path for path in STATIC.rglob("*") if path.suffix in {".js", ".html", ".css"})
SCHEMA = CatalogueSchema(
    count=6,
    fields=(
        CatalogueField(name="price", type="number", role="price", unit="EUR", minimum=10, maximum=60),
        CatalogueField(name="theme", type="list", values=("home", "city", "animals", "sea")),
        CatalogueField(name="colour", type="list", values=("grey", "blue", "red", "green")),
    ),
)
STOCK = tuple(
    Item(
        item_id=f"p/{n}",
        title=f"Print {n}",
        attributes={"price": 10.0 + n, "theme": ["animals", "sea"] if n % 2 else ["city"], "colour": ["blue", "red"]},
        image="red.png",
    )
    for n in range(6)
)


class Shop:
    """One application over one fake service and one media folder: to make an application takes long."""

    def __init__(self, folder: Path, **web: Any) -> None:
        self.media = folder / "media"
        self.media.mkdir()
        Image.new("RGB", (1000, 500), "red").save(self.media / "red.png")
        (folder / "secret.png").write_bytes((self.media / "red.png").read_bytes())
        (self.media / "link.png").symlink_to(folder / "secret.png")
        (self.media / "broken.png").write_bytes(b"no picture")
        self.service = FakeService()
        self.service.schema = SCHEMA
        self.service.stock = STOCK
        media = CatalogueSettings(media_root=str(self.media))
        settings = Settings(home=folder, catalogue=media, web=WebSettings.model_validate(web))
        self.app = create_app(self.opened, settings)

    async def opened(self) -> FakeService:
        return self.service


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(
        tmp_path_factory.mktemp("web"),
        title="Prints",
        shoppers=["sim-ada"],
        origins=["https://shop.example"],
        picture_hosts=["cdn.shop.example"],
    )


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(shop.app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/console"])
def test_pages_allow_nothing_from_elsewhere_and_nothing_between_the_tags(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["img-src"].split() == ["'self'", "blob:", "data:", "https://cdn.shop.example"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page.text)
    assert client.get(path, headers={"If-None-Match": page.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_our_files_name_no_other_host_and_parse_no_markup(path: Path) -> None:
    text = (
        path.read_text(encoding="utf-8")
        .replace("http://www.w3.org/2000/svg", "")
        .replace("https://your-tastemaker", "")
    )
    assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]{2,}/", text)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser", text
    )


def test_everything_that_pages_and_modules_name_is_served_small_and_known_again(client: TestClient) -> None:
    named = {m for page in ("/", "/console") for m in re.findall(r'(?:src|href)="(web/[^"]+)"', client.get(page).text)}
    modules = {
        (path.parent / m).resolve()
        for path in WRITTEN
        if path.suffix == ".js"
        for m in re.findall(r'from "(\.[^"]+)"|import "(\.[^"]+)"', path.read_text(encoding="utf-8"))
        for m in filter(None, m)
    }
    assert len(named) >= 6
    for address in sorted(named | {f"web/{path.relative_to(STATIC.resolve())}" for path in modules}):
        found = client.get(f"/{address}")
        assert found.status_code == 200, address
        assert found.headers["access-control-allow-origin"] == "*"
        assert client.get(f"/{address}", headers={"If-None-Match": found.headers["etag"]}).status_code == 304
    assert client.get("/web/widget/element.js").headers["content-encoding"] == "gzip"
    assert client.get("/widget.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/web/../pages.py", "/web/%2e%2e/pages.py", "/web/..%2fpages.py", "/web/none.js"])
def test_only_static_files_are_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_pictures_are_small_cached_and_known_again(client: TestClient) -> None:
    found = client.get("/pictures/p/1", params={"width": 160})
    assert (found.status_code, found.headers["content-type"]) == (200, "image/webp")
    with Image.open(BytesIO(found.content)) as image:
        assert image.size == (160, 80)
    assert "max-age" in found.headers["cache-control"]
    again = client.get("/pictures/p/1", params={"width": 160}, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/pictures/p/1", params={"width": 161}).json()["error"]["field"] == "width"


@pytest.mark.parametrize(
    "image",
    [
        "../secret.png",
        "/../secret.png",
        "..\\secret.png",
        "/etc/hostname",
        "broken.png",
        "none.png",
        "https://shop.example/x.png",
        None,
    ],
)
def test_only_pictures_of_the_media_folder_are_served(shop: Shop, client: TestClient, image: str | None) -> None:
    shop.service.stock = (*STOCK, Item(item_id="odd", title="Odd", image=image))
    for item in ("odd", "unknown"):
        found = client.get(f"/pictures/{item}")
        assert (found.status_code, found.json()["error"]["type"]) == (404, "not_found")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_samples_are_read_in_full_and_answered_by_several_items(lang: Any) -> None:
    language = language_of(SCHEMA)
    found = samples(language, STOCK, lang)
    assert len(found) >= 3
    for sample in found:
        reading = read(sample.text, language)
        assert not reading.query
        assert not reading.not_applied
        where = [Constraint(field=c.field, op=c.op, value=c.value) for c in reading.conditions]
        fitting = [item.item_id for item in all_hold(STOCK, where)]
        assert len(fitting) >= 2
        assert sample.item_id in fitting


def test_samples_of_a_shop_without_pictures_name_none() -> None:
    found = samples(language_of(SCHEMA), tuple(i.model_copy(update={"image": None}) for i in STOCK), "en")
    assert found
    assert not any(sample.item_id for sample in found)
    assert all(sample.item_id for sample in samples(language_of(SCHEMA), STOCK, "en"))


def test_an_empty_catalogue_has_no_samples() -> None:
    assert samples(language_of(CatalogueSchema()), (), "en") == ()


def test_the_widget_learns_what_it_needs(client: TestClient) -> None:
    start = client.get("/widget/start", params={"lang": "zh"}).json()
    assert (start["title"], start["shoppers"], start["count"]) == ("Prints", ["sim-ada"], 6)
    assert start["price"] == {"field": "price", "unit": "EUR"}
    assert start["limits"]["images"] == Settings().limits.max_images


def test_other_sites_may_ask_only_if_the_settings_name_them(client: TestClient) -> None:
    asks = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    allowed = client.options("/recommend/stream", headers=asks)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    refused = client.options("/recommend/stream", headers=asks | {"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in refused.headers
    wrong = client.post("/recommend", json={"n": 0}, headers={"Origin": "https://shop.example"})
    assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (422, "https://shop.example")


def test_a_service_without_pages_has_none_and_lets_no_site_in(tmp_path: Path) -> None:
    with TestClient(Shop(tmp_path, enabled=False).app) as client:
        for path in ("/", "/console", "/widget.js", "/widget/start", "/console/data", "/pictures/p/1"):
            assert client.get(path).status_code == 404
        found = client.get("/health", headers={"Origin": "https://shop.example"})
        assert found.status_code == 200
        assert "access-control-allow-origin" not in found.headers


def asked(text: str) -> RecommendRequest:
    return RecommendRequest(text=text, user_id="ada@shop.example", thread_id="thread-of-ada")


def test_what_is_remembered_of_a_request_names_nobody() -> None:
    recent = RecentRequests()
    said = "a present for Ada Lovelace, 12 Crescent Road"
    condition = Condition(condition_id="theme = Ada", field="theme", op="=", value="Ada Lovelace", words=said)
    response = response_example().model_copy(
        update={"understanding": Understanding(query=said, conditions=(condition,), unparsed=(said,)), "message": said}
    )
    recent.add(asked(said), response, 0.25)
    recent.add(asked(said), response.model_dump(mode="json"), 0.5, 0.1)
    recent.add_failure(asked(said), StoreError(said), 0.1)
    first, second, third = recent.newest()
    assert (first.error, second.words, second.not_applied, second.seconds) == ("StoreError", 8, 1, 0.5)
    assert second.user == third.user != ""
    assert RecentRequests().newest() == []
    for seen in (first, second, third):
        kept = seen.model_copy(update={"conditions": ()}).model_dump_json()
        assert not re.search("Ada|Lovelace|Crescent|shop.example|thread-of", kept)


def test_latency_and_degradation_are_counted_over_what_is_remembered() -> None:
    recent = RecentRequests(kept=20)
    for n in range(30):
        recent.add(asked("x"), response_example(), n / 100, 0.001)
    by_step = {one.step: one for one in latencies(recent.newest())}
    assert (by_step["whole request"].count, by_step["whole request"].p50_ms, by_step["whole request"].max_ms) == (
        20,
        200,
        290,
    )
    assert by_step["first items"].p95_ms == 1
    assert dict(degradations(recent.newest())) == {one.what: 20 for one in response_example().degraded}
    assert recent.newest("other") == []


def test_the_console_shows_requests_without_what_was_said(client: TestClient) -> None:
    client.post("/recommend", json={"text": "boats for Ada Lovelace", "user_id": "ada-lovelace"})
    client.post("/recommend/stream", json={"text": "boats for Ada Lovelace"})
    found = client.get("/console/data")
    data = found.json()
    assert (data["answered"], len(data["recent"]), data["items"]) == (2, 2, 6)
    assert data["recent"][0]["first_items_s"] is not None
    assert {field["name"] for field in data["fields"]} == {"price", "theme", "colour"}
    assert data["ready"]["status"] == "degraded"
    assert "ovelace" not in found.text
    known = {v for field in data["fields"] for v in field["values"]} | {"…"}
    values = [c["value"] for one in data["recent"] for c in one["conditions"]]
    assert {v for v in values if isinstance(v, str)} <= known


def test_the_console_hides_values_that_are_not_the_catalogues() -> None:
    recent = RecentRequests()
    said = [
        Condition(
            condition_id="a",
            field="theme",
            op="contains",
            value="sea",
            words="x",
            either=(Predicate(field="theme", op="=", value="Ada"),),
        ),
        Condition(condition_id="b", field="theme", op="in", value=["sea", "Ada"], words="x"),
        Condition(condition_id="c", field="ada", op="=", value="Ada", words="Ada"),
        Condition(condition_id="d", field="price", op="<", value=40.0, words="x"),
    ]
    read = Understanding(conditions=tuple(said))
    recent.add(asked("x"), response_example().model_copy(update={"understanding": read}), 0.1)
    shown = masked(recent.newest()[0], SCHEMA)
    assert [c.value for c in shown.conditions] == ["sea", ["sea", "…"], "…", 40.0]
    assert [one.value for c in shown.conditions for one in c.either] == ["…"]
    assert "Ada" not in shown.model_dump_json()


def test_rules_are_tried_without_being_stored(client: TestClient) -> None:
    tried = client.post(
        "/console/rules/try", json={"rules": "rules:\n- id: a\n  kind: exclude\n  items: [print-17]\n"}
    ).json()
    assert tried["items"] == []
    assert tried["gone"] == [item.title for item in response_example().items]
    wrong = client.post("/console/rules/try", json={"rules": "rules: [{id: a}]"}).json()
    assert wrong["problems"]
    assert client.get("/rules").json()["rules"] == {"rules": []}


def test_with_keys_the_pages_are_empty_and_only_operators_see_the_console(shop: Shop, client: TestClient) -> None:
    doorkeeper = shop.app.state.doorkeeper
    doorkeeper.closed = True
    try:
        for path in ("/", "/console", "/widget.js", "/web/page.css"):
            assert client.get(path).status_code == 200
        for path in ("/widget/start", "/pictures/p/1", "/console/data", "/console/other", "/items/p/1"):
            assert client.get(path).status_code == 401
        assert client.post("/console/rules/try", json={"rules": ""}).status_code == 401
    finally:
        doorkeeper.closed = False
    for path, scope in {
        "/console/data": "operate",
        "/console/rules/try": "operate",
        "/pictures/p/1": "recommend",
    }.items():
        assert asked_for(path) == scope


def test_the_widget_has_words_for_every_source() -> None:
    shown = (STATIC / "widget" / "answer.js").read_text("utf-8")
    named = set(re.findall(r'["\w-]+(?=: ")', shown.split("const GROUPS = {")[1].split("};")[0]))
    assert {name.strip('"') for name in named} >= SOURCES.keys()
