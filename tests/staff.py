"""Open the application over the scripted recommender for people with keys of their own, for tests of who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from tastemaker.api.auth import keys as key_module
from tastemaker.api.auth.caller import Role
from tastemaker.api.auth.keys import create_key
from tastemaker.api.http.app import create_app
from tastemaker.core.settings import Settings
from tastemaker.stores.api_keys import KeyStore

from .fake_service import FakeService


@asynccontextmanager
async def staffed(home: Path, roles: Mapping[str, Role]) -> AsyncIterator[tuple[httpx.ASGITransport, dict[str, str]]]:
    """Yield the application and the key of each person; without people no keys are asked for."""
    settings = Settings(home=home)
    store, made = KeyStore.at(settings.access_url), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_module, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        for name, role in roles.items():
            _, made[name] = await create_key(store, "default", name, roles=(role,))
        await store.close()

        async def factory() -> FakeService:
            return FakeService()

        app = create_app(factory, settings)
        async with app.router.lifespan_context(app):
            yield httpx.ASGITransport(app=app), made
