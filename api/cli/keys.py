"""Make, list, rotate and revoke API keys from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar, get_args

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.settings import load_settings
from ...core.validation import invalid_request
from ...stores.api_keys import KeyLimits, KeyStore, StoredKey, now_us
from ..auth.caller import Role, Scope
from ..auth.keys import create_key, new_key
from .options import run_async, tenant_of

T = TypeVar("T")
app = typer.Typer(help="API keys: create, list, rotate, revoke.", no_args_is_help=True)
SHOP_BACK_END: tuple[Scope, ...] = ("recommend", "feedback", "act_for_users")
KeyId = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, such as `web shop`.")],
    *,
    tenant: Annotated[str, typer.Option(help="Which shop it is of.")] = "default",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it allows, again for each; default: what a shop's back end needs.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="viewer, editor, approver or admin.")] = None,
    days: Annotated[float | None, typer.Option(help="Days until it expires; default: never.", min=0.0)] = None,
    rate: Annotated[int | None, typer.Option(help="Requests a minute, at most.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Requests at once, at most.")] = None,
    bytes_per_minute: Annotated[int | None, typer.Option(help="Bytes of bodies a minute, at most.")] = None,
    max_ms: Annotated[int | None, typer.Option(help="Time budget of a request in milliseconds, at most.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Cost of language models a request, at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: this is the only time that it can be seen."""

    async def work(store: KeyStore) -> tuple[StoredKey, str]:
        limits = _limits(rate, concurrency, bytes_per_minute, max_ms, max_cost)
        roles = _chosen(role or [], get_args(Role), "--role")
        scopes = _chosen(scope or ([] if role else SHOP_BACK_END), get_args(Scope), "--scope")
        if not 0 < len(name) <= 128:
            raise InvalidRequestError("name", "1 to 128 characters")
        shop = tenant_of(tenant)
        return await create_key(store, shop, name, scopes=scopes, roles=roles, days=days, limits=limits)

    stored, key = _with_store(work)
    if as_json:
        typer.echo(json.dumps({**_told(stored), "key": key}))
        return
    typer.echo(key)
    typer.echo(f"id {stored.key_id}, tenant {stored.tenant}; keep the key, it is not shown again", err=True)


@app.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only those of this shop.")] = None, as_json: AsJson = False
) -> None:
    """List the keys, without their secrets."""
    found = _with_store(lambda store: store.all(tenant and tenant_of(tenant)))
    if as_json:
        typer.echo(json.dumps([_told(key) for key in found]))
        return
    table = Table("Id", "Name", "Tenant", "Allows", "State", "Expires", "Last used")
    for key in found:
        allows = ", ".join((*key.roles, *key.scopes))
        told = _told(key)
        when = (told["expires"] or "never", told["last_used"] or "never")
        table.add_row(key.key_id, escape(key.name), key.tenant, allows, key.state(now_us()), *map(str, when))
    Console().print(table)


@app.command()
def rotate(
    key_id: KeyId,
    grace_hours: Annotated[float, typer.Option(help="Hours for which the secret before still works.", min=0.0)] = 24.0,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret and print the whole key; the one before works for a while."""

    async def work(store: KeyStore) -> str:
        _, key, hashed = await asyncio.to_thread(new_key, key_id)
        if not await store.rotate(key_id, hashed, now_us() + int(grace_hours * 3.6e9)):
            raise _no_such(key_id)
        return key

    key = _with_store(work)
    typer.echo(json.dumps({"key_id": key_id, "key": key}) if as_json else key)


@app.command()
def revoke(key_id: KeyId) -> None:
    """End a key at once; a running service notices within `auth.cache_s` seconds."""

    async def work(store: KeyStore) -> None:
        if not await store.revoke(key_id):
            raise _no_such(key_id)

    _with_store(work)
    typer.echo(f"{key_id} revoked")


def _with_store(work: Callable[[KeyStore], Awaitable[T]]) -> T:
    async def body() -> T:
        store = KeyStore.at(load_settings().access_url)
        try:
            return await work(store)
        finally:
            await store.close()

    return run_async(body)


def _limits(
    rate: int | None, concurrency: int | None, bytes_per_minute: int | None, max_ms: int | None, max_cost: float | None
) -> KeyLimits:
    try:
        return KeyLimits(
            rate_per_minute=rate,
            concurrency=concurrency,
            bytes_per_minute=bytes_per_minute,
            max_ms=max_ms,
            max_cost=max_cost,
        )
    except ValidationError as error:
        raise invalid_request(error, "limits") from error


def _chosen(given: list[str] | tuple[T, ...], known: tuple[T, ...], option: str) -> tuple[T, ...]:
    """Return names that are known.

    Raises:
        InvalidRequestError: one is not.
    """
    for name in given:
        if name not in known:
            raise InvalidRequestError(option, f"no {name!r}; use {', '.join(map(str, known))}")
    return tuple(k for k in known if k in given)


def _no_such(key_id: str) -> InvalidRequestError:
    return InvalidRequestError("key_id", f"there is no key {key_id} that works; `tastemaker keys list` shows them")


def _told(key: StoredKey) -> dict[str, object]:
    told = {name: value for name, value in key.limits.model_dump().items() if value is not None}
    return {
        "key_id": key.key_id,
        "name": key.name,
        "tenant": key.tenant,
        "scopes": list(key.scopes),
        "roles": list(key.roles),
        "limits": told,
        "state": key.state(now_us()),
        "created": _day(key.created_us),
        "expires": _day(key.expires_us),
        "last_used": _day(key.used_us),
    }


def _day(at_us: int | None) -> str | None:
    return None if at_us is None else datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="seconds")
