"""Drive the page, the widget in a foreign page and the console in a real, headless Chromium over the print shop."""

from __future__ import annotations

import asyncio
import functools
import http.server
import queue
import re
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tastemaker.api.auth.keys import new_key
from tastemaker.api.demo.scripts import DATA
from tastemaker.api.http.app import create_app
from tastemaker.core.settings import Settings
from tastemaker.stores.api_keys import KeyStore, StoredKey

from ..browser import MISSING, chromium, print_shop, serious, started, watched
from ..fake_service import FakeService
from ..live_server import serving

pytestmark = [pytest.mark.slow, pytest.mark.skipif(chromium() is None, reason=MISSING)]
expect.set_options(timeout=30_000)
CARDS = "taste-maker .card:not(.skeleton)"
FOREIGN = """<!doctype html><html lang="en"><title>A shop</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {url}; connect-src {url}; img-src {url}">
<script src="{url}/widget.js" async></script><h1>A shop</h1>
<taste-maker lang="zh" theme="dark" user="sim-ada"></taste-maker></html>"""
ORDER = """() => {
  const order = (window.order = []);
  const note = (what) => order.includes(what) || order.push(what);
  const look = (root) => {
    if (root.querySelector(".skeleton")) note("waiting");
    if (root.querySelector(".card:not(.skeleton)")) note("items");
    if (root.querySelector(".message")?.textContent) note("words");
    if (root.querySelector("details")) note("done");
  };
  const root = document.querySelector("taste-maker").shadowRoot;
  new MutationObserver(() => look(root)).observe(root, { childList: true, subtree: true, characterData: true });
}"""

