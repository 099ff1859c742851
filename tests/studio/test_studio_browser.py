"""The whole loop of a product manager in a real, headless Chromium: write, check, try, evaluate, approve, roll out, and be rolled back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tastemaker.api.demo.scripts import DATA

from ..browser import MISSING, chromium, print_shop, serious, started, watched

pytestmark = [pytest.mark.slow, pytest.mark.skipif(chromium() is None, reason=MISSING)]
NAME = "wording_en"
SHOPPERS = 240
PICTURES = os.environ.get("PICTURES_TO")
"""A folder for pictures of every page, for people to look at."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the print shop; rollouts are looked at every half second."""
    with print_shop(tmp_path_factory.mktemp("shop"), PROMPTS__WATCH_S="0.5") as address:
        yield address


@pytest.fixture(scope="module")
def browser(url: str) -> Iterator[Browser]:
    with started() as found:
        yield found


class Walk:
    """One person's way through the studio; every page is checked with axe and, if asked for, kept as a picture."""

    def __init__(self, page: Page, url: str, person: str) -> None:
        self.page, self.url, self.person, self.seen = page, url, person, 0

    def sign_in(self) -> None:
        self.page.goto(f"{self.url}/studio/sign-in")
        self.page.get_by_label("Your name").fill(self.person)
        self.press("Open the studio")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def look(self, name: str) -> None:
        assert serious(self.page) == []
        self.seen += 1
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{PICTURES}/{self.person}-{self.seen:02d}-{name}.png", full_page=True)


def test_a_version_is_written_checked_tried_evaluated_approved_rolled_out_and_taken_back(
    browser: Browser, url: str
) -> None:
    conflict = ("409",)  # the browser logs an answer that says what stands against a release as an error
    with watched(browser, conflict) as page, watched(browser, conflict) as other:
        ada, ben = Walk(page, url, "Ada"), Walk(other, url, "Ben")
        ada.sign_in()
        ada.look("overview")
        write(ada)
        ada.press("Make it the candidate")
        expect(page.locator(".tag.candidate")).to_be_visible()
        ada.press("Begin the trial")
        expect(page.get_by_role("alert")).to_contain_text("it was not evaluated on any set of cases")
        ada.look("never-evaluated")
        try_out(ada)
        evaluate(ada)
        ada.press("Begin the trial")
        expect(page.get_by_role("alert")).to_contain_text("approv")
        expect(page.get_by_role("alert")).not_to_contain_text("evaluat")
        ada.look("blocked")

        ben.sign_in()
        ben.page.goto(f"{url}/studio/{NAME}/r1")
        ben.press("Approve")
        expect(ben.page.locator("#gate")).to_contain_text("approved by Ben")
        ben.look("approved")
        ben.press("Begin the trial")
        expect(ben.page.locator("#served")).to_contain_text("r1, 10 % of everybody")
        ben.look("on-trial")
        ben.page.get_by_label("Share, %").fill("50")
        ben.press("Change the share")
        expect(ben.page.locator("#served")).to_contain_text("50 %")
        shown = dislike_the_candidate(url)
        assert shown["candidate"], "nobody was served the candidate"
        taken_back(ada)


def write(ada: Walk) -> None:
    """Write a version: a mistake is told as it is typed, and again where a version is asked for."""
    page = ada.page
    page.get_by_role("link", name=NAME).click()
    ada.look("name")
    page.get_by_role("link", name="Write a new version").click()
    text = page.get_by_label("Text", exact=True)
    shipped = text.input_value()
    text.fill(shipped.replace("[", "", 1))
    expect(page.locator("#checked .problems")).to_be_visible()
    page.get_by_label("What is different").fill("A warmer opening")
    ada.press("Make a version")
    expect(page.get_by_role("alert")).to_contain_text("No version was made")
    ada.look("refused")
    warmer = re.sub(r'(?m)^(\w+ = ")Here (is|are) ', r"\1Have a look: here \2 ", shipped)
    assert warmer != shipped
    text.fill(warmer)
    expect(page.locator("#checked .good")).to_be_visible()
    page.get_by_label("What it is for").fill("friendlier")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status").filter(has_text="The draft is kept")).to_be_visible()
    ada.look("draft")
    page.get_by_label("What is different").fill("A warmer opening")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(rf"/studio/{NAME}/r1\?"))
    ada.look("version")


