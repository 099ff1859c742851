"""Threads in a real PostgreSQL: kept, shared by servers, one checkpoint each, and a server that is down is a label."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tastemaker.core.errors import ConfigurationError, StoreError
from tastemaker.core.settings import Settings, ThreadSettings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.threads.opening import open_threads

from ..postgres_server import postgres

pytestmark = pytest.mark.slow
INSTALLED = find_spec("psycopg") is not None and find_spec("psycopg_pool") is not None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if not INSTALLED:
        pytest.skip("psycopg is not installed: pip install 'tastemaker[postgres]'")
    with postgres() as url:
        yield url


@pytest.fixture
async def settings(server: str, tmp_path: Path) -> Settings:
    found = Settings(home=tmp_path, threads=ThreadSettings(url=SecretStr(server)))
    async with asyncio.timeout(60):
        while True:
            try:
                await (await open_threads(found)).close()
                return found
            except StoreError:
                await asyncio.sleep(0.2)


async def counted(settings: Settings, table: str) -> int:
    import psycopg

    url = settings.threads.url.get_secret_value().replace("+asyncpg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found: Any = await (await connection.execute(f"SELECT count(*) FROM {table}")).fetchone()
        return int(found[0])


async def test_servers_share_a_thread_and_keep_every_turn_in_one_checkpoint(settings: Settings) -> None:
    servers = [Recommender(services=constant_services(settings)) for _ in range(3)]
    for one in servers:
        await one.start()
    assert (await servers[0].health())["threads"] == {"state": "ok", "detail": "PostgreSQL"}
    first = await servers[0].recommend(text="a print under 50", user_id="ada")
    again = await servers[1].recommend(text="another", user_id="ada", thread_id=first.thread_id)
    assert [c.value for c in again.understanding.constraints] == [50]
    asked = (
        servers[n % 3].recommend(text="another", user_id="ada", thread_id=first.thread_id, words=False)
        for n in range(9)
    )
    turns = await asyncio.gather(*asked)
    assert not any(d.what == "threads" for t in turns for d in t.degraded)
    last = await servers[2].recommend(text="more", user_id="ada", thread_id=first.thread_id)
    assert [c.value for c in last.understanding.constraints] == [50]
    assert await counted(settings, "checkpoints") == 1
    assert await counted(settings, "turns_at_work") == 0
    assert await counted(settings, "checkpoint_blobs") <= 4
    for one in servers:
        await one.close()


async def test_many_servers_open_an_empty_store_at_once(settings: Settings) -> None:
    import psycopg

    url = settings.threads.url.get_secret_value().replace("+asyncpg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")
    opened = await asyncio.gather(*(open_threads(settings) for _ in range(5)))
    assert {threads.kind for threads in opened} == {"PostgreSQL"}
    for threads in opened:
        await threads.close()


async def test_a_server_that_is_down_is_a_label_and_a_wrong_url_an_error(tmp_path: Path) -> None:
    if not INSTALLED:
        pytest.skip("psycopg is not installed: pip install 'tastemaker[postgres]'")
    down = Settings(home=tmp_path, threads=ThreadSettings(url=SecretStr(f"postgresql://x@/x?host={tmp_path}")))
    async with Recommender(services=constant_services(down)) as recommender:
        response = await recommender.recommend(text="a print", words=False)
    assert [d.what for d in response.degraded] == ["threads"]
    with pytest.raises(ConfigurationError, match=r"threads\.url"):
        await open_threads(Settings(home=tmp_path, threads=ThreadSettings(url=SecretStr("mysql://x"))))
