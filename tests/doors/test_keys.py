"""API keys and tokens: who is let in, what they may do, and that a key costs nothing once it is known."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from jwt.algorithms import RSAAlgorithm
from typer.testing import CliRunner

from tastemaker.api.auth import keys as module
from tastemaker.api.auth.caller import SCOPES, Role, Scope
from tastemaker.api.auth.keys import KeyRing, create_key, new_key, split_key
from tastemaker.api.auth.same_machine import is_loopback
from tastemaker.api.auth.tokens import Tokens
from tastemaker.api.cli.main import build_app
from tastemaker.api.http.app import create_app
from tastemaker.core.errors import BackEndUnavailable, ConfigurationError, UnknownCallerError
from tastemaker.core.settings import AuthSettings, ServeSettings, Settings
from tastemaker.stores.api_keys import ACCESS, KEYS, KeyStore, now_us
from tastemaker.stores.database import Database

from ..fake_service import FakeService

ISSUER = "https://issuer.test"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[KeyStore]:
    store = KeyStore.at(f"sqlite+aiosqlite:///{tmp_path / 'access.db'}")
    yield store
    await store.close()


@pytest.fixture(autouse=True)
def quick_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little work: what is tested is not argon2."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(module, "_HASHER", quick)
    monkeypatch.setattr(module, "_NOBODY", quick.hash("nobody"))


@asynccontextmanager
async def serving(settings: Settings, service: FakeService | None = None) -> AsyncIterator[httpx.AsyncClient]:
    async def opened() -> FakeService:
        return service or FakeService()

    app: FastAPI = create_app(opened, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            client.app = app  # type: ignore[attr-defined]
            yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def key_for(store: KeyStore, tenant: str = "shop", **options: Any) -> str:
    wanted = {"scopes": ("recommend", "feedback", "act_for_users"), **options}
    return (await create_key(store, tenant, "test", **wanted))[1]


# --- the keys themselves ---------------------------------------------------------------------------------


def test_what_is_no_key_is_seen_without_asking_anybody() -> None:
    key_id, key, _ = new_key()
    parts = split_key(key)
    assert parts is not None
    assert parts[0] == key_id
    assert new_key(key_id)[1] != key
    for wrong in (
        "",
        "tm_",
        "tm__",
        key[:-1],
        key + "a",
        key.swapcase(),
        f"x{key}",
        "tm_a_b",
        key.replace("_", "-"),
        "é" * 54,
    ):
        assert split_key(wrong) is None


async def test_the_database_holds_no_secret_and_the_tables_are_those_that_are_used(
    store: KeyStore, tmp_path: Path
) -> None:
    key = await key_for(store)
    stored = (await store.all())[0]
    secret = key.split("_")[2]
    await store.close()
    held = b"".join(p.read_bytes() for p in tmp_path.iterdir())  # noqa: ASYNC240
    assert secret.encode() not in held
    assert stored.hash.startswith("$argon2id$")
    assert secret not in repr(stored)
    assert stored.hash not in repr(stored)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'access.db'}", "access")

    def differences(connection: Any) -> Any:
        return compare_metadata(
            MigrationContext.configure(connection, opts={"version_table": "access_version"}), ACCESS
        )

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_keys_and_events_share_a_database(tmp_path: Path) -> None:
    from tastemaker.stores.events.history import SqlHistory

    url = f"sqlite+aiosqlite:///{tmp_path / 'one.db'}"
    history, store = await SqlHistory.open(url), KeyStore.at(url)
    await key_for(store)
    assert await store.any()
    assert await history.version() == 0
    await store.close()
    await history.close()
    again = await SqlHistory.open(url)
    await again.close()


async def test_a_known_key_is_checked_once(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    ring = KeyRing(store, 30, lambda: clock[0])
    key = await key_for(store)
    asked = []
    real = store.find

    async def find(key_id: str) -> Any:
        asked.append(key_id)
        return await real(key_id)

    monkeypatch.setattr(store, "find", find)
    callers = [await ring.caller(key) for _ in range(50)]
    assert len(asked) == 1
    assert {c.tenant for c in callers} == {"shop"}
    started = time.perf_counter()
    for _ in range(1000):
        await ring.caller(key)
    assert time.perf_counter() - started < 1
    clock[0] = 31
    await ring.caller(key)
    assert len(asked) == 2


async def test_revoked_expired_rotated_and_unknown_keys(store: KeyStore) -> None:
    ring = KeyRing(store, 0)
    key = await key_for(store)
    key_id = key.split("_")[1]
    assert await ring.caller(key)
    _, newer, hashed = new_key(key_id)
    assert await store.rotate(key_id, hashed, now_us() + 10_000_000)
    assert (await ring.caller(key)).key_id == (await ring.caller(newer)).key_id == key_id
    _, newest, hashed = new_key(key_id)
    assert await store.rotate(key_id, hashed, now_us() - 1)
    for gone in (key, newer):
        with pytest.raises(UnknownCallerError, match="not known"):
            await ring.caller(gone)
    assert await store.revoke(key_id)
    assert not await store.revoke(key_id)
    with pytest.raises(UnknownCallerError, match="revoked"):
        await ring.caller(newest)
    with pytest.raises(UnknownCallerError, match="expired"):
        await ring.caller(await key_for(store, days=-1))
    with pytest.raises(UnknownCallerError, match="not known"):
        await ring.caller(new_key()[1])
    with pytest.raises(UnknownCallerError, match="is not one"):
        await ring.caller("tm_guess")


async def test_a_cached_key_does_not_outlive_its_expiry(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing(store, 1000)
    key = await key_for(store, days=1)
    assert await ring.caller(key)
    later = now_us() + 90_000_000_000
    monkeypatch.setattr(module, "now_us", lambda: later)
    with pytest.raises(UnknownCallerError, match="expired"):
        await ring.caller(key)


async def test_the_last_use_is_kept(store: KeyStore) -> None:
    clock = [0.0]
    ring = KeyRing(store, 30, lambda: clock[0])
    key = await key_for(store)
    await ring.caller(key)
    assert (await store.all())[0].used_us is None
    clock[0] = 61
    await ring.caller(key)
    await ring.close()
    used = (await store.all())[0].used_us
    assert used is not None
    assert now_us() - used < 10_000_000


# --- the door --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True), ("[::1]", True)]
    + [(h, False) for h in ("0.0.0.0", "::", "192.168.1.4", "example.com", "localhost.example.com", "")],
)
def test_what_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


async def test_without_keys_only_this_machine_is_served(tmp_path: Path) -> None:
    async with serving(Settings(home=tmp_path)) as client:
        assert (await client.post("/recommend", json={"tenant": "other"})).status_code == 200
    assert not (tmp_path / "access.db").exists()
    outside = Settings(home=tmp_path, serve=ServeSettings(host="0.0.0.0"))
    with pytest.raises(ConfigurationError, match=r"tastemaker keys create"):
        async with serving(outside):
            pass
    explicit = outside.model_copy(update={"auth": AuthSettings(mode="open")})
    async with serving(explicit) as client:
        assert (await client.post("/recommend", json={})).status_code == 200


async def test_mode_on_asks_for_keys_before_there_is_one(tmp_path: Path) -> None:
    async with serving(Settings(home=tmp_path, auth=AuthSettings(mode="on"))) as client:
        answer = await client.post("/recommend", json={})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["missing"] == "key"
        for path in ("/health", "/ready", "/docs", "/openapi.json"):
            assert (await client.get(path)).status_code == 200


async def test_keys_that_cannot_be_read_let_nobody_in(tmp_path: Path, store: KeyStore) -> None:
    key = await key_for(store)
    await store.close()
    (tmp_path / "access.db").write_bytes(b"no database at all" * 100)
    for file in tmp_path.glob("access.db-*"):  # noqa: ASYNC240
        file.unlink()
    async with serving(Settings(home=tmp_path, auth=AuthSettings(mode="on"))) as client:
        answer = await client.post("/recommend", json={}, headers=bearer(key))
        assert (answer.status_code, answer.json()["error"]["type"]) == (503, "store")


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_the_tenant_comes_from_the_key(tmp_path: Path, store: KeyStore, header: str) -> None:
    service = FakeService()
    key = await key_for(store, "shop")
    shown = {header: f"Bearer {key}" if header == "Authorization" else key}
    async with serving(Settings(home=tmp_path), service) as client:
        assert (await client.post("/recommend", json={"user_id": "ada"})).status_code == 401
        assert (await client.post("/recommend", json={"user_id": "ada"}, headers=shown)).status_code == 200
        assert (await client.post("/recommend", json={"tenant": "shop"}, headers=shown)).status_code == 200
        assert {r.tenant for r in service.requests} == {"shop"}
        for other in ("default", "other"):
            refused = await client.post("/recommend", json={"tenant": other}, headers=shown)
            assert (refused.status_code, refused.json()["error"]["type"]) == (403, "forbidden")
        assert len(service.requests) == 2
        events = {"events": [{"user_id": "ada", "item_id": "i", "kind": "like"}]}
        assert (await client.post("/feedback", json=events, headers=shown)).status_code == 200
        assert {tenant for tenant, _ in service.stored} == {"shop"}


ROUTES: dict[Scope, tuple[str, str, dict[str, Any]]] = {
    "recommend": ("POST", "/recommend", {"json": {}}),
    "feedback": ("POST", "/feedback", {"json": {"events": [{"user_id": "ada", "item_id": "i", "kind": "like"}]}}),
    "act_for_users": ("POST", "/recommend", {"json": {"user_id": "ada"}}),
    "erase_users": ("DELETE", "/users/ada/preferences", {}),
    "rules": ("GET", "/rules", {}),
    "catalogue": ("DELETE", "/items/print-17", {}),
}


@pytest.mark.parametrize("scope", ROUTES)
async def test_each_scope_allows_its_routes_and_is_named_where_it_lacks(
    tmp_path: Path, store: KeyStore, scope: Scope
) -> None:
    others = tuple(s for s in SCOPES if s not in (scope, "admin"))
    alone = await key_for(store, scopes=(scope, "recommend", "act_for_users"))
    without = await key_for(store, scopes=others)
    admin = await key_for(store, scopes=(), roles=("admin",))
    method, path, sent = ROUTES[scope]
    async with serving(Settings(home=tmp_path)) as client:
        assert (await client.request(method, path, headers=bearer(alone), **sent)).status_code == 200
        assert (await client.request(method, path, headers=bearer(admin), **sent)).status_code == 200
        refused = await client.request(method, path, headers=bearer(without), **sent)
        assert refused.status_code == 403
        assert refused.json()["error"]["missing"] == f"scope {scope}"


async def test_a_path_that_nobody_listed_asks_for_admin(tmp_path: Path, store: KeyStore) -> None:
    most = await key_for(store, scopes=tuple(s for s in SCOPES if s != "admin"))
    async with serving(Settings(home=tmp_path)) as client:
        for path in ("/not-listed", "/recommended", "//recommend", "/RECOMMEND"):
            assert (await client.post(path, headers=bearer(most), json={})).status_code in (403, 404, 405), path
        assert (await client.post("/not-listed", headers=bearer(most))).status_code == 403


# --- people ----------------------------------------------------------------------------------------------


class Provider:
    """A small OpenID provider."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(65537, 2048)
        self.kid, self.asked, self.down = "k1", 0, False

    def client(self) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked += 1
            if self.down:
                raise httpx.ConnectError("down")
            if request.url.path.endswith("openid-configuration"):
                return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})
            public = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
            return httpx.Response(200, json={"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]})

        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    def token(self, algorithm: str = "RS256", key: Any = None, kid: str = "", **claims: Any) -> str:
        told = {"iss": ISSUER, "aud": "us", "sub": "ada", "tenant": "shop", "exp": time.time() + 60, **claims}
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, key or self.private, algorithm, headers={"kid": kid or self.kid})


PEOPLE = AuthSettings(issuer=ISSUER, audience="us")


@pytest.mark.parametrize(
    ("roles", "scope", "allowed"),
    [
        (None, "recommend", True),
        (None, "rules", False),
        (["viewer"], "rules", True),
        (["viewer"], "catalogue", False),
        (["editor"], "catalogue", True),
        (["approver"], "read_users", True),
        ("admin", "operate", True),
        (["king"], "recommend", True),
        (["king"], "rules", False),
    ],
)
async def test_a_token_says_who_a_person_is(roles: Any, scope: Scope, allowed: bool) -> None:
    provider = Provider()
    caller = await Tokens(PEOPLE, provider.client()).caller(provider.token(roles=roles))
    assert (caller.tenant, caller.subject, caller.kind) == ("shop", "ada", "person")
    assert caller.may(scope) is allowed


async def test_wrong_tokens_are_refused() -> None:
    provider, other = Provider(), Provider()
    tokens = Tokens(PEOPLE, provider.client())
    public = json.dumps({"any": "text"})
    wrong = [
        provider.token(iss="https://other.test"),
        provider.token(aud="others"),
        provider.token(exp=time.time() - 3600),
        provider.token(nbf=time.time() + 3600),
        provider.token(sub=None),
        provider.token(exp=None),
        provider.token(tenant=None),
        provider.token(tenant=7),
        provider.token(sub="a" * 200),
        other.token(),
        provider.token("HS256", key=public.ljust(32, "x"), kid="k1"),
        jwt.encode({"iss": ISSUER, "aud": "us", "sub": "ada", "tenant": "shop", "exp": time.time() + 60}, "", "none"),
        "a.b.c",
        provider.token()[:-4] + "AAAA",
    ]
    for token in wrong:
        with pytest.raises(UnknownCallerError):
            await tokens.caller(token)
    assert await tokens.caller(provider.token())


async def test_signing_keys_are_kept_changed_and_outlive_the_provider() -> None:
    clock = [0.0]
    provider = Provider()
    tokens = Tokens(PEOPLE, provider.client(), lambda: clock[0])
    for _ in range(5):
        await tokens.caller(provider.token())
    assert provider.asked == 2
    for n in range(20):
        with pytest.raises(UnknownCallerError):
            await tokens.caller(provider.token(kid=f"made-up-{n}"))
    assert provider.asked == 2  # made-up ids within RETRY_S do not reach the provider
    clock[0], provider.kid = 40, "k2"
    assert await tokens.caller(provider.token())
    assert provider.asked == 4
    clock[0], provider.down = 1000, True
    assert await tokens.caller(provider.token())
    unknown = Provider()
    unknown.down = True
    with pytest.raises(BackEndUnavailable):
        await Tokens(PEOPLE, unknown.client()).caller(unknown.token())


@pytest.mark.parametrize("wrong", [{"issuer": "http://issuer.test"}, {"audience": ""}])
def test_an_issuer_needs_https_and_an_audience(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        Tokens(PEOPLE.model_copy(update=wrong))


async def test_a_person_is_themselves_and_nobody_else(tmp_path: Path) -> None:
    provider, service = Provider(), FakeService()
    async with serving(Settings(home=tmp_path, auth=PEOPLE), service) as client:
        doorkeeper = client.app.state.doorkeeper  # type: ignore[attr-defined]
        doorkeeper._tokens = Tokens(PEOPLE, provider.client())
        shown = bearer(provider.token())
        assert (await client.post("/recommend", json={}, headers=shown)).status_code == 200
        assert service.requests[-1].user_id == "ada"
        assert (await client.post("/recommend", json={"user_id": "eve"}, headers=shown)).status_code == 403
        assert (await client.delete("/users/ada/preferences", headers=shown)).status_code == 200
        assert (await client.delete("/users/eve/preferences", headers=shown)).status_code == 403
        events = {"events": [{"user_id": "eve", "item_id": "i", "kind": "like"}]}
        assert (await client.post("/feedback", json=events, headers=shown)).status_code == 403
        editor = bearer(provider.token(roles=["editor"]))
        assert (await client.post("/recommend", json={"user_id": "eve"}, headers=editor)).status_code == 200


# --- the command line ------------------------------------------------------------------------------------


def run(home: Path, *words: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TASTEMAKER_HOME", str(home))
    return CliRunner().invoke(build_app(words), list(words))


def test_keys_are_made_listed_rotated_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(*words: str) -> Any:
        return run(tmp_path, "keys", *words, monkeypatch=monkeypatch)

    assert json.loads(keys("list", "--json").stdout) == []
    made = json.loads(keys("create", "web", "--tenant", "shop", "--days", "30", "--rate", "60", "--json").stdout)
    assert made["scopes"] == ["recommend", "feedback", "act_for_users"]
    assert made["limits"] == {"rate_per_minute": 60}
    role: Role = "viewer"
    plain = keys("create", "console", "--role", role)
    assert split_key(plain.stdout.splitlines()[0])
    listed = json.loads(keys("list", "--json").stdout)
    assert [k["name"] for k in listed] == ["web", "console"]
    assert "key" not in listed[0]
    assert made["key"] not in keys("list").stdout
    assert len(json.loads(keys("list", "--tenant", "shop", "--json").stdout)) == 1
    rotated = keys("rotate", made["key_id"]).stdout.strip()
    assert rotated != made["key"]
    assert rotated.split("_")[1] == made["key_id"]
    assert keys("revoke", made["key_id"]).exit_code == 0
    for again in (keys("revoke", made["key_id"]), keys("rotate", "nothing")):
        assert again.exit_code == 2
    assert json.loads(keys("list", "--json").stdout)[0]["state"] == "revoked"
    for wrong in (("--scope", "all"), ("--role", "king"), ("--tenant", "A B"), ("--rate", "0")):
        assert keys("create", "x", *wrong).exit_code == 2
    assert len(json.loads(keys("list", "--json").stdout)) == 2


def test_serving_others_without_a_key_is_refused_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run(tmp_path, "serve", "--host", "0.0.0.0", "--port", "1", monkeypatch=monkeypatch)
    assert refused.exit_code == 2
    assert "tastemaker keys create" in refused.stderr
    assert KEYS.name == "api_keys"
