"""Route the studio's pages; what goes wrong is told on a page, or as JSON where a script asked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError

from ...core.errors import ForbiddenError, InvalidRequestError, ReleaseBlockedError
from ...core.validation import problems
from ...graphs.releases.desk import ReleaseDesk
from ..auth.gate import STUDIO
from ..http.json_body import BoundedRoute
from ..http.releases import MOST, Desk
from .render import page, say
from .session import Actor, Person, Viewer, language_of

DONE: Final = {
    "commit": "The version is made.",
    "candidate": "It is the candidate.",
    "approve": "It is approved.",
    "rollout": "The trial runs.",
    "release": "It serves everybody.",
    "rollback": "Rolled back.",
    "comment": "Said.",
    "save": "The draft is kept.",
    "drop": "The draft is thrown away.",
    "freeze": "The answer is a case now.",
}
"""What is said after an action, by its name in the address."""


@dataclass(frozen=True)
class Visit:
    """Who looks at a page or sends a form, and the desk that holds what they see."""

    request: Request
    person: Person
    desk: ReleaseDesk

    @property
    def tenant(self) -> str:
        """Return the shop that the page is about."""
        return self.person.tenant

    def page(self, template: str, code: int = 200, /, **values: Any) -> Response:
        """Return a page."""
        return page(self.request, template, self.person, code, **values)

    def done(self) -> str:
        """Return what to say of the action that led here."""
        return self.say(DONE.get(self.request.query_params.get("done", ""), ""))

    def say(self, text: str) -> str:
        """Return a text of ours in their language."""
        return say(self.person.language, text)


def looking(request: Request, person: Viewer, desk: Desk) -> Visit:
    """Return the visit of who looks at a page."""
    return Visit(request, person, desk)


def acting(request: Request, person: Actor, desk: Desk) -> Visit:
    """Return the visit of who changes something."""
    return Visit(request, person, desk)


Looking = Annotated[Visit, Depends(looking)]
Acting = Annotated[Visit, Depends(acting)]


Form = dict[str, str]


async def form_of(request: Request) -> Form:
    """Return the fields of a form."""
    return {name: str(value) for name, value in (await request.form()).items()}


Sent = Annotated[Form, Depends(form_of)]


def whole(form: Form, field: str) -> int:
    """Return a whole number of a form.

    Raises:
        InvalidRequestError: it is none, or negative.
    """
    value = form.get(field, "")
    if not (value.isascii() and value.isdigit() and int(value) <= MOST):
        raise InvalidRequestError(field, f"a whole number from 0 to {MOST:,}")
    return int(value)


class StudioRoute(BoundedRoute):
    """A route whose errors become pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with errors told in words."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (InvalidRequestError, ForbiddenError, ReleaseBlockedError, RequestValidationError) as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                return _told(request, error)

        return handled


class StudioRouter(APIRouter):
    """Routes below ``/studio`` that no API page lists."""

    def __init__(self) -> None:
        super().__init__(prefix=STUDIO, include_in_schema=False, route_class=StudioRoute)


def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        status, said = (
            422,
            tuple(f"{field}: {each}" for field, told in problems(error.errors()).items() for each in told),
        )
    elif isinstance(error, ReleaseBlockedError):
        status, said = 409, error.reasons
    else:
        status, said = (403 if isinstance(error, ForbiddenError) else 422), (str(error),)
    language = language_of(request)
    blocked = error.what if isinstance(error, ReleaseBlockedError) else say(language, "This was not done")
    return page(request, "problem.html", None, status, problems=said, blocked=blocked, back=STUDIO)
