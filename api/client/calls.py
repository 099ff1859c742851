"""Say what each method of a client sends and how its answer is read; pure but for files, which are read to be sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from ...core.errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
    ForbiddenError,
    InvalidRequestError,
    TastemakerError,
    UnknownCallerError,
)
from ...core.media.trust_report import CheckRequest, TrustReport
from ...core.ranking.cross_modal import SearchRequest, SearchResponse
from ...core.ranking.why_not import WhyNot
from ...core.schemas import (
    CatalogueSchema,
    Deleted,
    Event,
    MediaInput,
    RecommendRequest,
    RecommendResponse,
    StreamEvent,
)
from ...core.validation import checked
from ...stores.rules import LoadedRules
from ..events import EventsStored

T = TypeVar("T")
Asked = TypeVar("Asked", RecommendRequest, SearchRequest, CheckRequest)
CONNECT_S = 5.0
SILENCE_S = 60.0
"""Seconds without a byte of a stream; the service sends a heartbeat every 15."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request to a service, and what reads its answer; ``accepts`` are statuses that are no error."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    accepts: tuple[int, ...] = (200,)


def asked(kind: type[Asked], request: Asked | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as it is sent; local files named by ``path`` are read.

    Raises:
        InvalidRequestError: a field is wrong, or a file cannot be read.
    """
    if request is None or fields:
        request = checked(kind, {**(request.model_dump(exclude_unset=True) if request else {}), **fields})
    body = request.model_dump(mode="json", exclude_defaults=True)
    for name in ("images", "audio", "video"):
        media: list[MediaInput] = getattr(request, name)
        if media:
            body[name] = [_portable(medium, f"{name}[{i}].path") for i, medium in enumerate(media)]
    return body


def recommend(body: dict[str, Any]) -> Call[RecommendResponse]:
    """Answer one request."""
    return Call("POST", "/recommend", _reads(RecommendResponse), body)


def search(body: dict[str, Any]) -> Call[SearchResponse]:
    """Find items."""
    return Call("POST", "/search", _reads(SearchResponse), body)


def check_media(body: dict[str, Any]) -> Call[TrustReport]:
    """Examine media."""
    return Call("POST", "/check", _reads(TrustReport), body)


def why_not(item_id: str, body: dict[str, Any]) -> Call[WhyNot]:
    """Say which step drops an item."""
    return Call("POST", "/why-not", _reads(WhyNot), {"item_id": item_id, "request": body})


def events(sent: Sequence[Event], tenant: str | None) -> Call[EventsStored]:
    """Store events; ``context.request_id`` ties one to the answer that showed its item."""
    told = [_event(e) for e in sent]
    return Call("POST", "/events", _reads(EventsStored), {"events": told, **_of(tenant)})


def delete_item(item_id: str, tenant: str | None) -> Call[Deleted]:
    """Delete an item."""
    return Call("DELETE", f"/items/{quote(item_id, safe='')}", _reads(Deleted), query=_of(tenant))


def forget_preferences(user_id: str, tenant: str | None, about: str | None) -> Call[int]:
    """Forget remembered tastes."""
    query = {**_of(tenant), **({"field": about} if about else {})}
    path = f"/users/{quote(user_id, safe='')}/preferences"
    return Call("DELETE", path, lambda answer: int(answer["forgotten"]), query=query)


def rules(tenant: str | None) -> Call[LoadedRules]:
    """Return the business rules in use."""
    return Call("GET", "/rules", _reads(LoadedRules), query=_of(tenant))


def check_rules(data: object, tenant: str | None) -> Call[list[str]]:
    """Return what is wrong with rules."""
    given = data.get("rules") if isinstance(data, dict) else data
    return Call("POST", "/rules/check", lambda answer: list(answer["problems"]), {"rules": given, **_of(tenant)})


def catalogue(tenant: str | None) -> Call[CatalogueSchema]:
    """Return the catalogue's fields."""
    return Call("GET", "/catalogue", _reads(CatalogueSchema), query=_of(tenant))


def health() -> Call[dict[str, dict[str, str]]]:
    """Return the state of every part."""
    return Call("GET", "/ready", lambda answer: dict(answer["slots"]), accepts=(200, 503))


def answer_of(call: Call[T], status: int, body: bytes, server: str) -> T:
    """Return what a call was answered.

    Raises:
        TastemakerError: the service refused it, or its answer has another form.
    """
    try:
        if status in call.accepts:
            return call.read(json.loads(body))
    except (ValueError, KeyError, TypeError, ValidationError):
        if status == 200:
            raise BadBackEndResponse(f"{server} answered in a form that is not ours", back_end=server) from None
    raise refusal(status, body, server)


def refusal(status: int, body: bytes, server: str) -> TastemakerError:
    """Return the error that an answer tells of."""
    try:
        error = json.loads(body)["error"]
        message, where = str(error["message"]), str(error.get("field") or "request")
    except (ValueError, KeyError, TypeError, AttributeError):
        return BadBackEndResponse(f"{server} answered {status} in a form that is not ours", back_end=server)
    if status in {413, 422}:
        return InvalidRequestError(where, message)
    if status in {401, 403}:
        kind = UnknownCallerError if status == 401 else ForbiddenError
        return kind(message, missing=str(error.get("missing") or ""))
    busy = BackEndOverloaded if error.get("retryable") else BackEndUnavailable
    return busy(f"{server} answered {status}: {message}", back_end=server)


def unreachable(error: Exception, server: str) -> BackEndError:
    """Return our error for one of the connection."""
    if isinstance(error, httpx.TimeoutException):
        return BackEndTimeout(f"no answer from {server}", back_end=server)
    message = f"cannot reach {server} ({type(error).__name__}); is `tastemaker serve` running there?"
    return BackEndUnavailable(message, back_end=server)


def stream_event(name: str, data: str) -> StreamEvent:
    """Return the event of a recommender.

    Raises:
        BadBackEndResponse: it is not one of ours.
    """
    try:
        return StreamEvent.model_validate({"event": name, "data": json.loads(data)})
    except ValueError as error:
        raise BadBackEndResponse(f"the service sent an event that is not ours: {name[:40]!r}") from error


def headers(key: str | None) -> dict[str, str]:
    """Return what says who calls."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def _of(tenant: str | None) -> dict[str, str]:
    return {"tenant": tenant} if tenant else {}


def _reads(model: type[BaseModel]) -> Callable[[Any], Any]:
    return model.model_validate


def _event(event: Event) -> dict[str, Any]:
    sent = event.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    if event.at.tzinfo is None and "at" in sent:
        raise InvalidRequestError("events.at", "needs a time zone")
    return sent


def _portable(medium: MediaInput, where: str) -> dict[str, str]:
    if medium.path is None:
        return medium.model_dump(exclude_none=True)
    try:
        return {"data": base64.b64encode(Path(medium.path).read_bytes()).decode("ascii")}
    except OSError as error:
        raise InvalidRequestError(where, f"cannot read {medium.path}: {error.strerror}") from error
