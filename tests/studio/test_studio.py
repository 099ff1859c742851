"""The studio's pages: who may open and do what, what is refused and how it is told, both languages, and nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from tastemaker.api.auth.caller import Role
from tastemaker.api.studio import pages
from tastemaker.api.studio.prompt_text import counted, preview_of, tokens_in
from tastemaker.api.studio.render import METRICS, translations
from tastemaker.api.studio.routing import DONE

from ..staff import staffed

PEOPLE: dict[str, Role] = {"vera": "viewer", "ed": "editor", "ann": "approver"}
HTML = {"Accept": "text/html", "Origin": "http://test"}
PACKAGE = files("tastemaker.api.studio")


class Studio:
    """A studio with one browser for each person, each with cookies of its own."""

    def __init__(self, transport: httpx.ASGITransport, keys: dict[str, str]) -> None:
        self.transport, self.keys = transport, keys
        self.browsers: dict[str, httpx.AsyncClient] = {}

    async def browser(self, who: str) -> httpx.AsyncClient:
        if who not in self.browsers:
            client = httpx.AsyncClient(
                transport=self.transport, base_url="http://test", headers=HTML, follow_redirects=True
            )
            self.browsers[who] = client
            form = {"key": self.keys[who]} if self.keys else {"name": who, "shop": "default"}
            assert (await client.post("/studio/sign-in", data=form)).status_code == 200
        return self.browsers[who]

    async def see(self, who: str, path: str) -> httpx.Response:
        return await (await self.browser(who)).get(f"/studio{path}")

    async def send(self, who: str, path: str, **form: str) -> httpx.Response:
        return await (await self.browser(who)).post(f"/studio{path}", data=form)


async def opened(home: Path, people: dict[str, Role]) -> AsyncIterator[Studio]:
    async with staffed(home, people) as (transport, keys):
        studio = Studio(transport, keys)
        yield studio
        for browser in studio.browsers.values():
            await browser.aclose()


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[Studio]:
    async for studio in opened(tmp_path, PEOPLE):
        yield studio


@pytest.fixture
async def named(tmp_path: Path) -> AsyncIterator[Studio]:
    async for studio in opened(tmp_path, {}):
        yield studio


def body_in(page: str) -> str:
    import html

    found = re.search(r'<textarea id="body"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


async def written(studio: Studio, who: str, message: str = "shorter") -> None:
    body = body_in((await studio.see(who, "/compose/edit")).text)
    made = await studio.send(
        who, "/compose/edit", body=body + "\nBe brief.\n", based_on="0", message=message, do="commit"
    )
    assert made.status_code == 200
    assert made.url.path == "/studio/compose/r1"


async def test_a_key_is_asked_for_once_and_a_wrong_one_leads_back(keyed: Studio) -> None:
    async with httpx.AsyncClient(transport=keyed.transport, base_url="http://test", headers=HTML) as stranger:
        away = await stranger.get("/studio/compose")
        assert (away.status_code, away.headers["location"]) == (303, "/studio/sign-in?to=%2Fstudio%2Fcompose")
        kept = await stranger.post("/studio/sign-in", data={"key": "tm_wrong", "to": "https://elsewhere.example/"})
        assert kept.headers["location"] == "/studio"
        assert all(
            "HttpOnly" in c and "SameSite=strict" in c and "Path=/studio" in c
            for c in kept.headers.get_list("set-cookie")
            if "tm_wrong" in c
        )
        assert "wrong=1" in (await stranger.get("/studio")).headers["location"]
        assert (await stranger.get("/releases")).status_code == 401
    assert "compose" in (await keyed.see("vera", "")).text
    browser = await keyed.browser("vera")
    assert (await browser.get("/releases")).status_code == 401, "the cookie opens the studio only"


async def test_the_whole_way_by_two_people(keyed: Studio) -> None:
    await written(keyed, "ed")
    assert "It is the candidate" in (await keyed.send("ed", "/compose/candidate", number="1")).text
    blocked = await keyed.send("ann", "/compose/rollout", number="1", percent="10", cohort="", segments="")
    assert blocked.status_code == 409
    assert "it was not evaluated on any set of cases: run the evaluation" in blocked.text
    assert "approval" in blocked.text
    ci = {"X-API-Key": keyed.keys["ed"]}
    async with httpx.AsyncClient(transport=keyed.transport, base_url="http://test", headers=ci) as pipeline:
        for number in (0, 1):
            figures = {"number": number, "case_set": "ours", "cases": 40, "metrics": {"schema_valid": 1.0}}
            assert (await pipeline.post("/releases/compose/evaluations", json=figures)).status_code == 200
    assert (await keyed.send("ed", "/compose/approve", number="1")).status_code == 403
    assert "approved by ann" in (await keyed.send("ann", "/compose/approve", number="1", text="fine")).text
    trial = await keyed.send("ann", "/compose/rollout", number="1", percent="10", cohort="new", segments="")
    assert "r1, 10 % of new users" in trial.text
    assert "The version" not in (await keyed.see("vera", "/compose")).text
    back = await keyed.send("ed", "/compose/rollback", text="clicks fell")
    assert "Rolled back" in back.text
    assert "rolled back: clicks fell" in back.text
    log = (await keyed.see("vera", "/audit")).text
    assert "The chain of digests holds" in log
    exported = (await keyed.see("vera", "/audit.jsonl")).text.splitlines()
    assert any('"action":"rollback"' in line for line in exported)


@pytest.mark.parametrize("path", ["/compose/edit", "/compose/candidate", "/compose/rollback"])
async def test_viewers_change_nothing(keyed: Studio, path: str) -> None:
    refused = await keyed.send("vera", path, body="x", based_on="0", number="0")
    assert refused.status_code == 403
    assert "edit_releases" in refused.text


async def test_forms_of_other_sites_and_of_nobody_are_refused(named: Studio) -> None:
    browser = await named.browser("Ada")
    for header in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = await browser.post("/studio/compose/comment", data={"text": "hello"}, headers=header)
        assert refused.status_code == 403
    await browser.post("/studio/sign-out")
    assert (await browser.post("/studio/compose/comment", data={"text": "hello"})).status_code == 403


async def test_a_draft_is_checked_kept_tried_and_thrown_away(named: Studio) -> None:
    page = await named.see("Ada", "/compose/edit")
    body = body_in(page.text)
    checked = await named.send("Ada", "/compose/check", body=body.replace("# user", "# usr"))
    assert any("# user" in problem for problem in checked.json()["problems"])
    wrong = await named.send("Ada", "/compose/edit", body="nothing", based_on="0", message="m", do="commit")
    assert wrong.status_code == 409
    assert "No version was made" in wrong.text
    assert body_in(wrong.text) == "nothing", "what was typed is still there"
    unsaid = await named.send("Ada", "/compose/edit", body=body, based_on="0", message=" ", do="commit")
    assert "Say what is different" in unsaid.text
    kept = await named.send("Ada", "/compose/edit", body=body + "\nx", based_on="0", note="trial", do="save")
    assert kept.url.path + "?" + kept.url.query.decode() == "/studio/compose/edit?draft=1&done=save"
    assert (await named.see("Ada", "/compose/patch/1")).text.startswith("--- a/prompts/compose.md")
    assert "d1" in (await named.see("Ada", "/compose/try?a=r0&b=d1")).text
    await named.send("Ada", "/compose/edit", body=body, based_on="0", draft="1", do="drop")
    assert "No draft" in (await named.see("Ada", "/compose")).text


async def test_what_people_write_is_shown_as_text(named: Studio) -> None:
    evil = '"><script>alert(1)</script>'
    await written(named, "Ada", evil)
    await named.send("Ada", "/compose/comment", text=evil)
    for path in ("", "/compose", "/compose/r1", "/compose/diff?old=0&new=1", "/compose/edit", "/audit"):
        page = await named.see("Ada", path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [("/nothing", 422, "nothing"), ("/compose/r9", 422, "no version 9"), ("/compose/try?a=x", 422, "r3")],
)
async def test_what_is_not_there_is_told_on_a_page(named: Studio, path: str, status: int, part: str) -> None:
    page = await named.see("Ada", path)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert part in page.text


async def test_the_language_is_kept(named: Studio) -> None:
    assert "工作室" in (await named.see("Ada", "?lang=zh")).text
    page = (await named.see("Ada", "/compose")).text
    assert '<html lang="zh">' in page
    assert "正在使用的版本" in page
    assert 'href="/studio/compose?lang=en"' in page


def test_everything_the_studio_says_is_there_in_chinese() -> None:
    said = set(DONE.values()) | set(METRICS.values()) | {title for _, title in pages.KINDS}
    for file in PACKAGE.iterdir():
        if file.name.endswith(".py"):
            said |= set(re.findall(r'(?:\bsay\(\w+(?:\.\w+)?, |at\.say\()"([^"]+)"', file.read_text(encoding="utf-8")))
    for file in (PACKAGE / "templates").iterdir():
        if file.name.endswith(".html"):
            said |= set(re.findall(r'_\("([^"]+)"\)', file.read_text(encoding="utf-8")))
    assert len(said) > 100
    assert said - set(translations()) == set()


def test_a_prompts_length_and_its_shared_part() -> None:
    body = Path(str(files("tastemaker.prompts") / "compose.md")).read_text(encoding="utf-8")
    told = counted("compose", body, "en")
    share = re.search(r"(\d+) %", told)
    assert share
    assert 80 <= int(share[1]) <= 100, "all but the request comes first"
    assert tokens_in("word " * 100) == 125
    assert counted("compose", "broken", "en") == ""
    shown = preview_of("compose", body)
    assert shown is not None
    assert "{{" not in shown.split("user\n")[-1]
    assert "navy canvas shoes" in shown
