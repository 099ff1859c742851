"""Nothing of addresses, passwords, paths or drivers reaches a client, whatever fails behind the service."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest

import tastemaker.api.demo
from tastemaker.api.http.app import create_app
from tastemaker.core.settings import CatalogueSettings, HistorySettings, LLMSettings, ModelSettings, Settings

PHOTO = Path(tastemaker.api.demo.__file__).parent / "data" / "request" / "photo.jpg"
SECRETS = ("hunter2", "bucket", "nowhere", "127.0.0.1", "/nonexistent", "Traceback", "site-packages", "lance", "sqlite")


@pytest.fixture
def broken(tmp_path: Path) -> Settings:
    """Return settings of which nothing works, each with a secret in it."""
    return Settings(
        home=tmp_path / "home",
        cache=tmp_path / "hunter2-cache",
        catalogue=CatalogueSettings(uri="nowhere://key:hunter2@bucket/x"),
        history=HistorySettings(url="sqlite+aiosqlite:////nonexistent/hunter2/history.db?mode=ro&uri=true"),
        llm=LLMSettings(base_url="http://u:hunter2@127.0.0.1:9/v1", api_key="hunter2", connect_timeout_s=0.3),
        models=ModelSettings(captioner="vllm:m", captioner_url="http://u:hunter2@127.0.0.1:9/v1"),
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")  # LangServe's own code
async def test_no_door_shows_what_is_behind_it(
    broken: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")  # no package tool: missing weights stay missing
    app = create_app(settings=broken)
    body = {
        "text": "something like this, but not that one; which is the best and why, under 40 euros?",
        "user_id": "ada",
        "images": [{"data": base64.b64encode(PHOTO.read_bytes()).decode()}],
    }
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://t"
        ) as client,
    ):
        answers = [
            await client.post("/recommend", json=body),
            await client.post("/recommend", json={**body, "route": "deliberate"}),
            await client.post("/recommend/stream", json={**body, "route": "direct"}),
            await client.post("/langserve/recommend/invoke", json={"input": body}),
            await client.post("/feedback", json={"events": [{"user_id": "a", "item_id": "i", "kind": "like"}]}),
            await client.get("/ready"),
        ]
    for answer in answers:
        for secret in SECRETS:
            assert secret not in answer.text, (answer.request.url, secret, answer.text)
    assert answers[-1].status_code == 503
    assert "degraded" in json.dumps(answers[-1].json())
    assert "hunter2@" not in caplog.text