HAND_OVER = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["x"], "a.png", { type: "image/png" }));
  const widget = document.querySelector("taste-maker");
  const where = "WHERE" ? widget.shadowRoot.querySelector("WHERE") : widget;
  where.dispatchEvent(new HAPPENING: files, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clip as Chromium's stand-in for a microphone reads it: 48 kHz, 16 bits, one channel, silence at the end."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
    with av.open(str(DATA / "voice" / "voice-animals.ogg")) as clip, wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        for frame in clip.decode(audio=0):
            for part in resampler.resample(frame):
                out.writeframes(part.to_ndarray().tobytes())
        out.writeframes(bytes(2 * 48_000 * 4))
    return path


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve a folder as another site; yield its address and the folder."""
    folder = tmp_path_factory.mktemp("foreign")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    (folder / "favicon.ico").write_bytes(b"")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, foreign: tuple[str, Path]) -> Iterator[str]:
    told = {"WEB__ORIGINS": f'["{foreign[0]}"]', "WEB__SHOPPERS": '["sim-ada", "sim-suri"]'}
    with print_shop(tmp_path_factory.mktemp("shop"), **told) as address:
        yield address


@pytest.fixture(scope="module")
def browser(voice: Path, url: str) -> Iterator[Browser]:
    media = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with started(*media, f"--use-file-for-fake-audio-capture={voice}") as found:
        yield found


def ask(page: Page, text: str) -> None:
    page.fill("taste-maker textarea", text)
    page.press("taste-maker textarea", "Enter")
    finished(page)


def finished(page: Page) -> None:
    """Wait until the newest answer is whole."""
    expect(page.locator("taste-maker .turns > :last-child details")).to_be_visible()
    expect(page.locator("taste-maker[busy]")).to_have_count(0)


def newest(page: Page, what: str) -> list[str]:
    return page.locator(f"taste-maker .turns > :last-child {what}").all_inner_texts()


PLACES = """() => {
  const widget = document.querySelector("taste-maker"), box = (what) => widget.shadowRoot.querySelector(what).getBoundingClientRect();
  return { moved: widget.scrollTop, page: scrollY, gap: box(".turns > :last-child").top - box(".scroll").top, below: innerHeight - box(".composer").bottom, card: box(".composer").top - box(".turns > :last-child .card").top };
}"""


@pytest.mark.parametrize(("width", "height"), [(1200, 760), (390, 844)])
def test_a_short_turn_comes_to_the_top_and_nothing_else_moves(
    browser: Browser, url: str, width: int, height: int
) -> None:
    with watched(browser, viewport={"width": width, "height": height}) as page:
        page.goto(f"{url}/?lang=en")
        for text in ("animals under 40 euros", "not at home", "under 30 euros"):
            ask(page, text)
        placed = page.evaluate(PLACES)
        assert placed["moved"] == placed["page"] == 0
        assert abs(placed["gap"] - 20) < 16
        assert 0 <= placed["below"] < 60
        assert placed["card"] > 0


def test_where_nothing_fits_no_more_is_offered(browser: Browser, url: str) -> None:
    with watched(browser) as page:
        page.goto(f"{url}/?lang=en")
        for text, offered in (("animals under 40 euros", ["Show more", "Undo"]), ("under 1 euro", ["Undo"])):
            ask(page, text)
            assert newest(page, ".row .pill") == offered


def test_a_shopper_types_corrects_rates_compares_reloads_and_goes_on(browser: Browser, url: str) -> None:
    with watched(browser) as page:
        page.goto(f"{url}/?lang=en&user=sim-ada")
        expect(page.locator("taste-maker .sample")).to_have_count(4)
        assert serious(page) == []
        page.evaluate(ORDER)
        ask(page, "animals under 40 euros")
        assert page.evaluate("window.order") == ["waiting", "items", "words", "done"]
        assert newest(page, ".chip") == ["Price: below €40", "Theme: animals"]
        few = len(newest(page, CARDS.split(" ", 1)[1]))
        assert all(reason for reason in newest(page, ".reason"))
        picture = page.locator(f"{CARDS} img").first
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 100
        assert serious(page) == []

        page.get_by_role("button", name="Remove: Price: below €40").click()
        finished(page)
        assert newest(page, ".chip") == ["Theme: animals"]
        assert len(newest(page, ".card")) > few
        page.get_by_role("button", name="Change: Theme: animals").last.click()
        page.keyboard.type("home")
        page.keyboard.press("Enter")
        finished(page)
        assert newest(page, ".chip") == ["Theme: home"]

        why = page.locator("taste-maker .turns > :last-child .why").first
        why.click()
        expect(why).to_have_attribute("aria-expanded", "true")
        assert "Found by" in newest(page, ".because")[0]
        with page.expect_response(f"{url}/feedback") as stored:
            page.locator("taste-maker .turns > :last-child .card .icon").first.click()
        assert stored.value.json() == {"stored": 1}
        expect(page.locator("taste-maker .turns > :last-child .card .icon").first).to_have_attribute(
            "aria-pressed", "true"
        )
        for at in (0, 1):
            page.locator("taste-maker .turns > :last-child .card").nth(at).get_by_role("button", name="Compare").click()
        dialog = page.get_by_role("dialog", name="Side by side")
        expect(dialog.locator("thead th")).to_have_count(2)
        assert serious(page) == []
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

        shown = newest(page, ".card h3")
        page.get_by_role("button", name="Show more").last.click()
        finished(page)
        assert not set(newest(page, ".card h3")) & set(shown)
        thread = kept(page)["thread"]
        page.reload()
        expect(page.locator("taste-maker .turns > :last-child .card").first).to_be_visible()
        ask(page, "cheaper")
        assert kept(page)["thread"] == thread
        assert any("home" in chip for chip in newest(page, ".chip"))
        page.get_by_role("button", name="Undo").last.click()
        finished(page)
        assert newest(page, ".chip") == ["Theme: home"]
        page.locator("taste-maker .turns > :last-child summary").click()
        assert "One search" in newest(page, ".how")[0]
        assert serious(page) == []


def kept(page: Page) -> Any:
    found = "Object.entries(sessionStorage).find(([name]) => name.includes('conversation'))[1]"
    return page.evaluate(f"JSON.parse({found})")


def test_a_photo_and_a_voice_clip_are_seen_and_heard(browser: Browser, url: str) -> None:
    with watched(
        browser, permissions=["microphone"], color_scheme="dark", viewport={"width": 390, "height": 844}
    ) as page:
        page.goto(f"{url}/?lang=en")
        page.set_input_files("taste-maker input[type=file]", DATA / "request" / "photo.jpg")
        expect(page.locator("taste-maker .attached img")).to_have_count(1)
        page.get_by_role("button", name="Record a voice clip").click()
        expect(page.locator("taste-maker .attached .live")).to_contain_text("5 s", timeout=20_000)
        page.get_by_role("button", name="Finish recording").click()
        expect(page.locator("taste-maker .attached li")).to_have_count(2)
        page.get_by_role("button", name="Send").click()
        finished(page)
        chips = newest(page, ".chip")
        assert any(chip.startswith("Seen: ") for chip in chips)
        assert any(chip.startswith("Heard: ") and "animal" in chip.lower() for chip in chips), chips
        assert serious(page) == []
        before = len(chips)
        page.get_by_role("button", name="Remove: Seen").click()
        finished(page)
        assert len(newest(page, ".chip")) < before
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390


def test_the_widget_works_in_a_page_of_another_site_in_chinese(
    browser: Browser, url: str, foreign: tuple[str, Path]
) -> None:
    address, folder = foreign
    (folder / "index.html").write_text(FOREIGN.format(url=url), encoding="utf-8")
    with watched(browser) as page:
        page.goto(f"{address}/index.html")
        expect(page.locator("taste-maker .sample")).to_have_count(4)
        ask(page, "动物，40欧元以下")
        assert newest(page, ".chip")[0] == "价格: 低于 €40"
        expect(page.locator(f"{CARDS} img").first).to_have_js_property("complete", True)
        assert page.locator(f"{CARDS} img").first.evaluate("image => image.naturalWidth") > 100
        page.locator("taste-maker .card .icon").first.click()
        expect(page.locator("taste-maker .card .icon").first).to_have_attribute("aria-pressed", "true")
        assert serious(page) == []


def test_failures_are_said_in_words_and_got_over(browser: Browser, url: str) -> None:
    with watched(browser, allowed=("429", "ERR_", "Failed to load")) as page:
        page.goto(f"{url}/?lang=en")
        expect(page.locator("taste-maker .sample").first).to_be_visible()
        ways = ["busy"]  # what becomes of the requests to come, first to last; after that they pass

        def met(route: Route) -> None:
            way = ways.pop(0) if ways else "pass"
            if way == "busy":
                body = '{"error": {"type": "overloaded", "message": "too many"}}'
                route.fulfill(status=429, headers={"Retry-After": "2"}, content_type="application/json", body=body)
            elif way == "pass":
                route.continue_()

        page.route("**/recommend/stream", met)
        page.fill("taste-maker textarea", "<img src=x onerror=alert(1)> food")
        page.press("taste-maker textarea", "Enter")
        expect(page.locator("taste-maker .stage")).to_contain_text("Trying again in 2 s")
        finished(page)
        assert newest(page, ".said p") == ["<img src=x onerror=alert(1)> food"]
        assert page.locator("taste-maker img[src=x]").count() == 0

        page.context.set_offline(True)
        page.fill("taste-maker textarea", "sea")
        page.press("taste-maker textarea", "Enter")
        expect(page.locator("taste-maker .stage")).to_contain_text("You are offline")
        page.context.set_offline(False)
        finished(page)

        ways.append("hang")
        page.fill("taste-maker textarea", "city")
        page.press("taste-maker textarea", "Enter")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("taste-maker .problem")).to_contain_text("Stopped.")
        page.get_by_role("button", name="Try again").click()
        finished(page)

        for happening, where in (
            ("DragEvent('drop', { dataTransfer", ""),
            ("ClipboardEvent('paste', { clipboardData", "textarea"),
        ):
            page.evaluate(HAND_OVER.replace("HAPPENING", happening).replace("WHERE", where))
            expect(page.locator("taste-maker .attached li")).to_have_count(1)
            page.get_by_role("button", name="Remove photo").click()
            expect(page.locator("taste-maker .attached li")).to_have_count(0)
        page.set_input_files(
            "taste-maker input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}
        )
        expect(page.locator("taste-maker .complaint")).to_contain_text("cannot be used")
        page.set_input_files("taste-maker input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": b"x"})
        page.press("taste-maker textarea", "Enter")
        expect(page.locator("taste-maker .problem")).to_contain_text("images[0]")


def test_a_question_is_answered_by_its_buttons(browser: Browser, url: str) -> None:
    with watched(browser) as page:
        page.goto(f"{url}/?lang=en")
        ask(page, "surprise me")
        question = page.locator("taste-maker .ask")
        expect(question).to_have_attribute("role", "group")
        choice = question.locator(".pill").first
        text = choice.inner_text()
        choice.click()
        finished(page)
        assert newest(page, ".said p") == [text]
        assert newest(page, ".card")


def test_where_keys_are_asked_for_the_pages_ask_for_one(browser: Browser, tmp_path: Path) -> None:
    with with_keys(tmp_path) as (url, key), watched(browser, allowed=("401", "404")) as page:
        page.goto(f"{url}/?lang=en")
        expect(page.get_by_role("dialog", name="Who are you?")).to_be_visible()
        assert serious(page) == []
        page.fill("#key", key)
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_have_count(0)
        ask(page, "boats")
        assert newest(page, ".card")
        expect(page.locator("#shopper")).to_be_hidden()  # nobody to shop as: no empty choice
        assert page.locator("taste-maker .tools .icon").count() == page.locator("taste-maker .card").count()
        page.goto(f"{url}/console")
        expect(page.get_by_role("region", name="Keys", exact=True)).to_contain_text("active")


@contextmanager
def with_keys(home: Path) -> Iterator[tuple[str, str]]:
    """Serve a scripted recommender to holders of a key, in a thread of its own; yield its address and an admin's key."""
    settings = Settings(home=home)
    name, key, hashed = new_key()
    ready: queue.Queue[str] = queue.Queue()
    done = threading.Event()

    async def run() -> None:
        store = KeyStore.at(settings.access_url)
        await store.add(StoredKey(key_id=name, tenant="default", name="page", hash=hashed, roles=("admin",)))
        await store.close()

        async def opened() -> FakeService:
            return FakeService()

        async with serving(create_app(opened, settings)) as address:
            ready.put(address)
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield ready.get(timeout=60), key
    finally:
        done.set()
        thread.join(30)


def test_the_console_shows_what_was_asked_and_tries_rules(browser: Browser, url: str) -> None:
    with watched(browser) as page:
        page.goto(f"{url}/console?theme=dark")
        expect(page.get_by_role("region", name="Recent requests").last).to_be_visible()
        text = page.inner_text("main")
        assert "theme contains animals" in text
        assert "No keys are asked for" in text
        assert "sim-ada" not in text
        assert serious(page) == []
        page.get_by_role("button", name="Try them").click()
        expect(page.get_by_text("an-example").first).to_be_visible()
        page.click("#language")
        expect(page.get_by_role("heading", name="最近的请求")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "zh"
        said = page.locator("h1, h2, th, dt, button, main > .note, .panel > p, label").all_inner_texts()
        kept = {"", "p50", "p95", "NDCG@10", "English"}
        assert [text for text in said if text.strip() not in kept and not re.search(r"[\u4e00-\u9fff]", text)] == []
        assert serious(page) == []
        page.reload()
        expect(page.get_by_role("heading", name="训练版本")).to_be_visible()  # the choice stays
        page.click("#language")
        expect(page.get_by_role("heading", name="Training versions")).to_be_visible()
        page.fill("#rules", "rules: [{id: a}]")
        page.get_by_role("button", name="Try them").click()
        expect(page.locator(".problems")).to_be_visible()
        assert serious(page) == []
