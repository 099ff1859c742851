"""Turn every error into one JSON form that names the field, and never repeats what was sent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from ...core.errors import (
    AccessError,
    BackEndError,
    ConfigurationError,
    InvalidRequestError,
    ReleaseBlockedError,
    StoreError,
    TastemakerError,
    UnknownCallerError,
)
from ...core.redaction import redact
from ...core.schemas import Frozen
from ...core.validation import problems

log = logging.getLogger("tastemaker.api")

ErrorType = Literal[
    "invalid_request",
    "too_large",
    "too_slow",
    "overloaded",
    "unauthenticated",
    "forbidden",
    "not_found",
    "not_allowed",
    "blocked",
    "http",
    "back_end",
    "store",
    "configuration",
    "internal",
]
CLIENT_GONE = 499  # nobody reads it; nginx's number for the log
_HTTP_TYPES: dict[int, ErrorType] = {
    404: "not_found",
    405: "not_allowed",
    408: "too_slow",
    413: "too_large",
    422: "invalid_request",
    429: "overloaded",
}


class ClientGone(Exception):
    """Report that nobody waits for the answer any more."""


class ErrorDetail(Frozen):
    """What went wrong, for programs and for people."""

    type: ErrorType = Field(description="Machine-readable kind.", examples=["invalid_request"])
    message: str = Field(description="What is wrong and what to do.", examples=["Input should be at most 50"])
    field: str | None = Field(
        default=None, description="Path of the offending field; set for `invalid_request`.", examples=["images[0].data"]
    )
    retryable: bool | None = Field(default=None, description="Whether trying again can help; set for 429 and 503.")
    missing: str | None = Field(
        default=None, description="What the caller lacks; set for 401 and 403.", examples=["scope read_users"]
    )
    reasons: tuple[str, ...] | None = Field(default=None, description="What stands against a release; set for 409.")


class ErrorBody(Frozen):
    """The body of every answer that is not a success."""

    error: ErrorDetail = Field(description="The first error.")
    errors: tuple[ErrorDetail, ...] | None = Field(default=None, description="All errors, if there are several.")
    request_id: str = Field(default="", description="The `X-Request-ID` of this answer, for the operator's log.")


def request_id(request: Request) -> str:
    """Return the id that the middleware gave this request, or an empty string."""
    return str(getattr(request.state, "request_id", ""))


def validation_details(errors: Sequence[Mapping[str, Any] | str]) -> list[ErrorDetail]:
    """Describe pydantic's errors (or LangServe's plain sentences), merged by field; the input itself is left out."""
    return [
        ErrorDetail(type="invalid_request", field=path, message="; or ".join(texts))
        for path, texts in problems(errors).items()
    ]


def details_of(error: TastemakerError) -> tuple[int, ErrorDetail]:
    """Return the HTTP status and the public description of one of our errors."""
    if isinstance(error, InvalidRequestError):
        return 422, ErrorDetail(type="invalid_request", field=error.field, message=error.message)
    if isinstance(error, AccessError):
        unknown = isinstance(error, UnknownCallerError)
        kind: ErrorType = "unauthenticated" if unknown else "forbidden"
        return 401 if unknown else 403, ErrorDetail(type=kind, message=error.message, missing=error.missing)
    if isinstance(error, ReleaseBlockedError):
        return 409, ErrorDetail(type="blocked", message=str(error), reasons=error.reasons)
    if isinstance(error, BackEndError):
        slot = f"the back-end {error.back_end}" if error.back_end else "a model back-end"
        advice = "try again shortly" if error.retryable else "see `GET /ready` and the server's log"
        return 503, ErrorDetail(type="back_end", message=f"{slot} failed; {advice}", retryable=error.retryable)
    if isinstance(error, StoreError):
        message = "the catalogue or history could not be used; see `GET /ready` and the server's log"
        return 503, ErrorDetail(type="store", message=message, retryable=True)
    if isinstance(error, ConfigurationError):
        return 500, ErrorDetail(type="configuration", message="the server is set up wrongly; see its log")
    return 500, ErrorDetail(type="internal", message="something failed here; see the server's log")


def respond(status: int, details: Sequence[ErrorDetail], identifier: str) -> JSONResponse:
    """Make the answer for one or more errors."""
    body = ErrorBody(error=details[0], errors=tuple(details) if len(details) > 1 else None, request_id=identifier)
    headers = {"Retry-After": "2"} if status == 503 and details[0].retryable else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), status_code=status, headers=headers)


def respond_http(error: HTTPException, scope: Scope) -> JSONResponse:
    """Make the answer for an error that is known by its HTTP status."""
    status = (
        422 if error.status_code == 400 else error.status_code
    )  # a form that cannot be read: wrong input, as everywhere
    kind = _HTTP_TYPES.get(status, "http")
    detail = ErrorDetail(
        type=kind,
        message=str(error.detail) or HTTPStatus(status).phrase,
        field="body" if error.status_code == 400 else None,
        retryable=True if kind == "overloaded" else None,
    )
    response = respond(status, [detail], str(scope.get("state", {}).get("request_id", "")))
    response.headers.update(error.headers or {})
    return response


def log_failure(error: BaseException, identifier: str) -> None:
    """Log where an error was raised; messages of foreign exceptions may quote user input, so only ours are logged."""
    ours = isinstance(error, TastemakerError) and not isinstance(error, InvalidRequestError)
    text = redact(f"{type(error).__name__}: {error}") if ours else type(error).__name__
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    log.error("request %s failed: %s\n%s", identifier, text, frames)


def failure_details(error: Exception, identifier: str) -> tuple[int, ErrorDetail]:
    """Return status and public description of any error, and log it if it is none of the caller's; only wrong input is described in detail."""
    if not isinstance(error, TastemakerError):
        log_failure(error, identifier)
        return 500, ErrorDetail(type="internal", message="something failed here")
    status, detail = details_of(error)
    if status >= 500:
        log_failure(error, identifier)
    return status, detail


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers on an application."""

    async def wrong_form(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return respond(422, validation_details(error.errors()), request_id(request))

    async def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TastemakerError)
        status, detail = details_of(error)
        if status >= 500:
            log_failure(error, request_id(request))
        return respond(status, [detail], request_id(request))

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return respond_http(error, request.scope)

    app.add_exception_handler(RequestValidationError, wrong_form)
    app.add_exception_handler(TastemakerError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientGone, gone)
