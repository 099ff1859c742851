"""Every error the project raises on purpose.

TastemakerError
├── ConfigurationError      a setting, prompt or model folder is wrong; the message says what to change
├── InvalidRequestError     the caller's input is wrong; carries ``field`` and, over HTTP, becomes a 422
├── AccessError             the caller may not do this; carries ``missing``: what they lack
│   ├── UnknownCallerError  nobody knows who calls: no key, or one that is not valid; over HTTP a 401
│   └── ForbiddenError      the caller lacks a scope, or asks for another tenant; over HTTP a 403
├── BackEndError            a model server or library failed; ``retryable`` says whether trying again can help
│   ├── BackEndTimeout
│   ├── BackEndOverloaded
│   ├── BackEndUnavailable
│   ├── BadBackEndResponse
│   └── TooLittleSound      the clip is silent, or too short to be described
├── LeftAloneError          a part kept failing and is not asked for some seconds
├── ToolError               a tool could not do its work; recorded in the response, degrades, never fails a request
├── StoreError              a catalogue, history or thread store failed
└── ReleaseBlockedError     a version may not be served yet; carries ``reasons`` and, over HTTP, becomes a 409
"""

from __future__ import annotations


class TastemakerError(Exception):
    """Base of the tree."""


class ConfigurationError(TastemakerError):
    """Report a wrong setting, prompt file or model folder."""


class InvalidRequestError(TastemakerError):
    """Report input that breaks a stated limit.

    Args:
        field: path of the offending field, such as ``images[0]``.
        message: what is wrong, with the limit.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class AccessError(TastemakerError):
    """Report that a caller may not do what they ask.

    Args:
        message: what is refused and what to do.
        missing: what the caller lacks, such as ``scope read_users`` or ``key``.
    """

    def __init__(self, message: str, *, missing: str) -> None:
        super().__init__(message)
        self.message = message
        self.missing = missing


class UnknownCallerError(AccessError):
    """Report a caller without a valid key or token."""


class ForbiddenError(AccessError):
    """Report a caller whose key or token does not allow what they ask."""


class BackEndError(TastemakerError):
    """Report a failed model back-end.

    Args:
        message: what happened and what to do.
        back_end: the slot or server that failed, such as ``llm`` or ``whisper:tiny``.
    """

    retryable = False

    def __init__(self, message: str, *, back_end: str = "") -> None:
        super().__init__(message)
        self.back_end = back_end


class BackEndTimeout(BackEndError):
    """Report an answer that did not come in time."""

    retryable = True


class BackEndOverloaded(BackEndError):
    """Report a server that refused for load (HTTP 429 or 503)."""

    retryable = True


class BackEndUnavailable(BackEndError):
    """Report a server that cannot be reached or a library, weight file or extra that is missing."""


class BadBackEndResponse(BackEndError):
    """Report an answer that does not have the agreed form."""


class TooLittleSound(BackEndError):
    """Report sound that is silent, or too short to be described."""


class LeftAloneError(TastemakerError):
    """Report a part that was not asked, since it kept failing."""


class ToolError(TastemakerError):
    """Report a tool that could not do its work."""


class StoreError(TastemakerError):
    """Report a failed catalogue, history or thread store."""


class ReleaseBlockedError(TastemakerError):
    """Report a version that may not be served yet.

    Args:
        what: what was asked for, such as ``compose r3 cannot be released``.
        reasons: what stands against it, in plain words.
    """

    def __init__(self, what: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{what}: {'; '.join(reasons)}")
        self.what = what
        self.reasons = reasons