def ask_both(ada: Walk) -> None:
    ada.press("Ask both")
    for side in ("a", "b"):
        expect(ada.page.locator(f"#side-{side}[data-done]")).to_be_visible()


def try_out(ada: Walk) -> None:
    """Ask both versions the same: the candidate opens otherwise, the items are the same."""
    ada.page.get_by_role("link", name="Try it beside production").click()
    ada.page.get_by_label("Request").fill("animals under 40 euros")
    ask_both(ada)
    expect(ada.page.locator("#side-b .message")).to_contain_text("Have a look")
    expect(ada.page.locator("#side-a .message")).not_to_contain_text("Have a look")
    titles = [ada.page.locator(f"#side-{side} .card h3").all_inner_texts() for side in ("a", "b")]
    assert titles[0] == titles[1] != []
    ada.look("try")
    with_photo_and_voice(ada)
    ada.page.goto(f"{ada.url}/studio/{NAME}/r1")


def with_photo_and_voice(ada: Walk) -> None:
    """Send both versions a photo and a recording without a word: both say what they saw and heard, and list the same."""
    ada.page.get_by_label("Request").fill("")
    ada.page.get_by_label("Photo").set_input_files(DATA / "request" / "photo.jpg")
    ada.page.get_by_label("Voice").set_input_files(DATA / "voice" / "voice-animals.ogg")
    ask_both(ada)
    for side in ("a", "b"):
        noticed = ada.page.locator(f"#side-{side} .noticed")
        expect(noticed).to_contain_text(re.compile(r"Seen: \w"))
        expect(noticed).to_contain_text(re.compile(r"Heard: .*animal", re.IGNORECASE))
        expect(ada.page.locator(f"#side-{side} .card")).not_to_have_count(0)
    ada.look("try-photo-and-voice")


def evaluate(ada: Walk) -> None:
    """Run the frozen cases of the print shop, without a language model."""
    ada.page.get_by_label("Cases").select_option("print-shop")
    ada.press("Evaluate")
    expect(ada.page.locator("h1 .tag")).to_have_text("done", timeout=240_000)
    ada.look("evaluated")
    ada.page.goto(f"{ada.url}/studio/{NAME}/r1")
    expect(ada.page.get_by_role("region", name="Evaluate")).to_contain_text("print-shop: 101")


def dislike_the_candidate(url: str) -> dict[str, int]:
    """Let shoppers ask; whoever is served production clicks. Return how many saw which arm, or neither once it is taken back."""

    def shop(number: int) -> str:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            asked = {"user_id": f"shopper-{number}", "text": "animals", "n": 3, "words": False}
            answer = client.post("/recommend", json=asked).raise_for_status().json()
            arm = next((v["arm"] for v in answer["versions"] if v["name"] == NAME), "neither")
            if arm == "control":
                click = {
                    "user_id": f"shopper-{number}",
                    "item_id": answer["items"][0]["item_id"],
                    "kind": "click",
                    "context": {"request_id": answer["request_id"]},
                }
                client.post("/feedback", json={"events": [click]}).raise_for_status()
            return str(arm)

    with ThreadPoolExecutor(4) as pool:
        arms = list(pool.map(shop, range(SHOPPERS)))
    return {arm: arms.count(arm) for arm in ("control", "candidate", "neither")}


def taken_back(ada: Walk) -> None:
    """Wait until the monitor took the version back, and read why."""
    served = ada.page.locator("#served")
    for _ in range(60):
        ada.page.goto(f"{ada.url}/studio/{NAME}")
        if "nothing" in served.inner_text():
            break
        ada.page.wait_for_timeout(1_000)
    expect(served).to_contain_text("nothing")
    expect(ada.page.get_by_role("region", name="Trials so far")).to_contain_text("click_through")
    ada.look("taken-back")
    ada.page.goto(f"{ada.url}/studio/audit")
    expect(ada.page.get_by_role("row").filter(has_text="monitor").first).to_contain_text("click_through")
    expect(ada.page.get_by_role("status")).to_contain_text("holds")
    ada.look("audit")
