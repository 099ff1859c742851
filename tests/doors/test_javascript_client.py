"""The JavaScript client on a real Node against a real service, and its types against the service's own OpenAPI page."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.settings import Settings

from ..live_server import serving
from ..shop_fixture import UnwarmedRecommender, shop_services

FOLDER = Path(__file__).resolve().parents[2] / "api" / "client" / "javascript"
NODE = shutil.which("node")
SCRIPT = """
import { Tastemaker, TastemakerError } from %(module)s;
const shop = new Tastemaker(process.argv[2]);
const answer = await shop.recommend({ text: "something under 40", user_id: "ada", n: 3 });
const again = await shop.recommend({ text: "not that one", user_id: "ada", thread_id: answer.thread_id });
const kinds = [];
for await (const event of shop.stream({ text: "boats" })) kinds.push(event.event);
const early = [];
for await (const event of shop.stream({ text: "boats" })) { early.push(event.event); if (event.event === "items") break; }
const click = { user_id: "ada", item_id: answer.items[0].item_id, kind: "click", request_id: answer.request_id };
const events = await shop.events([click]);
const found = await shop.search({ text: "boats", n: 2 });
const why = await shop.whyNot("i59", { text: "something under 40" });
const fields = await shop.catalogue();
const wrong = await shop.recommend({ n: 0 }).catch((error) => error);
const late = await (async () => { for await (const _ of shop.stream({ n: 51 })) {} })().catch((error) => error);
console.log(JSON.stringify({
  n: answer.items.length, same: again.thread_id === answer.thread_id, kinds, early, stored: events.stored, found: found.hits.length,
  why: why.item_id, count: fields.count, wrong: [wrong instanceof TastemakerError, wrong.status, wrong.field],
  late: [late.status, late.field],
}));
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[str]:
    async def opened() -> Service:
        return await UnwarmedRecommender(services=shop_services(Settings(home=tmp_path))).start()

    async with serving(create_app(opened, Settings(home=tmp_path))) as base:
        yield base


@pytest.mark.skipif(NODE is None, reason="needs Node")
async def test_the_client_speaks_to_the_service(server: str, tmp_path: Path) -> None:
    script = tmp_path / "try.mjs"
    script.write_text(SCRIPT % {"module": json.dumps((FOLDER / "tastemaker.js").as_uri())}, encoding="utf-8")
    done = await asyncio.to_thread(
        subprocess.run, [str(NODE), str(script), server], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert (got["n"], got["same"], got["stored"], got["found"], got["why"], got["count"]) == (3, True, 1, 2, "i59", 60)
    assert got["kinds"].index("items") < got["kinds"].index("words")
    assert got["kinds"][-1] == "done"
    assert got["early"][-1] == "items"
    assert got["wrong"] == [True, 422, "n"]
    assert got["late"] == [422, "n"]


@pytest.mark.slow
async def test_its_types_are_those_of_the_openapi_page(tmp_path: Path) -> None:
    tools = next(
        (p for p in (FOLDER / "node_modules", Path("/usr/lib/node_modules")) if (p / "openapi-typescript").is_dir()),
        None,
    )
    if NODE is None or tools is None:
        pytest.skip("needs Node and `npm install` in api/client/javascript")
    page = create_app(None, Settings(home=tmp_path)).openapi()
    page["paths"] = {path: about for path, about in page["paths"].items() if not path.startswith("/langserve")}
    (tmp_path / "openapi.json").write_text(json.dumps(page), encoding="utf-8")
    shutil.copy(FOLDER / "tastemaker.js", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    made = [NODE, str(tools / "openapi-typescript" / "bin" / "cli.js"), "openapi.json", "-o", "schemas.d.ts"]
    flags = [
        "--noEmit",
        "--strict",
        "--checkJs",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--lib",
        "es2023,dom,dom.iterable",
    ]
    checked = [NODE, str(tools / "typescript" / "bin" / "tsc"), *flags, "tastemaker.js"]
    for command in (made, checked):
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
