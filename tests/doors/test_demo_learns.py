"""The demonstration trains where that is quick, and says what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.api.demo import train as module
from tastemaker.stores.trained_versions import Artefacts

from ..training.test_train_and_serve import settings_at, stock


@pytest.mark.slow
async def test_it_trains_once_and_not_again_without_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "untrained" in await module.learn(settings_at(tmp_path), print)
    await stock(tmp_path)
    monkeypatch.setattr(module, "MAX_EVENTS", 10)
    settings = settings_at(tmp_path)
    assert "tastemaker train" in await module.learn(settings, print)
    monkeypatch.undo()
    said: list[str] = []
    told = await module.learn(settings, said.append)
    assert told.startswith("trained")
    assert "put to use" in told.lower()
    assert any("100 %" in line for line in said)
    store = Artefacts(settings.models_path("default"))
    assert len(store.versions()) == 1
    assert (await module.learn(settings, print)).startswith("as before")
    assert len(store.versions()) == 1
