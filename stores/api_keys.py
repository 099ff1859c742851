"""Keep API keys: who they are of, what they allow and until when; of the secret only a hash, made and checked elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from pydantic import Field
from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text, func, or_, select, update

from ..core.schemas import Frozen
from .database import Database

ACCESS = MetaData()
"""The tables of the schema ``access``; ``migrations/access`` makes and changes them."""
KEYS = Table(
    "api_keys",
    ACCESS,
    Column("key_id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("hash", String(256), nullable=False),
    Column("old_hash", String(256)),
    Column("old_until_us", BigInteger),
    Column("scopes", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("limits", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
    Column("used_us", BigInteger),
    Index("api_keys_by_tenant", "tenant"),
)


def now_us() -> int:
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000


class KeyLimits(Frozen):
    """What one key may use; None: as much as the process gives."""

    rate_per_minute: int | None = Field(default=None, ge=1, description="Requests a minute.")
    concurrency: int | None = Field(default=None, ge=1, description="Requests at once.")
    bytes_per_minute: int | None = Field(default=None, ge=1, description="Bytes of bodies a minute.")
    max_ms: int | None = Field(default=None, ge=50, description="Time budget of a request in milliseconds, at most.")
    max_cost: float | None = Field(default=None, ge=0, description="Cost of language models a request, at most.")


class StoredKey(Frozen):
    """One key as it is kept; times are microseconds since 1970, ``hash`` and ``old_hash`` say nothing of the secret."""

    key_id: str
    tenant: str
    name: str
    hash: str = Field(repr=False)
    old_hash: str | None = Field(default=None, repr=False)
    old_until_us: int | None = None
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    limits: KeyLimits = KeyLimits()
    created_us: int = Field(default_factory=now_us)
    expires_us: int | None = None
    revoked_us: int | None = None
    used_us: int | None = None

    def state(self, at_us: int) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_us is not None:
            return "revoked"
        return "expired" if self.expires_us is not None and self.expires_us <= at_us else "active"

    def hashes(self, at_us: int) -> tuple[str, ...]:
        """Return the hashes that a secret may fit: the key's, and until its time is over the one before the rotation."""
        old = self.old_hash if self.old_hash and (self.old_until_us or 0) > at_us else None
        return (self.hash, old) if old else (self.hash,)


class KeyStore:
    """The API keys of all tenants in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def at(cls, url: str) -> KeyStore:
        """Return the keys at a SQLAlchemy async URL; nothing is opened yet.

        Raises:
            ConfigurationError: the URL is not understood or its driver is missing.
        """
        return cls(Database(url, "access", "auth.url"))

    async def any(self) -> bool:
        """Tell whether there is a key that works; a database that does not exist yet is not made.

        Raises:
            StoreError: the database failed.
        """
        if self._database.missing:
            return False
        alive = KEYS.c.revoked_us.is_(None) & or_(KEYS.c.expires_us.is_(None), KEYS.c.expires_us > now_us())
        async with self._database.connect() as connection:
            return bool((await connection.execute(select(func.count()).select_from(KEYS).where(alive))).scalar())

    async def add(self, key: StoredKey) -> None:
        """Store a new key.

        Raises:
            StoreError: the database failed.
        """
        async with self._database.connect(write=True) as connection:
            await connection.execute(KEYS.insert().values(_row(key)))

    async def find(self, key_id: str) -> StoredKey | None:
        """Return a key by its id.

        Raises:
            StoreError: the database failed.
        """
        if self._database.missing:
            return None
        async with self._database.connect() as connection:
            row = (await connection.execute(select(KEYS).where(KEYS.c.key_id == key_id))).mappings().first()
        return _key(row) if row else None

    async def all(self, tenant: str | None = None) -> list[StoredKey]:
        """Return the keys of a tenant, or of all, oldest first.

        Raises:
            StoreError: the database failed.
        """
        if self._database.missing:
            return []
        wanted = select(KEYS).order_by(KEYS.c.created_us)
        async with self._database.connect() as connection:
            rows = (
                await connection.execute(wanted if tenant is None else wanted.where(KEYS.c.tenant == tenant))
            ).mappings()
            return [_key(row) for row in rows]

    async def rotate(self, key_id: str, new_hash: str, old_until_us: int) -> bool:
        """Give a key a new secret; the one before works until ``old_until_us``. False if there is no such key that works.

        Raises:
            StoreError: the database failed.
        """
        values = {"old_hash": KEYS.c.hash, "old_until_us": old_until_us, "hash": new_hash}
        return await self._change(key_id, values)

    async def revoke(self, key_id: str) -> bool:
        """End a key; False if there is no such key that works.

        Raises:
            StoreError: the database failed.
        """
        return await self._change(key_id, {"revoked_us": now_us()})

    async def _change(self, key_id: str, values: Mapping[str, Any]) -> bool:
        if self._database.missing:
            return False
        wanted = update(KEYS).where(KEYS.c.key_id == key_id, KEYS.c.revoked_us.is_(None)).values(values)
        async with self._database.connect(write=True) as connection:
            return bool((await connection.execute(wanted)).rowcount)

    async def note_uses(self, used_us: Mapping[str, int]) -> None:
        """Store when keys were last used: key id -> microseconds.

        Raises:
            StoreError: the database failed.
        """
        async with self._database.connect(write=True) as connection:
            for key_id, at_us in used_us.items():
                await connection.execute(update(KEYS).where(KEYS.c.key_id == key_id).values(used_us=at_us))

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def _row(key: StoredKey) -> dict[str, Any]:
    told = {"scopes": json.dumps(key.scopes), "roles": json.dumps(key.roles), "limits": key.limits.model_dump_json()}
    return {**key.model_dump(), **told}


def _key(row: Mapping[Any, Any]) -> StoredKey:
    read = {"scopes": json.loads(row["scopes"]), "roles": json.loads(row["roles"]), "limits": json.loads(row["limits"])}
    return StoredKey.model_validate({**row, **read})
