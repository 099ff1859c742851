"""Make and check API keys: ``tm_<id>_<secret><checksum>``, hashed with argon2, and cheap to check again for a while.

Argon2 takes tens of milliseconds and megabytes on purpose. So a key that was checked is known by its SHA-256 for ``cache_s``
seconds, text that cannot be a key is refused by its checksum, and no more than ``AT_ONCE`` are checked at the same time.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import string
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ...core.errors import StoreError, UnknownCallerError
from ...stores.api_keys import KeyLimits, KeyStore, StoredKey, now_us
from .caller import Caller, Role, Scope, scopes_of

ALPHABET = string.ascii_letters + string.digits
ID_CHARS, SECRET_CHARS, CHECK_CHARS = 12, 32, 6
AT_ONCE = 2
MAX_KNOWN = 10_000
WRONG = "valid key"
NOTE_USES_S = 60.0
"""Seconds between two writes of when keys were last used."""
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody")
"""What the secret of an unknown id is compared with, so that it takes as long as a known one."""


def new_key(key_id: str | None = None) -> tuple[str, str, str]:
    """Return id, whole key and hash of a new key, or of a new secret for ``key_id``."""
    name = key_id or _random(ID_CHARS)
    secret = _random(SECRET_CHARS)
    body = f"tm_{name}_{secret}"
    return name, body + _checksum(body), _HASHER.hash(secret)


def split_key(key: str) -> tuple[str, str] | None:
    """Return id and secret; None for what cannot be a key."""
    body, check = key[:-CHECK_CHARS], key[-CHECK_CHARS:]
    mark, _, rest = body.partition("_")
    name, _, secret = rest.partition("_")
    if mark != "tm" or len(name) != ID_CHARS or len(secret) != SECRET_CHARS or not key.isascii():
        return None
    return (name, secret) if check == _checksum(body) else None


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), []
    for _ in range(CHECK_CHARS):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)


class KeyRing:
    """Check keys against their store; those checked lately are known without asking it."""

    def __init__(self, store: KeyStore, cache_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._cache_s, self._clock = cache_s, clock
        self._known: dict[bytes, tuple[float, int | None, Caller]] = {}
        self._used: dict[str, int] = {}
        self._checking = asyncio.Semaphore(AT_ONCE)
        self._noted = clock()
        self._noting: asyncio.Task[None] | None = None

    async def caller(self, key: str) -> Caller:
        """Return whose key this is.

        Raises:
            UnknownCallerError: it is no key, or one that is revoked or expired.
            StoreError: the keys cannot be read.
        """
        digest = hashlib.sha256(key.encode()).digest()
        until, expires_us, caller = self._known.get(digest, (0.0, None, None))
        if caller is None or until <= self._clock() or (expires_us is not None and expires_us <= now_us()):
            self._known.pop(digest, None)
            stored = await self._checked(key)
            caller = caller_of(stored)
            self._keep(digest, stored, caller)
        if caller.key_id is not None:
            self._note(caller.key_id)
        return caller

    async def _checked(self, key: str) -> StoredKey:
        parts = split_key(key)
        if parts is None:
            raise _unknown("is not one")
        key_id, secret = parts
        async with self._checking:
            stored = await self.store.find(key_id)
            hashes = stored.hashes(now_us()) if stored else (_NOBODY,)
            fits = await asyncio.to_thread(_fits, hashes, secret)
        if stored is None or not fits:
            raise _unknown("is not known")
        state = stored.state(now_us())
        if state != "active":
            raise _unknown(f"is {state}")
        return stored

    def _keep(self, digest: bytes, stored: StoredKey, caller: Caller) -> None:
        while len(self._known) >= MAX_KNOWN:
            self._known.pop(next(iter(self._known)))
        # Which of two secrets fitted is not kept: neither is trusted longer than the old one lives.
        ends = [at for at in (stored.expires_us, stored.old_until_us) if at is not None and at > now_us()]
        self._known[digest] = (self._clock() + self._cache_s, min(ends, default=None), caller)

    def forget(self, key_id: str) -> None:
        """Check a key anew at its next use: it was revoked, rotated or changed."""
        for digest in [d for d, (_, _, caller) in self._known.items() if caller.key_id == key_id]:
            del self._known[digest]

    def _note(self, key_id: str) -> None:
        self._used[key_id] = now_us()
        if self._clock() - self._noted >= NOTE_USES_S and (self._noting is None or self._noting.done()):
            self._noted = self._clock()
            self._noting = asyncio.create_task(self._write_uses())

    async def _write_uses(self) -> None:
        used, self._used = self._used, {}
        with suppress(StoreError):  # when a key was last used is worth no failed request
            await self.store.note_uses(used)

    async def close(self) -> None:
        """Store when keys were last used, and close."""
        if self._noting is not None:
            await self._noting
        if self._used:
            await self._write_uses()
        await self.store.close()


def caller_of(stored: StoredKey) -> Caller:
    """Return who calls with a key."""
    roles = cast("frozenset[Role]", frozenset(stored.roles))
    scopes = cast("frozenset[Scope]", frozenset(stored.scopes)) | scopes_of(stored.roles)
    return Caller(
        tenant=stored.tenant,
        subject=f"key:{stored.key_id}",
        name=stored.name,
        roles=roles,
        scopes=scopes,
        key_id=stored.key_id,
        limits=stored.limits,
    )


def _fits(hashes: Sequence[str], secret: str) -> bool:
    for one in hashes:
        with suppress(VerificationError, InvalidHashError):
            return _HASHER.verify(one, secret)
    return False


def _unknown(why: str) -> UnknownCallerError:
    return UnknownCallerError(f"the API key {why}; send one as `Authorization: Bearer tm_...`", missing=WRONG)


async def create_key(
    store: KeyStore,
    tenant: str,
    name: str,
    *,
    scopes: Sequence[Scope] = (),
    roles: Sequence[Role] = (),
    days: float | None = None,
    limits: KeyLimits | None = None,
) -> tuple[StoredKey, str]:
    """Store a new key and return it with the whole key, which nothing keeps.

    Raises:
        StoreError: the keys cannot be written.
    """
    key_id, key, hashed = await asyncio.to_thread(new_key)
    expires = now_us() + int(days * 86_400e6) if days is not None else None
    stored = StoredKey(
        key_id=key_id,
        tenant=tenant,
        name=name,
        hash=hashed,
        scopes=tuple(scopes),
        roles=tuple(roles),
        limits=limits or KeyLimits(),
        expires_us=expires,
    )
    await store.add(stored)
    return stored, key
