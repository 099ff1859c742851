"""Check the tokens of people against an OpenID provider: discovery, signing keys kept for a while, issuer and audience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import jwt

from ...core.errors import BackEndUnavailable, ConfigurationError, UnknownCallerError
from ...core.settings import AuthSettings
from .caller import SHOPPER, Caller, Role, scopes_of

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key only: a shared secret or none would let anybody sign."""
KEEP_S = 600.0
RETRY_S = 30.0
"""Seconds between two looks for a signing key that is not known: tokens with made-up key ids cost the provider nothing."""
TIMEOUT_S = 5.0
LEEWAY_S = 30.0
MAX_SUBJECT_CHARS = 128


class Tokens:
    """The tokens of one issuer.

    Raises:
        ConfigurationError: its address is not https, or no audience is set.
    """

    def __init__(
        self,
        settings: AuthSettings,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not settings.issuer.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
            raise ConfigurationError("auth.issuer must be an https address")
        if not settings.audience:
            raise ConfigurationError(
                "auth.audience must be set where auth.issuer is: a token for others is none for us"
            )
        self._settings = settings
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read, self._tried = -KEEP_S, -RETRY_S
        self._reading = asyncio.Lock()

    async def caller(self, token: str) -> Caller:
        """Return who a token is of.

        Raises:
            UnknownCallerError: it is not valid, or says no tenant.
            BackEndUnavailable: the provider cannot be reached and its keys are not known.
        """
        try:
            name = str(jwt.get_unverified_header(token).get("kid", ""))
            key = await self._key(name)
            claims = jwt.decode(
                token,
                key,
                algorithms=[a for a in ALGORITHMS if a == key.algorithm_name],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise UnknownCallerError(f"the token is not valid: {type(error).__name__}", missing="token") from error
        return self._caller(claims)

    def _caller(self, claims: dict[str, Any]) -> Caller:
        tenant, subject = claims.get(self._settings.tenant_claim), str(claims["sub"])
        if not isinstance(tenant, str) or not tenant:
            text = f"the token names no tenant in its claim {self._settings.tenant_claim}"
            raise UnknownCallerError(text, missing=f"claim {self._settings.tenant_claim}")
        if not 0 < len(subject) <= MAX_SUBJECT_CHARS:
            raise UnknownCallerError(f"the token's subject is longer than {MAX_SUBJECT_CHARS}", missing="claim sub")
        said = claims.get(self._settings.roles_claim) or ()
        roles = (said,) if isinstance(said, str) else tuple(map(str, said))
        allowed = scopes_of(roles)
        known = cast("frozenset[Role]", frozenset(r for r in roles if scopes_of((r,))))
        return Caller(tenant=tenant, subject=subject, kind="person", roles=known, scopes=allowed or SHOPPER)

    async def _key(self, name: str) -> jwt.PyJWK:
        """Return the signing key of that name, read anew if it is not known or old."""
        if name not in self._keys or self._clock() - self._read >= KEEP_S:
            async with self._reading:
                if (name not in self._keys or self._clock() - self._read >= KEEP_S) and self._due():
                    await self._read_keys()
        if not self._keys:
            raise BackEndUnavailable("the OpenID provider cannot be reached", back_end="oidc")
        if name not in self._keys:
            raise jwt.InvalidKeyError("no such signing key")
        return self._keys[name]

    def _due(self) -> bool:
        return self._clock() - self._tried >= RETRY_S

    async def _read_keys(self) -> None:
        self._tried = self._clock()
        issuer = self._settings.issuer
        try:
            about = (await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")).json()
            if about.get("issuer") != issuer:
                raise BackEndUnavailable("auth.issuer differs from what the provider calls itself", back_end="oidc")
            found = jwt.PyJWKSet.from_dict((await self._get(str(about["jwks_uri"]))).json())
        except (httpx.HTTPError, ValueError, KeyError, jwt.PyJWTError) as error:
            if self._keys:
                return  # those known go on to be used
            raise BackEndUnavailable("the OpenID provider cannot be reached", back_end="oidc") from error
        self._keys = {str(key.key_id): key for key in found.keys}
        self._read = self._clock()

    async def _get(self, url: str) -> httpx.Response:
        return (await self._client.get(url)).raise_for_status()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
