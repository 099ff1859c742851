"""Keep out what a browser was tricked into, where no key does: a foreign name for this address, a change that a foreign page asks for.

A page that the shop's people look at may point a name of its own at 127.0.0.1 (DNS rebinding); the browser then takes the service for
part of that page. Such a request says its name in ``Host``, which no script can change. An address in figures cannot be pointed anywhere.
A page may also send a form, or plain text, to another site without asking it first; the browser says whose page it is in ``Origin``.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from ...core.errors import ForbiddenError
from ...core.settings import Settings

HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL: Final = "localhost"
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^][:/?#@\s]*))(?::\d*)?")


class SameMachine:
    """Tell requests of programs and of our own pages from those of foreign pages.

    Names are looked at where the service listens on this machine only, or ``serve.allowed_hosts`` says which; on other addresses
    without keys something in front asks who calls, and it decides.
    """

    def __init__(self, settings: Settings) -> None:
        said = settings.serve.allowed_hosts
        self._names = frozenset(name.lower() for name in (*said, settings.serve.host))
        self._origins = frozenset(settings.web.origins)
        self._any_name = "*" in said or not (said or is_loopback(settings.serve.host))

    def check(self, scope: Scope, headers: Headers) -> None:
        """Check the name by which the service was called and the page that asks.

        Raises:
            ForbiddenError: one of them is foreign; names the setting that would allow it.
        """
        host = headers.get("host", "")
        if not (self._any_name or self._is_ours(name_of(host), scope)):
            text = "this name is not one of the service's; use its address, or add the name to serve.allowed_hosts"
            raise ForbiddenError(text, missing="a name in serve.allowed_hosts")
        origin = headers.get("origin")
        if scope.get("method") in HARMLESS or origin is None or self._origins & {origin, "*"}:
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            text = "a page of another site may not ask for this; add its origin to web.origins"
            raise ForbiddenError(text, missing="an origin in web.origins")

    def _is_ours(self, name: str | None, scope: Scope) -> bool:
        reached = str((scope.get("server") or ("",))[0])
        return name is not None and (name in self._names or name in ("", LOCAL, reached) or is_address(name))


def name_of(host: str) -> str | None:
    """Return the name in a ``Host`` header, in small letters, without its port and the dot of a full name; None if it is none."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower().rstrip(".") if found else None


def is_address(name: str) -> bool:
    """Tell whether a name is an address in figures."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    return host == LOCAL or (is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback)
