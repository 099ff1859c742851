"""Say what went wrong without secrets: a short reason for clients, and redacted text for logs and operators."""

from __future__ import annotations

import logging
import re

from .errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
    ConfigurationError,
    InvalidRequestError,
    LeftAloneError,
    StoreError,
    TastemakerError,
    ToolError,
    TooLittleSound,
)
from .personal_data import mask

HIDDEN = "***"
_DOCTOR = "see `tastemaker doctor`"
_LOG = "see the server's log"
_LLM = "not available; start it with `tastemaker llm up`, or check `llm.base_url`"
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "no answer in time"),
    (BackEndTimeout, "no answer in time"),
    (BackEndOverloaded, "too busy; try again shortly"),
    (BackEndUnavailable, f"not available; {_DOCTOR}"),
    (BadBackEndResponse, f"gave an answer that cannot be used; {_LOG}"),
    (TooLittleSound, "the clip is silent or too short; play a second or more"),
    (BackEndError, f"failed; {_LOG}"),
    (LeftAloneError, "kept failing and is left alone for some seconds"),
    (StoreError, f"cannot be read; {_LOG}"),
    (ToolError, f"could not do its work; {_LOG}"),
    (ConfigurationError, f"set up wrongly; {_DOCTOR}"),
)
# Names are bounded and start at the secret word, so that hostile text takes linear time.
_SECRET_NAME = r"(?:api[_-]?key|access[_-]?key|password|passwd|secret|token(?!s))[\w.-]{0,64}"  # noqa: S105 - a pattern
_WORD = re.compile(r"\S+")
_USERINFO = re.compile(r"(?<=://)(?:[^/@:]*:.*|[^/]+)@")
_REDACTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (
            r"([?&;][\w.-]{0,64}?(?:token|key|secret|passw|sig|credential|auth)[\w.-]{0,64}=)[^&\s'\"]+",
            rf"\g<1>{HIDDEN}",
        ),
        (r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", rf"\g<1> {HIDDEN}"),
        (rf"({_SECRET_NAME}[\"']?\s*[:=]\s*[\"']?)(?!\*\*\*)[^\s\"',;&)}}]+", rf"\g<1>{HIDDEN}"),
        (r"\b(?:sk|pk|rk|hf|gh[opsu]|glpat|xox[abps])[-_][\w-]{8,}", HIDDEN),
        (r"\bAKIA[0-9A-Z]{12,}", HIDDEN),
    )
)


def public_reason(error: BaseException, what: str) -> str:
    """Return why a part failed, for clients: by the error's class alone, without addresses, paths or driver text.

    Args:
        error: what was caught; an InvalidRequestError keeps its message, which is about the caller's own input.
        what: the part, such as ``llm``, ``captioner`` or ``catalogue``; only ``llm`` has advice of its own.
    """
    if isinstance(error, InvalidRequestError):
        return str(error)
    if isinstance(error, ToolError) and isinstance(error.__cause__, TastemakerError):
        return public_reason(error.__cause__, what)
    if isinstance(error, BackEndUnavailable) and "llm" in (what, error.back_end):
        return _LLM
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), f"failed inside; {_LOG}")


def redact(text: str) -> str:
    """Return ``text`` without userinfo of URLs, secret query parameters, bearer tokens and API keys.

    It errs on the side of hiding too much; for logs and for people on this machine.
    """
    if "://" in text:
        text = _WORD.sub(_without_userinfo, text)
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def _without_userinfo(word: re.Match[str]) -> str:
    """Hide userinfo; a secret may hold slashes and @, so everything up to the last @ of the word goes."""
    head, at, tail = word[0].rpartition("@")
    return _USERINFO.sub(f"{HIDDEN}@", head + at) + tail


class RedactingFormatter(logging.Formatter):
    """A log formatter that redacts and masks whole records, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted record without secrets and personal data."""
        return mask(redact(super().format(record)))
