"""Know who uses the studio: a key typed once is kept in a cookie that only the studio's own pages send, and no script can read.

Where no keys are asked for, a person only says their name: it is what the audit log writes down.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import quote, unquote, urlsplit

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from ...core.errors import ForbiddenError
from ...core.schemas import Frozen
from ..auth.caller import CallerOf, Scope
from ..auth.gate import STUDIO, STUDIO_KEY

SIGN_IN: Final = f"{STUDIO}/sign-in"
NAME_COOKIE: Final = "tastemaker_studio_name"
SHOP_COOKIE: Final = "tastemaker_studio_shop"
LANGUAGE_COOKIE: Final = "tastemaker_studio_language"
KEPT_S: Final = 12 * 3600
_SHOP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAME = re.compile(r"[^\x00-\x1f;]{1,64}")
Language = Literal["en", "zh"]


class Person(Frozen):
    """Who uses the studio, for which shop, in which language; ``by`` is what the audit log writes, empty until it is known."""

    by: str
    tenant: str
    language: Language
    scopes: frozenset[Scope]
    keys_asked: bool

    def may(self, scope: Scope) -> bool:
        """Tell whether they have a scope."""
        return scope in self.scopes or "admin" in self.scopes

    def require(self, scope: Scope) -> None:
        """Check that they have a scope.

        Raises:
            ForbiddenError: they have not; names the scope.
        """
        if not self.may(scope):
            raise ForbiddenError(f"this needs the scope {scope}, which your key lacks", missing=f"scope {scope}")


def language_of(request: Request) -> Language:
    """Return the language chosen, else the browser's, else English."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if chosen in ("en", "zh"):
        return "zh" if chosen == "zh" else "en"
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def person_of(request: Request, caller: CallerOf) -> Person:
    """Return who uses the studio."""
    open_to_all = caller.kind == "anybody"
    said, shop = unquote(request.cookies.get(NAME_COOKIE, "")), request.cookies.get(SHOP_COOKIE, "")
    return Person(
        by=(said if _NAME.fullmatch(said) else "") if open_to_all else caller.name or caller.subject,
        tenant=caller.tenant_of(shop if open_to_all and _SHOP.fullmatch(shop) else None),
        language=language_of(request),
        scopes=caller.scopes,
        keys_asked=not open_to_all,
    )


def acting_person(request: Request, caller: CallerOf) -> Person:
    """Return who changes something, once it is sure that a page of the studio itself asks for it.

    Raises:
        ForbiddenError: the form was sent from another site, or nobody said who they are.
    """
    origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    foreign = fetched not in (None, "same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    )
    if foreign:
        raise ForbiddenError("the studio takes forms from its own pages only", missing="a page of the studio")
    person = person_of(request, caller)
    if not person.by:
        raise ForbiddenError("say who you are first, at /studio/sign-in", missing="a name")
    return person


Viewer = Annotated[Person, Depends(person_of)]
Actor = Annotated[Person, Depends(acting_person)]


def sign_in(response: Response, *, key: str, name: str, shop: str, secure: bool) -> Response:
    """Keep what was typed in cookies."""
    for cookie, value in ((STUDIO_KEY, key), (NAME_COOKIE, quote(name)), (SHOP_COOKIE, shop)):
        if value:
            response.set_cookie(
                cookie, value, max_age=KEPT_S, path=STUDIO, httponly=True, samesite="strict", secure=secure
            )
        else:
            response.delete_cookie(cookie, path=STUDIO)
    return response


def away() -> Response:
    """Forget who it was."""
    return sign_in(RedirectResponse(SIGN_IN, status_code=303), key="", name="", shop="", secure=False)
