"""Let in who shows a key or a token, with the scope that a path asks for; a path that is not in the table asks for ``admin``."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import ConfigurationError, TastemakerError, UnknownCallerError
from ...core.settings import Settings
from ...stores.api_keys import KeyStore
from ..http.errors import details_of, log_failure, respond, respond_http
from .caller import ANYBODY, CURRENT, Caller
from .caller import Scope as CallerScope
from .keys import WRONG, KeyRing
from .limits import KeyLimiter
from .same_machine import SameMachine, is_loopback
from .tokens import Tokens

STUDIO: Final = "/studio"
STUDIO_KEY: Final = "tastemaker_studio_key"
"""A cookie that holds the key of who uses the studio; it counts below that path only."""
OPEN: Final = ("/health", "/ready", "/live", "/docs", "/openapi.json", "/web", "/.well-known")
"""Paths, with what lies below them, that ask for nobody: they tell nothing of any tenant."""
PAGES: Final = frozenset({"/", "/console", "/widget.js", "/favicon.ico", "/studio/sign-in", "/studio/sign-out"})
"""Pages that ask for nobody: they are empty until somebody who is known fills them."""
ASKED: Final[dict[str, CallerScope | None]] = {
    "/recommend": "recommend",
    "/search": "recommend",
    "/why-not": "recommend",
    "/check": "recommend",
    "/langserve": "recommend",
    "/v1": "recommend",
    "/mcp": "recommend",
    "/agui": "recommend",
    "/a2a": "recommend",
    "/catalogue": "recommend",
    "/events": "feedback",
    "/feedback": "feedback",
    "/rules": "rules",
    "/releases": "releases",
    "/reviews": "rules",
    "/pictures": "recommend",
    "/widget": "recommend",
    "/console": "operate",
    STUDIO: "releases",
    "/metrics": "operate",
    "/items": "catalogue",
    "/users": None,
}
"""What a path, with what lies below it, asks for; None: anybody who is known, the route looks at who."""


def asked_for(path: str) -> CallerScope | None:
    """Return the scope that a path asks for, None for one that only wants to know who calls."""
    for known, scope in ASKED.items():
        if _under(path, known):
            return scope
    return "admin"


def is_open(path: str) -> bool:
    """Tell whether a path asks for nobody."""
    return path in PAGES or any(_under(path, known) for known in OPEN)


def _under(path: str, known: str) -> bool:
    return path == known or path.startswith(known + "/")


class Doorkeeper:
    """Know callers by key or token; ``closed`` says whether they must show one."""

    def __init__(self, settings: Settings) -> None:
        auth = settings.auth
        self._settings = settings
        self.ring = KeyRing(KeyStore.at(settings.access_url), auth.cache_s)
        self._tokens = Tokens(auth) if auth.issuer else None
        self._same_machine = SameMachine(settings)
        self.closed = auth.mode != "open"

    async def start(self) -> None:
        """Find out whether keys are asked for.

        Raises:
            ConfigurationError: there are none, and others than this machine can reach the service.
            StoreError: the keys cannot be read.
        """
        auth, host = self._settings.auth, self._settings.serve.host
        if auth.mode == "auto":
            self.closed = self._tokens is not None or await self.ring.store.any()
            if not self.closed and not is_loopback(host):
                raise ConfigurationError(
                    f"serve.host {host} can be reached from other machines, and there is no API key: make one with "
                    "`tastemaker keys create`, or set auth.mode to `open` if something in front asks who calls"
                )

    async def caller(self, headers: Headers, scope: Scope) -> Caller:
        """Return who sends these headers, by this connection.

        Raises:
            ForbiddenError: no keys are asked for, and a foreign page asks.
            UnknownCallerError: there is no key or token, or it is not valid.
            StoreError, BackEndUnavailable: it cannot be checked.
        """
        if not self.closed:
            self._same_machine.check(scope, headers)
            return ANYBODY
        kind, _, shown = headers.get("authorization", "").partition(" ")
        given = shown.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "")
        if not given:
            text = "send an API key or a token as `Authorization: Bearer ...`, or a key as `X-API-Key`"
            raise UnknownCallerError(text, missing="key")
        if self._tokens is not None and given.count(".") == 2:
            return await self._tokens.caller(given)
        return await self.ring.caller(given)

    async def close(self) -> None:
        """Close the stores and connections."""
        await self.ring.close()
        if self._tokens is not None:
            await self._tokens.close()


class AuthGate:
    """Answer 401 or 403, or hand the request on with its caller in ``scope["state"]["caller"]`` and in ``CURRENT``."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self.app = app
        self.doorkeeper = doorkeeper
        self.limiter = KeyLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] not in ("http", "websocket") or is_open(scope["path"]) or _preflight(scope):
            await self.app(scope, receive, send)
            return
        try:
            caller = await self._let_in(scope)
            with self.limiter.at_work(caller):
                await self._hand_on(caller, scope, receive, send)
        except UnknownCallerError as error:
            if _under(scope["path"], STUDIO) and scope.get("method") == "GET":
                await RedirectResponse(_sign_in(scope, wrong=error.missing == WRONG), 303)(scope, receive, send)
                return
            await refuse(error, scope, receive, send)
        except (TastemakerError, HTTPException) as error:
            await refuse(error, scope, receive, send)

    async def _let_in(self, scope: Scope) -> Caller:
        headers = _shown(scope)
        address = str((scope.get("client") or ("",))[0])
        if self.doorkeeper.closed:
            await self.limiter.check_guesses(address)
        try:
            caller = await self.doorkeeper.caller(headers, scope)
        except UnknownCallerError as error:
            if error.missing == WRONG:
                await self.limiter.note_guess(address)
            raise
        wanted = asked_for(scope["path"])
        if wanted is not None:
            caller.require(wanted)
        declared = headers.get("content-length", "")
        await self.limiter.spend(caller, int(declared) if declared.isascii() and declared.isdigit() else 0)
        return caller

    async def _hand_on(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = caller
        token = CURRENT.set(caller)
        try:
            await self.app(scope, receive, send)
        finally:
            CURRENT.reset(token)


def _shown(scope: Scope) -> Headers:
    """Return the headers of a connection; the studio's pages show the key in their cookie."""
    headers = Headers(scope=scope)
    if not _under(scope["path"], STUDIO) or "authorization" in headers or "x-api-key" in headers:
        return headers
    key = HTTPConnection(scope).cookies.get(STUDIO_KEY)
    return Headers({**headers, "x-api-key": key}) if key else headers


def _sign_in(scope: Scope, *, wrong: bool) -> str:
    """Return where to say who one is, and the page to come back to."""
    return f"{STUDIO}/sign-in?{urlencode({'to': scope['path']} | ({'wrong': '1'} if wrong else {}))}"


async def refuse(error: TastemakerError | HTTPException, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error of ours before any route is reached; a websocket is closed."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    if isinstance(error, HTTPException):
        await respond_http(error, scope)(scope, receive, send)
        return
    identifier = str(scope.get("state", {}).get("request_id", ""))
    status, detail = details_of(error)
    if status >= 500:
        log_failure(error, identifier)
    await respond(status, [detail], identifier)(scope, receive, send)


def _preflight(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "OPTIONS")
