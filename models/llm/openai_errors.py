"""Translate the OpenAI SDK's errors for captioners and transcribers behind a server; the SDK itself does the retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...core.errors import BackEndOverloaded, BackEndTimeout, BackEndUnavailable, BadBackEndResponse

OVERLOADED = frozenset({429, 503})


@contextmanager
def server_errors(name: str) -> Iterator[None]:
    """Raise what the SDK raises inside the block as an error of ours about the back-end ``name``.

    Raises:
        BackEndTimeout: no answer in time.
        BackEndUnavailable: nothing listens at the address.
        BackEndOverloaded: the server refused for load.
        BadBackEndResponse: it refused for another reason, or its answer cannot be read.
    """
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        raise BackEndTimeout(f"{name} did not answer in time", back_end=name) from error
    except openai.APIConnectionError as error:
        raise BackEndUnavailable(f"no server answers for {name}; start one", back_end=name) from error
    except openai.APIStatusError as error:
        kind = BackEndOverloaded if error.status_code in OVERLOADED else BadBackEndResponse
        raise kind(f"{name} refused with status {error.status_code}", back_end=name) from error
    except (openai.OpenAIError, ValueError) as error:
        raise BadBackEndResponse(f"{name} gave an answer that cannot be read", back_end=name) from error
