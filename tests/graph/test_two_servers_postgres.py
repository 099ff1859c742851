"""Two servers that share a PostgreSQL and nothing else but the catalogue: one's keys, history, threads and versions are the other's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tastemaker.api.auth.keys import create_key, split_key
from tastemaker.api.demo.processes import service
from tastemaker.core.errors import StoreError
from tastemaker.stores.api_keys import KeyStore

from ..postgres_server import postgres
from ..test_end_to_end import stock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CACHE_S = 1.0


async def a_key(store: KeyStore) -> str:
    async with asyncio.timeout(60):
        while True:
            try:
                return (await create_key(store, "default", "both", roles=("admin",)))[1]
            except StoreError:  # the server is starting
                await asyncio.sleep(0.2)


@asynccontextmanager
async def two_servers(folder: Path, url: str, key: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    settings = await stock(folder)
    shared = dict.fromkeys((f"TASTEMAKER_{s}__URL" for s in ("HISTORY", "THREADS", "AUTH", "PROMPTS")), url)
    environ = shared | {
        "TASTEMAKER_CATALOGUE__URI": settings.catalogue_uri,
        "TASTEMAKER_CATALOGUE__MEDIA_ROOT": settings.catalogue.media_root,
        "TASTEMAKER_LLM__BASE_URL": settings.llm.base_url,
        "TASTEMAKER_AUTH__CACHE_S": str(CACHE_S),
    }
    async with AsyncExitStack() as stack:
        clients = []
        for name in ("one", "other"):
            running = await stack.enter_async_context(service(folder / name, settings=environ))
            headers = {"Authorization": f"Bearer {key}"}
            client = httpx.AsyncClient(base_url=running.url, headers=headers, timeout=120, trust_env=False)
            clients.append(await stack.enter_async_context(client))
        yield clients


async def test_what_one_server_learns_the_other_knows(tmp_path: Path) -> None:
    with postgres() as url:
        store = KeyStore.at(url)
        key = await a_key(store)
        async with two_servers(tmp_path, url, key) as (one, other):
            first = (
                await one.post("/recommend", json={"text": "boats under 50 euros", "n": 5, "user_id": "ada"})
            ).json()
            again = {"text": "cheaper", "n": 5, "user_id": "ada", "thread_id": first["thread_id"]}
            second = (await other.post("/recommend", json=again)).json()
            prices = [i["attributes"]["price"] for i in first["items"]]
            assert second["items"]
            assert all(i["attributes"]["price"] < max(prices) for i in second["items"])

            liked = {"events": [{"user_id": "ada", "item_id": first["items"][0]["item_id"], "kind": "like"}]}
            assert (await one.post("/feedback", json=liked)).json() == {"stored": 1}
            told = (await other.get("/users/ada")).json()
            assert [e["item_id"] for e in told["events"]] == [first["items"][0]["item_id"]]
            assert [t["thread_id"] for t in told["threads"]] == [first["thread_id"]]

            body = (await one.get("/releases/compose/versions/0")).json()["body"]
            made = await one.post("/releases/compose/drafts", json={"body": body, "note": "seen by both"})
            assert made.status_code == 200, made.text
            assert [d["note"] for d in (await other.get("/releases/compose/drafts")).json()] == ["seen by both"]

            assert (await other.delete("/users/ada")).json()["events"] == 1
            assert (await one.get("/users/ada")).json()["events"] == []
            key_id = (split_key(key) or ("", ""))[0]
            await store.revoke(key_id)
            await asyncio.sleep(CACHE_S + 0.2)
            assert [(await client.get("/catalogue")).status_code for client in (one, other)] == [401, 401]
        await store.close()
